import { wavHeader } from '../../audio/wav.ts'
import { blankName } from './control.ts'
import { tone, vendorRate } from './speech.ts'

/** One way to ask, and what it adds to the work. */
export interface Lane {
  readonly name: string
  /** The body of a request for a stream. */
  readonly body: string
  /** How many bytes of sound the caller gets for so many of the vendor's; undefined where nothing is spoken. */
  readonly soundBytes: ((vendorBytes: readonly number[]) => number) | undefined
}

const question = { model: 'anthropic/bench', max_tokens: 1000, messages: [{ role: 'user', content: `Speak of ${blankName}.` }] }

function streamed(voice: object | undefined): string {
  return JSON.stringify({ ...question, stream: true, ...(voice && { voice: { output: voice } }) })
}

const asMade = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0)

export const textLane: Lane = { name: 'text alone', body: streamed(undefined), soundBytes: undefined }

export const nativeLane: Lane = {
  name: 'pcm 24 kHz, as made',
  body: streamed({ voice: 'openai/alloy', format: 'pcm', sample_rate: 24_000 }),
  soundBytes: asMade,
}

export const lanes: readonly Lane[] = [
  textLane,
  nativeLane,
  {
    name: 'wav 24 kHz',
    body: streamed({ voice: 'openai/alloy', format: 'wav', sample_rate: 24_000 }),
    soundBytes: (lengths) => asMade(lengths) + wavHeader(vendorRate).length,
  },
  {
    name: 'pcm 16 kHz, resampled',
    body: streamed({ voice: 'openai/alloy', format: 'pcm', sample_rate: 16_000 }),
    soundBytes: (lengths) => asMade(lengths.map((length) => Math.round((length / 2) * (16_000 / vendorRate)) * 2)),
  },
  {
    name: 'base64 with times in',
    body: streamed({
      voice: 'cartesia/694f9389-aac1-45b6-b726-9d9369183238',
      format: 'pcm',
      sample_rate: 24_000,
      alignment: true,
    }),
    soundBytes: asMade,
  },
]

/** The same question, typed and said: three seconds of sound. */
export const typed = JSON.stringify(question)
export const said = JSON.stringify({
  ...question,
  stt_model: 'openai/whisper-1',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: `Speak of ${blankName}.` },
        { type: 'audio_stt', source: { type: 'base64', media_type: 'audio/wav', data: threeSeconds() } },
      ],
    },
  ],
})

function threeSeconds(): string {
  const pcm = tone().subarray(0, 3 * vendorRate * 2)
  return Buffer.concat([wavHeader(vendorRate, pcm.length), pcm]).toString('base64')
}
