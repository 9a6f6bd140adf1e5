import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { buildApp } from '../../../app.ts'
import { loadConfig } from '../../../config.ts'
import { routesAreFor } from '../../../plugins/auth/routes.ts'
import { errorOf, type Gateway, startGateway } from '../../gateway.ts'
import { exchange } from '../../raw-http.ts'
import { type RawUpstream, startRawUpstream } from '../../raw-upstream.ts'
import { until } from '../../until.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(env: Record<string, string>): Promise<Gateway> {
  const gateway = await startGateway({ env, keys: { anthropic: 'sk-ant-test-0000' } })
  running.push(gateway)
  return gateway
}

const hello = { model: 'demo/echo', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] }

describe('a process with too much to do', () => {
  it('refuses what is new while its event loop is late, tells whoever watches, and finishes what it has', async () => {
    const upstream = await startHeldStream()
    const gateway = await start({ VAI_SHED_EVENT_LOOP_DELAY_MS: '5', VAI_ANTHROPIC_BASE_URL: upstream.url })
    const stream = await gateway.post({ ...hello, model: 'anthropic/claude-sonnet-4-5', stream: true })

    await until(async () => {
      block(1500)
      const before = await gateway.post(hello)
      const watched = await statuses(gateway, ['/', '/healthz', '/metrics', '/readyz'])
      const ready = await (await fetch(`${gateway.url}/readyz`)).json()
      const after = await gateway.post(hello)
      if (before.status !== 503 || after.status !== 503) return false
      expect(before.headers.get('retry-after')).toBe('1')
      expect(await errorOf(before)).toMatchObject({ type: 'overloaded_error', code: 'overloaded', retry_after: 1 })
      expect(watched).toEqual([200, 200, 200, 503])
      expect(ready).toMatchObject({ status: 'not_ready', checks: { load: 'overloaded' } })
      return true
    })
    expect(await shedCount(gateway, 'event_loop')).toBeGreaterThanOrEqual(2)

    upstream.finish()
    expect(await stream.text()).toContain('event: message_stop')
    await until(async () => (await gateway.post(hello)).status === 200)
    await until(async () => (await fetch(`${gateway.url}/readyz`)).status === 200)
  })

  it('refuses what is new while its memory is short', async () => {
    // More than a hundredth of any heap.
    const held = new Array<number>(10_000_000).fill(1.5)
    const gateway = await start({ VAI_SHED_MEMORY_PERCENT: '1' })
    const refused = await until(async () => {
      const answer = await gateway.post(hello)
      return answer.status === 503 && answer
    })
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await errorOf(refused)).toMatchObject({ code: 'overloaded' })
    expect(await statuses(gateway, ['/', '/healthz', '/metrics', '/readyz', '/v1/models'])).toEqual([200, 200, 200, 503, 503])
    expect(await shedCount(gateway, 'memory')).toBeGreaterThanOrEqual(2)
    expect(held).toHaveLength(10_000_000)
  })

  it('reads no body of what it refuses', async () => {
    const gateway = await start({ VAI_SHED_MEMORY_PERCENT: '1' })
    const held = new Array<number>(10_000_000).fill(1.5)
    await until(async () => (await gateway.post(hello)).status === 503)
    const caller = slowCaller(gateway, 30 * 1024 * 1024, 10)
    expect(await caller.answered).toMatch(/^HTTP\/1.1 503 /)
    caller.socket.destroy()
    expect(held).toHaveLength(10_000_000)
  })

  it('refuses nothing where the operator does not want it to', async () => {
    const gateway = await start({ VAI_SHED_MEMORY_PERCENT: '0', VAI_SHED_EVENT_LOOP_DELAY_MS: '0' })
    block(1500)
    expect(await statuses(gateway, ['/readyz', '/v1/models', '/readyz'])).toEqual([200, 200, 200])
    expect(await (await fetch(`${gateway.url}/readyz`)).json()).not.toHaveProperty('checks.load')
  })
})

describe('bodies that arrive at the same time', () => {
  const budget = 64 * 1024
  const largest = (budget * 3) / 4
  const bodies = { VAI_LIMIT_BODIES_BYTES: String(budget), VAI_LIMIT_BODY_BYTES: String(largest) }

  it('have room only for so much, and small ones pass while large ones fill it', async () => {
    const gateway = await start(bodies)
    // Two kilobytes each, 100 together: more than all large bodies may have. None of them ever ends.
    const flood = Array.from({ length: 50 }, () => slowCaller(gateway, 2049, 2048))
    let refused = 0
    for (const { answered } of flood)
      void answered.then((answer) => {
        expect(answer).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 1\r\n[\s\S]*"code":"overloaded"/)
        refused++
      })
    await until(() => refused >= 50 - 24)

    expect((await gateway.post(hello)).status).toBe(200)
    const large = await gateway.post({ ...hello, metadata: { user_id: 'x'.repeat(4096) } })
    expect(large.status).toBe(503)
    expect(await errorOf(large)).toMatchObject({ code: 'overloaded', retry_after: 1 })
    expect(await shedCount(gateway, 'bodies')).toBeGreaterThan(50 - 24)

    for (const { socket } of flood) socket.destroy()
    const passes = async () =>
      (await gateway.post({ ...hello, messages: [{ role: 'user', content: 'x'.repeat(40_000) }] })).status
    await until(async () => (await passes()) === 200)
  })

  it('take no room by what they announce', async () => {
    const gateway = await start(bodies)
    const flood = Array.from({ length: 100 }, () => slowCaller(gateway, 32 * 1024, 100))
    await until(() => connectionsOf(gateway).then((count) => count >= 100))
    expect((await gateway.post({ ...hello, messages: [{ role: 'user', content: 'x'.repeat(30_000) }] })).status).toBe(200)
    for (const { socket } of flood) socket.destroy()
  })

  it('are counted as they come where they do not say how long they are', async () => {
    const gateway = await start(bodies)
    const json = JSON.stringify({ ...hello, messages: [{ role: 'user', content: 'x'.repeat(30_000) }] })
    expect(await chunked(gateway, json)).toMatch(/^HTTP\/1.1 200 /)
    expect(await chunked(gateway, json.padEnd(largest))).toMatch(/^HTTP\/1.1 200 /)
    expect(await chunked(gateway, json.padEnd(largest + 1))).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"request_too_large"/)
    const holding = slowCaller(gateway, 40_000, 30_000)
    await until(async () => (await gateway.post(json)).status === 503)
    expect(await chunked(gateway, json)).toMatch(/^HTTP\/1.1 503 [\s\S]*"code":"overloaded"/)
    holding.socket.destroy()
    await until(async () => (await chunked(gateway, json)).startsWith('HTTP/1.1 200 '))
  })

  it('are given back once they are read, though their answers last', async () => {
    const upstream = await startHeldStream()
    const gateway = await start({ ...bodies, VAI_ANTHROPIC_BASE_URL: upstream.url })
    const large = { ...hello, model: 'anthropic/claude-sonnet-4-5', messages: [{ role: 'user', content: 'x'.repeat(30_000) }] }
    for (let i = 0; i < 3; i++) expect((await gateway.post({ ...large, stream: true })).status).toBe(200)
  })

  it('are whole for whoever takes his time before he reads them', async () => {
    const config = await loadConfig({ VAI_LOG_LEVEL: 'silent' })
    const contract = new URL('../../../openapi.yaml', import.meta.url)
    const app = await buildApp(config, { operatorKeys: new Map(), version: '0.0.0-test', contract })
    running.push(app)
    await app.register(async (scope) => {
      routesAreFor('public', scope)
      scope.addHook('preParsing', async (_request, _reply, payload) => {
        for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
        return payload
      })
      scope.post('/echo', async ({ body }) => body)
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const body = JSON.stringify({ text: 'x'.repeat(300_000) })
    const answer = await fetch(`${url}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(await answer.text()).toBe(body)
  })

  it('are given back however a request ends', async () => {
    const gateway = await start(bodies)
    const text = 'x'.repeat(30_000)
    const post = (headers: string[], body: string, path = '/v1/messages') => rawPost(gateway, path, headers, body)
    for (let i = 0; i < 5; i++) {
      expect(await post(['content-type: application/json'], text)).toMatch(/^HTTP\/1.1 400 /)
      expect(await post(['content-type: text/plain'], text)).toMatch(/^HTTP\/1.1 400 /)
      expect(await post(['content-type: application/json'], text, '/nowhere')).toMatch(/^HTTP\/1.1 4/)
      expect(await rawPost(gateway, '/v1/models', [], text, 'GET')).toMatch(/^HTTP\/1.1 200 /)
    }
    expect((await gateway.post({ ...hello, messages: [{ role: 'user', content: text }] })).status).toBe(200)
    expect(await shedCount(gateway, 'bodies')).toBe(0)
  })
})

describe('connections', () => {
  it('are closed where there are too many, and counted', async () => {
    const gateway = await start({ VAI_LIMIT_CONNECTIONS: '3' })
    const held = [slowCaller(gateway, 100, 1), slowCaller(gateway, 100, 1), slowCaller(gateway, 100, 1)]
    await until(() => connectionsOf(gateway).then((count) => count === 3))
    expect(await exchange(gateway.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toBe('')
    expect(await gateway.app.metrics.registry.metrics()).toContain('vai_shed_requests_total{reason="connections"} 1')
    held[0]?.socket.destroy()
    const asked = () => exchange(gateway.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    await until(async () => (await asked()).startsWith('HTTP/1.1 200 '))
    for (const { socket } of held) socket.destroy()
  })
})

/** Keeps the event loop from turning. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

async function statuses({ url }: Gateway, paths: readonly string[]): Promise<number[]> {
  const answers: number[] = []
  for (const path of paths) answers.push((await fetch(`${url}${path}`)).status)
  return answers
}

async function shedCount({ app }: Gateway, reason: string): Promise<number> {
  const text = await app.metrics.registry.metrics()
  return Number(new RegExp(`vai_shed_requests_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

function connectionsOf({ app }: Gateway): Promise<number> {
  return new Promise((resolve, reject) => app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))))
}

/** A caller who announces a body, sends the beginning of it and then nothing more. */
function slowCaller({ url }: Gateway, announced: number, sent: number): { socket: Socket; answered: Promise<string> } {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${announced}\r\n\r\n`
  socket.write(head + ' '.repeat(sent))
  return { socket, answered: new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString()))) }
}

function rawPost({ url }: Gateway, path: string, headers: readonly string[], body: string, method = 'POST'): Promise<string> {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: x', 'connection: close', ...headers, `content-length: ${body.length}`]
  return exchange(url, `${lines.join('\r\n')}\r\n\r\n${body}`)
}

function chunked(gateway: Gateway, body: string): Promise<string> {
  const half = Math.floor(body.length / 2)
  const pieces = [body.slice(0, half), body.slice(half), ''].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  const head = ['POST /v1/messages HTTP/1.1', 'host: x', 'connection: close', 'content-type: application/json']
  return exchange(gateway.url, `${[...head, 'transfer-encoding: chunked'].join('\r\n')}\r\n\r\n`, ...pieces)
}

/** A provider that begins a stream and ends it when told to. */
async function startHeldStream(): Promise<RawUpstream & { finish(): void }> {
  let finish = (): void => undefined
  const upstream = await startRawUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n')
    socket.write(framesOf(beginning))
    finish = () => void socket.end(framesOf(end))
  })
  running.push(upstream)
  return Object.assign(upstream, { finish: () => finish() })
}

function framesOf(events: readonly { readonly type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content: [], stop_reason: null }
const beginning = [
  { type: 'message_start', message: { ...message, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
]
const end = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]
