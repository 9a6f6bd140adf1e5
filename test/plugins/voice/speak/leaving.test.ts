import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../../api/error.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import { json, reply, silence } from '../../../upstreams/behaviour.ts'
import { type Answering, rate, restOf, soundOf, staging } from './stage.ts'

const { voiceAt, stage, closeAll } = staging()
afterEach(closeAll)

const first = 'The first sentence is said.'
const text = `${first} And here is the second one. It is the third that ends it.`

describe('whoever leaves', () => {
  it.each<[string, Answering]>([
    ['before the vendor answers', () => silence],
    ['in the middle of the sound', (each) => reply(soundOf(each), { chunks: { size: 64 }, stallAt: 64 })],
  ])('ends all calls %s', async (_, answering) => {
    const voice = await voiceAt(answering)
    const made = stage(voice)
    const speaking = made.speaker()
    speaking.push(`${text} A`)
    await voice.upstream.waitForRequest(3)
    const waiting = restOf(speaking)
    made.abort()
    await expect(waiting).rejects.toThrow(Cancelled)
    await voice.upstream.waitForClose(3)
    expect(made.told.over.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(made.told.admissions.filter((each) => each !== 'ok')).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  it('ends all calls by closing', async () => {
    const voice = await voiceAt(() => silence)
    const speaking = stage(voice).speaker()
    speaking.push(`${text} A`)
    await voice.upstream.waitForRequest(3)
    const waiting = speaking.next()
    speaking.close()
    expect(await waiting).toBeUndefined()
    await voice.upstream.waitForClose(3)
    speaking.push('More.')
    speaking.end()
    expect(await speaking.next()).toBeUndefined()
  })

  it('does so between a failure and the next try', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt(() => json({}, { status: 429, headers: { 'retry-after': '2' } }))
    const made = stage(voice, { clock })
    const speaking = made.speaker()
    speaking.push(first)
    speaking.end()
    const rest = restOf(speaking)
    await until(() => clock.nextInMs === 2000)
    made.abort()
    await expect(rest).rejects.toThrow(Cancelled)
    expect(clock.waiting).toBe(0)
    expect(voice.texts).toHaveLength(1)
  })

  it('had left before anything was said: nobody is called', async () => {
    const voice = await voiceAt()
    const made = stage(voice)
    made.abort()
    const speaking = made.speaker()
    speaking.push(text)
    await expect(speaking.next()).rejects.toThrow(Cancelled)
    expect(voice.upstream.requests).toHaveLength(0)
  })
})

describe('gaps', () => {
  it('are told where sound comes later than what was there lasts', async () => {
    const clock = new ManualClock()
    const made = stage(await voiceAt(), { clock })
    const speaking = made.speaker()
    speaking.push(`${first} A`)
    await speaking.next()
    clock.advance(1000)
    speaking.push('nd here is the second one. ')
    speaking.end()
    await restOf(speaking)
    expect(made.told.gaps).toEqual([{ provider: 'ada', count: 1, seconds: 1 - (first.length * 8) / rate }])
  })

  it('are none where the sound came in time, however late it is taken', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt()
    const made = stage(voice, { clock })
    const speaking = made.speaker()
    speaking.push(text)
    speaking.end()
    await speaking.next()
    await until(() => made.told.over.length === 3)
    clock.advance(60_000)
    await restOf(speaking)
    expect(made.told.gaps).toEqual([{ provider: 'ada', count: 0, seconds: 0 }])
  })
})
