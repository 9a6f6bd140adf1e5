import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../../api/error.ts'
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
  type StageOptions,
  soundOf,
  stageFor,
  startVoice,
  textOf,
  type Voice,
} from './stage.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function voiceAt(answering?: Answering, id = 'ada', capabilities = {}): Promise<Voice> {
  const voice = await startVoice(id, answering, capabilities)
  open.push(voice.upstream)
  return voice
}

function stage(voice: Voice, options?: StageOptions): Stage {
  const made = stageFor(voice.voice, options)
  open.push(made)
  return made
}

/** The first time a text is asked for, this is the answer. */
function once(behaviour: (text: string) => Behaviour): Answering {
  const seen = new Set<string>()
  return (text) => {
    if (seen.has(text)) return undefined
    seen.add(text)
    return behaviour(text)
  }
}

const [first, second, third] = ['The first sentence is said.', 'And here is the second one.', 'It is the third that ends it.']
const text = `${first} ${second} ${third}`

async function said(made: Stage): Promise<SoundEvent[]> {
  const speaking = made.speaker()
  speaking.push(text)
  speaking.end()
  return await restOf(speaking)
}

const usual = Buffer.concat([soundOf(first), soundOf(second), soundOf(third)])

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
    expect(bytesOf(events)).toEqual(usual)
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
  ])('is asked for again where it %s, without a gap or a sample twice', async (_, behaviour) => {
    const made = stage(await voiceAt(once(behaviour)), { plan: { alignment: true } })
    const events = await said(made)
    expect(bytesOf(events)).toEqual(usual)
    expect(textOf(events)).toBe(text)
    expect(chunksOf(events).flatMap(({ alignment }) => alignment?.tokens ?? [])).toEqual(text.split(' '))
    expect(events.at(-1)).toMatchObject({ is_final: true })
    expect(made.told.over.filter(({ outcome }) => outcome === 'ok')).toHaveLength(3)
    expect(made.told.over.filter(({ outcome }) => outcome !== 'ok')).toHaveLength(3)
  })

  it('leaves no trace in the sound, wherever each breaks off the first time', async () => {
    const breaks = fc.array(fc.record({ at: fc.nat(700), size: fc.integer({ min: 1, max: 300 }), delayMs: fc.nat(5) }), {
      minLength: 6,
      maxLength: 6,
    })
    const sentences = Array.from({ length: 6 }, (_, index) => `This is the sentence number ${'I'.repeat(index + 1)} of six.`)
    let dies: Answering = () => undefined
    const made = stage(await voiceAt((each, request) => dies(each, request)), { plan: { alignment: true } })
    await fc.assert(
      fc.asyncProperty(breaks, async (places) => {
        dies = once((each) => {
          const { at, size, delayMs } = places[sentences.indexOf(each)] ?? { at: 0, size: 1, delayMs: 0 }
          return reply(soundOf(each), { chunks: { size }, dieAt: at, delayMs })
        })
        const speaking = made.speaker()
        speaking.push(sentences.join(' '))
        speaking.end()
        const events = await restOf(speaking)
        expect(bytesOf(events)).toEqual(Buffer.concat(sentences.map((each) => soundOf(each))))
        expect(textOf(events)).toBe(sentences.join(' '))
        expect(chunksOf(events).flatMap(({ alignment }) => alignment?.tokens ?? [])).toEqual(sentences.join(' ').split(' '))
      }),
      { numRuns: 25 },
    )
  })

  it('goes on at the sample where it stopped also where the rate is changed', async () => {
    const whole = await said(stage(await voiceAt(), { plan: { rate: 11_025 } }))
    const broken = await said(
      stage(await voiceAt(once((each) => reply(soundOf(each), { chunks: { size: 77 }, dieAt: 301 }))), {
        plan: { rate: 11_025 },
      }),
    )
    expect(bytesOf(whole).length).toBeGreaterThan(usual.length)
    expect(bytesOf(broken)).toEqual(bytesOf(whole))
  })

  it('goes on at the sample where somebody has heard the beginning', async () => {
    const dies = once((each) => reply(soundOf(each), { chunks: { size: 100 }, stallAt: 200 }))
    const clock = new ManualClock()
    const voice = await voiceAt((each, request) => (each === first ? dies(each, request) : undefined))
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
    expect(bytesOf(events)).toEqual(Buffer.concat([soundOf(first), soundOf('A')]))
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

  it('is not kept in the cache unless it was spoken in one go', async () => {
    const cache = memoryCache()
    await said(stage(await voiceAt(once((each) => reply(soundOf(each), { chunks: { size: 50 }, dieAt: 200 }))), { cache }))
    expect(cache.entries.size).toBe(0)
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
    expect(bytesOf(await rest)).toEqual(Buffer.from(soundOf(first)))
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
    // What was completed and thrown away has its price too.
    expect(speaking.usage.models.map(({ id, characters }) => [id, characters])).toEqual([
      ['ada/any', second.length],
      ['bob/any', text.length - 2],
    ])
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
