import type { ErrorType } from '../../api/schemas.gen.ts'
import type { Cut } from './history.ts'
import type { Content, ToolContent } from './inputs.ts'
import type { TurnMetrics } from './measure.ts'

/** What is to be done, in this order. Nothing of it fails here: what comes of it comes back as an input. */
export type Effect =
  | { readonly type: 'frame'; readonly frame: Frame }
  /** Breaks the connection off once all frames are sent; nothing follows. */
  | { readonly type: 'close'; readonly code: number }
  /** Sends the frames after this number again. */
  | { readonly type: 'replay'; readonly afterSeq: number }
  /** How long what took in a turn that has just ended. */
  | { readonly type: 'metrics'; readonly turn: number; readonly metrics: TurnMetrics }
  | MicEffect
  | HistoryEffect
  | RunEffect
  | VoiceEffect

export type MicEffect =
  /** The frame goes to the engine and the detector. */
  | { readonly type: 'hear' }
  /** So much silence goes to the engine and the detector. */
  | { readonly type: 'inject-silence'; readonly ms: number }
  /** From the next connection on, and at once for voices, sound is heard as the client wants it now. */
  | { readonly type: 'stt-adopt' }
  /** Connects an engine and sends it what was kept of the sound from here on; closes the one before. */
  | { readonly type: 'stt-connect'; readonly link: number; readonly fromMs: number }
  /** Asks for the last words now. */
  | { readonly type: 'stt-finalize'; readonly link: number }
  | { readonly type: 'stt-close'; readonly link: number }
  /** The voice that stopped the assistant was none: the detector may take it for its echo. */
  | { readonly type: 'was-echo' }

export type HistoryEffect =
  /** Goes with the user's next message. */
  | { readonly type: 'attach'; readonly content: Content }
  /** A turn's question: what was said, then what was typed. `extends` where it goes on the message of the turn before, which was taken back. */
  | {
      readonly type: 'user-append'
      readonly turn: number
      readonly text: string
      readonly typed: readonly Content[]
      readonly extends: boolean
    }
  /** What of a turn's answer was heard; '' for nothing. Calls and their results stay as they happened. `cut` is undefined where all was heard. */
  | { readonly type: 'answer-commit'; readonly turn: number; readonly heard: string; readonly cut: Cut | undefined }
  /** Nothing of a turn's answer stays, neither words nor calls. */
  | { readonly type: 'answer-drop'; readonly turn: number }

export type RunEffect =
  /** Asks the model. With `speculation` the text is not in the history yet, and tools wait until `run-confirm`. */
  | { readonly type: 'run-start'; readonly turn: number; readonly speculation: string | undefined }
  | { readonly type: 'run-confirm'; readonly turn: number }
  | { readonly type: 'run-cancel'; readonly turn: number }
  | { readonly type: 'tool-cancel'; readonly turn: number; readonly id: string }
  | {
      readonly type: 'tool-answer'
      readonly turn: number
      readonly id: string
      readonly content: ToolContent
      readonly isError: boolean
    }
  /** The sentence that follows is not the model's; it belongs with its answer. */
  | { readonly type: 'filler'; readonly turn: number; readonly text: string }

export type VoiceEffect =
  | {
      readonly type: 'speak'
      readonly turn: number
      readonly attempt: number
      readonly voice: Voice
      readonly sentence: number
      readonly text: string
    }
  /** No text comes for a while: what was asked is spoken to its end and the engine let go. */
  | { readonly type: 'voice-finish'; readonly turn: number }
  /** What was asked is not wanted any more, and its sound is dropped but for what was given out. `speak` may follow. */
  | { readonly type: 'voice-close'; readonly turn: number }
  | { readonly type: 'voice-hold'; readonly turn: number }
  | { readonly type: 'voice-release'; readonly turn: number }
  /** The piece that waits goes out, under this sound's number. */
  | { readonly type: 'give-out'; readonly turn: number; readonly audio: number; readonly seq: number; readonly ms: number }
  /** The sound is given out again from here on. */
  | { readonly type: 'rewind'; readonly turn: number; readonly fromMs: number }

/** `own` is the one that was asked for. */
export type Voice = 'own' | 'fallback'

export type ResetReason = 'barge_in' | 'grace' | 'backpressure' | 'cancelled'
export type EndReason = 'end_session' | 'idle' | 'limit' | 'restart' | 'resume_expired' | 'error'
export type TurnState = 'idle' | 'listening' | 'committing' | 'thinking' | 'speaking' | 'interrupted' | 'ending'

/** What the client is told. What concerns the connection alone (`seq`, formats, what to append) is added where it is sent. */
export type Frame =
  | { readonly type: 'audio_reset'; readonly reason: ResetReason; readonly assistant_audio_id: string }
  | { readonly type: 'assistant_audio_start'; readonly assistant_audio_id: string; readonly turn_id: string }
  | { readonly type: 'assistant_audio_end'; readonly assistant_audio_id: string }
  | {
      readonly type: 'transcript_delta'
      readonly utterance_id: string
      readonly is_final: boolean
      readonly text: string
      readonly timestamp_ms: number
    }
  | { readonly type: 'utterance_final'; readonly utterance_id: string; readonly text: string; readonly end_ms: number }
  | { readonly type: 'turn_state'; readonly state: TurnState; readonly turn_id: string | null }
  | { readonly type: 'assistant_text_delta'; readonly turn_id: string; readonly text: string }
  | { readonly type: 'tool_call'; readonly tool_use_id: string; readonly name: string; readonly input: Record<string, unknown> }
  | { readonly type: 'turn_complete'; readonly turn_id: string; readonly stop_reason: string; readonly played_text: string }
  | { readonly type: 'turn_cancelled'; readonly turn_id: string; readonly reason: string }
  | { readonly type: 'audio_unavailable'; readonly turn_id: string; readonly text: string }
  | { readonly type: 'warning'; readonly code: WarningCode; readonly message: string }
  | {
      readonly type: 'error'
      readonly scope: 'session' | 'turn'
      readonly error_type: ErrorType
      readonly code: string
      readonly message: string
      readonly retryable: boolean
      readonly close: boolean
    }
  | { readonly type: 'session_end'; readonly reason: EndReason }

export type WarningCode =
  | 'mic_overrun'
  | 'stt_reconnecting'
  | 'tts_retry'
  | 'tts_fallback'
  | 'mark_invalid'
  | 'turn_too_long'
  | 'answer_too_long'
  | 'too_many_attachments'
  | 'tool_timeout'
  | 'restarting'

export const turnId = (turn: number): string => `turn_${turn}`
export const audioId = (audio: number): string => `audio_${audio}`
export const utteranceId = (utterance: number): string => `utterance_${utterance}`
