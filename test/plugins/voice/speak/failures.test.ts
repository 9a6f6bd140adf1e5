import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../../api/error.ts'
import type { Speaker } from '../../../../plugins/voice/speak/speaker.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import { type Behaviour, endless, hangUp, htmlPage, json, type Respond, reply, silence } from '../../../upstreams/behaviour.ts'
import {
  type Answering,
  bytesOf,
  chunksOf,
  memoryCache,
  rate,
  restOf,
  type SoundEvent,
  type Stage,
  soundOf,
  staging,
  textOf,
} from './stage.ts'

const { voiceAt, stage, closeAll } = staging()
afterEach(closeAll)

/** The first time a text is asked for, this is the answer. */
function once(behaviour: (text: string) => Behaviour): Answering {
  return (text, take) => (take === 0 ? behaviour(text) : undefined)
}

/** Where the sound of a text's first take goes over to the second, in bytes; undefined where neither begins as it should, or none ends it. */
function spliceOf(sound: Uint8Array, text: string): number | undefined {
  const [before, after] = [soundOf(text), soundOf(text, 'ada', 1)]
  if (sound.length !== after.length) return undefined
  const at = sound.findIndex((byte, index) => byte !== before[index])
  const splice = at < 0 ? sound.length : at - (at % 2)
  return Buffer.from(sound).subarray(splice).equals(after.subarray(splice)) ? splice : undefined
}

const [first, second, third] = ['The first sentence is said.', 'And here is the second one.', 'It is the third that ends it.']
const text = `${first} ${second} ${third}`

async function said(made: Stage): Promise<SoundEvent[]> {
  const speaking = made.speaker()
  speaking.push(text)
  speaking.end()
  return await restOf(speaking)
}

/** The same, heard by somebody who listens only when all of it has been spoken. */
async function saidUnheard(made: Stage): Promise<{ speaking: Speaker; events: SoundEvent[] }> {
  const speaking = made.speaker()
  speaking.push(text)
  speaking.end()
  await until(() => made.told.over.filter(({ outcome }) => outcome === 'ok').length === 3)
  return { speaking, events: await restOf(speaking) }
}

const usual = Buffer.concat([soundOf(first), soundOf(second), soundOf(third)])
const anew = Buffer.concat([first, second, third].map((each) => soundOf(each, 'ada', 1)))

describe('a vendor that speaks one sentence at a time', () => {
  it('is asked for the next one when the one before is over, and no other voice takes its place', async () => {
    const refused: string[] = []
    let areRefused = (): void => undefined
    const both = new Promise<void>((resolve) => {
      areRefused = resolve
    })
    const voice = await voiceAt((each) => {
      if (each === first) return both.then(() => reply(soundOf(each)))
      if (refused.includes(each)) return undefined
      refused.push(each)
      if (refused.length === 2) areRefused()
      return json({ error: { message: 'too many at once' } }, { status: 429 })
    })
    const other = await voiceAt(undefined, 'bell')
    const made = stage(voice, { fallbacks: [other.voice] })
    const events = await said(made)
    expect(bytesOf(events)).toEqual(Buffer.concat([soundOf(first), soundOf(second, 'ada', 1), soundOf(third, 'ada', 1)]))
    expect(voice.texts.slice(0, 3).sort()).toEqual([first, second, third].sort())
    expect(voice.texts.slice(3)).toEqual([second, third])
    expect(other.upstream.requests).toHaveLength(0)
    expect(events.at(-1)).toMatchObject({ is_final: true })
  })
})

describe('a sentence that fails', () => {
  it.each<[string, (text: string) => Behaviour]>([
    ['breaks off between samples', (each) => reply(soundOf(each), { chunks: { size: 50 }, dieAt: 200 })],
    ['breaks off within a sample', (each) => reply(soundOf(each), { chunks: { size: 51 }, dieAt: 201 })],
    ['hangs up', () => hangUp],
    ['is refused for the moment', () => json({ error: { message: 'busy' } }, { status: 503 })],
    ['has no sound', () => reply('')],
    ['ends within a sample', (each) => reply(soundOf(each).subarray(0, 33))],
  ])('that nobody has heard is spoken anew where it %s', async (_, behaviour) => {
    const made = stage(await voiceAt(once(behaviour)), { plan: { alignment: true } })
    const { events } = await saidUnheard(made)
    expect(bytesOf(events)).toEqual(anew)
    expect(textOf(events)).toBe(text)
    expect(chunksOf(events).flatMap(({ alignment }) => alignment?.tokens ?? [])).toEqual(text.split(' '))
    expect(events.at(-1)).toMatchObject({ is_final: true })
    expect(made.told.over.filter(({ outcome }) => outcome === 'ok')).toHaveLength(3)
    expect(made.told.over.filter(({ outcome }) => outcome !== 'ok')).toHaveLength(3)
  })

  it('leaves no gap and nothing twice, wherever each breaks off the first time', async () => {
    const breaks = fc.array(fc.record({ at: fc.nat(700), size: fc.integer({ min: 1, max: 300 }), delayMs: fc.nat(5) }), {
      minLength: 6,
      maxLength: 6,
    })
    const sentences = Array.from({ length: 6 }, (_, index) => `This is the sentence number ${'I'.repeat(index + 1)} of six.`)
    let dies: Answering = () => undefined
    const made = stage(await voiceAt((each, take) => dies(each, take)), { plan: { alignment: true } })
    await fc.assert(
      fc.asyncProperty(breaks, async (places) => {
        const seen = new Set<string>()
        dies = (each) => {
          if (seen.has(each)) return reply(soundOf(each, 'ada', 1))
          seen.add(each)
          const { at, size, delayMs } = places[sentences.indexOf(each)] ?? { at: 0, size: 1, delayMs: 0 }
          return reply(soundOf(each), { chunks: { size }, dieAt: at, delayMs })
        }
        const speaking = made.speaker()
        speaking.push(sentences.join(' '))
        speaking.end()
        const events = await restOf(speaking)
        let from = 0
        const sound = bytesOf(events)
        for (const [index, each] of sentences.entries()) {
          const length = soundOf(each).length
          const splice = spliceOf(sound.subarray(from, from + length), each)
          // No later than where it broke off, and where nobody had heard it, not at all.
          expect(splice).toBeLessThanOrEqual(places[index]?.at ?? 0)
          from += length
        }
        expect(sound.length).toBe(from)
        expect(textOf(events)).toBe(sentences.join(' '))
        expect(chunksOf(events).flatMap(({ alignment }) => alignment?.tokens ?? [])).toEqual(sentences.join(' ').split(' '))
      }),
      { numRuns: 25 },
    )
  })

  it('goes on at the sample where it stopped also where the rate is changed', async () => {
    const whole = await said(stage(await voiceAt(), { plan: { rate: 11_025 } }))
    const answering: Answering = (each, take) => reply(soundOf(each), take === 0 ? { chunks: { size: 77 }, dieAt: 301 } : {})
    const broken = await said(stage(await voiceAt(answering), { plan: { rate: 11_025 } }))
    expect(bytesOf(whole).length).toBeGreaterThan(usual.length)
    expect(bytesOf(broken)).toEqual(bytesOf(whole))
  })

  it('goes on at the sample where somebody has heard the beginning', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt((each, take) =>
      each === first && take === 0 ? reply(soundOf(each), { chunks: { size: 100 }, stallAt: 200 }) : undefined,
    )
    const speaking = stage(voice, { clock }).speaker()
    speaking.push(`${first} A`)
    const events: SoundEvent[] = []
    while (bytesOf(events).length < 200) {
      const event = await speaking.next()
      if (event) events.push(event)
    }
    await until(() => clock.nextInMs === 5000)
    clock.advance(5000)
    await voice.upstream.waitForClose()
    speaking.end()
    events.push(...(await restOf(speaking)))
    expect(bytesOf(events)).toEqual(
      Buffer.concat([soundOf(first).subarray(0, 200), soundOf(first, 'ada', 1).subarray(200), soundOf('A')]),
    )
    expect(textOf(events)).toBe(`${first} A`)
  })

  it('is told of where it fails twice, and the sentences before it are spoken', async () => {
    const made = stage(await voiceAt((each) => (each === second ? reply('no', { status: 500 }) : undefined)))
    const events = await said(made)
    expect(bytesOf(events)).toEqual(Buffer.from(soundOf(first)))
    expect(events.at(-1)).toMatchObject({
      type: 'audio_unavailable',
      seq: events.length - 1,
      error: { type: 'provider_error', code: 'provider_error' },
    })
    expect(events.filter(({ type }) => type === 'audio_unavailable')).toHaveLength(1)
  })

  it('is not asked for again with a key that is bad', async () => {
    const voice = await voiceAt(() => json({ error: { message: 'bad key' } }, { status: 401 }))
    const speaking = stage(voice).speaker()
    speaking.push(first)
    speaking.end()
    expect(await restOf(speaking)).toMatchObject([
      { type: 'audio_unavailable', seq: 0, error: { code: 'provider_authentication' } },
    ])
    expect(voice.texts).toEqual([first])
  })

  it.each<[string, Exclude<Behaviour, Respond>, string]>([
    ['a page', htmlPage(502), 'provider_error'],
    ['nothing', reply(''), 'provider_protocol'],
    ['sound without an end', endless('\0'.repeat(64 * 1024)), 'provider_protocol'],
  ])('is told of where the vendor sends %s', async (_, behaviour, code) => {
    const voice = await voiceAt(() => behaviour)
    const speaking = stage(voice).speaker()
    speaking.push(first)
    speaking.end()
    expect((await restOf(speaking)).at(-1)).toMatchObject({ type: 'audio_unavailable', error: { code } })
    if (behaviour.kind === 'endless') await voice.upstream.waitForClose(2)
  })

  it('is waited for as long as is allowed, and no longer', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt(() => silence)
    const speaking = stage(voice, { clock, limits: { firstAudioMs: 700 } }).speaker()
    speaking.push(first)
    speaking.end()
    const rest = restOf(speaking)
    for (const attempt of [1, 2]) {
      await voice.upstream.waitForRequest(attempt)
      clock.advance(700)
      await voice.upstream.waitForClose(attempt)
    }
    expect(await rest).toMatchObject([{ type: 'audio_unavailable', error: { code: 'provider_timeout', type: 'timeout_error' } }])
    expect(clock.waiting).toBe(0)
  })

  it('is kept in the cache where it was spoken anew in one go', async () => {
    const cache = memoryCache()
    const made = stage(await voiceAt(once((each) => reply(soundOf(each), { chunks: { size: 50 }, dieAt: 200 }))), { cache })
    await saidUnheard(made)
    expect(Buffer.concat([...cache.entries.values()].map(({ bytes }) => bytes)).length).toBe(anew.length)
    expect(bytesOf(await said(made))).toEqual(anew)
    expect(made.told.cache).toEqual(['miss', 'miss', 'miss', 'hit', 'hit', 'hit'])
  })

  it('is not kept in the cache where it goes on in its middle', async () => {
    const clock = new ManualClock()
    const cache = memoryCache()
    const voice = await voiceAt(once((each) => reply(soundOf(each), { chunks: { size: 100 }, stallAt: 200 })))
    const speaking = stage(voice, { clock, cache }).speaker()
    speaking.push(first)
    speaking.end()
    expect(await speaking.next()).toMatchObject({ text: first })
    await until(() => clock.nextInMs === 5000)
    clock.advance(5000)
    await voice.upstream.waitForClose()
    await restOf(speaking)
    expect(cache.entries.size).toBe(0)
  })

  it('is passed over where it has no words and the vendor makes nothing of it', async () => {
    const answers: Record<string, Behaviour> = { '§': reply(''), '%': json({ error: { message: 'no text' } }, { status: 400 }) }
    const voice = await voiceAt((each) => answers[each])
    for (const sign of Object.keys(answers)) {
      const made = stage(voice)
      const speaking = made.speaker()
      for (const paragraph of [first, sign, second]) {
        speaking.push(paragraph)
        speaking.pause()
      }
      speaking.end()
      const events = await restOf(speaking)
      expect(bytesOf(events).length).toBe(soundOf(first + second).length)
      expect(textOf(events)).toContain(sign)
      expect(events.at(-1)).toMatchObject({ is_final: true })
      expect(made.told.admissions).toEqual(['ok', 'ok', 'ok'])
      expect(voice.texts.filter((each) => each === sign)).toHaveLength(1)
    }
  })

  it('waits for a moment where the vendor asks for it', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt(once(() => json({}, { status: 429, headers: { 'retry-after': '2' } })))
    const speaking = stage(voice, { clock }).speaker()
    speaking.push(first)
    speaking.end()
    const rest = restOf(speaking)
    await until(() => clock.nextInMs === 2000)
    clock.advance(2000)
    expect(bytesOf(await rest)).toEqual(Buffer.from(soundOf(first, 'ada', 1)))
  })
})

describe('a fallback voice', () => {
  it('speaks the sentence that failed and all behind it', async () => {
    const voice = await voiceAt((each) => (each === second ? reply('no', { status: 500 }) : undefined))
    const other = await voiceAt(undefined, 'bob')
    const made = stage(voice, { fallbacks: [other.voice] })
    const events = await said(made)
    expect(bytesOf(events)).toEqual(Buffer.concat([soundOf(first), soundOf(second, 'bob'), soundOf(third, 'bob')]))
    expect(textOf(events)).toBe(text)
    expect(events.at(-1)).toMatchObject({ is_final: true })
    expect(voice.texts.filter((each) => each === second)).toHaveLength(2)
  })

  it('speaks from the beginning where part of the sentence was heard, and tells its times behind that', async () => {
    const clock = new ManualClock()
    const voice = await voiceAt((each) => reply(soundOf(each), { chunks: { size: 160 }, stallAt: 160 }))
    const other = await voiceAt(undefined, 'bob')
    const speaking = stage(voice, { clock, fallbacks: [other.voice], plan: { alignment: true } }).speaker()
    speaking.push(first)
    speaking.end()
    const heard = [await speaking.next()]
    expect(heard[0]).toMatchObject({ text: first })
    for (const attempt of [1, 2]) {
      await voice.upstream.waitForRequest(attempt)
      await until(() => clock.nextInMs === 5000)
      clock.advance(5000)
      await voice.upstream.waitForClose(attempt)
    }
    const rest = await restOf(speaking)
    expect(bytesOf(rest)).toEqual(Buffer.from(soundOf(first, 'bob')))
    expect(textOf(rest)).toBe('')
    expect(chunksOf(rest)[0]?.alignment).toMatchObject({ tokens: first.split(' '), start_ms: [10, 14, 20, 29, 32] })
  })

  it('is not heard behind the beginning of a sentence that nobody has heard', async () => {
    const voice = await voiceAt((each) =>
      each === second ? reply(soundOf(each), { chunks: { size: 64 }, dieAt: 64 }) : undefined,
    )
    const other = await voiceAt(undefined, 'bob')
    const speaking = stage(voice, { fallbacks: [other.voice] }).speaker()
    speaking.push(text)
    speaking.end()
    await other.upstream.waitForRequest(2)
    expect(bytesOf(await restOf(speaking))).toEqual(
      Buffer.concat([soundOf(first), soundOf(second, 'bob'), soundOf(third, 'bob')]),
    )
  })

  it('is the next one that has a key and is not left alone', async () => {
    const voice = await voiceAt()
    const [bob, eve, joe] = [await voiceAt(undefined, 'bob'), await voiceAt(undefined, 'eve'), await voiceAt(undefined, 'joe')]
    const made = stage(voice, { fallbacks: [bob.voice, eve.voice, joe.voice], keyless: ['ada', 'eve'], leftAlone: ['bob'] })
    const events = await said(made)
    expect(bytesOf(events)).toEqual(Buffer.concat([first, second, third].map((each) => soundOf(each, 'joe'))))
    expect(made.told.firstAudio).toEqual(['joe'])
  })

  it('speaks again what another had spoken behind it, so that none comes back', async () => {
    let refuse = (): void => undefined
    const refused = new Promise<void>((resolve) => {
      refuse = resolve
    })
    const no = json({}, { status: 401 })
    const voice = await voiceAt((each) => (each === first ? refused.then(() => no) : each === third ? no : undefined))
    const other = await voiceAt(undefined, 'bob')
    const made = stage(voice, { fallbacks: [other.voice] })
    const speaking = made.speaker()
    speaking.push(text)
    speaking.end()
    await other.upstream.waitForRequest()
    await until(() => made.told.over.filter(({ outcome }) => outcome === 'ok').length === 2)
    refuse()
    const events = await restOf(speaking)
    expect(bytesOf(events)).toEqual(Buffer.concat([first, second, third].map((each) => soundOf(each, 'bob'))))
    expect([...other.texts].sort()).toEqual([first, second, third].sort())
    // What was thrown away, and what was refused, is nobody's to pay.
    expect(speaking.usage).toMatchObject({
      voice: { spoken_characters: text.length - 2 },
      models: [{ id: 'bob/any', characters: text.length - 2 }],
      voices: ['bob/bob'],
    })
  })

  it('that is refused is not the reason that is told', async () => {
    const voice = await voiceAt(() => json({}, { status: 401 }))
    const other = await voiceAt(undefined, 'bob')
    const events = await said(stage(voice, { fallbacks: [other.voice], keyless: ['bob'] }))
    expect(events).toMatchObject([{ type: 'audio_unavailable', error: { code: 'provider_authentication' } }])
  })

  it('takes the place of compressed sound that nobody has heard, which is asked for again first', async () => {
    const dies = (each: string) => reply(soundOf(each), { chunks: { size: 64 }, dieAt: 64 })
    const voice = await voiceAt(dies)
    const other = await voiceAt(undefined, 'bob')
    const speaking = stage(voice, { fallbacks: [other.voice], plan: { format: 'mp3' } }).speaker()
    speaking.push(first)
    speaking.end()
    await other.upstream.waitForRequest()
    const events = await restOf(speaking)
    expect(bytesOf(events)).toEqual(Buffer.from(soundOf(first, 'bob')))
    expect(events[0]).not.toHaveProperty('sample_rate_hz')
    expect(voice.texts).toHaveLength(2)
  })
})

describe('what is used', () => {
  it('names voices in the order in which they were heard, whichever was ready first', async () => {
    const voice = await voiceAt((each) => (each === second ? json({}, { status: 401 }) : undefined))
    const other = await voiceAt(undefined, 'bob')
    const { speaking } = await saidUnheard(stage(voice, { fallbacks: [other.voice] }))
    expect(speaking.usage.voices).toEqual(['ada/ada', 'bob/bob'])
  })

  it.each(['pcm', 'mp3'] as const)('has no seconds of %s that nobody has heard', async (format) => {
    const cache = memoryCache()
    cache.get = async () => ({ bytes: Buffer.alloc(rate * 2), alignments: [], seconds: 1 })
    const speaking = stage(await voiceAt(), { cache, plan: { format } }).speaker()
    speaking.push(text)
    await speaking.next()
    speaking.close()
    expect(speaking.usage.voice).toEqual({ spoken_characters: 0, spoken_seconds: 1 })
    expect(speaking.usage.models).toEqual([])
  })

  it('has the characters of what failed in its sound, and none of what was refused', async () => {
    const voice = await voiceAt((each, take) => {
      if (take > 0) return undefined
      if (each === first) return reply(soundOf(each), { chunks: { size: 64 }, dieAt: 64 })
      return each === second ? json({}, { status: 503 }) : undefined
    })
    const { speaking } = await saidUnheard(stage(voice))
    expect(speaking.usage.voice.spoken_characters).toBe(text.length - 2)
    expect(speaking.usage.models).toMatchObject([{ id: 'ada/any', characters: text.length - 2 + first.length }])
  })

  it('has the characters of what was under way when somebody left', async () => {
    const voice = await voiceAt((each) => (each === first ? undefined : silence))
    const made = stage(voice)
    const speaking = made.speaker()
    speaking.push(`${text} A`)
    await voice.upstream.waitForRequest(3)
    await speaking.next()
    await until(() => speaking.usage.voice.spoken_characters > 0)
    made.abort()
    await expect(restOf(speaking)).rejects.toThrow(Cancelled)
    expect(speaking.usage).toMatchObject({
      voice: { spoken_characters: first.length, spoken_seconds: first.length / 1000 },
      models: [{ id: 'ada/any', characters: text.length - 2 }],
    })
  })
})
