/** Servers that speak OpenAI's audio API and that an operator can turn on by their names. */

/** What is known of such a server. */
export interface SpeechPreset {
  /** For people. */
  readonly name: string
  readonly baseURL: string
  readonly stt?: SttPreset
  readonly tts?: TtsPreset
}

export interface SttPreset {
  readonly defaultModel: string
  readonly path?: string
  readonly files?: readonly SttFile[]
  /** Whether it tells the words with their times, by `verbose_json`. */
  readonly words?: boolean
  /** Whether there is a socket, whose session is said as OpenAI has it now, or, `flat`, as it had it first. */
  readonly realtime?: boolean | 'flat'
}

export interface TtsPreset {
  readonly defaultModel: string
  readonly formats: readonly TtsFormat[]
  /** Hertz. */
  readonly pcmRate: number
  /** Whether it heeds `sample_rate`. */
  readonly sendsRate?: boolean
  /** Whether it heeds `speed`. */
  readonly speed?: boolean
}

export const sttFiles = ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4'] as const
export type SttFile = (typeof sttFiles)[number]

export const ttsFormats = ['pcm', 'wav', 'mp3', 'opus'] as const
export type TtsFormat = (typeof ttsFormats)[number]

const presets: Readonly<Record<string, SpeechPreset>> = {
  speaches: {
    name: 'Speaches',
    baseURL: 'http://127.0.0.1:8000/v1',
    stt: { defaultModel: 'Systran/faster-whisper-small', words: true, realtime: 'flat' },
    tts: {
      defaultModel: 'speaches-ai/Kokoro-82M-v1.0-ONNX',
      formats: ['pcm', 'wav', 'mp3'],
      pcmRate: 24_000,
      sendsRate: true,
      speed: true,
    },
  },
  kokoro: {
    name: 'Kokoro-FastAPI',
    baseURL: 'http://127.0.0.1:8880/v1',
    tts: { defaultModel: 'kokoro', formats: ['pcm', 'wav', 'mp3', 'opus'], pcmRate: 24_000, speed: true },
  },
  'whisper-cpp': {
    name: 'whisper.cpp',
    baseURL: 'http://127.0.0.1:8080',
    // It has one model, whatever it is asked for, and reads what it can decode without help.
    stt: { defaultModel: 'whisper', path: '/inference', files: ['wav', 'mp3', 'flac'], words: true },
  },
  localai: {
    name: 'LocalAI',
    baseURL: 'http://127.0.0.1:8080/v1',
    stt: { defaultModel: 'whisper-1' },
    tts: { defaultModel: 'tts-1', formats: ['wav', 'mp3'], pcmRate: 24_000, sendsRate: true },
  },
}

export const speechPresetNames: readonly string[] = Object.keys(presets)

export function speechPresetOf(name: string): SpeechPreset | undefined {
  return Object.hasOwn(presets, name) ? presets[name] : undefined
}
