import type { FastifyBaseLogger } from 'fastify'
import type { MessageParam } from '../../api/schemas.gen.ts'
import type { LiveMetrics } from '../metrics/live.ts'
import type { Effect, Frame } from './effects.ts'
import type { Input } from './inputs.ts'
import type { TurnMetrics } from './measure.ts'
import type { LivePlan } from './plan.ts'

/** Told of everything that happens in one session; tells the metrics, the record and, where the operator wants it, the log. */
export class SessionWatch {
  readonly #parts: WatchParts
  /** How the turn ended that ended last. */
  #ended = ''
  /** Their providers' ids. */
  #hearing: string
  #speaking: string

  constructor(parts: WatchParts) {
    this.#parts = parts
    this.#hearing = hearerOf(parts.plan)
    this.#speaking = speakerOf(parts.plan)
  }

  /** Others hear from now on. */
  hears(plan: Pick<LivePlan, 'hearing'>): void {
    this.#hearing = hearerOf(plan)
  }

  /** Others speak from now on. */
  speaks(plan: Pick<LivePlan, 'speaking'>): void {
    this.#speaking = speakerOf(plan)
  }

  get isRecorded(): boolean {
    return this.#parts.recorder !== undefined
  }

  step(input: Input, effects: readonly Effect[]): void {
    const { recorder } = this.#parts
    recorder?.input(input)
    recorder?.effects(effects)
  }

  /** A frame that is let through was heard, beginning here in all sound. */
  heard(frame: Uint8Array, audioMs: number): void {
    this.#parts.recorder?.sound(frame, audioMs)
  }

  told(frame: Frame): void {
    const { metrics } = this.#parts
    switch (frame.type) {
      case 'audio_reset':
        metrics.reset(frame.reason)
        return
      case 'warning':
        metrics.warning(frame.code)
        if (frame.code === 'stt_reconnecting') metrics.sttReconnect(this.#hearing)
        if (frame.code === 'tts_retry') metrics.ttsRetry(this.#speaking, 'own')
        if (frame.code === 'tts_fallback') metrics.ttsRetry(this.#speaking, 'fallback')
        return
      case 'turn_complete':
        this.#ended = frame.stop_reason
        this.#transcript({ turn: frame.turn_id, assistant: frame.played_text })
        return
      case 'turn_cancelled':
        this.#ended = frame.reason
        return
      case 'utterance_final':
        this.#transcript({ utterance: frame.utterance_id, user: frame.text })
        return
      default:
        return
    }
  }

  /** The turn is over, of which the client has just been told. */
  turnOver(times: TurnMetrics): void {
    this.#parts.metrics.turnOver(this.#ended, times)
  }

  /** The session is over, in which this was said and called. */
  over(happened: readonly MessageParam[]): void {
    this.#parts.recorder?.canonical(happened)
  }

  #transcript(facts: object): void {
    if (this.#parts.logsTranscripts) this.#parts.log.info(facts, 'transcript')
  }
}

export interface WatchParts {
  readonly metrics: LiveMetrics
  readonly log: FastifyBaseLogger
  /** Undefined where no record is kept. */
  readonly recorder: SessionRecorder | undefined
  readonly logsTranscripts: boolean
  /** Who hears and speaks at first. */
  readonly plan: Pick<LivePlan, 'hearing' | 'speaking'>
}

function hearerOf({ hearing }: Pick<LivePlan, 'hearing'>): string {
  return hearing?.model.provider.id ?? 'none'
}

function speakerOf({ speaking }: Pick<LivePlan, 'speaking'>): string {
  return speaking.voice.provider.id
}

/** Writes down what happens in a session. */
export interface SessionRecorder {
  input(input: Input): void
  effects(effects: readonly Effect[]): void
  sound(bytes: Uint8Array, audioMs: number): void
  canonical(messages: readonly MessageParam[]): void
  close(): Promise<void>
}
