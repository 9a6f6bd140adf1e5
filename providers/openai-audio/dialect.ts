import type { AudioKind } from '../../audio/sniff.ts'
import type { KnownModel, UpstreamSettings } from '../provider.ts'
import type { Range } from '../speech.ts'

/** What differs between the servers that speak OpenAI's audio API. */
export interface AudioDialect {
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
  /** The header that takes the key; where it is absent the key is a bearer token. */
  readonly keyHeader?: string
  /** Headers of every request, beside the key. */
  readonly headers?: Readonly<Record<string, string>>
  readonly hearing?: HearingDialect
  readonly speaking?: SpeakingDialect
}

export interface HearingDialect {
  readonly models: readonly [KnownModel, ...KnownModel[]]
  /** Where files go, below the base URL. */
  readonly path: string
  readonly kinds: readonly AudioKind[]
  /** The most bytes of a file. */
  readonly maxBytes: number
  /** ISO 639-1; undefined where nothing is known of them. */
  readonly languages: readonly string[] | undefined
  readonly traits: (model: string) => HearingTraits
  /** Absent where there is no socket. */
  readonly realtime?: RealtimeDialect
}

/** What a model that hears takes. */
export interface HearingTraits {
  /**
   * How a file is asked for: as text, as text that comes while it is heard, with words and their times, or in parts that the server
   * cuts itself; `none` where the model hears sockets alone.
   */
  readonly files: 'text' | 'streamed' | 'words' | 'cut' | 'none'
  /** How a language is named: as one, or as a list of those that may come. */
  readonly language: 'one' | 'list'
  /** Where words that may come stand. */
  readonly hints: 'prompt' | 'keywords' | 'none'
  /** How a socket tells turns apart; `none` where each has to be committed, absent where the model hears files alone. */
  readonly turns?: 'none' | 'silence' | 'semantic'
}

export interface RealtimeDialect {
  /** Whether the model stands in the URL, as everywhere but at OpenAI. */
  readonly modelInURL: boolean
  /** Whether a session is said as OpenAI has it now, or as it had it first. */
  readonly session: 'nested' | 'flat'
}

export interface SpeakingDialect {
  readonly models: readonly [KnownModel, ...KnownModel[]]
  readonly path: string
  readonly formats: readonly SoundFormat[]
  /** Hertz, of PCM and of WAV. */
  readonly pcmRate: number
  /** Whether the rate is asked for, by `sample_rate`; elsewhere it is the server's. */
  readonly sendsRate: boolean
  /** The longest text, in UTF-16 units. */
  readonly maxCharacters: number
  readonly traits: (model: string) => SpeakingTraits
}

/** What a server makes; of WAV the sound is taken out. */
export type SoundFormat = 'pcm' | 'wav' | 'mp3' | 'opus'

/** What a model that speaks takes. */
export interface SpeakingTraits {
  /** Every voice there is; undefined where nobody knows them all. */
  readonly voices: readonly string[] | undefined
  readonly speed: Range | undefined
  /** Whether it can be told in words how to speak: with which emotion, in which language. */
  readonly instructions: boolean
}
