import { type Behaviour, type Delivery, json, reply, sse } from './behaviour.ts'
import { mp3Of, opusOf } from './compressed.ts'
import { fieldsOf } from './form.ts'
import { isObject } from './json.ts'
import { realtimeScript, sentences, type Transcribe } from './openai-audio-realtime.ts'
import { type Refused, speechProblems, transcriptionProblems } from './openai-audio-rules.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import type { SocketScript } from './sockets.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const openAiAudioKey = 'sk-test-openai-audio'

/** What was heard in a file. */
export interface Heard extends Delivery {
  readonly text: string
}

/** What a text sounds like. */
export interface Spoken extends Delivery {
  readonly sound: Uint8Array
  readonly contentType?: string
}

export interface OpenAiAudioOptions {
  readonly hears?: Step<Heard> | readonly Step<Heard>[]
  readonly speaks?: Step<Spoken> | readonly Step<Spoken>[]
  /** What becomes of what a socket commits. */
  readonly transcribes?: Transcribe
  /** In the place of OpenAI's sockets. */
  readonly sockets?: SocketScript
}

/**
 * OpenAI's audio: `POST /v1/audio/transcriptions`, `POST /v1/audio/speech` and the sockets of `/v1/realtime`. The base URL is `url` + `/v1`.
 * What breaks a rule of the API gets OpenAI's status and error body.
 */
export function startOpenAiAudio(options: OpenAiAudioOptions = {}): Promise<Upstream> {
  const hear = inTurn(options.hears ?? { text: 'It is five past nine.' }, heardAnswer)
  const speak = inTurn(options.speaks ?? toneOf, ({ sound, contentType, ...delivery }, request) =>
    reply(sound, { ...deliveryOf(delivery), headers: { 'content-type': contentType ?? typeOf(request) } }),
  )
  const respond = (request: RecordedRequest): Behaviour | Promise<Behaviour> => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (key !== openAiAudioKey) {
      return refused({ status: 401, message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' })
    }
    if (request.method === 'POST' && request.path === '/v1/audio/transcriptions') {
      const fields = fieldsOf(request)
      if (!fields) return refused({ status: 400, message: 'Could not parse multipart form' })
      const [problem] = transcriptionProblems(fields, request.bytes.length)
      return problem ? refused(problem) : hear(request)
    }
    if (request.method === 'POST' && request.path === '/v1/audio/speech') {
      if (!isObject(request.json)) return refused({ status: 400, message: 'We could not parse the JSON body of your request.' })
      const [problem] = speechProblems(request.json)
      return problem ? refused(problem) : speak(request)
    }
    return refused({ status: 404, message: `Invalid URL (${request.method} ${request.path})` })
  }
  return startUpstream(
    respond,
    options.sockets ?? realtimeScript(openAiAudioKey, options.transcribes ?? sentences('Hello there.')),
  )
}

/** The texts of a form by their names; of a file its name. */
export function textsOf(request: RecordedRequest): Record<string, string | string[]> {
  const texts: Record<string, string | string[]> = {}
  for (const { name, filename, bytes } of fieldsOf(request) ?? []) {
    const text = filename ?? bytes.toString()
    if (name.endsWith('[]')) texts[name] = [...(texts[name] ?? []), text]
    else texts[name] = text
  }
  return texts
}

function heardAnswer({ text, ...delivery }: Heard, request: RecordedRequest): Behaviour {
  const { model, response_format: format, stream } = textsOf(request)
  const tokens = { type: 'tokens', total_tokens: 12, input_tokens: 10, output_tokens: 2 }
  if (format === 'verbose_json') {
    const words = text.split(' ').map((word, index) => ({ word, start: index * 0.5, end: index * 0.5 + 0.4 }))
    const usage = { type: 'duration', seconds: 3 }
    return json({ task: 'transcribe', language: 'english', duration: 2.5, text, words, usage }, deliveryOf(delivery))
  }
  if (stream === 'true' && model !== 'whisper-1') {
    const deltas = text.split(/(?= )/).map((delta) => ({ type: 'transcript.text.delta', delta }))
    const events = [...deltas, { type: 'transcript.text.done', text, usage: tokens }].map((each) => JSON.stringify(each))
    return sse([...events, '[DONE]'].map((data) => `data: ${data}\r\n\r\n`).join(''), deliveryOf(delivery))
  }
  return json({ text, usage: tokens }, deliveryOf(delivery))
}

/** Half a second of a saw-tooth, in the format asked for; or frames of MP3 and Opus that are as long. */
function toneOf({ json: body }: RecordedRequest): Spoken {
  const format = isObject(body) ? body.response_format : 'mp3'
  if (format === 'pcm') return { sound: sawtooth(12_000) }
  return { sound: format === 'opus' ? opusOf('', 500) : mp3Of('', 500) }
}

/** So many samples. */
export function sawtooth(samples: number): Buffer {
  const bytes = Buffer.alloc(2 * samples)
  for (let index = 0; index < samples; index++) bytes.writeInt16LE(((index * 321) % 20_000) - 10_000, 2 * index)
  return bytes
}

function typeOf({ json: body }: RecordedRequest): string {
  const types: Readonly<Record<string, string>> = { pcm: 'audio/pcm', opus: 'audio/opus', wav: 'audio/wav' }
  return types[isObject(body) ? String(body.response_format) : ''] ?? 'audio/mpeg'
}

function refused({ status, message, param, code }: Refused): Behaviour {
  return json({ error: { message, type: 'invalid_request_error', param: param ?? null, code: code ?? null } }, { status })
}
