import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, type Gateway, startGateway } from '../gateway.ts'
import { ManualClock } from '../manual-clock.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { endless, json, reply } from '../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function gatewayFor(upstream: Upstream, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0', ...env },
    keys: { anthropic: anthropicKey },
  })
  running.push(upstream, gateway)
  return gateway
}

const request = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }

/** A caller who sends a request and reads only when told to. */
function slowCaller(
  gateway: Gateway,
  body: string,
  sent = body.length,
): { socket: ReturnType<typeof connect>; read(): Promise<string> } {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined).pause()
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.write(head + body.slice(0, sent))
  return {
    socket,
    read: () =>
      new Promise((resolve) => {
        let text = ''
        socket.on('data', (chunk) => (text += chunk)).once('close', () => resolve(text))
        socket.resume()
      }),
  }
}

describe('draining', () => {
  it('waits until a whole answer has been delivered, not only written', async () => {
    const text = 'x'.repeat(12 * 1024 * 1024)
    const answer = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const upstream = await startUpstream(json(answer))
    const gateway = await gatewayFor(upstream)
    const caller = slowCaller(gateway, JSON.stringify(request))
    await new Promise((resolve) => caller.socket.once('readable', resolve))
    const drained = gateway.app.drain.start().then(() => gateway.app.close())
    const got = await caller.read()
    await drained
    expect(got.length).toBeGreaterThan(text.length)
  })

  it('lets a request that is still being sent arrive and be answered', async () => {
    const gateway = await gatewayFor(await startAnthropic())
    const body = JSON.stringify({ ...request, model: 'demo/echo' })
    const arrived = new Promise<void>((resolve) => gateway.app.server.once('request', () => setImmediate(resolve)))
    const caller = slowCaller(gateway, body, 20)
    await arrived
    const drained = gateway.app.drain.start()
    const got = caller.read()
    caller.socket.write(body.slice(20))
    await drained
    expect(await got).toContain('"stop_reason":"end_turn"')
  })

  it('may be asked for twice', async () => {
    const gateway = await gatewayFor(await startAnthropic())
    await Promise.all([gateway.app.drain.start(), gateway.app.drain.start()])
    expect((await gateway.post({ ...request, model: 'demo/echo' })).status).toBe(503)
  })
})

describe('what goes on without an answer', () => {
  /** Something that ends when the test lets it. */
  function lasting(): { readonly told: number[]; finish(): void; end(withinMs: number): Promise<void> } {
    const told: number[] = []
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    return {
      told,
      finish: () => finish(),
      end(withinMs) {
        told.push(withinMs)
        return finished
      },
    }
  }

  it.each(['start', 'handOver'] as const)('is told once and waited for (%s)', async (way) => {
    const gateway = await gatewayFor(await startAnthropic(), { VAI_DRAIN_MS: '7000' })
    const talk = lasting()
    gateway.app.drain.add(talk)
    let isOver = false
    const over = gateway.app.drain[way]().then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect({ told: talk.told, isOver }).toEqual({ told: [7000], isOver: false })
    talk.finish()
    await over
    await gateway.app.drain.start()
    expect(talk.told).toEqual([7000])
  })

  it('is not waited for any longer than a moment after the limit, nor where it fails', async () => {
    const clock = new ManualClock()
    const gateway = await startGateway({ env: { VAI_DRAIN_MS: '7000' }, parts: { clock } })
    running.push(gateway)
    gateway.app.drain.add(lasting())
    gateway.app.drain.add({ end: () => Promise.reject(new Error('no')) })
    const drained = gateway.app.drain.start()
    clock.advance(9000)
    await drained
    expect(await gateway.logged('something could not be ended')).toContain('"message":"no"')
  })
})

describe('handing over to another process', () => {
  it('answers on the connections that are there, which end then, and takes no new ones', async () => {
    const gateway = await gatewayFor(await startAnthropic())
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const first = await ask(gateway, agent)
    expect(first).toMatchObject({ status: 200, connection: 'keep-alive' })
    const over = gateway.app.drain.handOver()
    expect(await ask(gateway, agent)).toMatchObject({ status: 200, connection: 'close', port: first.port })
    await over
    await expect(ask(gateway, agent)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends a stream that goes on for too long with an error', async () => {
    const headers = { 'content-type': 'text/event-stream' }
    const words =
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n'
    const begun = beginning + words
    const upstream = await startUpstream(reply(`${begun}:`, { headers, stallAt: begun.length }))
    const gateway = await gatewayFor(upstream, { VAI_DRAIN_MS: '300' })
    const response = await gateway.post({ ...request, stream: true })
    const [text] = await Promise.all([response.text(), gateway.app.drain.handOver()])
    expect(text).toContain('"code":"shutting_down"')
    expect(gateway.app.drain.isDraining).toBe(false)
  })

  it('ends connections that stay quiet', async () => {
    const clock = new ManualClock()
    const gateway = await startGateway({ parts: { clock } })
    running.push(gateway)
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    const connected = new Promise((resolve) => gateway.app.server.once('connection', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await connected
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    const over = gateway.app.drain.handOver()
    clock.advance(5000)
    await Promise.all([over, closed])
  })
})

/** One request over an agent's connection, and which connection it was. */
function ask(gateway: Gateway, agent: Agent): Promise<{ status?: number; connection?: string; port?: number }> {
  return new Promise((resolve, reject) => {
    get(`${gateway.url}/healthz`, { agent }, (response) => {
      const { statusCode, headers, socket } = response
      const port = socket.localPort
      response.resume().once('end', () => {
        // The agent has its connection back a turn later.
        setImmediate(() =>
          resolve({
            ...(statusCode && { status: statusCode }),
            ...(headers.connection && { connection: headers.connection }),
            ...(port && { port }),
          }),
        )
      })
    }).once('error', reject)
  })
}

const beginning =
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n' +
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'

describe('an answer that nobody reads', () => {
  it('is cut off a little after its limit', async () => {
    const frame = `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${'x'.repeat(1000)}"}}\n\n`
    const upstream = await startUpstream(endless(frame, { head: beginning, headers: { 'content-type': 'text/event-stream' } }))
    const gateway = await gatewayFor(upstream, { VAI_LIMIT_STREAM_MS: '1000' })
    slowCaller(gateway, JSON.stringify({ ...request, stream: true }))
    await upstream.waitForBackpressure()
    await upstream.waitForClose()
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({ ended: 'stream_duration' })
  })
})

describe('a model whose name no header can carry', () => {
  it.each(['openai/gpt-привет', 'anthropic/a\r\nx-injected: 1', 'demo/echo\u0000'])('%j is refused', async (model) => {
    const gateway = await gatewayFor(await startAnthropic())
    for (const stream of [true, false]) {
      const response = await gateway.post({ ...request, model, stream })
      expect(response.status).toBe(400)
      expect(await errorOf(response)).toMatchObject({ param: 'model', code: 'invalid_model' })
    }
  })
})

it('an error body that never ends is given up, and its connection closed', async () => {
  const upstream = await startUpstream(reply('{"error":', { status: 500, chunks: 'bytes', stallAt: 5 }))
  const gateway = await gatewayFor(upstream)
  const response = await gateway.post(request)
  expect(response.status).toBe(502)
  await upstream.waitForClose()
})
