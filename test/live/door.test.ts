import { afterEach, describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../api/schemas.gen.ts'
import { problemsWith } from '../contract-schemas.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts'
import { connectionsOf, hello, LiveClient } from '../plugins/live/door/stage.ts'
import { until } from '../until.ts'

/** The door with real sessions behind it. */

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(options: GatewayOptions = {}): Promise<{ gateway: Gateway; connect(): LiveClient }> {
  const gateway = await startGateway(options)
  gateways.push(gateway)
  const url = `${gateway.url.replace('http', 'ws')}/v1/live`
  return { gateway, connect: () => new LiveClient(url) }
}

/** What comes until a message of a type; each of the contract, and numbered without a gap. */
async function messagesUntil(client: LiveClient, type: LiveServerMessage['type']): Promise<LiveServerMessage[]> {
  const messages: LiveServerMessage[] = []
  for (;;) {
    const frame = await client.nextFrame()
    if (typeof frame !== 'string') continue
    const message: LiveServerMessage = JSON.parse(frame)
    expect(problemsWith('LiveServerMessage', message)).toEqual([])
    messages.push(message)
    if (message.type === type) return messages
  }
}

const typed = { ...hello, audio_in: undefined }

describe('a session', () => {
  it('is greeted, answers what is typed, and ends when it is asked to', async () => {
    const { connect, gateway } = await start()
    const client = connect()
    await client.sendOpened(typed)
    const [ack] = await messagesUntil(client, 'hello_ack')
    expect(ack).toMatchObject({ seq: 1, is_resumed: false, model: 'demo/echo', voice: 'demo/soft' })
    client.send({ type: 'input_text', content: 'Good morning.' })
    const began = await messagesUntil(client, 'assistant_audio_start')
    expect(began.at(-1)).toMatchObject({ format: { encoding: 'pcm_s16le', sample_rate_hz: 24_000 } })
    client.send({ type: 'control', op: 'end_session' })
    const rest = await messagesUntil(client, 'session_end')
    expect(rest.at(-1)).toMatchObject({ reason: 'end_session' })
    expect((await client.closed).code).toBe(1000)
    const line = JSON.parse(await gateway.logged('"route":"/v1/live"'))
    expect(line).toMatchObject({ status: 101, close_code: 1000, session_id: ack?.type === 'hello_ack' && ack.session_id })
  })

  it('goes on after a message that is wrong, under its own numbers', async () => {
    const { connect } = await start()
    const client = connect()
    await client.sendOpened(typed)
    const first = await messagesUntil(client, 'hello_ack')
    client.send({ type: 'control', op: 'sing' })
    client.send({ type: 'input_text', content: 'Hello.' })
    const more = await messagesUntil(client, 'assistant_audio_start')
    const seqs = [...first, ...more].flatMap((each) => (each.type === 'assistant_audio_chunk_header' ? [] : [each.seq]))
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(more.find(({ type }) => type === 'error')).toMatchObject({ code: 'invalid_message', param: 'op', close: false })
  })

  it('is refused with everything that is wrong with its hello', async () => {
    const { connect } = await start()
    const client = connect()
    await client.sendOpened({ ...typed, model: 'demo/nobody', tts: { voice: 'demo/nobody' } })
    const told = await client.next()
    expect(problemsWith('LiveServerMessage', told)).toEqual([])
    expect(told).toMatchObject({ type: 'error', seq: 1, scope: 'session', error_type: 'invalid_request_error', close: true })
    expect((await client.closed).code).toBe(1008)
  })

  it('is gone on with after its socket was lost, and keeps its one place', async () => {
    const { connect, gateway } = await start({ env: { VAI_LIMIT_CONCURRENT_SESSIONS: '1' } })
    const lost = connect()
    await lost.sendOpened(typed)
    const [ack] = await messagesUntil(lost, 'hello_ack')
    if (ack?.type !== 'hello_ack') throw new Error('no hello_ack')
    lost.socket.terminate()
    await gateway.logged('"close_code":1006')
    const other = connect()
    await other.sendOpened(typed)
    expect(await other.next()).toMatchObject({ code: 'concurrency_limit' })
    const back = connect()
    const resume = { session_id: ack.session_id, token: ack.resume_token, last_server_seq: ack.seq }
    await back.sendOpened({ type: 'hello', protocol_version: '1', resume })
    expect(await back.next()).toMatchObject({ type: 'hello_ack', session_id: ack.session_id, is_resumed: true })
    back.send({ type: 'control', op: 'end_session' })
    expect((await back.closed).code).toBe(1000)
    await until(async () => {
      const next = connect()
      await next.sendOpened(typed)
      return (await next.next()).type === 'hello_ack'
    })
  })
})

describe('the end of the server', () => {
  it('is told to sessions, and waits for them', async () => {
    const { connect, gateway } = await start()
    const client = connect()
    await client.sendOpened(typed)
    await messagesUntil(client, 'hello_ack')
    const drained = gateway.app.drain.start()
    const rest = await messagesUntil(client, 'session_end')
    expect(rest.at(-1)).toMatchObject({ reason: 'restart' })
    expect((await client.closed).code).toBe(1012)
    await drained
    expect(await connectionsOf(gateway)).toBe(0)
  })
})
