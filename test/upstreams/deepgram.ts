import { type Behaviour, json, reply } from './behaviour.ts'
import { mp3Of, opusOf } from './compressed.ts'
import { type ListenRules, listenV1, listenV2, type SimulatedSpeech } from './deepgram-listen.ts'
import { badRequest, error, refusalOf } from './deepgram-rules.ts'
import { msPerCharacter, type SpeakRules, soundOf, speakV1, speakV2 } from './deepgram-speak.ts'
import { hearWordsV1, hearWordsV2, type WordHearing } from './deepgram-words.ts'
import { isObject } from './json.ts'
import type { SocketRefusal } from './sockets.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export { deepgramKey } from './deepgram-rules.ts'

export interface DeepgramScript {
  /** What is said in the sound that a socket hears, and what goes wrong there. */
  readonly listen?: ListenRules
  /** Sockets hear the words that are in the sound itself. */
  readonly hearsWords?: WordHearing
  readonly speak?: SpeakRules
  /** What a file is answered with once it has kept the rules. Default: a transcript of two words. */
  readonly transcript?: Behaviour
  /** What a text is answered with once it has kept the rules. Default: its sound. */
  readonly sound?: Behaviour
  /** Refuses every handshake that has kept the rules. */
  readonly refuse?: SocketRefusal | undefined
}

/** Deepgram: files and texts over HTTP, and the four sockets. What breaks a rule is refused in Deepgram's words. */
export function startDeepgram(script: DeepgramScript = {}): Promise<Upstream> {
  return startUpstream((request) => answered(request, script), {
    refuse: ({ path, query, headers }) => refusalOf({ path, query, headers, isSocket: true }) ?? script.refuse,
    connected(connection) {
      const { hearsWords } = script
      if (hearsWords && connection.opening.path === '/v1/listen') return hearWordsV1(connection, hearsWords)
      if (hearsWords && connection.opening.path === '/v2/listen') return hearWordsV2(connection, hearsWords)
      const listen = script.listen ?? { speech: [] }
      if (connection.opening.path === '/v1/listen') return listenV1(connection, listen)
      if (connection.opening.path === '/v2/listen') return listenV2(connection, listen)
      const speak = script.speak ?? {}
      if (connection.opening.path === '/v1/speak') return speakV1(connection, speak)
      return speakV2(connection, speak)
    },
  })
}

export type { SimulatedSpeech }

function answered(request: RecordedRequest, script: DeepgramScript): Behaviour {
  const { pathname: path, searchParams: query } = new URL(request.path, 'http://localhost')
  const refusal = refusalOf({ path, query, headers: request.headers, isSocket: false })
  if (refusal) return refused(refusal)
  if (request.method !== 'POST') return refused(error(405, 'METHOD_NOT_ALLOWED', 'Method Not Allowed'))
  return path === '/v1/listen' ? heard(request, script) : spoken(request, query, script)
}

function refused({ status, headers, body = '' }: SocketRefusal): Behaviour {
  return reply(body, { status, ...(headers && { headers }) })
}

function heard({ bytes }: RecordedRequest, { transcript }: DeepgramScript): Behaviour {
  const isAudio =
    ['RIFF', 'ID3', 'fLaC', 'OggS'].some((mark) => bytes.toString('latin1', 0, 4).startsWith(mark)) || bytes[0] === 0xff
  if (!isAudio) return refused(badRequest('failed to process audio: corrupt or unsupported data'))
  const alternative = {
    transcript: 'Hello there.',
    confidence: 0.99,
    words: [
      { word: 'hello', start: 0.1, end: 0.4, confidence: 0.98, punctuated_word: 'Hello' },
      { word: 'there', start: 0.4, end: 0.8, confidence: 0.99, punctuated_word: 'there.' },
    ],
  }
  return (
    transcript ??
    json({ metadata: { request_id: 'r', duration: 1.25, channels: 1 }, results: { channels: [{ alternatives: [alternative] }] } })
  )
}

function spoken({ json: body, headers }: RecordedRequest, query: URLSearchParams, { sound }: DeepgramScript): Behaviour {
  const text = isObject(body) ? body.text : undefined
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || typeof text !== 'string' || text.trim() === '') {
    return refused(badRequest('Request body must be JSON with a text.'))
  }
  if (text.length > 2000) {
    return refused(error(413, 'PAYLOAD_TOO_LARGE', 'Payload Too Large: The text is longer than 2000 characters.'))
  }
  const encoding = query.get('encoding') ?? 'mp3'
  const type = types[encoding] ?? 'application/octet-stream'
  const compressed = { mp3: mp3Of, opus: opusOf }[encoding]
  const bytes = compressed?.(text, text.length * msPerCharacter) ?? soundOf(text, query)
  const answer = { 'content-type': type, 'dg-char-count': String(text.length), 'dg-model-name': query.get('model') ?? '' }
  return sound ?? reply(bytes, { headers: answer, chunks: { size: 4095 } })
}

const types: Readonly<Record<string, string>> = {
  linear16: 'audio/l16',
  mulaw: 'audio/mulaw',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
}
