import type { IncomingHttpHeaders } from 'node:http'
import type { SocketRefusal } from './sockets.ts'

export const deepgramKey = 'sk-test-deepgram'

export type DeepgramPath = '/v1/listen' | '/v2/listen' | '/v1/speak' | '/v2/speak'

export interface DeepgramOpening {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly isSocket: boolean
}

/** What Deepgram finds wrong with a request or a handshake before it looks at what is in it; undefined where nothing is. */
export function refusalOf({ path, query, headers, isSocket }: DeepgramOpening): SocketRefusal | undefined {
  const rules = isSocket ? socketRules[path] : requestRules[path]
  if (rules === undefined) return error(404, 'NOT_FOUND', 'Not Found')
  const [scheme, key] = (headers.authorization ?? '').split(' ')
  if ((scheme !== 'Token' && scheme !== 'Bearer') || key !== deepgramKey) {
    return error(401, 'INVALID_AUTH', 'Invalid credentials.')
  }
  const unknown = [...query.keys()].find((name) => !rules.parameters.includes(name))
  if (unknown !== undefined) return badRequest(`Unknown query parameter: ${unknown}`)
  const problem = rules.problem(query)
  return problem === undefined ? undefined : badRequest(problem)
}

export function badRequest(message: string): SocketRefusal {
  return error(400, 'Bad Request', `Bad Request: ${message}`)
}

/** Deepgram's body of an error; a handshake has its words in a header too. */
export function error(status: number, code: string, message: string): SocketRefusal {
  const body = JSON.stringify({ err_code: code, err_msg: message, request_id: 'b1fb4da2-8e0c-4e7d-a3a5-44a1c7a5a0f2' })
  return { status, headers: { 'content-type': 'application/json', 'dg-error': message }, body }
}

interface Rules {
  readonly parameters: readonly string[]
  problem(query: URLSearchParams): string | undefined
}

const listening =
  'model encoding sample_rate channels multichannel language detect_language language_hint punctuate smart_format keyterm keywords diarize numerals ' +
  'profanity_filter redact tag utterances paragraphs'
const streaming = 'interim_results endpointing utterance_end_ms vad_events no_delay'
const noSuchModel = 'No such model/language/tier combination found.'

const novaFile: Rules = {
  parameters: listening.split(' '),
  problem: (query) => {
    const model = query.get('model') ?? 'base'
    if (!/^(?:nova|nova-2|nova-3|enhanced|base|whisper)(?:-[a-z]+)?$/.test(model)) return noSuchModel
    if (query.has('keyterm') && !model.startsWith('nova-3')) return 'Keyterm prompting is only supported by Nova-3.'
    if (query.has('keywords') && model.startsWith('nova-3')) return 'Keywords are not supported by Nova-3; use keyterm.'
    return undefined
  },
}

const novaSocket: Rules = {
  parameters: [...listening.split(' ').filter((name) => name !== 'detect_language'), ...streaming.split(' ')],
  problem: (query) => {
    if (query.has('encoding') !== query.has('sample_rate')) return 'encoding and sample_rate go together.'
    if (!optional(query.get('encoding'), ['linear16', 'mulaw', 'alaw', 'opus', 'flac'])) return 'Unsupported encoding.'
    const gap = query.get('utterance_end_ms')
    if (gap !== null && query.get('interim_results') !== 'true') return 'utterance_end_ms requires interim_results=true.'
    if (gap !== null && Number(gap) < 1000) return 'utterance_end_ms must be at least 1000.'
    return novaFile.problem(query)
  },
}

const fluxSocket: Rules = {
  parameters:
    'model encoding sample_rate eot_threshold eager_eot_threshold eot_timeout_ms keyterm language_hint numerals profanity_filter tag'.split(
      ' ',
    ),
  problem: (query) => {
    const model = query.get('model')
    if (model !== 'flux-general-en' && model !== 'flux-general-multi') return noSuchModel
    if (!optional(query.get('encoding'), ['linear16', 'linear32', 'mulaw', 'alaw', 'opus', 'ogg-opus']))
      return 'Unsupported encoding.'
    if (query.has('language_hint') && model !== 'flux-general-multi') return 'language_hint needs flux-general-multi.'
    if (!within(query.get('eot_threshold'), 0.5, 1)) return 'eot_threshold must be between 0.5 and 1.0.'
    if (!within(query.get('eager_eot_threshold'), 0.3, 0.9)) return 'eager_eot_threshold must be between 0.3 and 0.9.'
    if (Number(query.get('eager_eot_threshold') ?? 0) > Number(query.get('eot_threshold') ?? 0.7)) {
      return 'eager_eot_threshold must not be above eot_threshold.'
    }
    return within(query.get('eot_timeout_ms'), 500, 60_000) ? undefined : 'eot_timeout_ms must be between 500 and 60000.'
  },
}

const auraRates = ['8000', '16000', '24000', '32000', '48000']

function speaking(family: 'aura' | 'flux', isSocket: boolean): Rules {
  const encodings = isSocket ? ['linear16', 'mulaw', 'alaw'] : ['linear16', 'mulaw', 'alaw', 'mp3', 'opus', 'flac', 'aac']
  const form = family === 'aura' ? /^aura(?:-2)?-[a-z]+-[a-z]{2}$/ : /^flux-[a-z]+-[a-z]{2}$/
  const rates = family === 'aura' ? auraRates : [...auraRates, '44100']
  return {
    parameters: [
      'model',
      'encoding',
      'sample_rate',
      'speed',
      'tag',
      'mip_opt_out',
      ...(isSocket ? [] : ['container', 'bit_rate']),
    ],
    problem: (query) => {
      const model = query.get('model') ?? ''
      if (!form.test(model) || model.includes('-nobody-')) return noSuchModel
      const encoding = query.get('encoding') ?? 'linear16'
      if (!encodings.includes(encoding)) return `Unsupported encoding: ${encoding}`
      const rate = query.get('sample_rate')
      if (rate !== null && (encoding === 'mp3' || encoding === 'opus')) return `sample_rate is not configurable for ${encoding}.`
      if (!optional(rate, encoding === 'linear16' ? rates : ['8000', '16000'])) return `Unsupported sample_rate: ${rate}`
      const container = query.get('container')
      if (!optional(container, encoding === 'opus' ? ['ogg'] : encoding === 'mp3' ? ['none'] : ['none', 'wav'])) {
        return `Unsupported container: ${container}`
      }
      const speed = query.get('speed')
      if (speed !== null && family === 'aura' && !/-(?:en|es)$/.test(model)) return 'speed is not supported for this language.'
      return within(speed, family === 'aura' ? 0.7 : 0.5, 1.5) ? undefined : 'SPEED_OUT_OF_RANGE'
    },
  }
}

const socketRules: Readonly<Record<string, Rules>> = {
  '/v1/listen': novaSocket,
  '/v2/listen': fluxSocket,
  '/v1/speak': speaking('aura', true),
  '/v2/speak': speaking('flux', true),
}
const requestRules: Readonly<Record<string, Rules>> = {
  '/v1/listen': novaFile,
  '/v1/speak': speaking('aura', false),
  '/v2/speak': speaking('flux', false),
}

function optional(value: string | null, allowed: readonly string[]): boolean {
  return value === null || allowed.includes(value)
}

function within(value: string | null, least: number, most: number): boolean {
  return value === null || (Number(value) >= least && Number(value) <= most)
}
