import { readText } from './body.ts'
import type { Clock } from './clock.ts'
import { errorDetailOf } from './error-detail.ts'
import { apiErrorOf, UnexpectedResponseError, type VAIError } from './errors.ts'
import { isRecord, parseJson } from './generated/json.gen.ts'
import type { Mask } from './mask.ts'
import type { Patience } from './patience.ts'
import type { Shape } from './transport.ts'

/** What is known of the request beside its answer. */
export interface Asked {
  readonly patience: Patience
  readonly mask: Mask
  readonly clock: Pick<Clock, 'wallclock'>
}

/**
 * The answer of a request as JSON. `member` is one that every answer of this kind has, in such a shape, so that what a stranger
 * answers is not taken for the gateway's. Throws a `VAIError`.
 */
export async function jsonOf<T extends object>(
  response: Response,
  member: keyof T & string,
  shape: Shape,
  asked: Asked,
): Promise<T> {
  const { text, isCut } = await readText(response, mostBytes, asked.patience)
  if (isCut) throw unexpected(response, text, `an answer of more than ${mostBytes} bytes`, asked)
  const value = parseJson(text)
  if (isAnswer<T>(value, member, shape)) return value
  throw unexpected(response, text, isRecord(value) ? `JSON without the contract's \`${member}\`` : kindOf(response, text), asked)
}

/** The error of an answer that is no success, or not of the kind that was asked for. Throws a `VAIError` where it cannot be read. */
export async function failureOf(response: Response, asked: Asked): Promise<VAIError> {
  // What a browser tells of a redirect is nothing at all.
  const isRedirect = response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)
  if (isRedirect) return unexpected(response, '', 'a redirect, which is not followed', asked)
  const { text, isCut } = await readText(response, mostErrorBytes, asked.patience)
  const value = isCut || response.ok ? undefined : parseJson(text)
  const detail = errorDetailOf(isRecord(value) ? value.error : undefined, asked.mask)
  if (!detail) return unexpected(response, text, kindOf(response, text), asked)
  const retry_after = retryAfterOf(response, asked) ?? detail.retry_after
  const request_id = asked.patience.requestId ?? detail.request_id
  return apiErrorOf({ ...detail, ...(retry_after !== undefined && { retry_after }) }, { status: response.status, request_id })
}

const mostBytes = 256 * 1024 * 1024
const mostErrorBytes = 1024 * 1024
/** Characters of a body that an error keeps. */
const mostKept = 2000

/** The rest of it is believed to be what the contract says. */
function isAnswer<T extends object>(value: unknown, member: keyof T & string, shape: Shape): value is T {
  const part = isRecord(value) ? value[member] : undefined
  return Array.isArray(part) ? shape === 'array' && part.every(isRecord) : typeof part === shape && part !== null
}

function unexpected(response: Response, text: string, what: string, asked: Asked): UnexpectedResponseError {
  const message = `Not the gateway, or something in between, answered with ${what} (status ${response.status}).`
  return new UnexpectedResponseError(message, {
    status: response.status,
    // As much is looked at as cannot end within a key that is kept.
    body: asked.mask(text.slice(0, mostErrorBytes)).slice(0, mostKept),
    retry_after: retryAfterOf(response, asked),
    request_id: asked.patience.requestId,
  })
}

function kindOf({ headers }: Response, text: string): string {
  const type = (headers.get('content-type') ?? '').toLowerCase().split(';')[0]?.trim()
  if (text.trim() === '') return 'nothing'
  if (type === 'text/html' || /^\s*</.test(text)) return 'HTML'
  if (parseJson(text) !== undefined) return 'JSON that is not of the contract'
  if (type?.endsWith('json')) return 'JSON that is none, or is cut'
  return `content of the type ${type || 'none'}`
}

/** Seconds: `Retry-After` is a number of them, or a date to come. What it should not be counts for nothing. */
function retryAfterOf({ headers }: Response, { clock }: Asked): number | undefined {
  const text = headers.get('retry-after') ?? ''
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  // By the other side's clock, where it is told: the one here may be wrong.
  const now = Date.parse(headers.get('date') ?? '') || clock.wallclock()
  // Dates begin with the day of the week. `Date.parse` makes one of much else.
  const ms = /^[a-z]/i.test(text) ? Date.parse(text) - now : -1
  return ms >= 0 ? Math.ceil(ms / 1000) : undefined
}
