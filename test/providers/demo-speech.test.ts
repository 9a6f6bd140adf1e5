import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulawToPcm, pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn, samplesIn } from '../../audio/pcm.ts'
import { sniffAudio } from '../../audio/sniff.ts'
import { wavOf } from '../../audio/wav.ts'
import { demoSpeech } from '../../providers/demo/speech.ts'
import { demoStt } from '../../providers/demo/speech-stt.ts'
import { slotOf, toneOf } from '../../providers/demo/speech-tones.ts'
import { demoTts } from '../../providers/demo/speech-tts.ts'
import { WordSplitter, wordsIn } from '../../providers/demo/speech-words.ts'
import type { AudioFile, RawFormat, SttEvent, TtsEvent, TtsOptions } from '../../providers/speech.ts'
import { anyPlaces, cut } from '../audio/cut.ts'
import { heard, tone } from '../audio/tone.ts'
import { chunk, fmt, riff } from '../audio/wav-file.ts'
import { collected, each, speechCall } from '../speech-call.ts'

const pcm24: RawFormat = { encoding: 'pcm', rate: 24_000 }
const pcm16: RawFormat = { encoding: 'pcm', rate: 16_000 }
const usual: TtsOptions = { voice: 'soft', format: pcm24 }
const voice = (changes: Partial<Parameters<typeof speechCall>[3]> = {}) => speechCall('http://127.0.0.1:1', '', 'tones', changes)

const soundOf = (events: readonly TtsEvent[]): Buffer =>
  Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))

async function said(text: string, options: Partial<TtsOptions> = {}): Promise<TtsEvent[]> {
  return await collected(demoTts.synthesize(text, { ...usual, ...options }, voice().call))
}

it('needs no key and no address', () => {
  expect(demoSpeech).toMatchObject({ id: 'demo', demo: true, upstream: undefined })
})

// ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('words', () => {
  it.each<[string, string[]]>([
    ['Hello, world!', ['Hello,', 'world!']],
    ['One — two', ['One —', 'two']],
    ['— one', ['— one']],
    ["  Don't\n\tpanic  ", ["Don't", 'panic']],
    ['₹25,000.50 on 3/4', ['₹25,000.50', 'on', '3/4']],
    ['...', ['...']],
    ['😀 fine 😀', ['😀 fine 😀']],
    ['我爱北京天安门。你好!', ['我', '爱', '北京', '天安门。', '你好!']],
    ['「東京」へ行きます', ['「東京」', 'へ', '行き', 'ます']],
    ['สวัสดีชาวโลก ครับ', ['สวัสดี', 'ชาว', 'โลก', 'ครับ']],
    ['नमस्ते दुनिया।', ['नमस्ते', 'दुनिया।']],
    ['  ', []],
    ['', []],
  ])('of %j', (text, words) => {
    expect([...wordsIn(text)]).toEqual(words)
  })

  it('are the same however the text is cut', () => {
    const letters = fc.constantFrom('a', 'b', ' ', ' ', '.', '—', '世', '界', '。', 'の', '😀', 'é', '\n', 'x'.repeat(150))
    const text = fc.array(letters, { maxLength: 40 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (whole, places) => {
        const at = [0, ...places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
        const splitter = new WordSplitter()
        const words = at.slice(1).flatMap((end, index) => [...splitter.push(whole.slice(at[index], end))])
        expect([...words, ...splitter.end()]).toEqual([...wordsIn(whole)])
      }),
    )
  })

  it('are spoken before the end of what never has a space', () => {
    const words = [...wordsIn('a'.repeat(450))]
    expect(words.map((word) => word.length)).toEqual([200, 200, 50])
  })
})

// ── Tones ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('the sound', () => {
  const rates = [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 12_345]

  it.each(rates)('lasts as long as its words at %d Hz, to the sample', async (rate) => {
    for (const count of [1, 2, 7, 17, 34]) {
      const text = Array.from({ length: count }, (_, index) => `word${index}`).join(' ')
      const events = await said(text, { format: { encoding: 'pcm', rate } })
      expect(soundOf(events).length).toBe(2 * Math.round(((count * 60) / 170) * rate))
    }
  })

  it('has every word at its place, to the sample', async () => {
    const text = 'The quick brown fox, as they say, jumps over the lazy dog. Then it sleeps.'
    const events = await said(text, { alignment: true, format: { encoding: 'pcm', rate: 22_050 } })
    const times = events.flatMap((event) => (event.type === 'alignment' ? [event] : []))
    expect(times.flatMap(({ tokens }) => tokens).join(' ')).toBe(text)
    const starts = times.flatMap(({ startMs }) => startMs)
    const bounds = Array.from({ length: starts.length + 1 }, (_, word) => Math.round((word * 60 * 22_050) / 170))
    expect(starts).toEqual(bounds.slice(0, -1).map((sample) => (sample * 1000) / 22_050))
    const lengths = bounds.slice(1).map((end, word) => ((end - (bounds[word] ?? 0)) * 1000) / 22_050)
    expect(times.flatMap(({ durationMs }) => durationMs)).toEqual(lengths)
  })

  it('tells no times that nobody asked for', async () => {
    expect((await said('One two')).map(({ type }) => type)).not.toContain('alignment')
  })

  it('comes in pieces of at most a tenth of a second', async () => {
    const sizes = (await said('Hello there')).flatMap((event) => (event.type === 'audio' ? [event.bytes.length] : []))
    expect(Math.max(...sizes)).toBe(4800)
    expect(sizes.length).toBe(8)
  })

  it('stays one tone over all seams', async () => {
    const options = { format: pcm24, speed: 0.25 }
    const slot = slotOf(0, 24_000, 0.25)
    const { hertz, samples, attack, decay } = toneOf('steady', slot, 24_000, 'soft', 1)
    const pcm = soundOf(await said('steady', options)).subarray(2 * attack, 2 * (samples - decay))
    const { level, rest } = heard(pcm, hertz, 24_000)
    // Against a sine half as loud as can be.
    expect(level).toBeCloseTo(-12, 1)
    expect(rest).toBeLessThan(-85)
  })

  it('begins and ends each word without a click', async () => {
    const samples = samplesIn(soundOf(await said('One two, three. Four')))
    const loudest = 32_767 * 10 ** (-18 / 20)
    let steepest = 0
    for (let at = 1; at < samples.length; at++) {
      steepest = Math.max(steepest, Math.abs((samples[at] ?? 0) - (samples[at - 1] ?? 0)))
    }
    // A sine of the highest pitch is no steeper than this.
    expect(steepest).toBeLessThan((loudest * 2 * Math.PI * 262 * (10 / 3)) / 24_000 + 40)
    expect(Math.max(...samples)).toBeLessThanOrEqual(Math.ceil(loudest))
    expect(Math.max(...samples)).toBeGreaterThan(loudest * 0.98)
  })

  it.each([
    ['word', 0.85],
    ['word,', 0.65],
    ['word.', 0.5],
    ['word?”', 0.5],
    ['言葉。', 0.5],
  ])('is silent at the end of %j', async (text, share) => {
    const samples = samplesIn(soundOf(await said(text)))
    const last = samples.findLastIndex((sample) => sample !== 0)
    expect(last / samples.length).toBeCloseTo(share, 1)
  })

  it('has the same pitch for the same word, and another for another voice', () => {
    const slot = slotOf(0, 24_000, 1)
    const pitch = (word: string, name: 'soft' | 'low' | 'bright'): number => toneOf(word, slot, 24_000, name, 1).hertz
    expect(pitch('Hello,', 'soft')).toBe(pitch('hello', 'soft'))
    expect(pitch('hello', 'low')).toBeLessThan(pitch('hello', 'soft'))
    expect(pitch('hello', 'bright')).toBeGreaterThan(pitch('hello', 'soft'))
    const pitches = 'the quick brown fox jumps over a lazy dog'.split(' ').map((word) => pitch(word, 'soft'))
    expect(new Set(pitches).size).toBeGreaterThan(3)
  })

  it('is as loud as asked for', async () => {
    const quiet = samplesIn(soundOf(await said('hello', { volume: 0.5 })))
    const usually = samplesIn(soundOf(await said('hello')))
    expect(Math.max(...quiet) / Math.max(...usually)).toBeCloseTo(0.5, 2)
    expect(Math.max(...samplesIn(soundOf(await said('hello', { volume: 0 }))))).toBe(0)
  })

  it('is µ-law of the same at 8 kHz', async () => {
    const pcm = soundOf(await said('One two', { format: { encoding: 'pcm', rate: 8000 } }))
    const mulaw = soundOf(await said('One two', { format: { encoding: 'mulaw', rate: 8000 } }))
    expect(mulaw.equals(pcmToMulaw(pcm))).toBe(true)
  })

  it('counts its characters at the end', async () => {
    expect((await said('One two')).at(-1)).toEqual({ type: 'done', characters: 7 })
    expect(await said('')).toEqual([{ type: 'done', characters: 0 }])
  })

  it('also says the word flush', async () => {
    expect(soundOf(await said('flush')).length).toBeGreaterThan(0)
  })

  it('leaves turns to others while a long text is spoken', async () => {
    let turns = 0
    let isOver = false
    const others = (): void => {
      turns++
      if (!isOver) setImmediate(others)
    }
    others()
    const events = await said('word '.repeat(100))
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(events.length - 1)
  })
})

describe('speaking while the text is written', () => {
  it('sounds the same however the text is cut', async () => {
    const text = 'Hello there, my friend. 你好世界。 All is well — is it not?'
    const whole = await said(text, { alignment: true })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), async (places) => {
        const at = [0, ...places.sort((a, b) => a - b), text.length]
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        const events = await collected(demoTts.speak?.(each(pieces), { ...usual, alignment: true }, voice().call) ?? each([]))
        expect(events).toEqual(whole)
      }),
      { numRuns: 8 },
    )
  })

  it('says all that has come at a flush', async () => {
    const events = await collected(
      demoTts.speak?.(each(['One tw', 'flush', 'o. ', 'flush', 'flush']), { ...usual, alignment: true }, voice().call) ??
        each([]),
    )
    const order = events.flatMap((event) =>
      event.type === 'alignment' ? event.tokens : event.type === 'audio' ? [] : [event.type],
    )
    expect(order).toEqual(['One', 'tw', 'flushed', 'o.', 'flushed', 'flushed', 'done'])
  })

  it('fails as its text does', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'One '
      throw new Error('the model fell silent')
    }
    await expect(collected(demoTts.speak?.(broken(), usual, voice().call) ?? each([]))).rejects.toThrow('the model fell silent')
  })

  it('ends with the signal, also while it waits for text', async () => {
    const { call, abort } = voice()
    const text = waiting('One two ')
    const events = demoTts.speak?.(text, usual, call)[Symbol.asyncIterator]()
    await events?.next()
    abort()
    await expect(drained(events)).rejects.toThrow('the caller left')
    expect(text.left).toBe(true)
  })

  it('leaves its text when it is left', async () => {
    const text = waiting('One two ')
    for await (const event of demoTts.speak?.(text, usual, voice().call) ?? []) {
      expect(event.type).toBe('audio')
      break
    }
    expect(text.left).toBe(true)
  })
})

/** A text that goes on after its first piece, but never comes. */
function waiting<Item>(first: Item): AsyncIterable<Item> & { readonly left: boolean } {
  let [left, given] = [false, false]
  return {
    get left() {
      return left
    },
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (given) return new Promise(() => undefined)
        given = true
        return Promise.resolve({ done: false, value: first })
      },
      return: () => {
        left = true
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}

async function drained(events: AsyncIterator<unknown> | undefined): Promise<void> {
  while (events && !(await events.next()).done);
}

describe('what cannot be spoken', () => {
  it.each<[Partial<TtsOptions>, string, string]>([
    [{ voice: 'sof' }, 'voice', 'unknown_voice'],
    [{ voice: 'nova' }, 'voice', 'unknown_voice'],
    [{ format: { encoding: 'mp3' } }, 'format', 'unsupported_format'],
    [{ format: { encoding: 'opus' } }, 'format', 'unsupported_format'],
    [{ format: { encoding: 'pcm', rate: 7999 } }, 'format', 'unsupported_format'],
    [{ format: { encoding: 'pcm', rate: 96_000 } }, 'format', 'unsupported_format'],
    [{ format: { encoding: 'pcm', rate: 24_000.5 } }, 'format', 'unsupported_format'],
    [{ speed: 0.2 }, 'speed', 'unsupported_speed'],
    [{ speed: Number.NaN }, 'speed', 'unsupported_speed'],
    [{ volume: 2.1 }, 'volume', 'unsupported_volume'],
    [{ emotion: 'happy' }, 'emotion', 'unsupported_emotion'],
  ])('%j is told before, and refused', async (options, field, code) => {
    expect(demoTts.check?.({ ...usual, ...options }, 'tones')).toMatchObject([{ field, code }])
    await expect(said('Hello', options)).rejects.toMatchObject({ status: 400, code })
  })

  it('all is told at once, with what would be right', () => {
    const issues = demoTts.check?.({ ...usual, voice: 'sofft', speed: 5, language: 'xx' }, 'tones')
    expect(issues?.map(({ message }) => message)).toEqual([
      'there is no voice "sofft"; did you mean soft?',
      '5 is out of range; it is from 0.25 to 4',
    ])
  })

  it('nothing is wrong at the bounds', () => {
    for (const [speed, volume, rate] of [
      [0.25, 0, 8000],
      [4, 2, 48_000],
    ] as const) {
      expect(demoTts.check?.({ ...usual, speed, volume, format: { encoding: 'pcm', rate } }, 'tones')).toEqual([])
    }
  })

  it('another model is not known', async () => {
    const { call } = speechCall('http://127.0.0.1:1', '', 'sonic')
    await expect(collected(demoTts.synthesize('Hello', usual, call))).rejects.toMatchObject({ code: 'unknown_model' })
    await expect(transcribed(new Uint8Array(), 'sonic')).rejects.toMatchObject({ code: 'unknown_model' })
  })
})

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const silence = (rate: number, seconds: number): Uint8Array => new Uint8Array(2 * Math.round(rate * seconds))
const beep = (rate: number, seconds: number): Uint8Array => tone(440, rate, Math.round(rate * seconds))

async function transcribed(bytes: Uint8Array, model = 'meter', hints: string[] = []) {
  const { kind = 'wav', seconds } = sniffAudio(bytes) ?? {}
  const file: AudioFile = { bytes, kind, mediaType: `audio/${kind}`, seconds }
  return await demoStt.transcribeFile?.(file, { hints }, speechCall('http://127.0.0.1:1', '', model).call)
}

async function streamed(pieces: Iterable<Uint8Array | 'flush'>, format: RawFormat, silenceMs?: number): Promise<SttEvent[]> {
  const options = { hints: [], ...(silenceMs !== undefined && { silenceMs }) }
  return await collected(
    demoStt.transcribe?.(each(pieces), format, options, speechCall('http://127.0.0.1:1', '', 'meter').call) ?? each([]),
  )
}

describe('a file', () => {
  const file = (rate: number, ...parts: Uint8Array[]): Uint8Array => wavOf(Buffer.concat(parts), rate)

  it.each([8000, 11_025, 16_000, 24_000, 48_000])('at %d Hz tells how long somebody spoke', async (rate) => {
    const transcript = await transcribed(file(rate, silence(rate, 0.5), beep(rate, 1.2), silence(rate, 0.8)))
    expect(transcript).toMatchObject({ text: '[speech of 1.2 seconds]' })
    expect(transcript?.seconds).toBeCloseTo(2.5, 3)
    expect(transcript?.words?.[0]?.startMs).toBeCloseTo(500, -2)
  })

  it('tells each time that somebody spoke', async () => {
    const bytes = file(16_000, beep(16_000, 0.4), silence(16_000, 0.3), beep(16_000, 0.5), silence(16_000, 1), beep(16_000, 0.7))
    expect(await transcribed(bytes)).toMatchObject({ text: '[speech of 1.2 seconds] [speech of 0.7 seconds]' })
  })

  it.each<[string, Uint8Array]>([
    ['silence', silence(16_000, 3)],
    ['nothing', silence(16_000, 0)],
    ['a click', Buffer.concat([silence(16_000, 1), beep(16_000, 0.01), silence(16_000, 1)])],
    ['a humming room', samplesToPcm(16_000, 3, (at) => 200 * Math.sin((2 * Math.PI * 100 * at) / 16_000))],
    ['a rustling room', samplesToPcm(16_000, 3, (at) => 100 * Math.sin(at * at))],
  ])('of %s has nobody speaking in it', async (_, pcm) => {
    const transcript = await transcribed(wavOf(pcm, 16_000))
    expect(transcript).toEqual({ text: '', seconds: pcm.length / 32_000 })
  })

  it('of two channels, or in µ-law, is heard as well', async () => {
    const mono = Buffer.concat([silence(16_000, 0.5), beep(16_000, 1), silence(16_000, 0.5)])
    const stereo = bytesIn(Int16Array.from({ length: mono.length }, (_, at) => samplesIn(mono)[at >> 1] ?? 0))
    const wide = riff(fmt({ channels: 2, rate: 16_000 }), chunk('data', stereo))
    const narrow = riff(fmt({ tag: 7, rate: 16_000, bits: 8 }), chunk('data', pcmToMulaw(mono)))
    for (const bytes of [wide, narrow])
      expect(await transcribed(bytes)).toMatchObject({ text: '[speech of 1.0 seconds]', seconds: 2 })
  })

  it('of another kind is believed to be speech', async () => {
    const call = speechCall('http://127.0.0.1:1', '', 'meter').call
    const mp3 = { bytes: new Uint8Array(10), kind: 'mp3', mediaType: 'audio/mpeg' } as const
    expect(await demoStt.transcribeFile?.({ ...mp3, seconds: 3.14 }, { hints: [] }, call)).toEqual({
      text: '[speech of 3.1 seconds]',
      seconds: 3.14,
    })
    expect(await demoStt.transcribeFile?.({ ...mp3, seconds: undefined }, { hints: [] }, call)).toEqual({ text: '[speech]' })
  })

  it('that is broken is refused in words', async () => {
    await expect(transcribed(riff(fmt({})))).rejects.toMatchObject({
      code: 'provider_rejected',
      message: 'Demo: the WAV file cannot be read: it has no "data" chunk.',
    })
  })

  it('that is heard alone knows no hints', async () => {
    expect(demoStt.check?.({ hints: ['Vango'] }, 'meter')).toMatchObject([{ field: 'hints', code: 'unsupported_hints' }])
    await expect(transcribed(wavOf(silence(8000, 1), 8000), 'meter', ['Vango'])).rejects.toMatchObject({
      code: 'unsupported_hints',
    })
  })

  it('is not heard to its end when the caller leaves', async () => {
    const { call, abort } = speechCall('http://127.0.0.1:1', '', 'meter')
    const bytes = wavOf(silence(48_000, 60), 48_000)
    const heardOf = demoStt.transcribeFile?.({ bytes, kind: 'wav', mediaType: 'audio/wav', seconds: 60 }, { hints: [] }, call)
    abort()
    await expect(heardOf).rejects.toThrow('the caller left')
  })
})

function samplesToPcm(rate: number, seconds: number, sample: (at: number) => number): Uint8Array {
  return bytesIn(Int16Array.from({ length: rate * seconds }, (_, at) => Math.round(sample(at))))
}

describe('a stream', () => {
  const speech = Buffer.concat([silence(16_000, 0.4), beep(16_000, 2.3), silence(16_000, 1), beep(16_000, 0.5)])

  it('tells of the beginning, the course and the end of a turn', async () => {
    const events = await streamed([speech], pcm16)
    expect(events).toMatchObject([
      { type: 'speech-start', atMs: 400 },
      { type: 'partial', text: '[speech of 1.0 seconds]' },
      { type: 'partial', text: '[speech of 2.0 seconds]' },
      { type: 'final', text: '[speech of 2.3 seconds]', words: [{ startMs: 400, endMs: 2700 }] },
      { type: 'turn-end', text: '[speech of 2.3 seconds]' },
      { type: 'speech-start', atMs: 3700 },
      { type: 'final', text: ' [speech of 0.5 seconds]' },
      { type: 'done', seconds: 4.2 },
    ])
  })

  it('says the same however it is cut', async () => {
    const whole = await streamed([speech], pcm16)
    await fc.assert(
      fc.asyncProperty(anyPlaces, async (places) => {
        const even = places.map((place) => 2 * (place % (speech.length / 2)))
        const pieces = cut(speech, even)
        expect(await streamed(pieces, pcm16)).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })

  it('says of µ-law what it says of PCM', async () => {
    const narrow = Buffer.concat([silence(8000, 0.4), beep(8000, 1.5), silence(8000, 1)])
    const codes = pcmToMulaw(narrow)
    expect(await streamed([codes], { encoding: 'mulaw', rate: 8000 })).toEqual(
      await streamed([mulawToPcm(codes)], { encoding: 'pcm', rate: 8000 }),
    )
  })

  it('waits for as much silence as asked for', async () => {
    const sound = Buffer.concat([beep(16_000, 0.5), silence(16_000, 0.3), beep(16_000, 0.5), silence(16_000, 0.3)])
    const turns = async (ms?: number) => (await streamed([sound], pcm16, ms)).filter(({ type }) => type === 'turn-end')
    expect(await turns(200)).toHaveLength(2)
    expect(await turns()).toHaveLength(0)
  })

  it('tells at a flush what is certain, and goes on', async () => {
    const events = await streamed([beep(16_000, 0.8), 'flush', beep(16_000, 0.4), silence(16_000, 1), 'flush'], pcm16)
    expect(events).toMatchObject([
      { type: 'speech-start', atMs: 0 },
      { type: 'final', text: '[speech of 0.8 seconds]', flushed: true },
      { type: 'final', text: ' [speech of 0.4 seconds]' },
      { type: 'turn-end', text: '[speech of 0.8 seconds] [speech of 0.4 seconds]' },
      { type: 'final', text: '', flushed: true },
      { type: 'done' },
    ])
  })

  it('of nothing is over at once', async () => {
    expect(await streamed([], pcm16)).toEqual([{ type: 'done', seconds: 0 }])
  })

  it('ends with the signal, also while it waits for sound', async () => {
    const { call, abort } = speechCall('http://127.0.0.1:1', '', 'meter')
    const sound = waiting<Uint8Array>(speech)
    const events = demoStt.transcribe?.(sound, pcm16, { hints: [] }, call)[Symbol.asyncIterator]()
    await events?.next()
    abort()
    await expect(drained(events)).rejects.toThrow('the caller left')
    expect(sound.left).toBe(true)
  })
})

it('hears what it says', async () => {
  const pcm = soundOf(await said('Hello there my friend, how are you', { format: pcm16 }))
  // Seven words, the last of which ends in a little silence.
  expect(await transcribed(wavOf(pcm, 16_000))).toMatchObject({ text: '[speech of 2.4 seconds]' })
})
