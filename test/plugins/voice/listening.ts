import Fastify, { type FastifyBaseLogger } from 'fastify'
import { Agent } from 'undici'
import { type Clock, systemClock } from '../../../api/clock.ts'
import { Cancelled } from '../../../api/error.ts'
import { Secret } from '../../../api/secret.ts'
import { startResampling } from '../../../audio/resample.ts'
import type { AudioKind } from '../../../audio/sniff.ts'
import type { Admission } from '../../../plugins/breaker/index.ts'
import { fetchPublic } from '../../../plugins/egress/fetch.ts'
import { socketDialer } from '../../../plugins/egress/socket.ts'
import type { VoiceMetrics } from '../../../plugins/metrics/voice.ts'
import type { Calls } from '../../../plugins/voice/calls.ts'
import { createHearing, type Hearing, type HearingLimits, type HearingParts } from '../../../plugins/voice/hear.ts'
import type { HearingPlan, SoundBlock, VoiceCaller } from '../../../plugins/voice/plan.ts'
import { httpFailure, protocolFailure } from '../../../providers/failure.ts'
import { post, readErrorBody, readText } from '../../../providers/http.ts'
import type { SpeechCall, SpeechProvider, Transcript } from '../../../providers/speech.ts'

/** Hearing as the plugin puts it together, and what it said to whom. */
export interface Listening {
  readonly hear: Hearing
  readonly caller: VoiceCaller
  /** What was measured: the outcome (`ok`, `cancelled`, a code) and the seconds of sound. */
  readonly measured: readonly [outcome: string, soundSeconds: number | undefined][]
  /** What the breaker was told: `succeeded`, or the code or name of the error. */
  readonly told: readonly string[]
  /** All that was logged, as text. */
  readonly logged: readonly string[]
  abort(): void
  close(): Promise<void>
}

export interface ListeningOptions {
  readonly url?: string
  readonly limits?: Partial<HearingLimits>
  readonly clock?: Clock
  readonly calls?: Partial<Calls>
  readonly fetchPublic?: HearingParts['fetchPublic']
}

export function startListening(options: ListeningOptions = {}): Listening {
  const { url = 'http://127.0.0.1:1', limits, clock = systemClock, calls } = options
  const dispatcher = new Agent()
  const controller = new AbortController()
  const [measured, told, logged]: [[string, number | undefined][], string[], string[]] = [[], [], []]
  const resampling = startResampling()
  const log = loggerTo(logged)
  const hear = createHearing({
    calls: {
      to: (_provider, model, _caller, signal): SpeechCall => ({
        model,
        apiKey: new Secret('sk-test-ear'),
        baseURL: new URL(url),
        signal,
        dispatcher,
        requestId: 'req_test',
        timeouts: { firstByteMs: 10_000, idleMs: 10_000 },
        clock,
        log,
        sockets: socketDialer(clock),
      }),
      enter: () => admissionTo(told),
      ...calls,
    },
    metrics: metricsTo(measured),
    clock,
    fetchPublic: options.fetchPublic ?? ((url, how) => fetchPublic(dispatcher, clock, url, how)),
    resampling: () => resampling,
    limits: { parallel: 4, blockBytes: 16 * 1024 * 1024, blockSeconds: 900, totalSeconds: 1800, ms: 20_000, ...limits },
  })
  return {
    hear,
    caller: callerWith(controller.signal, log),
    measured,
    told,
    logged,
    abort: () => controller.abort(new Cancelled()),
    close: () => dispatcher.destroy(),
  }
}

/** A vendor that takes files as the body of a POST, and answers with JSON. */
export function earAt(kinds: readonly AudioKind[], maxBytes = 25_000_000): SpeechProvider {
  const source = { id: 'ear', name: 'Ear' }
  return {
    ...source,
    upstream: undefined,
    stt: {
      models: [{ name: 'sharp', displayName: 'Sharp' }],
      capabilities: () => ({ files: { kinds, maxBytes }, hints: true }),
      async transcribeFile(file, { language, hints }, call): Promise<Transcript> {
        const query = new URLSearchParams(language === undefined ? {} : { language })
        for (const hint of hints) query.append('hint', hint)
        const headers = { 'content-type': file.mediaType, authorization: `Bearer ${call.apiKey.reveal()}` }
        const response = await post(call, source.id, `/listen?${query}`, headers, Buffer.from(file.bytes))
        const failure = { ...source, apiKey: call.apiKey }
        if (response.status !== 200) {
          throw httpFailure(failure, response, await readErrorBody(response, call), call.clock.wallclock())
        }
        const answer: unknown = JSON.parse(await readText(response, source.name, 100_000))
        if (typeof answer !== 'object' || answer === null || !('text' in answer)) throw protocolFailure(failure, 'no transcript.')
        const { text, language: spoken, seconds }: { text?: unknown; language?: unknown; seconds?: unknown } = answer
        return {
          text: String(text),
          ...(typeof spoken === 'string' && { language: spoken }),
          ...(typeof seconds === 'number' && { seconds }),
        }
      },
    },
  }
}

export function planOf(provider: SpeechProvider, blocks: readonly SoundBlock[], hints: readonly string[] = []): HearingPlan {
  const { stt } = provider
  if (!stt) throw new Error('it hears nothing')
  const [{ name }] = stt.models
  return { model: { provider, stt, name, id: `${provider.id}/${name}` }, hints, blocks }
}

function admissionTo(told: string[]): Admission {
  return {
    succeeded: () => void told.push('succeeded'),
    failed: (error) => void told.push(wordOf(error)),
  }
}

function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.name
}

function metricsTo(measured: [string, number | undefined][]): VoiceMetrics {
  const unasked = (): void => {
    throw new Error('hearing does not measure this')
  }
  return {
    heard: (_provider, outcome, seconds, soundSeconds) => {
      if (!(seconds >= 0)) throw new Error('no time')
      measured.push([wordOf(outcome), soundSeconds])
    },
    sentenceBegan: unasked,
    sentenceOver: unasked,
    firstAudio: unasked,
    gaps: unasked,
    cacheAsked: unasked,
  }
}

function loggerTo(lines: string[]): FastifyBaseLogger {
  return Fastify({ logger: { level: 'trace', stream: { write: (line: string) => void lines.push(line) } } }).log
}

function callerWith(signal: AbortSignal, log: FastifyBaseLogger): VoiceCaller {
  return {
    principal: { keyId: undefined, tenant: undefined, providerKey: () => undefined },
    times: { firstByteMs: 10_000, idleMs: 10_000, answerMs: 60_000 },
    requestId: 'req_test',
    headers: {},
    signal,
    log,
  }
}
