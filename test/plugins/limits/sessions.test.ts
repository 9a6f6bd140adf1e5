import { afterEach, expect, it } from 'vitest'
import type { GatewayError } from '../../../api/error.ts'
import type { Principal } from '../../../plugins/auth/principal.ts'
import { MemoryLimitStore } from '../../../plugins/limits/stores/memory.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { ManualClock } from '../../manual-clock.ts'

/** What live sessions hold of limits, beyond any request. */

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(env: Record<string, string> = {}) {
  const clock = new ManualClock()
  const limitStore = new MemoryLimitStore({ clock })
  const gateway = await startGateway({ env, parts: { clock, limitStore } })
  gateways.push(gateway)
  return { clock, gateway, limitStore, sessions: gateway.app.limits.sessions }
}

function key(id: string, allowances: Principal['allowances'], tenantAllowances: Principal['allowances'] = {}): Principal {
  return {
    id: `key:${id}`,
    role: 'client',
    keyId: id,
    tenant: 'acme',
    project: undefined,
    allowances,
    tenantAllowances,
    mayUse: () => true,
    mayUseTool: () => true,
    providerKey: () => undefined,
  }
}

async function refusalOf(promise: Promise<unknown>): Promise<Partial<GatewayError>> {
  return await promise.then(
    () => ({}),
    ({ code, message, retryAfter }: GatewayError) => ({ code, message, retryAfter }),
  )
}

it('a place is held until it is given back, however often that is said', async () => {
  const { sessions, limitStore } = await start()
  const app = key('app', { concurrent_sessions: 2 })
  const first = await sessions.hold(app)
  await sessions.hold(app)
  expect(await refusalOf(sessions.hold(app))).toEqual({
    code: 'concurrency_limit',
    message: 'The key app may have 2 live sessions at the same time; begin the next once one of them is over.',
    retryAfter: 1,
  })
  first.release()
  first.release()
  await sessions.hold(app)
  expect((await refusalOf(sessions.hold(app))).code).toBe('concurrency_limit')
  expect(limitStore.size).toBe(1)
})

it('a place is kept for hours, and comes free by itself only where the process has died', async () => {
  const { sessions, clock, limitStore } = await start()
  const app = key('app', { concurrent_sessions: 1 })
  await sessions.hold(app)
  for (let minute = 0; minute < 120; minute++) clock.advance(60_000)
  expect((await refusalOf(sessions.hold(app))).code).toBe('concurrency_limit')
  expect(limitStore.size).toBe(1)
})

it('a tenant has places of its own for all its keys together', async () => {
  const { sessions } = await start()
  await sessions.hold(key('one', {}, { concurrent_sessions: 1 }))
  const refused = await refusalOf(sessions.hold(key('two', {}, { concurrent_sessions: 1 })))
  expect(refused.message).toBe(
    'All keys of the tenant acme together may have 1 live sessions at the same time; begin the next once one of them is over.',
  )
})

it('the opening of a socket counts as a request, and takes no place among those that run', async () => {
  const { sessions, limitStore } = await start()
  const app = key('app', { requests_per_minute: 2, concurrent_requests: 1, concurrent_sessions: 0 })
  await sessions.countRequest(app)
  await sessions.countRequest(app)
  expect((await refusalOf(sessions.countRequest(app))).code).toBe('request_rate_limit')
  // One bucket, and no leases.
  expect(limitStore.size).toBe(1)
})

it('calls of models in a session take tokens, and give back what they did not need', async () => {
  const { sessions } = await start()
  const app = key('app', { tokens_per_minute: 100 })
  const reserved = await sessions.reserve(app, () => ({ tokens: 80, nanodollars: 0 }))
  expect((await refusalOf(sessions.reserve(app, () => ({ tokens: 80, nanodollars: 0 })))).code).toBe('token_rate_limit')
  reserved.settle(() => ({ tokens: 10, nanodollars: 0 }))
  await sessions.reserve(app, () => ({ tokens: 80, nanodollars: 0 }))
})

it('nothing is asked of whoever has no limits', async () => {
  const { sessions, limitStore } = await start()
  const free = key('free', { concurrent_sessions: 0, requests_per_minute: 0 })
  for (const place of await Promise.all([sessions.hold(free), sessions.hold(free)])) place.release()
  await sessions.countRequest(free)
  await sessions.reserve(free, () => {
    throw new Error('was asked')
  })
  expect(limitStore.size).toBe(0)
})
