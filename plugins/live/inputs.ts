import type { ErrorType, MessageParam } from '../../api/schemas.gen.ts'
import type { Alignment, SttEvent } from '../../providers/speech.ts'
import type { LiveResult } from './history.ts'
import type { RuleChanges } from './rules.ts'

/** What a user's message consists of. */
export type Content = MessageParam['content']

/** What a tool answers. */
export type ToolContent = LiveResult['content']

/**
 * What may happen to a session. `at` is when, in milliseconds since the session began; it never goes back. What answers an effect
 * carries the number that the effect had (`turn`, `link`, `attempt`), so that late answers are known.
 */
export type Input = { readonly at: number } & (
  | { readonly type: 'tick' }
  | MicInput
  | HearingInput
  | { readonly type: 'model'; readonly turn: number; readonly event: ModelEvent }
  | { readonly type: 'voice'; readonly turn: number; readonly event: VoiceEvent }
  | ClientInput
  | LineInput
)

export type MicInput =
  /** The client begins or ends its stream of sound. */
  | { readonly type: 'stream'; readonly isOn: boolean }
  /** A frame has come: its size on the wire, and how long it sounds. Only one that is answered by `hear` goes on to the engine and the detector. */
  | { readonly type: 'frame'; readonly bytes: number; readonly ms: number }
  /** A voice begins or ends, by its energy. `audioMs` is where in all sound that was heard, silence put in included. */
  | { readonly type: 'energy'; readonly edge: 'onset' | 'offset'; readonly audioMs: number }

export type HearingInput =
  | { readonly type: 'stt-open'; readonly link: number }
  | { readonly type: 'stt'; readonly link: number; readonly event: SttEvent }
  | { readonly type: 'stt-failed'; readonly link: number; readonly isRetryable: boolean; readonly message: string }

export type ModelEvent =
  /** A sentence to speak. All of an answer's, put together, are its text. */
  | { readonly type: 'say'; readonly text: string }
  /** The call that speaks is complete: no more is to be said in this turn. */
  | { readonly type: 'terminal' }
  /** `hasOutsideEffect` where it cannot be taken back. `call` where the client is to run it. */
  | {
      readonly type: 'tool-began'
      readonly id: string
      readonly hasOutsideEffect: boolean
      readonly withinMs: number
      readonly call?: { readonly name: string; readonly input: Record<string, unknown> }
    }
  | { readonly type: 'tool-ended'; readonly id: string }
  | { readonly type: 'done'; readonly stopReason: string }
  | {
      readonly type: 'failed'
      readonly errorType: ErrorType
      readonly code: string
      readonly message: string
      readonly isRetryable: boolean
    }

/**
 * What comes of the sentences of a turn, in the order of their sound and one after another: what stands behind a piece of sound comes
 * once that piece was given out. None but `made` is to come while the voice is held.
 */
export type VoiceEvent =
  /** A piece of sound waits to be given out: where it lies in the turn's sound and how long it is, at most 200 ms. */
  | { readonly type: 'sound'; readonly attempt: number; readonly sentence: number; readonly fromMs: number; readonly ms: number }
  /** Times of a sentence's words, from the beginning of the sentence's sound. They come before the sound that they tell of. */
  | { readonly type: 'aligned'; readonly attempt: number; readonly sentence: number; readonly alignment: Alignment }
  /** The vendor has made all sound of a sentence, which is so long. It may come before any of it is given out. */
  | { readonly type: 'made'; readonly attempt: number; readonly sentence: number; readonly lengthMs: number }
  /** All sound of a sentence was given out. */
  | { readonly type: 'said'; readonly attempt: number; readonly sentence: number }
  | { readonly type: 'failed'; readonly attempt: number; readonly message: string }

export type ClientInput =
  /** `audio` is the number of the sound that the client was told of. */
  | { readonly type: 'mark'; readonly audio: number; readonly playedMs: number; readonly state: PlayerState }
  | { readonly type: 'control'; readonly op: ControlOp }
  /** A typed turn; or, where it is not committed, what goes with the next one. */
  | { readonly type: 'typed'; readonly content: Content; readonly isCommitted: boolean }
  | { readonly type: 'tool-result'; readonly id: string; readonly content: ToolContent; readonly isError: boolean }
  /** From the next turn on. `hearing` where another engine hears then. */
  | ({ readonly type: 'update'; readonly hearing?: true } & RuleChanges)
  /** Sentences that the assistant says unasked. */
  | { readonly type: 'greeting'; readonly sentences: readonly string[] }

export type PlayerState = 'playing' | 'paused' | 'stopped' | 'finished'
export type ControlOp = 'interrupt' | 'cancel_turn' | 'mute' | 'unmute' | 'end_session'

export type LineInput =
  | { readonly type: 'lost' }
  /** More waits to be sent than should: the client does not read, or not fast enough. And it does so again. */
  | { readonly type: 'stalled' }
  | { readonly type: 'flowing' }
  /** The client is back and has everything up to this number. */
  | { readonly type: 'resumed'; readonly lastServerSeq: number }
  /** The server goes down. */
  | { readonly type: 'drain' }
  /** It is down: the session ends at once. */
  | { readonly type: 'shutdown' }
  /** Whoever talks may spend no more: the error of the limit. */
  | { readonly type: 'over-limit'; readonly errorType: ErrorType; readonly code: string; readonly message: string }
