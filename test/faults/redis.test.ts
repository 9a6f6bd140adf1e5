import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { measured } from '../measured.ts'
import { itemsOf } from '../plugins/limits/fields.ts'
import { titled } from '../programs.ts'
import { noRedis, startRedis, type TestRedis } from '../redis.ts'
import { until } from '../until.ts'
import { faultsIn, none, startCallers } from './callers.ts'
import { type FaultServer, linesOf, serve, setUpServers } from './server.ts'

/** Redis dies, comes back empty, hangs and goes on, while gateways that count in it are under load. */

setUpServers()

let redis: TestRedis
beforeAll(async () => {
  if (!noRedis) redis = await startRedis()
})
afterAll(() => redis?.close())

const places = 1000
let tests = 0
// What one test leaves behind when it kills its gateways is nothing to the next.
beforeEach(() => {
  tests++
})

async function gateway(whenLost: 'local' | 'refuse'): Promise<FaultServer> {
  return serve({
    VAI_REDIS_URL: redis.url,
    VAI_REDIS_PREFIX: `test-${tests}`,
    VAI_LIMIT_STORE_LOST: whenLost,
    // Of everything there is enough, so that nothing is refused for the number of requests.
    VAI_LIMIT_REQUESTS_PER_MINUTE: '1000000000',
    VAI_LIMIT_REQUESTS_BURST: '1000000000',
    VAI_LIMIT_CONCURRENT_REQUESTS: String(places),
    VAI_LIMIT_CONCURRENT_STREAMS: String(places),
    VAI_LIMIT_TOKENS_PER_MINUTE: '1000000000000',
  })
}

const isUp = async (server: FaultServer): Promise<boolean> => (await measured(server)).value('vai_limit_store_up') === 1
const isDown = async (server: FaultServer): Promise<boolean> => (await measured(server)).value('vai_limit_store_up') === 0

const faults = [
  { name: 'is killed, and starts anew with nothing in it', lose: () => redis.stop(), find: () => redis.start() },
  { name: 'hangs, and goes on where it was', lose: async () => redis.freeze(), find: async () => redis.go() },
]

describe.skipIf(noRedis)(titled('where Redis', noRedis), () => {
  it.each(faults)('$name, everybody is answered under the policy local', async ({ lose, find }) => {
    const servers = [await gateway('local'), await gateway('local')]
    const loads = servers.map(({ url }) => startCallers({ url, callers: 6 }))
    await Promise.all(loads.map((load) => load.answeredMore(50)))
    await lose()
    await Promise.all(servers.map((server) => until(() => isDown(server))))
    await Promise.all(loads.map((load) => load.answeredMore(50)))
    await find()
    await Promise.all(servers.map((server) => until(() => isUp(server))))
    await Promise.all(loads.map((load) => load.answeredMore(50)))
    const figures = await Promise.all(loads.map((load) => load.stop()))
    expect(faultsIn(...figures)).toEqual(none)
    expect(figures.map(({ refused }) => refused)).toEqual([{}, {}])
    for (const server of servers) await allPlacesAreFree(server)
    for (const server of servers) {
      const said = linesOf(server).map(({ msg }) => String(msg))
      expect(said.filter((msg) => msg.includes('limits'))).toEqual(['the store of limits is lost', 'the store of limits is back'])
      expect(said.filter((msg) => !msg.includes('limits')).every((msg) => msg.includes('owners of live sessions'))).toBe(true)
    }
  })

  it.each(faults)('$name, everybody is answered or told so under the policy refuse', async ({ lose, find }) => {
    const server = await gateway('refuse')
    const load = startCallers({ url: server.url })
    await load.answeredMore(100)
    await lose()
    await until(() => (load.figures.refused.limits_unavailable ?? 0) > 100)
    const refusal = await fetch(`${server.url}/v1/models`)
    expect({ status: refusal.status, after: refusal.headers.get('retry-after') }).toEqual({ status: 503, after: '1' })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    await find()
    await until(() => isUp(server))
    await load.answeredMore(100)
    const figures = await load.stop()
    expect(faultsIn(figures)).toEqual(none)
    expect(Object.keys(figures.refused)).toEqual(['limits_unavailable'])
    await allPlacesAreFree(server)
  })
})

/** A place that was taken when Redis hung, or while it was away, is not lost for ever. */
async function allPlacesAreFree({ url }: FaultServer): Promise<void> {
  await until(async () => {
    const response = await fetch(`${url}/v1/models`)
    await response.text()
    return itemsOf(response.headers.get('ratelimit'))['concurrent-requests']?.r === places - 1
  })
}
