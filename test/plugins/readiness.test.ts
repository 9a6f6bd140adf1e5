import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { problemsWith } from '../contract-schemas.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts'
import { ManualClock } from '../manual-clock.ts'

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(options?: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options)
  gateways.push(gateway)
  return gateway
}

async function readiness({ url }: Gateway): Promise<{ status: number; body: { status: string; checks: object } }> {
  const response = await fetch(`${url}/readyz`)
  const body: { status: string; checks: object } = JSON.parse(await response.text())
  expect(problemsWith('Readiness', body)).toEqual([])
  return { status: response.status, body }
}

describe('readiness', () => {
  it('is there where nothing is the matter', async () => {
    const gateway = await start()
    expect(await readiness(gateway)).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { config: 'ok', process: 'ok' } },
    })
  })

  it('is not there while one check says another word than ok, and comes back with it', async () => {
    const gateway = await start()
    let said = 'the file cannot be read'
    gateway.app.readiness.add('example', async () => said)
    expect(await readiness(gateway)).toMatchObject({
      status: 503,
      body: { status: 'not_ready', checks: { config: 'ok', process: 'ok', example: 'the file cannot be read' } },
    })
    said = 'ok'
    expect(await readiness(gateway)).toMatchObject({ status: 200, body: { status: 'ready', checks: { example: 'ok' } } })
  })

  it('tells nobody but the log why a check failed', async () => {
    const gateway = await start()
    gateway.app.readiness.add('example', () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7')))
    expect(await readiness(gateway)).toMatchObject({ status: 503, body: { checks: { example: 'failed' } } })
    expect(await gateway.logged('a check of readiness failed')).toContain('10.0.0.7')
  })

  it('waits for a check no longer than a second, and does not ask again while it still runs', async () => {
    const clock = new ManualClock()
    const gateway = await start({ parts: { clock } })
    let asked = 0
    gateway.app.readiness.add('example', () => {
      asked++
      return new Promise(() => undefined)
    })
    const first = gateway.app.readiness.run()
    // The others have a turn to say theirs.
    await nextTurn()
    clock.advance(1000)
    expect(await first).toMatchObject({ config: 'ok', example: 'no answer in time' })
    const second = gateway.app.readiness.run()
    await nextTurn()
    clock.advance(1000)
    expect(await second).toMatchObject({ example: 'no answer in time' })
    expect(asked).toBe(1)
  })

  it('has no two checks of one name', async () => {
    const gateway = await start()
    expect(() => gateway.app.readiness.add('config', () => 'ok')).toThrow('config')
  })
})
