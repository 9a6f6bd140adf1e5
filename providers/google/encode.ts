import type { google } from '@google-cloud/text-to-speech/build/protos/protos.js'
import type { SpeechFormat, TtsOptions } from '../speech.ts'
import type { Voice } from './voice.ts'

type V1 = typeof google.cloud.texttospeech.v1

/** What Google calls the kinds of sound; numbers of its enumeration, which the wire has. */
const encodings = { pcm: 7, mulaw: 5, mp3: 2, opus: 3 } as const

/** Beside each other in one message of a stream: never both. */
export type StreamingRequest = google.cloud.texttospeech.v1.IStreamingSynthesizeRequest
export type OneShotRequest = google.cloud.texttospeech.v1.ISynthesizeSpeechRequest

/** What is looked up in the compiled protocol. */
export type Messages = Pick<
  V1,
  'StreamingSynthesizeRequest' | 'StreamingSynthesizeResponse' | 'SynthesizeSpeechRequest' | 'SynthesizeSpeechResponse'
>

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

function audioOf(format: SpeechFormat): {
  audioEncoding: (typeof encodings)[SpeechFormat['encoding']]
  sampleRateHertz?: number
} {
  const audioEncoding = encodings[format.encoding]
  return 'rate' in format ? { audioEncoding, sampleRateHertz: format.rate } : { audioEncoding }
}
