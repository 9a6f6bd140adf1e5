import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulawToPcm, pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn, samplesIn } from '../../audio/pcm.ts'
import { sniffAudio } from '../../audio/sniff.ts'
import { wavOf } from '../../audio/wav.ts'
import { demoStt } from '../../providers/demo/speech-stt.ts'
import { demoTts } from '../../providers/demo/speech-tts.ts'
import { type AudioFile, type Flush, flush, type RawFormat, type SttEvent } from '../../providers/speech.ts'
import { anyPlaces, cut } from '../audio/cut.ts'
import { tone } from '../audio/tone.ts'
import { chunk, fmt, riff } from '../audio/wav-file.ts'
import { collected, each, speechCall } from '../speech-call.ts'
import { drained, waiting } from './unending.ts'

const pcm16: RawFormat = { encoding: 'pcm', rate: 16_000 }

const silence = (rate: number, seconds: number): Uint8Array => new Uint8Array(2 * Math.round(rate * seconds))
const beep = (rate: number, seconds: number): Uint8Array => tone(440, rate, Math.round(rate * seconds))

async function transcribed(bytes: Uint8Array, model = 'meter', hints: string[] = []) {
  const { kind = 'wav', seconds } = sniffAudio(bytes) ?? {}
  const file: AudioFile = { bytes, kind, mediaType: `audio/${kind}`, seconds }
  return await demoStt.transcribeFile?.(file, { hints }, speechCall('http://127.0.0.1:1', '', model).call)
}

async function streamed(pieces: Iterable<Uint8Array | Flush>, format: RawFormat, silenceMs?: number): Promise<SttEvent[]> {
  const options = { hints: [], ...(silenceMs !== undefined && { silenceMs }) }
  return await collected(
    demoStt.transcribe?.(each(pieces), format, options, speechCall('http://127.0.0.1:1', '', 'meter').call) ?? each([]),
  )
}

describe('a file', () => {
  const file = (rate: number, ...parts: Uint8Array[]): Uint8Array => wavOf(Buffer.concat(parts), rate)

  it.each([8000, 11_025, 16_000, 24_000, 48_000])('at %d Hz tells how long somebody spoke', async (rate) => {
    const transcript = await transcribed(file(rate, silence(rate, 0.5), beep(rate, 1.2), silence(rate, 0.8)))
    expect(transcript).toMatchObject({ text: 'Speech of 1.2 seconds.' })
    expect(transcript?.seconds).toBeCloseTo(2.5, 3)
    expect(transcript?.words?.[0]?.startMs).toBeCloseTo(500, -2)
  })

  it('tells each time that somebody spoke', async () => {
    const bytes = file(16_000, beep(16_000, 0.4), silence(16_000, 0.3), beep(16_000, 0.5), silence(16_000, 1), beep(16_000, 0.7))
    expect(await transcribed(bytes)).toMatchObject({ text: 'Speech of 1.2 seconds. Speech of 0.7 seconds.' })
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
      expect(await transcribed(bytes)).toMatchObject({ text: 'Speech of 1.0 seconds.', seconds: 2 })
  })

  it('of another kind is believed to be speech', async () => {
    const call = speechCall('http://127.0.0.1:1', '', 'meter').call
    const mp3 = { bytes: new Uint8Array(10), kind: 'mp3', mediaType: 'audio/mpeg' } as const
    expect(await demoStt.transcribeFile?.({ ...mp3, seconds: 3.14 }, { hints: [] }, call)).toEqual({
      text: 'Speech of 3.1 seconds.',
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
      { type: 'open' },
      { type: 'speech-start', atMs: 400 },
      { type: 'partial', text: 'Speech of 1.0 seconds.' },
      { type: 'partial', text: 'Speech of 2.0 seconds.' },
      { type: 'final', text: 'Speech of 2.3 seconds.', words: [{ startMs: 400, endMs: 2700 }] },
      { type: 'turn-end', text: 'Speech of 2.3 seconds.' },
      { type: 'speech-start', atMs: 3700 },
      { type: 'final', text: ' Speech of 0.5 seconds.' },
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
    const events = await streamed([beep(16_000, 0.8), flush, beep(16_000, 0.4), silence(16_000, 1), flush], pcm16)
    expect(events).toMatchObject([
      { type: 'open' },
      { type: 'speech-start', atMs: 0 },
      { type: 'final', text: 'Speech of 0.8 seconds.', flushed: true },
      { type: 'final', text: ' Speech of 0.4 seconds.' },
      { type: 'turn-end', text: 'Speech of 0.8 seconds. Speech of 0.4 seconds.' },
      { type: 'final', text: '', flushed: true },
      { type: 'done' },
    ])
  })

  it('of nothing is over at once', async () => {
    expect(await streamed([], pcm16)).toEqual([{ type: 'open' }, { type: 'done', seconds: 0 }])
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
  const { call } = speechCall('http://127.0.0.1:1', '', 'tones')
  const events = await collected(demoTts.synthesize('Hello there my friend, how are you', { voice: 'soft', format: pcm16 }, call))
  const pcm = Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
  // Seven words, the last of which ends in a little silence.
  expect(await transcribed(wavOf(pcm, 16_000))).toMatchObject({ text: 'Speech of 2.4 seconds.' })
})

it('has no other model', async () => {
  await expect(transcribed(new Uint8Array(), 'nova')).rejects.toMatchObject({ code: 'unknown_model' })
})
