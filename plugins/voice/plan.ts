import type { SpeechProvider, SpeechToText, TextToSpeech } from '../../providers/speech.ts'
import type { Principal } from '../auth/principal.ts'
import type { Caller } from '../messages/index.ts'
import type { SpeechTrace } from '../tracing/index.ts'

/** What a request asks of voice, checked as far as that can be done before anybody is asked. */

/** Who asks, and until when. */
export interface VoiceCaller extends Pick<Caller, 'times' | 'requestId' | 'headers' | 'signal' | 'log'> {
  readonly principal: Pick<Principal, 'providerKey' | 'tenant' | 'keyId'>
  /** The trace that the request belongs to; undefined or absent where it belongs to none. */
  readonly trace?: SpeechTrace | undefined
}

/** A model that hears. */
export interface HearingModel {
  readonly provider: SpeechProvider
  readonly stt: SpeechToText
  /** As the provider knows it. */
  readonly name: string
  /** `provider/name`. */
  readonly id: string
}

/** A voice, and the model that speaks with it. */
export interface SpeakingVoice {
  readonly provider: SpeechProvider
  readonly tts: TextToSpeech
  /** The model, as the provider knows it. */
  readonly name: string
  /** `provider/model`. */
  readonly id: string
  /** As the provider knows it. */
  readonly voice: string
}

/** The blocks that are to be heard. */
export interface HearingPlan {
  readonly model: HearingModel
  readonly hints: readonly string[]
  /** In the order of the request; at least one. */
  readonly blocks: readonly SoundBlock[]
}

/** One block whose sound is to be heard. */
export interface SoundBlock {
  /** `messages[2].content[0]`. */
  readonly param: string
  readonly message: number
  readonly source: SoundSource
  /** BCP 47; the block's own, else that of `voice.input`. */
  readonly language: string | undefined
  /** Hertz, and how many channels: of sound without a container. */
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
}

export type SoundSource =
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string }

/** How the answer is to be spoken. */
export interface SpeakingPlan {
  readonly voice: SpeakingVoice
  /** Who speaks where that voice fails, in order. Each can do what is asked. */
  readonly fallbacks: readonly SpeakingVoice[]
  readonly format: 'wav' | 'mp3' | 'pcm' | 'opus'
  /** Hertz, of `wav` and `pcm`. */
  readonly rate: number
  readonly language: string | undefined
  /** In which symbols are said as words: the same, else the voice's own; undefined where that is told by the text alone. */
  readonly textLanguage: string | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
  readonly alignment: boolean
}
