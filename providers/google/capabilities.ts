import type { SpeechIssue, TtsCapabilities, TtsOptions } from '../speech.ts'
import { emotionIssues, formatIssues, rangeIssues } from '../speech-issues.ts'
import { readVoice } from './voice.ts'
import { chirpLocales, chirpVoices } from './voices.ts'

/** What the voices of a model are known to do. */
export function capabilities(model: string): TtsCapabilities {
  const isChirp = model === chirpModel
  return {
    pcmRates,
    mulaw: true,
    mp3: true,
    opus: true,
    speed,
    // Streams have no volume, and Chirp 3: HD is spoken in streams.
    volume: isChirp ? undefined : volume,
    emotions: undefined,
    voices: isChirp ? chirpVoices : undefined,
    languages: isChirp ? chirpLocales : undefined,
    alignment: undefined,
    maxCharacters,
  }
}

/** What Google cannot do of what is asked for. */
export function check(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const read = readVoice(options, model)
  const isChirp = 'issue' in read ? model === chirpModel : read.voice.family === 'Chirp3-HD'
  const can = capabilities(model)
  return [
    ...('issue' in read ? [read.issue] : []),
    ...formatIssues('Google Cloud', options.format, can),
    ...rangeIssues('Google Cloud', 'speed', options.speed, speed),
    ...rangeIssues(isChirp ? 'Chirp 3: HD' : 'Google Cloud', 'volume', options.volume, isChirp ? undefined : volume),
    ...emotionIssues('Google Cloud', options.emotion, can.emotions),
  ]
}

export const chirpModel = 'chirp-3-hd'

/** The first is what the voices are made in. */
const pcmRates: TtsCapabilities['pcmRates'] = [24_000, 16_000, 8000, 48_000]
const speed = { least: 0.25, most: 2 }
/** From 20 decibels below the usual to 10 above, beyond which nothing becomes louder. */
const volume = { least: 0.1, most: 3 }
/** Google counts bytes, of which a UTF-16 unit has three at most. */
export const maxInputBytes = 5000
const maxCharacters = Math.floor(maxInputBytes / 3)
