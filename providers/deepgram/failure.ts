import type { ErrorCode, GatewayError } from '../../api/error.ts'
import { isRecord, parseJson, stringOf } from '../../api/json.ts'
import { type FailureSource, httpFailure } from '../failure.ts'
import { providerFailure, type UpstreamResponse } from '../http.ts'
import type { SpeechCall } from '../speech.ts'

export const id = 'deepgram'
export const name = 'Deepgram'

export function sourceOf({ apiKey }: Pick<SpeechCall, 'apiKey'>): FailureSource {
  return { id, name, apiKey }
}

/** What an answer or a handshake that was refused says. */
export function refusal(
  source: FailureSource,
  { status, headers }: Pick<UpstreamResponse, 'status' | 'headers'>,
  text: string,
  wallclock: number,
): GatewayError {
  return httpFailure(source, { status, headers }, readable(text, stringOf(headers['dg-error'])), wallclock)
}

/** Deepgram names its words in its own way; a handshake has them in a header. */
function readable(text: string, header: string): string {
  const body = parseJson(text)
  if (isRecord(body) && typeof body.err_msg === 'string')
    return JSON.stringify({ ...body, message: body.err_msg, code: body.err_code })
  return text.trim() === '' && header !== '' ? JSON.stringify({ message: header }) : text
}

/** A message that says that it is over: `{type: 'Error', code, description}`. */
export function errorMessage(source: FailureSource, message: Readonly<Record<string, unknown>>): GatewayError {
  const code = stringOf(message.code)
  const words = stringOf(message.description) || stringOf(message.message) || 'the provider ended its answer with an error.'
  const said = code === '' ? words : `${code}: ${words}`
  return providerFailure(codeOfReason(code) ?? 'provider_error', source.name, source.id, source.apiKey, { message: said })
}

/** What the vendor's own codes mean, in a message or in the reason of a close. */
export function codeOfReason(reason: string): ErrorCode | undefined {
  if (/\bNET-0001\b/.test(reason)) return 'provider_timeout'
  if (/\bNET-\d{4}\b|INTERNAL/.test(reason)) return 'provider_error'
  if (/\bBIG-\d{4}\b/.test(reason)) return 'provider_request_too_large'
  return /\b(?:DATA|MESSAGE)-\d{4}\b|\bUNPARSABLE_|\bINVALID_/.test(reason) ? 'provider_rejected' : undefined
}
