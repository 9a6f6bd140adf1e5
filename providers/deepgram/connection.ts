import { isRecord, parseJson } from '../../api/json.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import type { SpeechCall } from '../speech.ts'
import { openSpeechSocket, type SpeechSocket } from '../speech-socket.ts'
import { refusal } from './failure.ts'
import type { Query } from './query.ts'

export function keyHeaders({ apiKey }: Pick<SpeechCall, 'apiKey'>): Readonly<Record<string, string>> {
  return { authorization: `Token ${apiKey.reveal()}` }
}

export function openSocket(call: SpeechCall, source: FailureSource, path: string, query: Query): Promise<SpeechSocket> {
  return openSpeechSocket(call, source, { path, query, headers: keyHeaders(call) }, refusal)
}

/** The JSON object that a message is. */
export function readMessage(text: string, source: FailureSource): Readonly<Record<string, unknown>> {
  const message = parseJson(text)
  if (isRecord(message)) return message
  throw protocolFailure(source, 'a message is no JSON.', text)
}
