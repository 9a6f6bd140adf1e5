import { type Behaviour, json } from './behaviour.ts'
import { soundOf } from './elevenlabs-sound.ts'
import { fieldsOf } from './form.ts'
import { isObject } from './json.ts'
import type { RecordedRequest } from './upstream.ts'

export const elevenLabsKey = 'sk-test-elevenlabs'
export const knownVoices: readonly string[] = ['21m00Tcm4TlvDq8ikWAM', 'JBFqnCBsd6RMkjVDRZzb']

/** ElevenLabs' body of an error. */
export function elevenLabsError(
  status: number,
  code: string | undefined,
  message: string,
  headers: Record<string, string> = {},
): Behaviour {
  return json({ detail: { ...(code !== undefined && { status: code }), message } }, { status, headers })
}

/** What every address asks for. */
export function accessRefusal({ headers }: Pick<RecordedRequest, 'headers'>): Behaviour | undefined {
  const key = headers['xi-api-key']
  if (key === undefined) {
    return elevenLabsError(
      401,
      'needs_authorization',
      'Neither authorization header nor xi-api-key received, please provide one.',
    )
  }
  return key === elevenLabsKey ? undefined : elevenLabsError(401, 'invalid_api_key', 'Invalid API key')
}

export function speechRefusal(voice: string, query: URLSearchParams, body: unknown): Behaviour | undefined {
  const unknown = [...query.keys()].find((name) => !speechQuery.has(name))
  if (unknown !== undefined) return unprocessable(['query', unknown], 'Extra inputs are not permitted')
  if (!isObject(body)) return unprocessable(['body'], 'Input should be a valid dictionary')
  const extra = Object.keys(body).find((name) => !speechFields.has(name))
  if (extra !== undefined) return unprocessable(['body', extra], 'Extra inputs are not permitted')
  if (typeof body.text !== 'string') return unprocessable(['body', 'text'], 'Field required')
  if (body.text.trim() === '') return elevenLabsError(400, 'input_text_empty', 'Input text was empty.')
  const format = query.get('output_format') ?? 'mp3_44100_128'
  if (soundOf(format, 0) === undefined) return unprocessable(['query', 'output_format'], `Unknown output format ${format}`)
  if (!knownVoices.includes(voice)) {
    return elevenLabsError(404, 'voice_not_found', `A voice with the voice_id ${voice} was not found.`)
  }
  const problem = modelProblem(String(body.model_id ?? 'eleven_multilingual_v2'), body.language_code)
  if (problem) return elevenLabsError(400, problem.code, problem.message)
  return lengthRefusal(body.text, String(body.model_id)) ?? settingsRefusal(body.voice_settings)
}

const speechQuery: ReadonlySet<string> = new Set(['output_format', 'optimize_streaming_latency', 'enable_logging'])
const speechFields: ReadonlySet<string> = new Set([
  'text',
  'model_id',
  'language_code',
  'voice_settings',
  'seed',
  'previous_text',
  'next_text',
  'previous_request_ids',
  'next_request_ids',
  'pronunciation_dictionary_locators',
  'apply_text_normalization',
  'apply_language_text_normalization',
])

const v2_5 = 'en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru hu no vi'.split(' ')
/** The languages that may be told, and the most characters. A model of a list without entries takes what it is told and does not heed it. */
const models: Readonly<Record<string, { readonly languages: readonly string[] | 'any'; readonly characters: number }>> = {
  eleven_flash_v2_5: { languages: v2_5, characters: 40_000 },
  eleven_turbo_v2_5: { languages: v2_5, characters: 40_000 },
  eleven_multilingual_v2: { languages: [], characters: 10_000 },
  eleven_flash_v2: { languages: ['en'], characters: 30_000 },
  eleven_v3: { languages: 'any', characters: 5000 },
}

export function modelProblem(model: string, language: unknown): { code: string | undefined; message: string } | undefined {
  const known = models[model]
  if (!known) return { code: 'model_not_found', message: `A model with model ID ${model} does not exist.` }
  if (language === undefined || known.languages === 'any' || known.languages.length === 0) return undefined
  if (known.languages.includes(String(language))) return undefined
  return { code: undefined, message: `Model '${model}' does not support language_code '${String(language)}'.` }
}

function lengthRefusal(text: string, model: string): Behaviour | undefined {
  const most = models[model]?.characters ?? 10_000
  if (text.length <= most) return undefined
  const message = `This request's text has ${text.length} characters and exceeds the character limit of ${most} characters.`
  return elevenLabsError(400, 'max_character_limit_exceeded', message)
}

function settingsRefusal(settings: unknown): Behaviour | undefined {
  const message = settingsProblem(settings)
  return message === undefined ? undefined : elevenLabsError(400, 'invalid_voice_settings', message)
}

export function settingsProblem(settings: unknown): string | undefined {
  if (settings === undefined) return undefined
  if (!isObject(settings)) return 'Invalid voice settings.'
  const { speed = 1 } = settings
  if (typeof speed === 'number' && speed >= 0.7 && speed <= 1.2) return undefined
  return `Invalid setting for speed received, expected to be greater or equal to 0.7 and less or equal to 1.2, received ${String(speed)}`
}

/** FastAPI's list of what is wrong with a request. */
export function unprocessable(loc: readonly string[], msg: string): Behaviour {
  return json({ detail: [{ type: 'value_error', loc, msg, input: null }] }, { status: 422 })
}

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The parts of a form by their names; a file's are its bytes as latin1. */
export function formFields(request: RecordedRequest): Readonly<Record<string, readonly string[]>> | undefined {
  const parts = fieldsOf(request)
  if (!parts) return undefined
  const fields: Record<string, string[]> = {}
  for (const { name, bytes } of parts) fields[name] = [...(fields[name] ?? []), bytes.toString('latin1')]
  return fields
}

export function hearingRefusal(fields: Readonly<Record<string, readonly string[]>> | undefined): Behaviour | undefined {
  if (fields === undefined) return unprocessable(['body'], 'Field required')
  const extra = Object.keys(fields).find((name) => !hearingNames.has(name))
  if (extra !== undefined) return unprocessable(['body', extra], 'Extra inputs are not permitted')
  const [model] = fields.model_id ?? []
  if (model === undefined) return unprocessable(['body', 'model_id'], 'Field required')
  if (model !== 'scribe_v1' && model !== 'scribe_v2') {
    return elevenLabsError(400, 'invalid_model_id', `'${model}' is not a valid model_id.`)
  }
  if (!fields.file?.[0])
    return elevenLabsError(400, 'invalid_parameters', 'Must provide either file or cloud_storage_url parameter.')
  const terms = fields.keyterms ?? []
  if (terms.length > 0 && model === 'scribe_v1') {
    return elevenLabsError(400, 'invalid_parameters', 'keyterms is only supported with scribe_v2.')
  }
  const isWrong = terms.length > 1000 || terms.some((term) => term.length >= 50 || /[<>{}[\]\\]/.test(term))
  return isWrong ? elevenLabsError(400, 'invalid_parameters', 'Invalid keyterms.') : undefined
}

const hearingNames: ReadonlySet<string> = new Set([
  'model_id',
  'file',
  'language_code',
  'tag_audio_events',
  'timestamps_granularity',
  'diarize',
  'num_speakers',
  'keyterms',
  'temperature',
  'seed',
])
