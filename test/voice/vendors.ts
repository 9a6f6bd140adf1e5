import type { Behaviour } from '../upstreams/behaviour.ts'
import { reply } from '../upstreams/behaviour.ts'
import { cartesiaKey, cartesiaVoice, startCartesia } from '../upstreams/cartesia.ts'
import { soundOf as cartesiaSound } from '../upstreams/cartesia-sound.ts'
import { mp3Of, opusOf } from '../upstreams/compressed.ts'
import { deepgramKey, startDeepgram } from '../upstreams/deepgram.ts'
import { soundOf as deepgramSound } from '../upstreams/deepgram-speak.ts'
import { elevenLabsKey, knownVoices, startElevenLabs } from '../upstreams/elevenlabs.ts'
import { soundOf as elevenLabsSound } from '../upstreams/elevenlabs-sound.ts'
import { googleKey, startGoogleTts } from '../upstreams/google-tts.ts'
import { isObject, stringOf } from '../upstreams/json.ts'
import { openAiAudioKey, startOpenAiAudio } from '../upstreams/openai-audio.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'

/** A vendor of speech as a gateway has it, and its simulation. */
export interface Vendor {
  /** As the gateway calls it. */
  readonly id: string
  readonly key: string
  readonly keyHeader: string
  /** `provider/voice`. */
  readonly voice: string
  /** The rate of sound where none is asked for. */
  readonly rate: number
  /** Another rate that it makes, if it makes several. */
  readonly otherRate: number | undefined
  /** What a text sounds like in PCM. */
  sound(text: string, rate: number): Buffer
  /** What else its simulation makes, and what that begins with. */
  readonly compressed: Readonly<Partial<Record<'mp3' | 'opus', string>>>
  readonly alignment: 'char' | 'word' | undefined
  /** US dollars of its usual model; undefined where the catalogue has no price. */
  readonly cost: ((characters: number, seconds: number) => number) | undefined
  env(url: string): Record<string, string>
  start(instead?: Instead): Promise<StartedVendor>
}

/** What becomes of a text whose request kept the vendor's rules, in the place of its sound; undefined for the sound. Over HTTP alone. */
export type Instead = (text: string, request: RecordedRequest) => Behaviour | undefined

export interface StartedVendor {
  readonly url: string
  /** Undefined for the one that speaks gRPC. */
  readonly upstream: Upstream | undefined
  /** What it was asked to speak so far, in the order in which that came. */
  readonly texts: () => readonly string[]
  close(): Promise<void>
}

export const deepgram: Vendor = {
  id: 'deepgram',
  key: deepgramKey,
  keyHeader: 'x-provider-key-deepgram',
  voice: 'deepgram/aura-2-thalia-en',
  rate: 24_000,
  otherRate: 16_000,
  sound: (text, rate) => deepgramSound(text, new URLSearchParams({ sample_rate: String(rate) })),
  compressed: { mp3: 'ID3', opus: 'OggS' },
  alignment: undefined,
  cost: (characters) => (characters * 30) / 1e6,
  env: (url) => ({ VAI_DEEPGRAM_BASE_URL: url }),
  async start(instead) {
    if (!instead) return overHttp(await startDeepgram(), 'text')
    const sound: Behaviour = (request) => {
      const text = textIn(request, 'text')
      const query = new URL(request.path, 'http://localhost').searchParams
      return instead(text, request) ?? reply(deepgramSound(text, query), { headers: { 'content-type': 'audio/l16' } })
    }
    return overHttp(await startDeepgram({ sound }), 'text')
  },
}

export const cartesia: Vendor = {
  id: 'cartesia',
  key: cartesiaKey,
  keyHeader: 'x-provider-key-cartesia',
  voice: `cartesia/${cartesiaVoice}`,
  rate: 24_000,
  otherRate: 16_000,
  sound: (text, rate) => cartesiaSound(text, { encoding: 'pcm', rate }),
  compressed: { mp3: 'ID3' },
  alignment: 'word',
  cost: undefined,
  env: (url) => ({ VAI_CARTESIA_BASE_URL: url }),
  async start(instead) {
    const http = (request: RecordedRequest) => instead?.(textIn(request, 'transcript'), request)
    return overHttp(await startCartesia({ http }), 'transcript')
  },
}

export const elevenlabs: Vendor = {
  id: 'elevenlabs',
  key: elevenLabsKey,
  keyHeader: 'x-provider-key-elevenlabs',
  voice: `elevenlabs/${knownVoices[0]}`,
  rate: 24_000,
  otherRate: 16_000,
  sound: (text, rate) => Buffer.from(elevenLabsSound(`pcm_${rate}`, text.length) ?? []),
  compressed: { mp3: '\u00ff\u00fb', opus: 'OggS' },
  alignment: 'char',
  cost: (characters) => (characters * 50) / 1e6,
  env: (url) => ({ VAI_ELEVENLABS_BASE_URL: url }),
  async start(instead) {
    const script = (request: RecordedRequest) => instead?.(textIn(request, 'text'), request) ?? {}
    return overHttp(await startElevenLabs({ script }), 'text')
  },
}

export const openai: Vendor = {
  id: 'openai',
  key: openAiAudioKey,
  keyHeader: 'x-provider-key-openai',
  voice: 'openai/alloy',
  rate: 24_000,
  otherRate: undefined,
  sound: (text) => cartesiaSound(text, { encoding: 'pcm', rate: 24_000 }),
  compressed: { mp3: 'ID3', opus: 'OggS' },
  alignment: undefined,
  cost: (_, seconds) => (seconds * 0.015) / 60,
  env: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
  async start(instead) {
    const speaks = (request: RecordedRequest) => {
      const text = textIn(request, 'input')
      const given = instead?.(text, request)
      if (given) return given
      const format = isObject(request.json) ? stringOf(request.json.response_format) : ''
      const compressed = { mp3: mp3Of, opus: opusOf }[format]
      return { sound: compressed?.(text) ?? openai.sound(text, 24_000) }
    }
    return overHttp(await startOpenAiAudio({ speaks }), 'input')
  },
}

export const google: Vendor = {
  id: 'google',
  key: googleKey,
  keyHeader: 'x-provider-key-google',
  voice: 'google/en-US-Chirp3-HD-Kore',
  rate: 24_000,
  otherRate: 16_000,
  // Two samples a byte, whatever the rate.
  sound: (text) => Buffer.concat([...Buffer.from(text)].map((byte) => Buffer.from([byte, 0, byte, 0]))),
  compressed: { mp3: 'ID3', opus: 'OggS' },
  alignment: undefined,
  cost: (characters) => (characters * 30) / 1e6,
  env: (url) => ({ VAI_GOOGLE_TTS_ENDPOINT: url }),
  async start() {
    const server = await startGoogleTts()
    return {
      url: server.url,
      upstream: undefined,
      texts: () => server.calls.map(({ inputs }) => inputs.join('')),
      close: async () => server.close(),
    }
  },
}

export const vendors: readonly Vendor[] = [deepgram, cartesia, elevenlabs, openai, google]
/** Those whose simulation can be told what becomes of each text. */
export const httpVendors: readonly Vendor[] = [deepgram, cartesia, elevenlabs, openai]

function overHttp(upstream: Upstream, field: string): StartedVendor {
  return {
    url: upstream.url,
    upstream,
    texts: () => upstream.requests.map((request) => textIn(request, field)).filter((text) => text !== ''),
    close: () => upstream.close(),
  }
}

function textIn({ json: body }: RecordedRequest, field: string): string {
  return isObject(body) ? stringOf(body[field]) : ''
}
