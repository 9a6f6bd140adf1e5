import { type ErrorCode, GatewayError } from '../../api/error.ts'
import { mask, type Secret } from '../../api/secret.ts'
import type { FailureSource } from '../failure.ts'
import { codeOfStatus, providerFailure } from '../http.ts'

/** How a call ended. */
export interface Outcome {
  /** Of gRPC; 0 is well. */
  readonly code: number
  readonly details: string
  /** The bytes of `grpc-status-details-bin`, where the server sent some. */
  readonly more?: Uint8Array | undefined
}

/** One of those in `grpc-status-details-bin`. */
export interface Detail {
  /** The URL of its type. */
  readonly type: string
  readonly value: Uint8Array
}

export type ReadDetails = (bytes: Uint8Array) => readonly Detail[]

/** The failure that a status other than 0 tells. `secrets` are masked in it. */
export function statusFailure(
  source: FailureSource,
  { code, details, more }: Outcome,
  secrets: readonly Secret[],
  readDetails: ReadDetails,
): GatewayError {
  const { reason, retryAfter } = told(more, readDetails)
  const entry = statuses[code] ?? unknownStatus
  // gRPC leaves the beginning of a note that it has nothing to write in.
  const message = mask(details.replace(/\s*Resolution note:\s*$/, ''), secrets) || 'the call failed without a word.'
  return providerFailure(codeOf(entry, details, reason), source.name, source.id, source.apiKey, {
    status: entry.status,
    message,
    body: { status: entry.name, message, ...(reason !== undefined && { reason: mask(reason, secrets) }) },
    retryAfter,
  })
}

/** A timeout of ours; nobody said anything. */
export function silent({ id }: FailureSource, hasBegun: boolean): GatewayError {
  const message = hasBegun ? 'The provider stopped in the middle of its answer.' : 'The provider did not begin to answer in time.'
  return new GatewayError('provider_timeout', { message, providerError: { provider: id } })
}

interface Status {
  readonly name: string
  /** Of HTTP, as Google pairs them. */
  readonly status: number
  readonly code: ErrorCode
}

const unknownStatus: Status = { name: 'UNKNOWN', status: 500, code: 'provider_error' }

const statuses: Readonly<Record<number, Status>> = {
  // Nobody here cancelled it: then the caller would not be told.
  1: { name: 'CANCELLED', status: 499, code: 'provider_disconnected' },
  2: unknownStatus,
  3: { name: 'INVALID_ARGUMENT', status: 400, code: 'provider_rejected' },
  4: { name: 'DEADLINE_EXCEEDED', status: 504, code: 'provider_timeout' },
  5: { name: 'NOT_FOUND', status: 404, code: 'provider_not_found' },
  6: { name: 'ALREADY_EXISTS', status: 409, code: 'provider_error' },
  7: { name: 'PERMISSION_DENIED', status: 403, code: 'provider_permission' },
  8: { name: 'RESOURCE_EXHAUSTED', status: 429, code: 'provider_rate_limit' },
  9: { name: 'FAILED_PRECONDITION', status: 400, code: 'provider_rejected' },
  10: { name: 'ABORTED', status: 409, code: 'provider_error' },
  11: { name: 'OUT_OF_RANGE', status: 400, code: 'provider_rejected' },
  // Google has what is called here, so that something else answered.
  12: { name: 'UNIMPLEMENTED', status: 501, code: 'provider_protocol' },
  13: { name: 'INTERNAL', status: 500, code: 'provider_error' },
  14: { name: 'UNAVAILABLE', status: 503, code: 'provider_overloaded' },
  15: { name: 'DATA_LOSS', status: 500, code: 'provider_error' },
  16: { name: 'UNAUTHENTICATED', status: 401, code: 'provider_authentication' },
}

/** Where the status alone does not tell: what Google gives as the reason, and what the client makes of a broken connection. */
function codeOf({ name, code }: Status, details: string, reason: string | undefined): ErrorCode {
  if (reason === 'API_KEY_INVALID' || (code === 'provider_rejected' && /\bAPI key not valid\b/i.test(details))) {
    return 'provider_authentication'
  }
  const http = /^Received HTTP status code (\d{3})\b/.exec(details)?.[1]
  if (http !== undefined) return codeOfStatus(Number(http))
  if (name === 'UNAVAILABLE') {
    if (untrusted.test(details)) return 'provider_untrusted'
    if (unreachable.test(details)) return 'provider_unreachable'
    if (broken.test(details)) return 'provider_disconnected'
  }
  if (name === 'INTERNAL' && /^Received RST_STREAM/.test(details)) return 'provider_disconnected'
  if (/^Received message larger than max|^Error parsing|^Response message parsing/.test(details)) return 'provider_protocol'
  return code
}

const unreachable = /^(?:No connection established|Name resolution failed|Failed to connect|Channel closed before call started)/
const broken =
  /^(?:Connection dropped|Connection closed|read ECONNRESET|write EPIPE|Stream removed)|socket hang up|\bECONNRESET\b/
const untrusted = /certificate|\bCERT_|SELF_SIGNED|UNABLE_TO_/i

/** What the details say. Whatever cannot be read says nothing. */
function told(
  bytes: Uint8Array | undefined,
  readDetails: ReadDetails,
): { readonly reason?: string | undefined; readonly retryAfter?: number | undefined } {
  if (!bytes) return {}
  try {
    const details = readDetails(bytes)
    const of = (name: string): Uint8Array | undefined => details.find(({ type }) => type.endsWith(`/google.rpc.${name}`))?.value
    return { reason: reasonIn(of('ErrorInfo')), retryAfter: secondsIn(of('RetryInfo')) }
  } catch {
    return {}
  }
}

/** The first field of `google.rpc.ErrorInfo` is the reason. */
function reasonIn(bytes: Uint8Array | undefined): string | undefined {
  const inner = firstField(bytes)
  return inner && new TextDecoder().decode(inner)
}

/** The first field of `google.rpc.RetryInfo` is a duration, whose fields are seconds and nanoseconds. */
function secondsIn(bytes: Uint8Array | undefined): number | undefined {
  const duration = firstField(bytes)
  if (!duration) return undefined
  const fields = new Map<number, number>()
  for (let at = 0; at < duration.length; ) {
    const tag = duration[at++] ?? 0
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = duration[at++] ?? 0
      value += (byte & 127) * factor
      factor *= 128
      if (byte < 128) break
    }
    fields.set(tag >> 3, value)
  }
  const seconds = (fields.get(1) ?? 0) + (fields.get(2) ?? 0) / 1e9
  // A negative number fills ten bytes and would be enormous here.
  return seconds < 1e6 ? seconds : undefined
}

/** The bytes of a message's first field, where that has the number 1, a length and less than 128 bytes. */
function firstField(bytes: Uint8Array | undefined): Uint8Array | undefined {
  const length = bytes?.[1]
  return bytes?.[0] === 0x0a && length !== undefined && length < 128 ? bytes.subarray(2, 2 + length) : undefined
}
