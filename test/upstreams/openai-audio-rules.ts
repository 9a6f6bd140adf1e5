import type { FormField } from './form.ts'
import type { Json } from './json.ts'
import type { Problem } from './openai-chat-rules.ts'

/** What OpenAI refuses of what is to be heard or spoken, in its own words; the API reports the first. */

export interface Refused extends Problem {
  readonly status: number
}

export const audioModels = {
  files: ['gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'gpt-4o-transcribe-diarize', 'gpt-transcribe', 'whisper-1'],
  sockets: [
    ...['gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'gpt-4o-transcribe-diarize', 'gpt-transcribe', 'whisper-1'],
    ...['gpt-live-transcribe', 'gpt-realtime-whisper'],
  ],
  speech: ['gpt-4o-mini-tts', 'gpt-4o-mini-tts-2025-12-15', 'tts-1', 'tts-1-hd'],
}

export const formLimit = 26_214_400

export function* transcriptionProblems(fields: readonly FormField[], size: number): Generator<Refused> {
  if (size > formLimit) {
    yield { status: 413, message: `413: Maximum content size limit (${formLimit}) exceeded (${size} bytes read)` }
  }
  const text = (name: string): string | undefined => fields.find((field) => field.name === name)?.bytes.toString()
  for (const { name } of fields) if (!formFields.includes(name)) yield unknown(name)
  const file = fields.find(({ name }) => name === 'file')
  if (!file?.filename) return yield missing('file')
  const model = text('model')
  if (model === undefined) return yield missing('model')
  if (!audioModels.files.includes(model)) yield noModel(model)
  const ending = /\.([^.]+)$/.exec(file.filename)?.[1] ?? ''
  if (!endings.includes(ending)) {
    const all = endings.map((each) => `'${each}'`).join(', ')
    yield { status: 400, message: `Unrecognized file format. Supported formats: [${all}]` }
  }
  if (file.bytes.length < 100) yield { status: 400, message: tooShort, param: 'file', code: 'audio_too_short' }
  yield* optionProblems(model, text, fields)
}

function* optionProblems(
  model: string,
  text: (name: string) => string | undefined,
  fields: readonly FormField[],
): Generator<Refused> {
  const format = text('response_format') ?? 'json'
  const isWhisper = model === 'whisper-1'
  const isDiarize = model.endsWith('-diarize')
  const formats = isWhisper
    ? ['json', 'text', 'srt', 'verbose_json', 'vtt']
    : isDiarize
      ? ['json', 'text', 'diarized_json']
      : ['json', 'text']
  if (!formats.includes(format)) {
    const message = `response_format '${format}' is not compatible with model '${model}'. Use ${formats.map((each) => `'${each}'`).join(' or ')} instead.`
    yield { status: 400, message, param: 'response_format', code: 'unsupported_value' }
  }
  if (text('timestamp_granularities[]') !== undefined && format !== 'verbose_json') {
    yield {
      status: 400,
      message: "timestamp_granularities requires response_format 'verbose_json'.",
      param: 'timestamp_granularities',
    }
  }
  if (isDiarize && text('chunking_strategy') === undefined) {
    yield { status: 400, message: 'chunking_strategy is required for diarization models', param: 'chunking_strategy' }
  }
  if (isDiarize && text('prompt') !== undefined) yield unsupported('prompt', model)
  const isListed = model.startsWith('gpt-transcribe')
  for (const name of isListed ? ['language'] : ['languages[]', 'keywords[]']) {
    if (text(name) !== undefined) yield unsupported(name, model)
  }
  for (const { name, bytes } of fields) {
    if ((name === 'language' || name === 'languages[]') && !/^[a-z]{2}$/.test(bytes.toString()))
      yield wrongLanguage(bytes.toString())
    if (name === 'keywords[]' && /[<>\r\n]/.test(bytes.toString())) yield wrong('keywords', bytes.toString(), ['plain words'])
  }
}

const formFields = [
  ...['file', 'model', 'language', 'prompt', 'response_format', 'temperature', 'stream', 'chunking_strategy', 'include[]'],
  ...['timestamp_granularities[]', 'known_speaker_names[]', 'known_speaker_references[]', 'languages[]', 'keywords[]'],
]
const endings = ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']
const tooShort = 'Audio file is too short. Minimum audio length is 0.1 seconds.'

export function* speechProblems(body: Json): Generator<Refused> {
  for (const name of Object.keys(body)) if (!speechFields.includes(name)) yield unknown(name)
  const { model, input, voice, response_format: format, speed, instructions } = body
  if (typeof model !== 'string') return yield missing('model')
  if (!audioModels.speech.includes(model)) yield noModel(model)
  if (typeof input !== 'string') return yield missing('input')
  if (input === '') yield { status: 400, message: "Invalid 'input': empty string.", param: 'input', code: 'empty_string' }
  if (input.length > 4096) {
    const message = `Invalid 'input': string too long. Expected a string with maximum length 4096, but got a string with length ${input.length} instead.`
    yield { status: 400, message, param: 'input', code: 'string_above_max_length' }
  }
  const isFirst = model.startsWith('tts-1')
  const voices = isFirst ? firstVoices : [...firstVoices, 'ballad', 'cedar', 'marin', 'verse']
  if (voice === undefined) yield missing('voice')
  else if (typeof voice !== 'string' || !voices.includes(voice)) yield wrong('voice', String(voice), voices)
  if (format !== undefined && !sounds.includes(String(format))) yield wrong('response_format', String(format), sounds)
  if (speed !== undefined && !(typeof speed === 'number' && speed >= 0.25 && speed <= 4)) {
    yield {
      status: 400,
      message: "Invalid 'speed': expected a decimal from 0.25 to 4.0.",
      param: 'speed',
      code: 'decimal_out_of_range',
    }
  }
  if (instructions !== undefined && isFirst) yield unsupported('instructions', model)
}

const speechFields = ['model', 'input', 'voice', 'instructions', 'response_format', 'speed', 'stream_format']
const firstVoices = ['alloy', 'ash', 'coral', 'echo', 'fable', 'nova', 'onyx', 'sage', 'shimmer']
const sounds = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']

export function unknown(param: string): Refused {
  return { status: 400, message: `Unknown parameter: '${param}'.`, param, code: 'unknown_parameter' }
}

export function missing(param: string): Refused {
  return { status: 400, message: `Missing required parameter: '${param}'.`, param, code: 'missing_required_parameter' }
}

export function wrong(param: string, value: string, right: readonly string[]): Refused {
  const all = right.map((each) => `'${each}'`).join(', ')
  return { status: 400, message: `Invalid value: '${value}'. Supported values are: ${all}.`, param, code: 'invalid_value' }
}

export function noModel(model: string): Refused {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`
  return { status: 404, message, code: 'model_not_found' }
}

function unsupported(param: string, model: string): Refused {
  const message = `Unsupported parameter: '${param}' is not supported with model '${model}'.`
  return { status: 400, message, param, code: 'unsupported_parameter' }
}

export function wrongLanguage(language: string): Refused {
  const message = `Invalid language '${language}'. Language parameter must be specified in ISO-639-1 format.`
  return { status: 400, message, param: 'language', code: 'invalid_language_format' }
}
