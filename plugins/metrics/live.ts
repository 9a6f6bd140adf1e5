import { type GatewayError, knownCode } from '../../api/error.ts'
import type { LiveAudioReset, LiveSessionEnd, LiveTurnMetrics } from '../../api/schemas.gen.ts'
import { definitions } from './definitions.ts'
import type { Instruments } from './instruments.ts'

/** What is measured of talking with models. */
export interface LiveMetrics {
  /** A socket is open, which may not have said hello yet. Returns what is to be called once it is closed. */
  socketOpened(): () => void
  /** A session has begun. */
  opened(): LiveSessionMetrics
  /** Somebody wanted to go on with a session. */
  resumed(result: 'ok' | GatewayError): void
  /** A turn is over, by its stop reason or what broke it off. What took no time, or is not known, is absent. */
  turnOver(ended: string, times: LiveTurnTimes): void
  reset(reason: LiveAudioReset['reason']): void
  /** The connection to who hears was lost and is made again. */
  sttReconnect(provider: string): void
  /** Who spoke has failed, and the rest is asked for again: of the same voice, or of another. */
  ttsRetry(provider: string, with_: 'own' | 'fallback'): void
  /** The client was sent a warning. */
  warning(code: string): void
  /** The model has written what is to be said without calling the tool that speaks. */
  plainSpeech(gate: 'lenient' | 'strict'): void
}

/** One session's. */
export interface LiveSessionMetrics {
  /** Its socket is gone. */
  lost(): void
  /** Its client is back. */
  back(): void
  /** It is over, after so many seconds. What comes after the first time does nothing. */
  ended(reason: LiveSessionEnd['reason'], seconds: number): void
}

/** Milliseconds. */
export type LiveTurnTimes = Pick<
  LiveTurnMetrics,
  'eou_delay_ms' | 'stt_final_ms' | 'llm_ttft_ms' | 'tts_ttfb_ms' | 'voice_to_voice_ms' | 'interruption_stop_ms'
>

export function liveMetricsIn(instruments: Instruments): LiveMetrics {
  const { counter, gauge, histogram } = instruments
  let sockets = 0
  gauge(definitions.liveSockets, () => sockets)
  const opened = sessionsIn(instruments)
  const resumes = counter(definitions.liveResumes)
  const turns = counter(definitions.liveTurns)
  const times = {
    eou_delay_ms: histogram(definitions.liveEouSeconds),
    stt_final_ms: histogram(definitions.liveSttFinalSeconds),
    llm_ttft_ms: histogram(definitions.liveLlmTtftSeconds),
    tts_ttfb_ms: histogram(definitions.liveTtsTtfbSeconds),
    voice_to_voice_ms: histogram(definitions.liveVoiceToVoiceSeconds),
    interruption_stop_ms: histogram(definitions.liveInterruptionStopSeconds),
  }
  const resets = counter(definitions.liveResets)
  const reconnects = counter(definitions.liveSttReconnects)
  const retries = counter(definitions.liveTtsRetries)
  const warnings = counter(definitions.liveWarnings)
  const plain = counter(definitions.livePlainSpeech)
  // Prometheus sees no increase in a series that comes to be with its first count.
  for (const reason of resetReasons) resets.inc({ reason }, 0)
  for (const ended of ['end_turn', 'barge_in', 'error']) turns.inc({ ended }, 0)
  for (const gate of ['lenient', 'strict']) plain.inc({ gate }, 0)
  resumes.inc({ result: 'ok' }, 0)
  return {
    socketOpened() {
      sockets++
      return once(() => sockets--)
    },
    opened,
    resumed: (result) => resumes.inc({ result: typeof result === 'string' ? result : knownCode(result) }),
    turnOver(ended, measured) {
      turns.inc({ ended: turnEnds.has(ended) ? ended : 'other' })
      for (const name of timeNames) {
        const ms = measured[name]
        if (ms !== undefined) times[name].observe(ms / 1000)
      }
    },
    reset: (reason) => resets.inc({ reason }),
    sttReconnect: (provider) => reconnects.inc({ provider }),
    ttsRetry: (provider, with_) => retries.inc({ provider, with: with_ }),
    warning: (code) => warnings.inc({ code }),
    plainSpeech: (gate) => plain.inc({ gate }),
  }
}

function sessionsIn({ counter, gauge, histogram }: Instruments): () => LiveSessionMetrics {
  let open = 0
  let lost = 0
  gauge(definitions.liveSessions, () => open)
  gauge(definitions.liveSessionsLost, () => lost)
  const ended = counter(definitions.liveSessionsEnded)
  const seconds = histogram(definitions.liveSessionSeconds)
  for (const reason of endReasons) ended.inc({ reason }, 0)
  return () => {
    open++
    let isLost = false
    const setLost = (value: boolean): void => {
      lost += Number(value) - Number(isLost)
      isLost = value
    }
    let isOver = false
    return {
      lost: () => setLost(!isOver),
      back: () => setLost(false),
      ended(reason, lasted) {
        if (isOver) return
        isOver = true
        open--
        setLost(false)
        ended.inc({ reason })
        seconds.observe(lasted)
      },
    }
  }
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}

const timeNames = [
  'eou_delay_ms',
  'stt_final_ms',
  'llm_ttft_ms',
  'tts_ttfb_ms',
  'voice_to_voice_ms',
  'interruption_stop_ms',
] as const

const resetReasons: readonly LiveAudioReset['reason'][] = ['barge_in', 'grace', 'backpressure', 'cancelled']

const endReasons: readonly LiveSessionEnd['reason'][] = ['end_session', 'idle', 'limit', 'restart', 'resume_expired', 'error']

/** What a provider says of its own is not among them: nobody knows how many words it has. */
const turnEnds: ReadonlySet<string> = new Set([
  'end_turn',
  'stop_sequence',
  'max_tokens',
  'max_turns',
  'max_tool_calls',
  'refusal',
  'timeout',
  'error',
  'grace',
  'barge_in',
  'interrupted',
  'cancelled',
  'backpressure',
  'shutdown',
  'session_end',
])
