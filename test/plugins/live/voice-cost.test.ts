import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayError } from '../../../api/error.ts'
import type { LiveHello } from '../../../api/schemas.gen.ts'
import type { Principal } from '../../../plugins/auth/principal.ts'
import { SessionVoiceCost } from '../../../plugins/live/voice-cost.ts'
import { measured } from '../../measured.ts'
import { anybody, type Planning, pcm16, startPlanning } from './door/planning.ts'

let planning: Planning
beforeAll(async () => {
  planning = await startPlanning({
    keys: { deepgram: 'sk-test-deepgram', openai: 'sk-test-openai', cartesia: 'sk-test-cartesia' },
  })
})
afterAll(() => planning.close())

let keys = 0

/** What voice costs somebody who may spend so much a day. */
async function costFor(hello: Partial<LiveHello>, dollarsADay = 0) {
  const { voice, limits, metrics } = planning.gateway.app
  const id = `app-${keys++}`
  const principal: Principal = { ...anybody, id: `key:${id}`, keyId: id, allowances: { cost_per_day_usd: dollarsADay } }
  const errors: unknown[] = []
  const plan = await planning.plan({ audio_in: pcm16, ...hello })
  const cost = new SessionVoiceCost(plan, {
    costOf: voice.costOf,
    metrics,
    reserve: (amounts) => limits.sessions.reserve(principal, amounts),
    onError: (error) => errors.push(error),
  })
  return {
    cost,
    errors,
    plan,
    /** Whether so much more may be spent today. */
    async maySpend(dollars: number): Promise<boolean> {
      return await limits.sessions
        .reserve(principal, () => ({ tokens: 0, nanodollars: dollars * 1e9 }))
        .then(
          (taken) => {
            taken.settle(() => ({ tokens: 0, nanodollars: 0 }))
            return true
          },
          ({ code }: GatewayError) => {
            expect(code).toBe('daily_cost_limit')
            return false
          },
        )
    },
  }
}

const deepgram = { stt: { model: 'deepgram/nova-3' }, tts: { voice: 'deepgram/aura-2-thalia-en' } }

describe('what voice costs in a session', () => {
  it('is what is new of it each time, and adds up', async () => {
    const { voice } = planning.gateway.app
    const { cost } = await costFor(deepgram)
    const minute = voice.costOf('deepgram/nova-3', { secondsHeard: 60 })
    const text = voice.costOf('deepgram/aura-2', { characters: 1000, secondsSpoken: 1 })
    if (!minute || !text) throw new TypeError('there are prices')
    expect(cost.spend(60, 0)).toBeCloseTo(minute, 9)
    expect(cost.spend(60, 1000)).toBeCloseTo(text, 9)
    expect(cost.spend(60, 1000)).toBe(0)
    expect(cost.spend(120, 2000)).toBeCloseTo(minute + text, 9)
    expect(cost.dollars).toBeCloseTo(2 * (minute + text), 9)
  })

  it('is nothing for the demo', async () => {
    const { cost } = await costFor({})
    expect([cost.spend(60, 1000), cost.dollars]).toEqual([0, 0])
  })

  it('is unknown where something has no price, of which the rest is charged all the same', async () => {
    const { cost, maySpend } = await costFor({ ...deepgram, stt: { model: 'deepgram/of-tomorrow' } }, 0.05)
    expect([cost.spend(60, 0), cost.dollars]).toEqual([undefined, undefined])
    expect(cost.spend(60, 1_000_000)).toBeGreaterThan(1)
    expect(cost.dollars).toBeUndefined()
    await cost.settled()
    expect(await maySpend(0.001)).toBe(false)
  })

  it('goes by who hears and speaks at the time', async () => {
    const { cost, plan } = await costFor(deepgram)
    const before = cost.spend(60, 1000) ?? 0
    cost.change(await planning.update({ stt: { model: 'demo' }, tts: { voice: 'demo/soft' } }, plan))
    expect(cost.spend(120, 2000)).toBe(0)
    expect(cost.dollars).toBeCloseTo(before, 9)
  })

  it('of a voice that is paid by its sound is about right', async () => {
    const { cost } = await costFor({ tts: { voice: 'openai/alloy' } })
    // Fifteen characters a second, and 1.5 cents a minute.
    expect(cost.spend(0, 900)).toBeGreaterThan(0.01)
    expect(cost.dollars).toBeLessThan(0.03)
  })

  it('holds up what is asked for once the day’s money is spent, and not before', async () => {
    const { cost, maySpend, errors } = await costFor(deepgram, 1)
    expect(await maySpend(0.9)).toBe(true)
    cost.spend(60 * 60, 0)
    await cost.settled()
    expect(await maySpend(0.9)).toBe(false)
    expect(await maySpend(0.1)).toBe(true)
    cost.spend(60 * 60, 10_000_000)
    await cost.settled()
    expect(await maySpend(0.1)).toBe(false)
    // Whoever talks on pays for it, too.
    cost.spend(2 * 60 * 60, 10_000_000)
    await cost.settled()
    expect(errors).toEqual([])
  })

  it('is told of where it cannot be charged, and the session goes on', async () => {
    const { app } = planning.gateway
    const errors: unknown[] = []
    const lost = new Error('the store is gone')
    const cost = new SessionVoiceCost(await planning.plan({ audio_in: pcm16, ...deepgram }), {
      costOf: app.voice.costOf,
      metrics: app.metrics,
      reserve: () => Promise.reject(lost),
      onError: (error) => errors.push(error),
    })
    expect(cost.spend(60, 0)).toBeGreaterThan(0)
    expect(cost.spend(120, 0)).toBeGreaterThan(0)
    await cost.settled()
    expect(errors).toEqual([lost, lost])
  })

  it('is measured by the provider', async () => {
    const before = (await measured(planning.gateway)).value('vai_cost_usd_total', { provider: 'openai' }) ?? 0
    const { cost } = await costFor({ stt: { model: 'openai/gpt-4o-transcribe' } })
    const dollars = cost.spend(600, 0) ?? 0
    expect(dollars).toBeGreaterThan(0)
    const after = (await measured(planning.gateway)).value('vai_cost_usd_total', { provider: 'openai' }) ?? 0
    expect(after - before).toBeCloseTo(dollars, 9)
  })
})
