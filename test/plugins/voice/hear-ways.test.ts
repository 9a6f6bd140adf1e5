import { afterEach, describe, expect, it } from 'vitest'
import { parseWav, pcmOfWav } from '../../../audio/wav.ts'
import { demoStt } from '../../../providers/demo/speech-stt.ts'
import type { Flush, RawFormat, SpeechProvider, SttStreamCapabilities } from '../../../providers/speech.ts'
import { heard as toneIn } from '../../audio/tone.ts'
import { closeAll, ear, failureOf, listen, said, second, vendor } from './hear-stage.ts'
import { earAt, planOf } from './listening.ts'
import { blockOf, flac, inOrder, mp3, ogg, wavTone } from './sounds.ts'

afterEach(closeAll)

describe('sound that a model does not take as it came', () => {
  it('is sent as it came where the model takes it, whatever it is', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const files = [wavTone(9600, { rate: 96_000, channels: 2, bits: 24 }), mp3(5), flac(1)]
    await hear(planOf(ear, inOrder(files.map((file) => blockOf(file)))), caller)
    const sent = upstream.requests.map(({ bytes }) => bytes.length).sort((a, b) => a - b)
    expect(sent).toEqual(files.map(({ length }) => length).sort((a, b) => a - b))
  })

  it.each([
    ['96 kHz, stereo, 24 bits', { rate: 96_000, channels: 2, bits: 24 }, 400_000, 48_000],
    ['96 kHz, stereo, floats', { rate: 96_000, channels: 2, bits: 32, float: true }, 60_000, 16_000],
    ['48 kHz, stereo', { rate: 48_000, channels: 2, bits: 16 }, 150_000, 48_000],
  ])('of %s becomes smaller where it is too large', async (_, shape, maxBytes, rate) => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const heard = await hear(planOf(earAt(['wav'], maxBytes), [blockOf(wavTone(shape.rate, shape))]), caller)
    const { bytes } = await upstream.waitForRequest()
    const wav = parseWav(bytes)
    expect(bytes.length).toBeLessThanOrEqual(maxBytes)
    expect(wav).toMatchObject({ format: 's16le', channels: 1, rate, frames: rate })
    const { level, rest } = toneIn(pcmOfWav(wav), 440, rate)
    expect(Math.abs(level)).toBeLessThan(0.1)
    expect(rest).toBeLessThan(-60)
    expect(heard.seconds).toBe(1)
  })

  it('is refused where nothing makes it small enough, and where its kind is another', async () => {
    const { hear, caller } = listen()
    const large = await failureOf(hear(planOf(earAt(['wav', 'mp3'], 1000), [blockOf(second)]), caller))
    expect(large).toMatchObject({ status: 400, code: 'too_large', param: 'messages[0].content[0]' })
    expect(large.message).toContain('is a file of 32044 bytes, of which ear/sharp takes at most 1000')
    const kind = await failureOf(hear(planOf(ear, [blockOf(ogg(1))]), caller))
    expect(kind).toMatchObject({ status: 400, code: 'unsupported_audio' })
    expect(kind.message).toContain('is of the kind Ogg; ear/sharp takes WAV, MP3, FLAC')
    const odd = await failureOf(hear(planOf(earAt(['wav'], 1000), [blockOf(wavTone(2000, { rate: 2000 }))]), caller))
    expect(odd.code).toBe('too_large')
  })
})

describe('a model that takes streams alone', () => {
  const usual: SttStreamCapabilities = { pcmRates: [16_000, 24_000], mulaw: false, turns: 'silence', eagerEnd: false }

  /** The demo's ear without files, and what came to it. */
  function streaming(
    stream: SttStreamCapabilities,
  ): SpeechProvider & { readonly came: { format?: RawFormat; pieces: Uint8Array[] } } {
    const came: { format?: RawFormat; pieces: Uint8Array[] } = { pieces: [] }
    const stt = {
      models: demoStt.models,
      capabilities: () => ({ stream, hints: false }),
      transcribe: (audio: AsyncIterable<Uint8Array | Flush>, format: RawFormat, ...rest: TranscribeRest) => {
        came.format = format
        const seen = async function* (): AsyncGenerator<Uint8Array | Flush> {
          for await (const piece of audio) {
            if (piece instanceof Uint8Array) came.pieces.push(piece)
            yield piece
          }
        }
        if (!demoStt.transcribe) throw new Error('the demo hears streams')
        return demoStt.transcribe(seen(), format, ...rest)
      },
    }
    return { id: 'stream', name: 'Stream', upstream: undefined, stt, came }
  }
  type TranscribeRest =
    Parameters<NonNullable<typeof demoStt.transcribe>> extends [unknown, unknown, ...infer Rest] ? Rest : never

  it('hears the samples of a file in pieces', async () => {
    const provider = streaming(usual)
    const { hear, caller } = listen()
    const heard = await hear(planOf(provider, [blockOf(second)]), caller)
    expect(heard.transcripts[0]).toMatchObject({ text: 'Speech of 1.0 seconds.', seconds: 1 })
    expect(provider.came.format).toEqual({ encoding: 'pcm', rate: 16_000 })
    expect(provider.came.pieces.length).toBe(10)
    expect(Buffer.concat(provider.came.pieces).equals(second.subarray(44))).toBe(true)
  })

  it.each([
    [
      'of a rate that it does not take',
      wavTone(44_100, { rate: 44_100, channels: 2 }),
      usual,
      { encoding: 'pcm', rate: 16_000 },
      32_000,
    ],
    ['of the rate that it takes second', wavTone(24_000), usual, { encoding: 'pcm', rate: 24_000 }, 48_000],
    [
      'as µ-law',
      wavTone(16_000, { rate: 16_000 }),
      { ...usual, pcmRates: [], mulaw: true },
      { encoding: 'mulaw', rate: 8000 },
      8000,
    ],
  ])('hears those %s', async (_, file, stream, format, bytes) => {
    const provider = streaming(stream)
    const { hear, caller } = listen()
    expect((await hear(planOf(provider, [blockOf(file)]), caller)).seconds).toBe(1)
    expect(provider.came.format).toEqual(format)
    expect(Buffer.concat(provider.came.pieces).length).toBe(bytes)
  })

  it('is asked for no file that cannot be decoded, and for no rate that cannot be made', async () => {
    const { hear, caller } = listen()
    const plan = (file: Buffer) => planOf(streaming(usual), [blockOf(file)])
    expect((await failureOf(hear(plan(mp3(5)), caller))).message).toContain('is of the kind MP3; stream/meter takes WAV')
    expect((await failureOf(hear(plan(wavTone(2000, { rate: 2000 })), caller))).code).toBe('unsupported_audio')
  })
})
