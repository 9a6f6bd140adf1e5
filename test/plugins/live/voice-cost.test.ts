import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayError } from '../../../api/error.ts'
import type { Principal } from '../../../plugins/auth/principal.ts'
import type { Served } from '../../../plugins/live/served.ts'
import { SessionVoiceCost } from '../../../plugins/live/voice-cost.ts'
import { measured } from '../../measured.ts'
import { anybody } from './anybody.ts'
import { type Planning, startPlanning } from './door/planning.ts'

let planning: Planning
beforeAll(async () => {
  planning = await startPlanning({
    keys: { deepgram: 'sk-test-deepgram', openai: 'sk-test-openai', cartesia: 'sk-test-cartesia' },
  })
})
afterAll(() => planning.close())

let keys = 0

/** What voice costs somebody who may spend so much a day. */
async function costFor(dollarsADay = 0) {
  const { voice, limits, metrics } = planning.gateway.app
  const id = `app-${keys++}`
  const principal: Principal = { ...anybody, id: `key:${id}`, keyId: id, allowances: { cost_per_day_usd: dollarsADay } }
  const errors: unknown[] = []
  const refused: string[] = []
  const cost = new SessionVoiceCost({
    costOf: voice.costOf,
    metrics,
    reserve: (amounts) => limits.sessions.reserve(principal, amounts),
    onRefused: ({ code }) => refused.push(code),
    onError: (error) => errors.push(error),
  })
  return {
    cost,
    errors,
    refused,
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

const served = (model: string, amount: number): readonly Served[] => [{ model, provider: model.split('/')[0] ?? '', amount }]
const nova = (seconds: number) => served('deepgram/nova-3', seconds)
const aura = (characters: number) => served('deepgram/aura-2', characters)

describe('what voice costs in a session', () => {
  it('is what is new of it each time, and adds up', async () => {
    const { voice } = planning.gateway.app
    const { cost } = await costFor()
    const minute = voice.costOf('deepgram/nova-3', { secondsHeard: 60 })
    const text = voice.costOf('deepgram/aura-2', { characters: 1000, secondsSpoken: 1 })
    if (!minute || !text) throw new TypeError('there are prices')
    expect(cost.spend(nova(60), aura(0))).toBeCloseTo(minute, 9)
    expect(cost.spend(nova(60), aura(1000))).toBeCloseTo(text, 9)
    expect(cost.spend(nova(60), aura(1000))).toBe(0)
    expect(cost.spend(nova(120), aura(2000))).toBeCloseTo(minute + text, 9)
    expect(cost.dollars).toBeCloseTo(2 * (minute + text), 9)
  })

  it('is nothing for the demo', async () => {
    const { cost } = await costFor()
    expect([cost.spend(served('demo/meter', 60), served('demo/tones', 1000)), cost.dollars]).toEqual([0, 0])
  })

  it('is unknown where something has no price, of which the rest is charged all the same', async () => {
    const { cost, maySpend } = await costFor(0.05)
    expect([cost.spend(served('deepgram/of-tomorrow', 60), []), cost.dollars]).toEqual([undefined, undefined])
    expect(cost.spend(served('deepgram/of-tomorrow', 60), aura(1_000_000))).toBeGreaterThan(1)
    expect(cost.dollars).toBeUndefined()
    await cost.settled()
    expect(await maySpend(0.001)).toBe(false)
  })

  it('goes by who heard and spoke, whenever that is told', async () => {
    const { voice } = planning.gateway.app
    const { cost } = await costFor()
    const [eleven, text] = ['elevenlabs/eleven_v3', 'deepgram/aura-2'].map((model) =>
      voice.costOf(model, { characters: 10_000, secondsSpoken: 1 }),
    )
    if (!eleven || !text) throw new TypeError('there are prices')
    const spoken = [...aura(10_000), ...served('elevenlabs/eleven_v3', 10_000), ...served('demo/tones', 10_000)]
    expect(cost.spend([], spoken)).toBeCloseTo(eleven + text, 9)
  })

  it('of a voice that is paid by its sound is about right', async () => {
    const { cost } = await costFor()
    // Fifteen characters a second, and 1.5 cents a minute.
    expect(cost.spend([], served('openai/gpt-4o-mini-tts', 900))).toBeGreaterThan(0.01)
    expect(cost.dollars).toBeLessThan(0.03)
  })

  it('holds up what is asked for once the day’s money is spent, and not before', async () => {
    const { cost, maySpend, errors, refused } = await costFor(1)
    expect(await maySpend(0.9)).toBe(true)
    cost.spend(nova(60 * 60), [])
    await cost.settled()
    expect(await maySpend(0.9)).toBe(false)
    expect(await maySpend(0.1)).toBe(true)
    expect(refused).toEqual([])
    cost.spend(nova(60 * 60), aura(10_000_000))
    await cost.settled()
    expect(await maySpend(0.1)).toBe(false)
    // Whoever talks on pays for it, too.
    cost.spend(nova(2 * 60 * 60), aura(10_000_000))
    await cost.settled()
    expect(errors).toEqual([])
  })

  it('that is more than may be spent is told once, and counts all the same', async () => {
    const { cost, maySpend, refused } = await costFor(0.5)
    for (let hours = 1; hours <= 4; hours++) cost.spend(nova(hours * 60 * 60), [])
    await cost.settled()
    expect(refused).toEqual(['daily_cost_limit'])
    expect(await maySpend(0.001)).toBe(false)
  })

  it('is told of where it cannot be charged, and the session goes on', async () => {
    const { app } = planning.gateway
    const errors: unknown[] = []
    const lost = new Error('the store is gone')
    const cost = new SessionVoiceCost({
      costOf: app.voice.costOf,
      metrics: app.metrics,
      reserve: () => Promise.reject(lost),
      onRefused: () => errors.push('refused'),
      onError: (error) => errors.push(error),
    })
    expect(cost.spend(nova(60), [])).toBeGreaterThan(0)
    expect(cost.spend(nova(120), [])).toBeGreaterThan(0)
    await cost.settled()
    expect(errors).toEqual([lost, lost])
  })

  it('is measured by the provider', async () => {
    const before = (await measured(planning.gateway)).value('vai_cost_usd_total', { provider: 'openai' }) ?? 0
    const { cost } = await costFor()
    const dollars = cost.spend(served('openai/gpt-4o-transcribe', 600), []) ?? 0
    expect(dollars).toBeGreaterThan(0)
    const after = (await measured(planning.gateway)).value('vai_cost_usd_total', { provider: 'openai' }) ?? 0
    expect(after - before).toBeCloseTo(dollars, 9)
  })
})
