import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey, type TestKey } from '../../gateway-keys.ts'
import { ManualClock } from '../../manual-clock.ts'
import { itemsOf } from './fields.ts'

/** Requests per minute, over real sockets and with a clock that stands still. */

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(options: GatewayOptions): Promise<{ gateway: Gateway; clock: ManualClock }> {
  const clock = new ManualClock()
  const gateway = await startGateway({ ...options, parts: { clock, ...options.parts } })
  gateways.push(gateway)
  return { gateway, clock }
}

const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }
const as = ({ key }: TestKey): Record<string, string> => ({ 'x-api-key': key })

async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, send))
  await Promise.all(answers.map((answer) => answer.text()))
  return answers.map(({ status }) => status).sort()
}

describe('requests per minute', () => {
  it('are counted, and refused with what holds and when to come back', async () => {
    const { gateway, clock } = await start({ env: { VAI_LIMIT_REQUESTS_PER_MINUTE: '6', VAI_LIMIT_REQUESTS_BURST: '2' } })
    const first = await gateway.post(hello)
    expect(first.status).toBe(200)
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=6;w=60;vai-burst=2')
    expect(first.headers.get('ratelimit')).toBe('"requests";r=1;t=10')
    expect((await gateway.post(hello)).headers.get('ratelimit')).toBe('"requests";r=0;t=10')

    clock.advance(500)
    const refused = await gateway.post(hello)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('10')
    expect(refused.headers.get('ratelimit')).toBe('"requests";r=0;t=10')
    expect(refused.headers.get('ratelimit-policy')).toBe('"requests";q=6;w=60;vai-burst=2')
    const error = await errorOf(refused)
    expect(error).toMatchObject({ type: 'rate_limit_error', code: 'request_rate_limit', retry_after: 10 })
    expect(error.message).toBe('All callers together may send 6 requests per minute, 2 of them at once; send the next in 10 s.')
    clock.advance(9500)
    expect((await gateway.post(hello)).status).toBe(200)
    expect((await gateway.post(hello)).status).toBe(429)
  })

  it('are told of with streams, wrong requests and lists too, and not where nothing is counted', async () => {
    const { gateway } = await start({ env: { VAI_LIMIT_REQUESTS_PER_MINUTE: '60' } })
    const answers = [
      await gateway.post({ ...hello, stream: true }),
      await gateway.post({}),
      await gateway.post(hello, {}, '/v1/messages/count_tokens'),
      await fetch(`${gateway.url}/v1/models`),
      await fetch(`${gateway.url}/v1/models/nobody/knows`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200, 404])
    expect(answers.map(({ headers }) => itemsOf(headers.get('ratelimit')).requests?.r)).toEqual([59, 58, 57, 56, 55])
    const health = await fetch(`${gateway.url}/healthz`)
    expect(health.headers.get('ratelimit')).toBeNull()
    expect((await fetch(`${gateway.url}/v1/nothing`)).headers.get('ratelimit')).toBeNull()
  })

  it('are not counted where auth is disabled and the operator asks for no limit', async () => {
    const { gateway } = await start({})
    const answer = await gateway.post(hello)
    expect(answer.headers.get('ratelimit')).toBeNull()
    expect(answer.headers.get('ratelimit-policy')).toBeNull()
    expect(await statuses(100, () => gateway.post(hello))).toEqual(Array(100).fill(200))
  })

  it('are those of the contract where keys are needed and nothing is said', async () => {
    const app = gatewayKey('app')
    const { gateway } = await start({ env: envWith([app]) })
    const { headers } = await gateway.post(hello, as(app))
    expect(headers.get('ratelimit-policy')).toBe(
      '"requests";q=600;w=60;vai-burst=60, "concurrent-requests";q=64;qu="concurrent-requests", "concurrent-streams";q=32;qu="concurrent-requests"',
    )
    expect(headers.get('ratelimit')).toBe('"requests";r=59;t=1, "concurrent-requests";r=63')
    expect(await statuses(80, () => gateway.post(hello, as(app)))).toEqual([...Array(59).fill(200), ...Array(21).fill(429)])
  })

  it("are each key's own, and 0 is no limit", async () => {
    const slow = gatewayKey('slow', { limits: { requests_per_minute: 2 } })
    const free = gatewayKey('free', { limits: { requests_per_minute: 0 } })
    const { gateway } = await start({ env: { ...envWith([slow, free]), VAI_LIMIT_REQUESTS_PER_MINUTE: '5' } })
    expect(await statuses(4, () => gateway.post(hello, as(slow)))).toEqual([200, 200, 429, 429])
    expect(await statuses(20, () => gateway.post(hello, as(free)))).toEqual(Array(20).fill(200))
    expect((await errorOf(await gateway.post(hello, as(slow)))).message).toMatch(
      /^The key slow may send 2 requests per minute, 2/,
    )
  })

  it('of a tenant hold for all its keys together, besides their own; and no tenant sees another', async () => {
    const [a, b] = [gatewayKey('a', { tenant: 'acme' }), gatewayKey('b', { tenant: 'acme', limits: { requests_per_minute: 1 } })]
    const c = gatewayKey('acme', { tenant: 'a' })
    const tenants = { acme: { limits: { requests_per_minute: 3, requests_burst: 3 } }, a: { limits: { requests_per_minute: 3 } } }
    const { gateway } = await start({ env: envWith([a, b, c], tenants) })
    const policy = (await gateway.post(hello, as(b))).headers.get('ratelimit-policy')
    expect(itemsOf(policy)['tenant-requests']).toEqual({ q: 3, w: 60 })
    // The key's own limit comes first, and takes nothing from the tenant.
    expect((await errorOf(await gateway.post(hello, as(b)))).message).toContain('The key b may')
    expect(await statuses(3, () => gateway.post(hello, as(a)))).toEqual([200, 200, 429])
    const error = await errorOf(await gateway.post(hello, as(a)))
    expect(error.message).toBe(
      'All keys of the tenant acme together may send 3 requests per minute, 3 of them at once; send the next in 20 s.',
    )
    expect(await statuses(4, () => gateway.post(hello, as(c)))).toEqual([200, 200, 200, 429])
  })

  it('of callers without a key are counted by their address', async () => {
    const env = { VAI_AUTH_MODE: 'optional', VAI_TRUST_PROXY: 'loopback', VAI_LIMIT_REQUESTS_PER_MINUTE: '1' }
    const { gateway } = await start({ env })
    const from = (address: string) => gateway.post(hello, { 'x-forwarded-for': address })
    expect((await from('198.51.100.1')).status).toBe(200)
    expect((await from('198.51.100.2')).status).toBe(200)
    expect((await from('2001:db8:1:1::1')).status).toBe(200)
    expect((await from('2001:db8:1:2::1')).status).toBe(200)
    expect((await from('2001:db8:1:1::2')).status).toBe(429)
    const error = await errorOf(await from('198.51.100.1'))
    expect(error.message).toMatch(/^Callers without a key may from one address send 1 requests per minute/)
    expect(error.message).not.toContain('198.51')
  })

  it('that are refused are measured, and so is the store', async () => {
    const { gateway } = await start({ env: { VAI_LIMIT_REQUESTS_PER_MINUTE: '1' } })
    await statuses(3, () => gateway.post(hello))
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(text).toContain('vai_limit_refusals_total{limit="requests",scope="everybody"} 2')
    expect(await (await fetch(`${gateway.url}/readyz`)).json()).toMatchObject({ checks: { limits: 'ok' } })
  })
})
