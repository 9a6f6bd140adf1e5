import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Gate, startGate } from './gate.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'
import { answersIn, exchange, request } from './raw-http.ts'
import { until } from './until.ts'
import { anthropicKey } from './upstreams/anthropic.ts'
import { silence } from './upstreams/behaviour.ts'
import { startUpstream } from './upstreams/upstream.ts'

/** Requests that are sent before the one before them is answered: each waits for its turn, and nobody who leaves holds anything. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(upstream: { url: string; close(): unknown }, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0', ...env },
    keys: { anthropic: anthropicKey },
  })
  running.push(upstream, gateway)
  return gateway
}

async function startWithGate(env: Record<string, string> = {}): Promise<{ gateway: Gateway; gate: Gate }> {
  const gate = await startGate()
  return { gateway: await start(gate, env), gate }
}

const json = 'content-type: application/json'
const hello = { model: 'demo/echo', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }

function post(body: object, headers: readonly string[] = []): string {
  return request('POST /v1/messages', [json, ...headers], JSON.stringify(body))
}

const slow = { ...hello, model: 'anthropic/claude-sonnet-4-5', stream: true }

interface Caller {
  readonly socket: Socket
  /** What has come back so far. */
  text(): string
  readonly closed: Promise<string>
}

function call(gateway: Gateway, sent: string): Caller {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  running.push({ close: () => socket.destroy() })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => (text += chunk))
  socket.on('error', () => socket.destroy())
  socket.write(sent)
  return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve(text))) }
}

async function measured(gateway: Gateway, name: string): Promise<number[]> {
  const metric = await gateway.app.metrics.registry.getSingleMetric(name)?.get()
  return metric?.values.map(({ value }) => value) ?? []
}

async function letGo(gateway: Gateway): Promise<void> {
  await until(async () => (await measured(gateway, 'vai_requests_in_flight'))[0] === 0)
}

describe('requests that are sent ahead', () => {
  it('are answered in order', async () => {
    const gateway = await start(await startUpstream(silence))
    const lines = ['GET /healthz', 'GET /nothing', 'GET /v1/%zz', 'GET /v1/models', 'GET /healthz']
    const sent = [...lines.slice(0, -1).map((line) => request(line)), post(hello), request('GET /healthz', ['connection: close'])]
    const answers = answersIn(await exchange(gateway.url, sent.join('')))
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 200, 200, 200])
    await letGo(gateway)
  })

  it('begin only when their turn comes', async () => {
    const { gateway, gate } = await startWithGate()
    const caller = call(gateway, post(slow) + post(hello) + request('GET /healthz', ['connection: close']))
    await until(() => caller.text().includes('Hel'))
    expect(await measured(gateway, 'vai_requests_in_flight')).toEqual([1])
    gate.open()
    const answers = answersIn(await caller.closed)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers[0]?.body).toContain('event: message_stop')
    expect(JSON.parse(answers[1]?.body ?? '')).toMatchObject({ stop_reason: 'end_turn' })
  })

  it('may be many, but not more than a connection is worth', async () => {
    const { gateway, gate } = await startWithGate()
    const ahead = call(gateway, post(slow) + request('GET /healthz').repeat(100))
    await until(() => ahead.text().includes('Hel'))
    const greedy = call(gateway, post(slow) + request('GET /healthz').repeat(101))
    await greedy.closed
    expect(await gateway.app.metrics.registry.getSingleMetricAsString('vai_shed_requests_total')).toContain(
      '{reason="pipelining"} 1',
    )
    gate.open()
    await until(() => ahead.text().split('HTTP/1.1 200 ').length === 1 + 101)
    await letGo(gateway)
  })
})

describe('a caller who sent requests ahead and leaves', () => {
  it.each(['GET /openapi.yaml', 'GET /v1/%zz', 'GET /nothing', 'GET /v1/models'])('holds nothing of %s', async (line) => {
    const gateway = await start(await startUpstream(silence))
    for (let round = 0; round < 20; round++) {
      const caller = call(gateway, request(line).repeat(80))
      await until(() => caller.text() !== '')
      caller.socket.resetAndDestroy()
    }
    await letGo(gateway)
  })

  it('frees his places and ends his calls', async () => {
    const upstream = await startUpstream(silence)
    const key = gatewayKey('a', { limits: { concurrent_requests: 2 } })
    const gateway = await start(upstream, envWith([key]))
    const headers = [`x-api-key: ${key.key}`]
    for (const stream of [true, false]) {
      const caller = call(gateway, post({ ...slow, stream }, headers).repeat(4))
      await upstream.waitForRequest(stream ? 1 : 2)
      caller.socket.resetAndDestroy()
      await upstream.waitForClose(stream ? 1 : 2)
    }
    await letGo(gateway)
    await upstream.waitForConnections(0)
    expect(upstream.requests).toHaveLength(2)
    const response = await gateway.post(hello, { 'x-api-key': key.key })
    expect(response.headers.get('ratelimit')).toContain('"concurrent-requests";r=1')
    await gateway.app.drain.start()
  })
})

describe('what is no request, behind a stream and one that waits', () => {
  it.each([
    ['garbage', 'and so on\r\n\r\n'],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n'],
    ['an expectation', post(hello, ['expect: miracles'])],
  ])('%s ends them, and is not answered inside the stream', async (_, bytes) => {
    const { gateway } = await startWithGate()
    const caller = call(gateway, post(slow) + post(hello))
    await until(() => caller.text().includes('Hel'))
    caller.socket.write(bytes)
    const text = await caller.closed
    expect(text.split('HTTP/1.1 ')).toHaveLength(2)
    expect(text).not.toContain('malformed_http')
    await letGo(gateway)
  })
})

it('draining delivers what is being answered, and refuses what waits behind it', async () => {
  const { gateway, gate } = await startWithGate()
  const caller = call(gateway, post(slow) + post(hello).repeat(3))
  await until(() => caller.text().includes('Hel'))
  const drained = gateway.app.drain.start()
  gate.open()
  await drained
  const [stream, refused, ...more] = answersIn(await caller.closed)
  expect(stream?.body).toContain('event: message_stop')
  expect(refused?.status).toBe(503)
  expect(refused?.body).toContain('shutting_down')
  expect(more).toEqual([])
})
