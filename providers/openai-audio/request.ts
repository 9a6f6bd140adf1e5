import type { FailureSource } from '../failure.ts'
import type { UpstreamResponse } from '../http.ts'
import type { SpeechCall } from '../speech.ts'
import { ask } from '../speech-http.ts'
import type { AudioDialect } from './dialect.ts'

/** Sends one POST. Throws what the server's own words come to where it does not answer with 2xx. */
export function request(
  call: SpeechCall,
  dialect: AudioDialect,
  path: string,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<UpstreamResponse> {
  return ask(call, sourceOf(call, dialect), { path, headers: { ...headersOf(call, dialect), ...headers }, body })
}

export function sourceOf({ apiKey }: SpeechCall, { id, name }: AudioDialect): FailureSource {
  return { id, name, apiKey }
}

/** Those of every request. */
export function headersOf({ apiKey, requestId }: SpeechCall, dialect: AudioDialect): Readonly<Record<string, string>> {
  const key = apiKey.reveal()
  return { ...keyHeaders(key, dialect), 'x-client-request-id': requestId, ...dialect.headers }
}

/** A server on one's own machine may need no key. */
function keyHeaders(key: string, { keyHeader }: AudioDialect): Readonly<Record<string, string>> {
  if (key === '') return {}
  return keyHeader ? { [keyHeader]: key } : { authorization: `Bearer ${key}` }
}
