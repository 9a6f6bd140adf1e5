import { type Behaviour, json, type Reply, reply, sse } from './behaviour.ts'
import { type HearingScript, hearingProblem, hearManually, hearTurns } from './cartesia-hearing.ts'
import { accessProblem, badRequest, type CartesiaError, concurrencyLimited, refusal, speechProblem } from './cartesia-rules.ts'
import { formatOf, soundOf, wordTimes } from './cartesia-sound.ts'
import { type SpeechScript, SpeechSocket } from './cartesia-speech.ts'
import { hearWordsInTurns, hearWordsManually } from './cartesia-words.ts'
import { mp3Of } from './compressed.ts'
import type { WordHearing } from './deepgram-words.ts'
import { fieldsOf } from './form.ts'
import { isObject, stringOf } from './json.ts'
import type { SocketOpening, SocketRefusal } from './sockets.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export { cartesiaKey, cartesiaVoice } from './cartesia-rules.ts'

export interface CartesiaScript {
  /** What a request that keeps the rules gets instead of an answer. */
  readonly http?: (request: RecordedRequest) => Behaviour | undefined
  /** How an answer over HTTP is delivered. */
  readonly delivery?: Omit<Reply, 'kind' | 'body'>
  /** The answer about a file. */
  readonly transcript?: unknown
  readonly speech?: SpeechScript
  readonly hearing?: HearingScript
  /** Sockets hear the words that are in the sound itself. */
  readonly hearsWords?: WordHearing
  /** Sockets that may be open at once; by default 150. */
  readonly maxSockets?: number
}

/** Cartesia: `/tts/bytes`, `/tts/sse`, `/stt`, and the sockets of each. What breaks a rule of the API gets its status and error. */
export async function startCartesia(script: CartesiaScript = {}): Promise<Upstream> {
  let open = 0
  const refuse = (opening: SocketOpening): SocketRefusal | undefined => {
    const problem = accessProblem(opening.headers, opening.query) ?? routeProblem(opening) ?? hearingProblem(opening)
    const wrong = problem ?? (open >= (script.maxSockets ?? 150) ? concurrencyLimited : undefined)
    if (!wrong) return undefined
    const { status, code, title, message } = wrong
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error_code: code, title, message }) }
  }
  return startUpstream((request) => answered(request, script), {
    refuse,
    connected: (connection) => {
      open++
      const left = (): void => void open--
      const { hearsWords } = script
      if (connection.opening.path === '/tts/websocket') new SpeechSocket(connection, script.speech ?? {}, left)
      else if (hearsWords) {
        connection.onClose(left)
        if (connection.opening.path === '/stt/websocket') hearWordsManually(connection, hearsWords)
        else hearWordsInTurns(connection, hearsWords)
      } else if (connection.opening.path === '/stt/websocket') hearManually(connection, script.hearing ?? {}, left)
      else hearTurns(connection, script.hearing ?? {}, left)
    },
  })
}

function routeProblem({ path }: SocketOpening): CartesiaError | undefined {
  return ['/tts/websocket', '/stt/websocket', '/stt/turns/websocket'].includes(path) ? undefined : notFound
}

const notFound = { status: 404, code: null, title: 'Not found', message: 'There is no such route.' }

function answered(request: RecordedRequest, script: CartesiaScript): Behaviour {
  const { method, path, headers } = request
  const denied = accessProblem(headers)
  if (denied) return refusal(denied)
  if (method !== 'POST') return refusal(notFound)
  switch (path) {
    case '/tts/bytes':
      return spoken(request, script, ['save', 'speed'], ['raw', 'wav', 'mp3'], bytesOf)
    case '/tts/sse':
      return spoken(request, script, timeFields, ['raw'], eventsOf)
    case '/stt':
      return transcribed(request, script)
    default:
      return refusal(notFound)
  }
}

const timeFields = ['add_timestamps', 'add_phoneme_timestamps', 'use_normalized_timestamps', 'context_id', 'speed']

type Body = Readonly<Record<string, unknown>>

function spoken(
  request: RecordedRequest,
  script: CartesiaScript,
  extra: readonly string[],
  containers: readonly string[],
  answer: (body: Body, delivery: CartesiaScript['delivery']) => Behaviour,
): Behaviour {
  const problem = speechProblem(request.json, extra, containers)
  if (problem) return refusal(problem)
  const body = isObject(request.json) ? request.json : {}
  if (body.transcript === '') return refusal(badRequest('transcript must not be empty'))
  return script.http?.(request) ?? answer(body, script.delivery)
}

function bytesOf({ transcript, output_format: format }: Body, delivery: CartesiaScript['delivery']): Behaviour {
  const isMp3 = isObject(format) && format.container === 'mp3'
  const text = stringOf(transcript)
  const sound = isMp3 ? mp3Of(text, text.length * 10) : soundOf(text, formatOf(format))
  const headers = { 'content-type': isMp3 ? 'audio/mpeg' : 'application/octet-stream' }
  return reply(sound, { ...delivery, headers: { ...headers, ...delivery?.headers } })
}

function eventsOf(body: Body, delivery: CartesiaScript['delivery']): Behaviour {
  const text = stringOf(body.transcript)
  const sound = soundOf(text, formatOf(body.output_format))
  const shared = { done: false, status_code: 206, context_id: body.context_id ?? null }
  const [first, rest] = [sound.subarray(0, 1001), sound.subarray(1001)]
  const events = [
    { type: 'chunk', ...shared, data: first.toString('base64'), step_time: 12.5 },
    ...(body.add_timestamps ? [{ type: 'timestamps', ...shared, word_timestamps: wordTimes(text) }] : []),
    ...(rest.length > 0 ? [{ type: 'chunk', ...shared, data: rest.toString('base64'), step_time: 9.1 }] : []),
    { type: 'done', ...shared, done: true, status_code: 200 },
  ]
  return sse(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''), delivery)
}

function transcribed(request: RecordedRequest, script: CartesiaScript): Behaviour {
  const form = formOf(request)
  if (!form) return refusal(badRequest('multipart/form-data is expected'))
  const unknown = [...form.keys()].find((name) => !['file', 'model', 'language', 'timestamp_granularities[]'].includes(name))
  if (unknown !== undefined) return refusal(badRequest(`unknown field "${unknown}"`))
  if (!form.get('file')) return refusal(badRequest('file is required'))
  if (!/^ink-whisper/.test(form.get('model') ?? '')) return refusal(badRequest('model must be in the ink-whisper family'))
  if (!/^[a-z]{2,3}$/.test(form.get('language') ?? 'en')) return refusal(badRequest('language must be ISO-639-1'))
  const instead = script.http?.(request)
  if (instead) return instead
  const answer = { text: 'Hello there.', language: form.get('language') ?? 'en', duration: 1.25 }
  const words = [
    { word: 'Hello', start: 0.1, end: 0.5 },
    { word: 'there.', start: 0.55, end: 1.1 },
  ]
  const timed = form.has('timestamp_granularities[]')
  return json(script.transcript ?? { type: 'transcript', request_id: 'r', ...answer, ...(timed && { words }) }, script.delivery)
}

/** The parts of a form by their names; a file's bytes are read as Latin-1. */
export function formOf(request: RecordedRequest): ReadonlyMap<string, string> | undefined {
  const fields = fieldsOf(request)
  return fields && new Map(fields.map(({ name, bytes }) => [name, bytes.toString('latin1')]))
}
