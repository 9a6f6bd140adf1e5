import type { AudioKind } from '../audio/sniff.ts'
import type { Call, KnownModel, UpstreamSettings } from './provider.ts'
import type { SocketDialer } from './socket.ts'

/**
 * A vendor of speech: what it hears with, what it speaks with, or both. An adapter sees neither the server nor another adapter:
 * everything it needs comes in the call.
 *
 * Failures are thrown as `GatewayError`, and as the signal's reason once the call's signal has aborted. Leaving an iteration, or
 * aborting the signal, closes the upstream socket at once.
 */
export interface SpeechProvider {
  readonly id: string
  /** For people: `Deepgram`. */
  readonly name: string
  /** Where its key comes from and where it is reached; undefined for one that needs neither. */
  readonly upstream: UpstreamSettings | undefined
  /** True where it only shows how the gateway works. */
  readonly demo?: boolean
  readonly stt?: SpeechToText
  readonly tts?: TextToSpeech
}

/** One call to a vendor of speech; `model` is the name as the vendor knows it. */
export interface SpeechCall
  extends Pick<
    Call,
    'model' | 'apiKey' | 'baseURL' | 'signal' | 'dispatcher' | 'requestId' | 'trace' | 'timeouts' | 'clock' | 'log'
  > {
  /** Opens WebSockets to where the operator's configuration allows. */
  readonly sockets: SocketDialer
}

/** What a caller asked for that a vendor cannot do, told before anything is sent. */
export interface SpeechIssue {
  /** Which of the options is meant; `hints[2]` where it is one of several. */
  readonly field: string
  /** `unknown_voice`, `unsupported_language` and the like. */
  readonly code: string
  /** What is wrong and what would be right. */
  readonly message: string
}

/** Stands between the pieces of a text or of sound: what came so far is wanted without waiting for more. Nothing that is said can be taken for it. */
export interface Flush {
  readonly type: 'flush'
}

export const flush: Flush = Object.freeze({ type: 'flush' })

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SpeechToText {
  /** The models that are known; others are asked for by their name as well. The first is the one to take where none is named. */
  readonly models: readonly [KnownModel, ...KnownModel[]]
  capabilities(model: string): SttCapabilities
  check?(options: SttOptions, model: string): readonly SpeechIssue[]
  /** Hears a whole file. Absent where the vendor takes nothing but a stream; then the sound is streamed to it. */
  transcribeFile?(file: AudioFile, options: SttOptions, call: SpeechCall): Promise<Transcript>
  /**
   * Hears sound while it comes: pieces of whole samples in the given format, whose bytes may change once the next piece is asked for. It
   * holds on for as long as no sound comes, and fails where the vendor hears no more although it holds on as well. `flush` asks for what is certain by now to be told at once, where the
   * vendor can do that. The end of the sound ends the answer, after the last words of it: with `done`.
   */
  transcribe?(
    audio: AsyncIterable<Uint8Array | Flush>,
    format: RawFormat,
    options: SttOptions & TurnOptions,
    call: SpeechCall,
  ): AsyncIterable<SttEvent>
}

export interface SttCapabilities {
  /** The kinds of file that `transcribeFile` takes, and the most bytes of one; absent where there is no such way for this model. */
  readonly files?: { readonly kinds: readonly AudioKind[]; readonly maxBytes: number }
  /** What `transcribe` takes and tells; absent where there is no such way for this model. */
  readonly stream?: SttStreamCapabilities
  /** BCP 47, of the languages that can be named: primary subtags, or whole tags where only those are taken. Undefined where nothing is known of them. */
  readonly languages?: readonly string[] | undefined
  /** Whether it can be told of words that may come. */
  readonly hints: boolean
}

export interface SttStreamCapabilities {
  /** Rates of PCM in hertz, the best first. */
  readonly pcmRates: readonly number[]
  readonly mulaw: boolean
  /** How it tells that somebody has finished: not at all, by silence alone, or by what was said. */
  readonly turns: 'none' | 'silence' | 'semantic'
  /** Whether it foretells the end of a turn. */
  readonly eagerEnd: boolean
}

/** A whole file, whose kind was read from its bytes. */
export interface AudioFile {
  readonly bytes: Uint8Array
  readonly kind: AudioKind
  /** The media type of that kind. */
  readonly mediaType: string
  /** Its length, where it can be read from the file. */
  readonly seconds: number | undefined
}

export interface SttOptions {
  /** BCP 47; the vendor finds out where it is absent, or takes its default. */
  readonly language?: string | undefined
  /** Names and words that may come. */
  readonly hints: readonly string[]
}

/** When a turn is over, for streams; each the vendor's default where it is absent, and without effect where it has no such thing. */
export interface TurnOptions {
  readonly silenceMs?: number
  /** From 0 to 1: how certain it has to be that a turn is over. */
  readonly endThreshold?: number
  /** From 0 to 1: from what on the end of a turn is foretold; absent for never. */
  readonly eagerThreshold?: number
}

export interface Transcript {
  /** Empty where nothing was said. */
  readonly text: string
  /** BCP 47, where the vendor tells. */
  readonly language?: string
  /** How much sound the vendor heard, where it tells. */
  readonly seconds?: number
  /** From 0 to 1. */
  readonly confidence?: number
  readonly words?: readonly Word[]
}

/** Milliseconds from the beginning of the sound. */
export interface Word {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
  readonly confidence?: number
}

export type SttEvent =
  /** The vendor has opened its ears. Told once, before everything else. */
  | { readonly type: 'open' }
  | { readonly type: 'speech-start'; readonly atMs?: number }
  /** What was said since the last `final`, as it is understood so far; each replaces the one before. */
  | { readonly type: 'partial'; readonly text: string; readonly confidence?: number }
  /** A stretch that will not change any more. The texts of all, put together as they are, are the transcript. */
  | {
      readonly type: 'final'
      readonly text: string
      readonly confidence?: number
      readonly language?: string
      readonly words?: readonly Word[]
      /** Whether it answers a `flush`. */
      readonly flushed?: boolean
    }
  | { readonly type: 'turn-eager-end'; readonly text: string }
  | { readonly type: 'turn-resumed' }
  | { readonly type: 'turn-end'; readonly text: string }
  /** The last event; `seconds` of sound were heard, where the vendor tells. */
  | { readonly type: 'done'; readonly seconds?: number }

// ── Speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface TextToSpeech {
  /** The models that are known; others are asked for by their name as well. The first is the one to take where none is named. */
  readonly models: readonly [KnownModel, ...KnownModel[]]
  capabilities(model: string): TtsCapabilities
  check?(options: TtsOptions, model: string): readonly SpeechIssue[]
  /** What the name of a voice tells: the model that speaks with it, where only one does, and the language that it speaks, by BCP 47. */
  about?(voice: string): { readonly model?: string; readonly language?: string }
  /** Speaks a text that is known in whole, at most `maxCharacters` long. The last event is `done`. */
  synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncIterable<TtsEvent>
  /**
   * Speaks a text that is still being written, in one breath. `flush` asks for all so far to be spoken without waiting for more. Absent where the
   * vendor takes whole texts alone. The last event is `done`.
   */
  speak?(text: AsyncIterable<string | Flush>, options: TtsOptions, call: SpeechCall): AsyncIterable<TtsEvent>
  /**
   * Opens a line that is kept for several texts, which are known in whole, each at most `maxCharacters` long. It ends by the call's signal. Absent where the
   * vendor has nothing that is worth keeping open; undefined where the model, or the format, is not spoken that way.
   */
  connect?(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> | undefined
}

/** One connection to a vendor, on which texts are spoken one after the other. */
export interface SpeakingLine {
  /**
   * Speaks a text. Leaving the iteration, or the signal, stops that at once, and the line is ready for the next; nothing of a text that was stopped is heard
   * in another. One at a time. The last event is `done`; times are from the beginning of this text's sound. Throws where the line breaks, and the
   * signal's reason once that has aborted.
   */
  speak(text: string, options: LineTextOptions): AsyncIterable<TtsEvent>
  /** Whether another text may be spoken. Once it may not, it never may again, and the line closes with the text that is being spoken. */
  readonly isOpen: boolean
  /** Resolves once there is no connection left, whoever ended it. */
  readonly closed: Promise<void>
  /** Ends the line, and with it whatever is being spoken. Does nothing a second time. */
  close(): void
}

export interface LineTextOptions {
  /** It goes on where the text before ended, so that the tone may carry over; that has been spoken to its end. */
  readonly follows: boolean
  readonly signal: AbortSignal
}

export interface TtsCapabilities {
  /** Rates of PCM in hertz that the vendor makes itself, the best first; at least one. */
  readonly pcmRates: readonly [number, ...number[]]
  /** Whether it makes µ-law at 8 kHz. */
  readonly mulaw: boolean
  readonly mp3: boolean
  /** Opus in Ogg. */
  readonly opus: boolean
  /** What `speed` may be, where 1 is usual; undefined where it cannot be chosen. `volume` likewise. */
  readonly speed: Range | undefined
  readonly volume: Range | undefined
  /** What `emotion` may be; `any` where it is free text; undefined where it cannot be chosen. */
  readonly emotions: readonly string[] | 'any' | undefined
  /** Every voice there is; undefined where callers have voices of their own. */
  readonly voices: readonly string[] | undefined
  /** BCP 47, of the languages that can be named: primary subtags, or whole tags where only those are taken. Undefined where nothing is known of them. */
  readonly languages: readonly string[] | undefined
  /** What times are told of. */
  readonly alignment: 'char' | 'word' | undefined
  /** The longest text of one `synthesize`, in UTF-16 units. */
  readonly maxCharacters: number
}

export interface Range {
  readonly least: number
  readonly most: number
}

export interface TtsOptions {
  /** The vendor's own name of the voice. */
  readonly voice: string
  readonly format: SpeechFormat
  /** BCP 47. */
  readonly language?: string | undefined
  readonly speed?: number | undefined
  readonly volume?: number | undefined
  readonly emotion?: string | undefined
  /** Whether times are wanted, where there are some. */
  readonly alignment?: boolean
}

/** Sound without a container: 16-bit little-endian mono PCM, or µ-law at 8 kHz. */
export type RawFormat = { readonly encoding: 'pcm'; readonly rate: number } | { readonly encoding: 'mulaw'; readonly rate: 8000 }

/** Opus is in Ogg. */
export type SpeechFormat = RawFormat | { readonly encoding: 'mp3' | 'opus' }

export type TtsEvent =
  /** Sound in the format asked for; pieces may be cut anywhere, also within a sample. */
  | { readonly type: 'audio'; readonly bytes: Uint8Array }
  /** Times of what was said, from the beginning of this call's sound. Stretches come in order and do not overlap. */
  | ({ readonly type: 'alignment' } & Alignment)
  /** All text before a `flush` has been spoken; only where the vendor tells. */
  | { readonly type: 'flushed' }
  /** `characters` is what the vendor charges for, where it tells. */
  | { readonly type: 'done'; readonly characters?: number }

/** Beside each token when it begins and how long it lasts, in milliseconds. */
export interface Alignment {
  readonly kind: 'char' | 'word'
  readonly tokens: readonly string[]
  readonly startMs: readonly number[]
  readonly durationMs: readonly number[]
}
