import { afterEach, describe, expect, it } from 'vitest'
import { type Gate, readerOf, startGate } from '../../gate.ts'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { ManualClock } from '../../manual-clock.ts'
import { until } from '../../until.ts'
import { itemsOf } from './fields.ts'

/** Requests and streams that run at the same time. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(options: GatewayOptions): Promise<{ gateway: Gateway; gate: Gate }> {
  const gate = await startGate()
  running.push(gate)
  const env = { VAI_ANTHROPIC_BASE_URL: gate.url, VAI_RETRY_ATTEMPTS: '0', ...options.env }
  const gateway = await startGateway({ ...options, env, keys: { anthropic: 'sk-test-anthropic' } })
  running.push(gateway)
  return { gateway, gate }
}

const ask = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }
const hello = { ...ask, model: 'demo/echo' }

/** A call whose caller may leave. */
function call(gateway: Gateway, body: object): { response: Promise<Response | undefined>; leave(): void } {
  const leaving = new AbortController()
  const response = fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  }).catch(() => undefined)
  return { response, leave: () => leaving.abort() }
}

describe('requests at the same time', () => {
  it('are so many, until one is answered or its caller leaves', async () => {
    const { gateway, gate } = await start({ env: { VAI_LIMIT_CONCURRENT_REQUESTS: '2' } })
    const first = call(gateway, ask)
    await gate.asked
    const ok = await gateway.post(hello)
    expect(itemsOf(ok.headers.get('ratelimit'))).toEqual({ 'concurrent-requests': { r: 0 } })
    const second = call(gateway, { ...ask, stream: true })
    await (await second.response)?.body?.getReader().read()

    const refused = await gateway.post(hello)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await errorOf(refused)).toMatchObject({
      type: 'rate_limit_error',
      code: 'concurrency_limit',
      message: 'All callers together may have 2 requests running at the same time; send the next once one of them is answered.',
    })
    first.leave()
    await until(async () => (await gateway.post(hello)).status === 200)
    second.leave()
    await until(async () => itemsOf((await gateway.post(hello)).headers.get('ratelimit'))['concurrent-requests']?.r === 1)
  })

  it('give their place back however they end', async () => {
    const { gateway } = await start({ env: { VAI_LIMIT_CONCURRENT_REQUESTS: '1' } })
    for (const body of [hello, {}, { ...hello, model: 'nobody/knows' }, { ...hello, stream: true }, '{', hello]) {
      const answer = await gateway.post(body)
      expect(answer.status).not.toBe(429)
      await answer.text()
    }
  })

  it('hold no place for a caller who left while it was looked for', async () => {
    const { gateway } = await start({ env: { VAI_LIMIT_CONCURRENT_REQUESTS: '5' } })
    const calls = Array.from({ length: 200 }, () => call(gateway, hello))
    for (const each of calls) each.leave()
    await Promise.all(calls.map(({ response }) => response))
    await until(async () => itemsOf((await gateway.post(hello)).headers.get('ratelimit'))['concurrent-requests']?.r === 4)
  })

  it('keep their place for as long as they run, and no timer runs where none does', async () => {
    const clock = new ManualClock()
    const { gateway, gate } = await start({ env: { VAI_LIMIT_CONCURRENT_REQUESTS: '1' }, parts: { clock } })
    const idle = clock.waiting
    const first = call(gateway, { ...ask, stream: true })
    const response = await first.response
    const reader = response && readerOf(response)
    await reader?.until('Hel')
    for (let minutes = 0; minutes < 5; minutes++) {
      clock.advance(60_000)
      expect((await gateway.post(hello)).status).toBe(429)
    }
    gate.open()
    await reader?.rest()
    await until(async () => (await gateway.post(hello)).status === 200)
    clock.advance(30_000)
    expect(clock.waiting).toBe(idle)
  })
})

describe('streams at the same time', () => {
  it('are exactly so many of a crowd, while other requests pass', async () => {
    const { gateway, gate } = await start({ env: { VAI_LIMIT_CONCURRENT_STREAMS: '4' } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.post({ ...ask, stream: true })))
    const streams = answers.filter(({ status }) => status === 200)
    expect(streams).toHaveLength(4)
    const refused = answers.find(({ status }) => status === 429)
    expect(refused && (await errorOf(refused))).toMatchObject({
      code: 'concurrency_limit',
      message: 'All callers together may have 4 streams running at the same time; begin the next once one of them is over.',
    })
    expect((await gateway.post(hello)).status).toBe(200)
    gate.open()
    for (const stream of streams) expect(await stream.text()).toContain('message_stop')
    const next = await gateway.post({ ...hello, stream: true })
    expect(next.status).toBe(200)
    expect(itemsOf(next.headers.get('ratelimit'))).toEqual({ 'concurrent-streams': { r: 3 } })
  })
})
