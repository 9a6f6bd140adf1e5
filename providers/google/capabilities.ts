import type { SpeechFormat, SpeechIssue, TtsCapabilities, TtsOptions } from '../speech.ts'
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
  const issues: SpeechIssue[] = []
  const read = readVoice(options, model)
  if ('issue' in read) issues.push(read.issue)
  const isChirp = 'issue' in read ? model === chirpModel : read.voice.family === 'Chirp3-HD'
  issues.push(...formatIssues(options.format))
  if (!isWithin(options.speed, speed)) {
    issues.push({
      field: 'speed',
      code: 'unsupported_speed',
      message: `Google Cloud speaks at a speed from ${speed.least} to ${speed.most}, where 1 is usual.`,
    })
  }
  if (options.volume !== undefined && options.volume !== 1 && isChirp) {
    issues.push({
      field: 'volume',
      code: 'unsupported_volume',
      message: 'The volume of Chirp 3: HD voices cannot be chosen; leave it out.',
    })
  } else if (!isWithin(options.volume, volume)) {
    issues.push({
      field: 'volume',
      code: 'unsupported_volume',
      message: `Google Cloud speaks at a volume from ${volume.least} to ${volume.most}, where 1 is usual.`,
    })
  }
  if (options.emotion !== undefined) {
    issues.push({
      field: 'emotion',
      code: 'unsupported_emotion',
      message: 'The voices of Google Cloud have no emotions to choose from; leave it out.',
    })
  }
  return issues
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

function formatIssues(format: SpeechFormat): SpeechIssue[] {
  if (format.encoding !== 'pcm' || pcmRates.includes(format.rate)) return []
  const message = `Google Cloud makes PCM of ${pcmRates.join(', ')} Hz, not of ${format.rate} Hz.`
  return [{ field: 'format', code: 'unsupported_format', message }]
}

function isWithin(value: number | undefined, { least, most }: { readonly least: number; readonly most: number }): boolean {
  return value === undefined || (value >= least && value <= most)
}
