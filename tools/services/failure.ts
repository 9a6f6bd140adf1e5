import type { GatewayError } from '../../api/error.ts'
import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import { maskedExcerpt, type Secret } from '../../api/secret.ts'
import { type Service, type ToolCall, ToolError } from '../tool.ts'
import { cleanUntrusted, excerpt, markUntrusted, untrustedNotice } from '../untrusted.ts'

/** Why a service has no answer. */
export interface Failure {
  readonly fault: Fault
  /** The HTTP status; absent where there was no answer. */
  readonly status?: number
  /** The service's own words: one line, masked and bounded. */
  readonly said?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

export type Fault = keyof typeof words

/** What the model is told, after the service's name. */
const words = {
  key: 'refused the key that it was asked with. Asking again is of no use.',
  plan: 'does not answer any more with this key: the credits or the limit of its plan are used up. Asking again is of no use.',
  permission: 'does not allow this with the key that it was asked with. Asking again is of no use.',
  request: 'refused the request',
  page: 'could not read the page',
  rate: 'limits the rate of requests',
  busy: 'is overloaded. It may answer in a moment.',
  failed: 'failed. It may answer in a moment.',
  slow: 'did not answer in time.',
  disconnected: 'closed the connection before its answer was complete.',
  unreachable: 'could not be reached.',
  untrusted: 'could not prove who it is, and was not asked.',
  misplaced: 'is not where it was looked for. Asking again is of no use.',
  unreadable: 'sent an answer that cannot be read.',
} as const

/** Those that only the operator can do something about, and has to be told of. */
const forOperator: ReadonlySet<Fault> = new Set([
  'key',
  'plan',
  'permission',
  'untrusted',
  'misplaced',
  'unreachable',
  'unreadable',
])

/** The failure in words for the model. The operator is told in the log, without what was asked for. */
export function reported(
  { fault, status, said, retryAfter }: Failure,
  { log }: Pick<ToolCall, 'log'>,
  { id, name }: Service,
): ToolError {
  const fields = { service: id, fault, ...(status !== undefined && { status }) }
  if (forOperator.has(fault)) log.warn(fields, 'a service of a tool could not be used')
  else log.debug(fields, 'a service of a tool has no answer')
  return new ToolError(`${name} ${words[fault]}${ending(id, { fault, said, retryAfter })}`)
}

function ending(service: string, { fault, said, retryAfter }: Failure): string {
  if (fault === 'request' || fault === 'page') {
    // It may repeat what a page says, or what its server does.
    return said ? `:\n\n${untrustedNotice}\n\n${markUntrusted(`service:${service}`, said)}` : '.'
  }
  if (fault !== 'rate') return ''
  const seconds = Math.ceil(retryAfter ?? 0)
  return seconds > 0 && seconds <= dayInSeconds
    ? `; it can be asked again in ${seconds} s.`
    : '; it can be asked again in a while.'
}

const dayInSeconds = 24 * 60 * 60

/** What a status means where a vendor says nothing more exact. */
export function faultOfStatus(status: number): Fault {
  switch (status) {
    case 401:
      return 'key'
    case 402:
      return 'plan'
    case 403:
      return 'permission'
    case 404:
    case 405:
      return 'misplaced'
    case 408:
    case 504:
      return 'slow'
    case 429:
      return 'rate'
    case 502:
    case 503:
    case 529:
      return 'busy'
    default:
      if (status >= 500) return 'failed'
      return status >= 400 ? 'request' : 'misplaced'
  }
}

/** The failure of a call that has brought no answer, or none that can be read. */
export function unanswered({ code, providerError }: GatewayError): Failure {
  const status = providerError?.status
  return { fault: faults.get(code) ?? 'failed', ...(status !== undefined && { status }) }
}

const faults: ReadonlyMap<string, Fault> = new Map(
  Object.entries<Fault>({
    provider_timeout: 'slow',
    provider_unreachable: 'unreachable',
    provider_disconnected: 'disconnected',
    provider_untrusted: 'untrusted',
    provider_protocol: 'unreadable',
    provider_key_unusable: 'key',
  }),
)

/**
 * A vendor's words for what went wrong, wherever in its answer they stand: one line of at most 300 characters, without the key.
 * Undefined where there are none.
 */
export function saidIn(body: unknown, apiKey: Secret): string | undefined {
  const text = typeof body === 'string' ? body : wordsIn(body)
  if (text === undefined) return undefined
  // Cleaned first: a key whose letters are spaced out by invisible signs would not be known as one.
  const line = maskedExcerpt(cleanUntrusted(text), 2000, [apiKey]).replace(/\s+/g, ' ').trim()
  return line === '' ? undefined : excerpt(line, maxSaid)
}

const maxSaid = 300

/**
 * Tavily: `{detail: {error}}`, or `{error: {message}}`. Exa: `{error, tag}`. Brave: `{error: {code, detail}}`. Firecrawl: `{error,
 * details}`. FastAPI: `{detail: [{msg}]}`.
 */
function wordsIn(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const { detail, message } = body
  const error = body.error ?? arrayOf(body.errors)[0]
  const inDetail = isRecord(detail) ? detail.error : detail
  const inList = arrayOf(detail).find(isRecord)?.msg
  const inError = isRecord(error) ? (error.message ?? error.detail) : error
  return [inDetail, inList, inError, message].map(stringOf).find((each) => each.trim() !== '')
}
