import type { SpeechFormat, TtsOptions } from '../speech.ts'
import { familyOf } from './capabilities.ts'
import type { Query } from './query.ts'
import { type VoiceFamily, voiceOf } from './voices.ts'

/** Where a voice is asked for, and how. A voice that is not known is sent as it is, for the vendor to refuse. */
export interface SpeechRequest {
  readonly family: VoiceFamily
  readonly path: '/v1/speak' | '/v2/speak'
  readonly query: Query
}

/** For the whole text at once: Opus comes in Ogg, raw sound without a header. */
export function wholeRequest(options: TtsOptions, model: string): SpeechRequest {
  const { encoding } = options.format
  if (encoding === 'mp3') return request(options, model, [['encoding', 'mp3']])
  if (encoding === 'opus') {
    return request(options, model, [
      ['encoding', 'opus'],
      ['container', 'ogg'],
    ])
  }
  return request(options, model, [...rawParameters(options.format), ['container', 'none']])
}

/** For the socket, which makes raw sound alone: undefined for any other. */
export function streamRequest(options: TtsOptions, model: string): SpeechRequest | undefined {
  const raw = rawParameters(options.format)
  return raw.length > 0 ? request(options, model, raw) : undefined
}

function request({ voice: name, speed }: TtsOptions, model: string, format: Query): SpeechRequest {
  const family = familyOf(model)
  const voice = voiceOf(name, family)
  return {
    family,
    path: family === 'flux' ? '/v2/speak' : '/v1/speak',
    query: [['model', voice?.name ?? name], ...format, ...speedParameter(speed)],
  }
}

function rawParameters(format: SpeechFormat): Query {
  if (format.encoding === 'pcm') {
    return [
      ['encoding', 'linear16'],
      ['sample_rate', String(format.rate)],
    ]
  }
  if (format.encoding !== 'mulaw') return []
  return [
    ['encoding', 'mulaw'],
    ['sample_rate', '8000'],
  ]
}

/** Voices of some languages refuse any speed, also the usual one. */
function speedParameter(speed: number | undefined): Query {
  return speed === undefined || speed === 1 ? [] : [['speed', String(speed)]]
}
