import type { SpeechFormat, TtsOptions } from '../speech.ts'
import type { Voice } from './voice.ts'

/** What Google calls the kinds of sound; numbers of its enumeration, which the wire has. */
const encodings = { pcm: 7, mulaw: 5, mp3: 2, opus: 3 } as const

/** A message of a stream: the first has what is spoken with, each after it text. */
export type StreamingRequest =
  | { readonly streamingConfig: { readonly voice: VoiceParams; readonly streamingAudioConfig: AudioParams } }
  | { readonly input: { readonly text: string } }

export interface OneShotRequest {
  readonly input: { readonly text: string }
  readonly voice: VoiceParams
  readonly audioConfig: AudioParams & { readonly volumeGainDb?: number }
}

interface VoiceParams {
  readonly languageCode: string
  readonly name: string
}

interface AudioParams {
  readonly audioEncoding: (typeof encodings)[SpeechFormat['encoding']]
  readonly sampleRateHertz?: number
  readonly speakingRate?: number
}

/** The first message of a stream. */
export function configOf({ name, locale }: Voice, { format, speed }: TtsOptions): StreamingRequest {
  return {
    streamingConfig: {
      voice: { languageCode: locale, name },
      streamingAudioConfig: { ...audioOf(format), ...(speed !== undefined && { speakingRate: speed }) },
    },
  }
}

export function inputOf(text: string): StreamingRequest {
  return { input: { text } }
}

/** A whole text at once. */
export function oneShotOf(text: string, { name, locale }: Voice, { format, speed, volume }: TtsOptions): OneShotRequest {
  return {
    input: { text },
    voice: { languageCode: locale, name },
    audioConfig: {
      ...audioOf(format),
      ...(speed !== undefined && { speakingRate: speed }),
      ...(volume !== undefined && { volumeGainDb: 20 * Math.log10(volume) }),
    },
  }
}

function audioOf(format: SpeechFormat): AudioParams {
  const audioEncoding = encodings[format.encoding]
  return 'rate' in format ? { audioEncoding, sampleRateHertz: format.rate } : { audioEncoding }
}
