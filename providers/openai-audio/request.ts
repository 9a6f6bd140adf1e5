import type { FailureSource } from '../failure.ts'
import { httpFailure } from '../failure.ts'
import { post, readErrorBody, type UpstreamResponse } from '../http.ts'
import type { SpeechCall } from '../speech.ts'
import type { AudioDialect } from './dialect.ts'

/** Sends one POST. Throws what the server's own words come to where it does not answer with 2xx. */
export async function ask(
  call: SpeechCall,
  dialect: AudioDialect,
  path: string,
  body: Buffer,
  more: Readonly<Record<string, string>>,
): Promise<UpstreamResponse> {
  const headers = { ...keyHeaders(call, dialect), 'x-client-request-id': call.requestId, ...dialect.headers, ...more }
  const response = await post(call, dialect.id, path, headers, body)
  if (response.status >= 200 && response.status <= 299) return response
  throw httpFailure(sourceOf(call, dialect), response, await readErrorBody(response, call), call.clock.wallclock())
}

export function sourceOf({ apiKey }: SpeechCall, { id, name }: AudioDialect): FailureSource {
  return { id, name, apiKey }
}

/** A server on one's own machine may need no key. */
export function keyHeaders({ apiKey }: SpeechCall, { keyHeader }: AudioDialect): Readonly<Record<string, string>> {
  const key = apiKey.reveal()
  if (key === '') return {}
  return keyHeader ? { [keyHeader]: key } : { authorization: `Bearer ${key}` }
}

/** In lower case, without its parameters; empty where there is none. */
export function mediaTypeOf({ headers }: UpstreamResponse): string {
  return String(headers['content-type'] ?? '')
    .split(';', 1)
    .join('')
    .trim()
    .toLowerCase()
}
