import type { IncomingHttpHeaders } from 'node:http'
import { type Behaviour, json } from './behaviour.ts'
import { isObject, type Json, stringOf } from './json.ts'

export const cartesiaKey = 'sk-test-cartesia-0123456789'
export const cartesiaVoice = 'f786b574-daa5-4673-aa0c-cbe3e8534c02'

/** What Cartesia refuses something with. */
export interface CartesiaError {
  readonly status: number
  readonly code: string | null
  readonly title: string
  readonly message: string
}

const requestId = '550e8400-e29b-41d4-a716-446655440000'

export function refusal({ status, code, title, message }: CartesiaError, headers: Record<string, string> = {}): Behaviour {
  return json({ error_code: code, title, message, request_id: requestId }, { status, headers })
}

/** The message of a refusal on a socket. */
export function errorFrame({ status, code, title, message }: CartesiaError, context?: string): Json {
  const about = context === undefined ? {} : { context_id: context }
  return { type: 'error', done: true, status_code: status, error_code: code, title, message, request_id: requestId, ...about }
}

export const concurrencyLimited: CartesiaError = {
  status: 429,
  code: 'concurrency_limited',
  title: 'Too many concurrent requests',
  message: "You have exceeded your plan's concurrency limit.",
}

export function badRequest(message: string): CartesiaError {
  return { status: 400, code: 'invalid_request', title: 'Bad request', message }
}

/** What is wrong with who asks: a key in either header, and a version in a header or the query. */
export function accessProblem(headers: IncomingHttpHeaders, query = new URLSearchParams()): CartesiaError | undefined {
  const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '')
  const denied = { status: 401, code: 'unauthorized', title: 'Unauthorized' }
  if (key === undefined) return { ...denied, message: 'An API key is required.' }
  if (key !== cartesiaKey) return { ...denied, message: `The API key ${key} is not valid.` }
  const version = query.get('cartesia_version') ?? headers['cartesia-version']
  return versions.includes(String(version)) ? undefined : badRequest('Cartesia-Version header is required: YYYY-MM-DD')
}

const versions = ['2025-04-16', '2026-03-01', '2026-08-14']

/** What is wrong with a request for speech; `extra` are the fields that belong to one endpoint alone. */
export function speechProblem(body: unknown, extra: readonly string[], containers: readonly string[]): CartesiaError | undefined {
  if (!isObject(body)) return badRequest('The body is not a JSON object.')
  const unknown = Object.keys(body).find((name) => !speechFields.includes(name) && !extra.includes(name))
  if (unknown !== undefined) return badRequest(`unknown field "${unknown}"`)
  if (typeof body.model_id !== 'string' || !/^sonic/.test(body.model_id)) return badRequest('model_id is not a known model')
  if (typeof body.transcript !== 'string') return badRequest('transcript is required')
  return voiceProblem(body.voice) ?? formatProblem(body.output_format, containers) ?? languageProblem(body) ?? configProblem(body)
}

const speechFields = [
  'model_id',
  'transcript',
  'voice',
  'output_format',
  'language',
  'locale',
  'generation_config',
  'pronunciation_dict_id',
  'normalization',
]

/** A name of an id, or an object with one. */
function voiceProblem(voice: unknown): CartesiaError | undefined {
  const id = typeof voice === 'string' ? voice : isObject(voice) ? voice.id : undefined
  if (typeof id !== 'string') return badRequest('voice is required')
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return badRequest('voice.id is not a UUID')
  if (id === cartesiaVoice) return undefined
  return { status: 404, code: 'voice_not_found', title: 'Voice not found', message: `There is no voice ${id}.` }
}

function formatProblem(format: unknown, containers: readonly string[]): CartesiaError | undefined {
  if (!isObject(format)) return badRequest('output_format is required')
  if (!containers.includes(stringOf(format.container))) return badRequest(`container must be one of ${containers.join(', ')}`)
  if (![8000, 16_000, 22_050, 24_000, 44_100, 48_000].includes(Number(format.sample_rate)))
    return badRequest('invalid sample_rate')
  if (format.container === 'mp3') {
    return [32_000, 64_000, 96_000, 128_000, 192_000].includes(Number(format.bit_rate))
      ? undefined
      : badRequest('invalid bit_rate')
  }
  const encodings = ['pcm_f32le', 'pcm_s16le', 'pcm_mulaw', 'pcm_alaw']
  return encodings.includes(stringOf(format.encoding)) ? undefined : badRequest('invalid encoding')
}

function languageProblem({ language, locale }: Json): CartesiaError | undefined {
  if (language !== undefined && locale !== undefined) return badRequest('set language or locale, not both')
  const tag = language ?? locale
  if (tag === undefined || tag === null) return undefined
  return /^(en|fr|de|es|pt|hi|ja|no)(-[A-Z]{2})?$/.test(stringOf(tag))
    ? undefined
    : badRequest(`unsupported language ${String(tag)}`)
}

function configProblem({ generation_config: config, model_id }: Json): CartesiaError | undefined {
  if (config === undefined) return undefined
  if (!isObject(config) || !/^sonic-3/.test(String(model_id))) return badRequest('generation_config is for sonic-3')
  const unknown = Object.keys(config).find((name) => !['speed', 'volume', 'emotion'].includes(name))
  if (unknown !== undefined) return badRequest(`unknown field "generation_config.${unknown}"`)
  const { speed = 1, volume = 1, emotion = 'neutral' } = config
  if (!(Number(speed) >= 0.6 && Number(speed) <= 1.5)) return badRequest('speed must be between 0.6 and 1.5')
  if (!(Number(volume) >= 0.5 && Number(volume) <= 2)) return badRequest('volume must be between 0.5 and 2.0')
  return typeof emotion === 'string' && /^[a-z]+$/.test(emotion) ? undefined : badRequest('invalid emotion')
}
