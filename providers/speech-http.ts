import type { GatewayError } from '../api/error.ts'
import { isRecord, parseJson } from '../api/json.ts'
import { emptyAnswer, type FailureSource, httpFailure, protocolFailure, streamFailure } from './failure.ts'
import { post, readErrorBody, type UpstreamResponse } from './http.ts'
import type { SpeechCall } from './speech.ts'

/** Requests to vendors of speech, whose answers are sound, or should be. */

/** Makes a failure of an answer of another status than 2xx, to a request or a handshake. */
export type Refusal = typeof httpFailure

export interface SpeechRequest {
  /** Below the base URL, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Sends one POST. Throws what the vendor's own words come to where it does not answer with 2xx. */
export async function ask(
  call: SpeechCall,
  source: FailureSource,
  { path, headers, body }: SpeechRequest,
  refusal: Refusal = httpFailure,
): Promise<UpstreamResponse> {
  const response = await post(call, source.id, path, headers, body)
  if (response.status >= 200 && response.status <= 299) return response
  throw refusal(source, response, await readErrorBody(response, call), call.clock.wallclock())
}

/** In lower case, without its parameters; empty where there is none. */
export function mediaTypeOf({ headers }: Pick<UpstreamResponse, 'headers'>): string {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1)
  return type.trim().toLowerCase()
}

/** Servers call sound what they like, but nobody calls it text. */
export function mayBeSound(response: Pick<UpstreamResponse, 'headers'>): boolean {
  const type = mediaTypeOf(response)
  return !type.startsWith('text/') && !/[/+](?:json|xml)$/.test(type)
}

/**
 * Why an answer of 2xx is no sound: in the vendor's own words where it has some, which `reported` finds in the body or gives undefined.
 * Reads the answer.
 */
export async function soundless(
  response: UpstreamResponse,
  call: SpeechCall,
  source: FailureSource,
  reported: (text: string) => GatewayError | undefined = (text) => reportedError(text, source),
): Promise<GatewayError> {
  const text = await readErrorBody(response, call)
  const failure = reported(text)
  if (failure) return failure
  if (text.trim() === '') return emptyAnswer(source)
  const type = mediaTypeOf(response)
  if (type === 'text/html') return protocolFailure(source, 'it answered with an HTML page.', text)
  return protocolFailure(
    source,
    `it answered with ${type.slice(0, 100) || 'what it did not name'} where sound was asked for.`,
    text,
  )
}

/** As most write it: `{error: …}`. */
function reportedError(text: string, source: FailureSource): GatewayError | undefined {
  const body = parseJson(text)
  return isRecord(body) && body.error ? streamFailure(source, body) : undefined
}
