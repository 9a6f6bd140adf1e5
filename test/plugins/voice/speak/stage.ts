import Fastify from 'fastify'
import { Agent } from 'undici'
import { type Clock, systemClock } from '../../../../api/clock.ts'
import { Cancelled, GatewayError } from '../../../../api/error.ts'
import type { AudioChunkEvent, AudioUnavailableEvent } from '../../../../api/schemas.gen.ts'
import { Secret } from '../../../../api/secret.ts'
import { bytesIn } from '../../../../audio/pcm.ts'
import { type NewResampler, startResampling } from '../../../../audio/resample.ts'
import { socketDialer } from '../../../../plugins/egress/socket.ts'
import type { VoiceMetrics } from '../../../../plugins/metrics/voice.ts'
import type { CachedSpeech } from '../../../../plugins/voice/cache/cache.ts'
import type { SpeakingPlan, SpeakingVoice, VoiceCaller } from '../../../../plugins/voice/plan.ts'
import type { SentenceCache, SpeakingParts, SpokenAnswer } from '../../../../plugins/voice/speak/parts.ts'
import { Speaker } from '../../../../plugins/voice/speak/speaker.ts'
import { httpFailure } from '../../../../providers/failure.ts'
import { post, readErrorBody } from '../../../../providers/http.ts'
import type { SpeechProvider, TtsCapabilities } from '../../../../providers/speech.ts'
import { type Behaviour, reply } from '../../../upstreams/behaviour.ts'
import { isObject } from '../../../upstreams/json.ts'
import { startUpstream, type Upstream } from '../../../upstreams/upstream.ts'

/** A simulated voice over HTTP, and everything that speaking with it needs. */

/**
 * What a voice says, at a rate of 8,000 a second, and 1 ms a character. As voices do, it says the same text in another way when it is asked
 * again: `take` counts from 0.
 */
export function soundOf(text: string, voice = 'ada', take = 0): Uint8Array {
  let seed = voice.length + take * 7919
  for (const character of voice + text) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) | 0
  return bytesIn(
    Int16Array.from({ length: text.length * samplesPerCharacter }, () => {
      seed = (seed * 1_103_515_245 + 12_345) | 0
      return seed >> 16
    }),
  )
}

export const samplesPerCharacter = 8
export const rate = 8000

/** `take` counts how often the text was asked for before. */
export type Answering = (text: string, take: number) => Behaviour | Promise<Behaviour> | undefined

export interface Voice {
  readonly voice: SpeakingVoice
  readonly upstream: Upstream
  /** The texts that it was asked to say, in order. */
  readonly texts: readonly string[]
}

/** Takes POSTs of {text} and answers with its sound, unless `answering` says otherwise for one. `id` is the vendor's and the voice's name. */
export async function startVoice(
  id: string,
  answering: Answering = () => undefined,
  capabilities: Partial<TtsCapabilities> = {},
): Promise<Voice> {
  const texts: string[] = []
  const upstream = await startUpstream((request) => {
    const text = isObject(request.json) ? String(request.json.text) : ''
    if (request.headers.authorization !== `Bearer ${testKey}`) return reply('Who are you?', { status: 401 })
    if (text.trim() === '' || text.length > 1000) return reply('No such text.', { status: 400 })
    const take = texts.filter((each) => each === text).length
    texts.push(text)
    return answered(answering(text, take), () => reply(soundOf(text, id, take)))
  })
  const provider = providerAt(id, upstream.url, capabilities)
  const { tts } = provider
  if (!tts) throw new TypeError('it speaks')
  return { upstream, texts, voice: { provider, tts, name: 'any', id: `${id}/any`, voice: id } }
}

async function answered(given: ReturnType<Answering>, usual: () => Behaviour): Promise<Behaviour> {
  return (await given) ?? usual()
}

const testKey = 'sk-test-voice'

function providerAt(id: string, url: string, changes: Partial<TtsCapabilities>): SpeechProvider {
  const capabilities: TtsCapabilities = {
    pcmRates: [rate],
    mulaw: false,
    mp3: true,
    opus: true,
    speed: undefined,
    volume: undefined,
    emotions: undefined,
    voices: undefined,
    languages: undefined,
    alignment: 'word',
    maxCharacters: 1000,
    ...changes,
  }
  return {
    id,
    name: id,
    upstream: { keyHeader: 'x', keyVariables: [], baseURLVariable: 'X', defaultBaseURL: url },
    tts: {
      models: [{ name: 'any', displayName: 'Any' }],
      capabilities: () => capabilities,
      async *synthesize(text, { format, alignment }, call) {
        const body = Buffer.from(JSON.stringify({ text, format }))
        const at = { ...call, baseURL: new URL(url) }
        const response = await post(at, id, '/say', { authorization: `Bearer ${testKey}` }, body)
        if (response.status !== 200) {
          const source = { id, name: id, apiKey: call.apiKey }
          throw httpFailure(source, response, await readErrorBody(response, call), 0)
        }
        if (alignment) {
          const words = [...text.matchAll(/\S+/g)]
          yield {
            type: 'alignment',
            kind: 'word',
            tokens: words.map(({ 0: word }) => word),
            startMs: words.map(({ index }) => index),
            durationMs: words.map(({ 0: word }) => word.length),
          }
        }
        for await (const bytes of response.body) yield { type: 'audio', bytes }
        yield { type: 'done', characters: text.length }
      },
    },
  }
}

// ── What is told ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Told {
  readonly began: string[]
  readonly over: { readonly provider: string; readonly outcome: string; readonly characters: number }[]
  readonly firstAudio: string[]
  readonly gaps: { readonly provider: string; readonly count: number; readonly seconds: number }[]
  readonly cache: ('hit' | 'miss')[]
  /** Of the breaker: `ok`, or the code of what failed, or `cancelled`. */
  readonly admissions: string[]
}

export interface StageOptions {
  readonly fallbacks?: readonly SpeakingVoice[]
  readonly plan?: Partial<SpeakingPlan>
  readonly limits?: Partial<SpeakingParts['limits']>
  readonly cache?: SentenceCache
  readonly clock?: Clock
  /** Providers without a key, and those that are left alone. */
  readonly keyless?: readonly string[]
  readonly leftAlone?: readonly string[]
}

export interface Stage {
  readonly parts: SpeakingParts
  readonly answer: SpokenAnswer
  readonly told: Told
  speaker(): Speaker
  abort(): void
  close(): Promise<void>
}

let starting: Promise<NewResampler> | undefined

export function resampling(): Promise<NewResampler> {
  starting ??= startResampling()
  return starting
}

export function stageFor(voice: SpeakingVoice, options: StageOptions = {}): Stage {
  const { clock = systemClock, keyless = [], leftAlone = [] } = options
  const dispatcher = new Agent()
  const told: Told = { began: [], over: [], firstAudio: [], gaps: [], cache: [], admissions: [] }
  const controller = new AbortController()
  const parts: SpeakingParts = {
    calls: {
      to(vendor, model, caller, signal) {
        if (keyless.includes(vendor.id)) throw new GatewayError('missing_provider_key')
        const { firstByteMs, idleMs } = caller.times
        return {
          model,
          apiKey: new Secret(testKey),
          baseURL: new URL('http://localhost'),
          signal,
          dispatcher,
          requestId: caller.requestId,
          timeouts: { firstByteMs, idleMs },
          clock,
          log: caller.log,
          sockets: socketDialer(clock),
        }
      },
      enter(vendor) {
        if (leftAlone.includes(vendor.id)) throw new GatewayError('provider_unavailable')
        return {
          succeeded: () => void told.admissions.push('ok'),
          failed: (error) => void told.admissions.push(error instanceof GatewayError ? error.code : 'cancelled'),
        }
      },
    },
    metrics: metricsInto(told),
    clock,
    cache: options.cache,
    resampling,
    limits: {
      ahead: 2,
      firstAudioMs: 5000,
      idleMs: 5000,
      maxCharacters: 1_000_000,
      maxBytes: 64 * 1024 * 1024,
      ...options.limits,
    },
  }
  const plan: SpeakingPlan = {
    voice,
    fallbacks: options.fallbacks ?? [],
    format: 'pcm',
    rate,
    language: undefined,
    textLanguage: options.plan?.language,
    speed: undefined,
    volume: undefined,
    emotion: undefined,
    alignment: false,
    ...options.plan,
  }
  const answer = { plan, caller: callerWith(controller.signal), scope: 'all', requestStartedAt: clock.now() }
  return {
    parts,
    answer,
    told,
    speaker: () => new Speaker(parts, answer),
    abort: () => controller.abort(new Cancelled()),
    close: () => dispatcher.destroy(),
  }
}

/** What the tests of a file start: voices, and stages for them, which are closed together. */
export function staging() {
  const open: { close(): Promise<void> }[] = []
  return {
    async voiceAt(answering?: Answering, id = 'ada', capabilities: Partial<TtsCapabilities> = {}): Promise<Voice> {
      const voice = await startVoice(id, answering, capabilities)
      open.push(voice.upstream)
      return voice
    },
    stage(voice: Voice, options?: StageOptions): Stage {
      const made = stageFor(voice.voice, options)
      open.push(made)
      return made
    },
    async closeAll(): Promise<void> {
      await Promise.all(open.splice(0).map((each) => each.close()))
    },
  }
}

function metricsInto(told: Told): VoiceMetrics {
  return {
    heard: () => undefined,
    sentenceBegan: (provider) => void told.began.push(provider),
    sentenceOver: (provider, outcome, characters) =>
      void told.over.push({ provider, outcome: typeof outcome === 'string' ? outcome : outcome.code, characters }),
    firstAudio: (provider) => void told.firstAudio.push(provider),
    gaps: (provider, count, seconds) => void told.gaps.push({ provider, count, seconds }),
    cacheAsked: (result) => void told.cache.push(result),
  }
}

function callerWith(signal: AbortSignal): VoiceCaller {
  return {
    principal: { keyId: undefined, tenant: undefined, providerKey: () => undefined },
    times: { firstByteMs: 5000, idleMs: 5000, answerMs: 60_000 },
    requestId: 'req_test',
    headers: {},
    signal,
    log: Fastify().log,
  }
}

export function memoryCache(): SentenceCache & { readonly entries: Map<string, CachedSpeech> } {
  const entries = new Map<string, CachedSpeech>()
  return {
    entries,
    keyOf: (sound) => JSON.stringify(Object.values(sound)),
    get: async (key) => entries.get(key),
    put: (key, speech) => void entries.set(key, speech),
  }
}

// ── What comes out ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type SoundEvent = AudioChunkEvent | AudioUnavailableEvent

/** All that a speaker still has to give. */
export async function restOf(speaker: Speaker): Promise<SoundEvent[]> {
  const events: SoundEvent[] = []
  for (let event = await speaker.next(); event; event = await speaker.next()) events.push(event)
  return events
}

export function chunksOf(events: readonly SoundEvent[]): AudioChunkEvent[] {
  return events.filter((event) => event.type === 'audio_chunk')
}

export function bytesOf(events: readonly SoundEvent[]): Buffer {
  return Buffer.concat(chunksOf(events).map(({ audio }) => Buffer.from(audio, 'base64')))
}

export function textOf(events: readonly SoundEvent[]): string {
  return chunksOf(events)
    .map(({ text }) => text)
    .join('')
}
