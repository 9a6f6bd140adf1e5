import { type Behaviour, json } from '../upstreams/behaviour.ts'
import { cartesiaKey, startCartesia } from '../upstreams/cartesia.ts'
import { deepgramKey, startDeepgram } from '../upstreams/deepgram.ts'
import { elevenLabsKey, startElevenLabs } from '../upstreams/elevenlabs.ts'
import { openAiAudioKey, startOpenAiAudio } from '../upstreams/openai-audio.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'

/** A vendor that hears files, and its simulation. */
export interface Ear {
  readonly id: string
  readonly key: string
  readonly keyHeader: string
  /** `provider/model`. */
  readonly model: string
  /** Whether it tells how long the sound was; then it says `toldSeconds`. */
  readonly tellsSeconds: boolean
  /** US dollars a minute; undefined where the catalogue has no price. */
  readonly perMinute: number | undefined
  env(url: string): Record<string, string>
  /** Hears what `heardIn` finds, unless `instead` says otherwise. */
  start(instead?: (request: RecordedRequest) => Behaviour | undefined): Promise<Upstream>
}

export const toldSeconds = 1.25

export const deepgramEar: Ear = {
  id: 'deepgram',
  key: deepgramKey,
  keyHeader: 'x-provider-key-deepgram',
  model: 'deepgram/nova-3',
  tellsSeconds: true,
  perMinute: 0.0077,
  env: (url) => ({ VAI_DEEPGRAM_BASE_URL: url }),
  start: (instead) =>
    startDeepgram({
      transcript: (request) => {
        const alternative = { transcript: heardIn(request), confidence: 0.99, words: [] }
        const metadata = { request_id: 'r', duration: toldSeconds, channels: 1 }
        return instead?.(request) ?? json({ metadata, results: { channels: [{ alternatives: [alternative] }] } })
      },
    }),
}

export const openaiEar: Ear = {
  id: 'openai',
  key: openAiAudioKey,
  keyHeader: 'x-provider-key-openai',
  model: 'openai/gpt-4o-transcribe',
  tellsSeconds: false,
  perMinute: 0.006,
  env: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
  start: (instead) => startOpenAiAudio({ hears: (request) => instead?.(request) ?? { text: heardIn(request) } }),
}

export const cartesiaEar: Ear = {
  id: 'cartesia',
  key: cartesiaKey,
  keyHeader: 'x-provider-key-cartesia',
  model: 'cartesia/ink-whisper',
  tellsSeconds: true,
  perMinute: undefined,
  env: (url) => ({ VAI_CARTESIA_BASE_URL: url }),
  start: (instead) =>
    startCartesia({
      http: (request) =>
        instead?.(request) ??
        json({ type: 'transcript', request_id: 'r', text: heardIn(request), language: 'en', duration: toldSeconds }),
    }),
}

export const elevenlabsEar: Ear = {
  id: 'elevenlabs',
  key: elevenLabsKey,
  keyHeader: 'x-provider-key-elevenlabs',
  model: 'elevenlabs/scribe_v2',
  tellsSeconds: true,
  perMinute: 0.0036666667,
  env: (url) => ({ VAI_ELEVENLABS_BASE_URL: url }),
  start: (instead) =>
    startElevenLabs({
      script: (request) =>
        instead?.(request) ?? {
          transcript: {
            language_code: 'eng',
            language_probability: 0.98,
            text: heardIn(request),
            words: [],
            audio_duration_secs: toldSeconds,
          },
        },
    }),
}

export const ears: readonly Ear[] = [deepgramEar, openaiEar, cartesiaEar, elevenlabsEar]

/** Which file a request brought: that of WAV with so many bytes of sound, or another. */
export function heardIn({ bytes }: Pick<RecordedRequest, 'bytes'>): string {
  const at = bytes.indexOf('RIFF')
  return at < 0 ? 'A file without samples.' : `A wave of ${bytes.readUInt32LE(bytes.indexOf('data', at) + 4)} bytes.`
}

/** A block of `audio_stt`. */
export function stt(bytes: Uint8Array, mediaType = 'audio/wav', more: object = {}): object {
  return {
    type: 'audio_stt',
    source: { type: 'base64', media_type: mediaType, data: Buffer.from(bytes).toString('base64') },
    ...more,
  }
}
