import { longestMs } from './clock.ts'
import { UsageError } from './errors.ts'
import { isRecord } from './generated/json.gen.ts'
import type { ClientOptions, RequestOptions } from './options.ts'

/** Throws a `UsageError` where an option is none, or cannot be what it is. What is wrong is not repeated: it may be a key. */
export function checkClientOptions(options: ClientOptions, origin = ''): void {
  check(options, clientOptions, 'The options of the client', origin)
}

/** As `checkClientOptions`, for those of one request. */
export function checkRequestOptions(options: RequestOptions): void {
  check(options, requestOptions, 'The options of the request')
}

/** Says what is wrong with a value, for a sentence that begins with the option's name; undefined where nothing is. */
export type Check = (value: unknown) => string | undefined

export const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'is no function')
const isName: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'is no text')
export const isDuration: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= longestMs
    ? undefined
    : `is no number of milliseconds from 0 to ${longestMs}`
const isCount: Check = (value) =>
  typeof value === 'number' && value >= 0 && Number.isInteger(value) ? undefined : 'is no whole number from 0 on'
const isKey: Check = (value) => {
  if (typeof value !== 'string' || value === '') return 'is no text'
  return /^[\x21-\x7e]+$/.test(value) ? undefined : 'holds characters that no key has, such as a space or the end of a line'
}
export const areKeys: Check = (value) => {
  if (!isRecord(value)) return 'is no object of keys by the names of providers'
  return wrongEntry(value, (key) => (key === undefined ? undefined : isKey(key)))
}
const areHeaders: Check = (value) => {
  if (!isRecord(value)) return 'is no plain object of headers by their names'
  return wrongEntry(value, (text) =>
    typeof text === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? undefined : 'is nothing that a header can carry',
  )
}
export function hasMethods(...names: readonly string[]): Check {
  return (value) => {
    const missing = names.find((name) => !isRecord(value) || typeof value[name] !== 'function')
    return missing === undefined ? undefined : `has no method \`${missing}\``
  }
}
export const isSignal: Check = (value) =>
  isRecord(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function'
    ? undefined
    : 'is no AbortSignal'
const isUrl: Check = (value) => {
  const url = parsedUrl(value)
  if (!url || !/^https?:$/.test(url.protocol)) return 'is no http or https URL'
  if (url.username !== '' || url.password !== '') return 'holds a user name or a password; give keys as `apiKey` or in `headers`'
  return url.search !== '' || url.hash !== '' ? 'has a query or a fragment, which belong to no gateway' : undefined
}
const isRequestId: Check = (value) =>
  typeof value === 'string' && /^[\w.-]{8,128}$/.test(value) ? undefined : 'is not 8 to 128 letters, digits, `.`, `_` and `-`'

/** Complete by its type, as is the next. */
const clientOptions: Readonly<Record<keyof ClientOptions, Check>> = {
  baseURL: isUrl,
  apiKey: isKey,
  providerKeys: areKeys,
  defaultModel: isName,
  fetch: isFunction,
  timeout: isDuration,
  streamTimeout: isDuration,
  maxRetries: isCount,
  logger: hasMethods('debug', 'info', 'warn', 'error'),
  headers: areHeaders,
  dial: isFunction,
}

const requestOptions: Readonly<Record<keyof RequestOptions, Check>> = {
  signal: isSignal,
  timeout: isDuration,
  streamTimeout: isDuration,
  maxRetries: isCount,
  headers: areHeaders,
  providerKeys: areKeys,
  requestId: isRequestId,
}

/** Throws a `UsageError` where an option is none, or cannot be what it is. */
export function check(options: unknown, checks: Readonly<Record<string, Check>>, whose: string, origin = ''): void {
  if (!isRecord(options)) throw new UsageError(`${whose} are no object.`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw new UsageError(`${whose} have no \`${name}\`${hint(name, checks)}.`)
    const problem = value === undefined ? undefined : checks[name]?.(value)
    if (problem !== undefined) throw new UsageError(`The option \`${name}\`${origin} ${problem}.`)
  }
}

function parsedUrl(value: unknown): URL | undefined {
  if (value instanceof URL) return value
  try {
    return typeof value === 'string' ? new URL(value) : undefined
  } catch {
    return undefined
  }
}

function hint(name: string, checks: object): string {
  const meant = Object.keys(checks).find((known) => known.toLowerCase() === name.toLowerCase())
  return meant === undefined ? `; there are ${Object.keys(checks).join(', ')}` : `; \`${meant}\` may be meant`
}

/** The names become names of headers, or parts of them. */
function wrongEntry(entries: Readonly<Record<string, unknown>>, check: Check): string | undefined {
  for (const [name, value] of Object.entries(entries)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return 'holds a name that no header can have'
    const problem = check(value)
    if (problem !== undefined) return `holds a \`${name}\` that ${problem}`
  }
  return undefined
}
