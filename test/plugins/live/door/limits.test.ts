import { afterEach, describe, expect, it } from 'vitest'
import { envWith, gatewayKey } from '../../../gateway-keys.ts'
import { type DoorStage, hello, startDoor } from './stage.ts'

/** How many sockets and sessions there may be. */

const running: DoorStage[] = []
afterEach(async () => {
  for (const { gateway } of running.splice(0)) await gateway.close()
})

async function start(...options: Parameters<typeof startDoor>): Promise<DoorStage> {
  const stage = await startDoor(...options)
  running.push(stage)
  return stage
}

const ask = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }

describe('a session', () => {
  it('has a place from hello to its end, with a socket or without', async () => {
    const { connect, sessions, gateway } = await start({ env: { VAI_LIMIT_CONCURRENT_SESSIONS: '1' } })
    const silent = connect()
    await silent.opened
    const first = connect()
    await first.sendOpened(hello)
    await first.next()
    silent.send(hello)
    expect(await silent.next()).toMatchObject({
      type: 'error',
      code: 'concurrency_limit',
      message: 'All callers together may have 1 live sessions at the same time; begin the next once one of them is over.',
      retryable: true,
      close: true,
    })
    expect(await silent.closed).toEqual({ code: 1013, reason: 'concurrency_limit' })

    first.socket.terminate()
    await gateway.logged('"close_code":1006')
    const early = connect()
    await early.sendOpened(hello)
    expect(await early.next()).toMatchObject({ code: 'concurrency_limit' })

    sessions.opened[0]?.place.release()
    const next = connect()
    await next.sendOpened(hello)
    expect(await next.next()).toMatchObject({ type: 'hello_ack' })
  })

  it('that does not begin has none', async () => {
    const { connect, sessions } = await start({ env: { VAI_LIMIT_CONCURRENT_SESSIONS: '1' } })
    sessions.before = async ({ model }) => {
      if (model === 'demo/wrong') throw new Error('wrong')
    }
    const wrong = connect()
    await wrong.sendOpened({ ...hello, model: 'demo/wrong' })
    await wrong.closed
    const right = connect()
    await right.sendOpened(hello)
    expect(await right.next()).toMatchObject({ type: 'hello_ack' })
  })

  it('that is resumed has its place already', async () => {
    const { connect, sessions } = await start({ env: { VAI_LIMIT_CONCURRENT_SESSIONS: '1' } })
    const first = connect()
    await first.sendOpened(hello)
    await first.next()
    const back = connect()
    await back.sendOpened({
      type: 'hello',
      protocol_version: '1',
      resume: { session_id: 'live_1', token: 'token', last_server_seq: 1 },
    })
    expect(await back.next()).toMatchObject({ type: 'hello_ack', session_id: 'live_1' })
    // What is not its own it cannot give back.
    sessions.opened[1]?.place.release()
    const third = connect()
    await third.sendOpened(hello)
    expect(await third.next()).toMatchObject({ code: 'concurrency_limit' })
  })

  it("is counted by its key's limits, wherever the key came", async () => {
    const app = gatewayKey('app', { limits: { concurrent_sessions: 1 } })
    const { connect } = await start({ env: envWith([app]) })
    const first = connect({ headers: { 'x-api-key': app.key } })
    await first.sendOpened(hello)
    await first.next()
    const second = connect()
    await second.sendOpened({ ...hello, auth: { gateway_api_key: app.key } })
    expect(await second.next()).toMatchObject({ code: 'concurrency_limit' })
  })
})

describe('a socket', () => {
  it('counts as one request of a minute, at the upgrade where it is known whose it is, else with hello', async () => {
    const app = gatewayKey('app', { limits: { requests_per_minute: 2, requests_burst: 2 } })
    const { connect } = await start({ env: envWith([app]) })
    const headers = { 'x-api-key': app.key }
    const first = connect({ headers })
    expect(await first.headers).toMatchObject({
      'ratelimit-policy': '"requests";q=2;w=60, "concurrent-sessions";q=32;qu="concurrent-requests"',
      ratelimit: '"requests";r=1;t=30',
    })
    await first.sendOpened(hello)
    await first.next()
    const second = connect()
    await second.sendOpened({ ...hello, auth: { gateway_api_key: app.key } })
    expect(await second.next()).toMatchObject({ type: 'hello_ack' })
    const refused = await connect({ headers }).refused
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toBe('30')
    const late = connect()
    await late.sendOpened({ ...hello, auth: { gateway_api_key: app.key } })
    expect(await late.next()).toMatchObject({ code: 'request_rate_limit', retryable: true })
    expect((await late.closed).code).toBe(1013)
  })

  it('takes no place among the requests and streams that run at the same time', async () => {
    const { connect, gateway } = await start({
      env: { VAI_LIMIT_CONCURRENT_REQUESTS: '1', VAI_LIMIT_CONCURRENT_STREAMS: '1' },
    })
    for (let each = 0; each < 3; each++) {
      const client = connect()
      await client.sendOpened(hello)
      expect(await client.next()).toMatchObject({ type: 'hello_ack' })
    }
    expect((await gateway.post(ask)).status).toBe(200)
    expect(await (await gateway.post({ ...ask, stream: true })).text()).toContain('message_stop')
  })
})
