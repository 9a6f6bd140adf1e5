import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pcmToMulaw } from '../../audio/g711.ts'
import { samplesIn } from '../../audio/pcm.ts'
import { demoSpeech } from '../../providers/demo/speech.ts'
import { slotOf, toneOf } from '../../providers/demo/speech-tones.ts'
import { demoTts } from '../../providers/demo/speech-tts.ts'
import { WordSplitter, wordsIn } from '../../providers/demo/speech-words.ts'
import { flush, type RawFormat, type TtsEvent, type TtsOptions } from '../../providers/speech.ts'
import { heard } from '../audio/tone.ts'
import { collected, each, speechCall } from '../speech-call.ts'
import { drained, waiting } from './unending.ts'

const pcm24: RawFormat = { encoding: 'pcm', rate: 24_000 }
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

  it('says the word flush like any other', async () => {
    const events = await collected(demoTts.speak?.(each(['Never ', 'flush', ' it.']), usual, voice().call) ?? each([]))
    expect(events).toEqual(await said('Never flush it.'))
  })

  it('says all that has come at a flush', async () => {
    const events = await collected(
      demoTts.speak?.(each(['One tw', flush, 'o. ', flush, flush]), { ...usual, alignment: true }, voice().call) ?? each([]),
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
  })
})
