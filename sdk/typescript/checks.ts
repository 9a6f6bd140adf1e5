import { longestMs } from './clock.ts'
import { UsageError } from './errors.ts'
import { isRecord } from './generated/json.gen.ts'
import type { ClientOptions, RequestOptions } from './options.ts'

/** Throws a `UsageError` where an option is none, or cannot be what it is. What is wrong is not repeated: it may be a key. */
export function checkClientOptions(options: ClientOptions): void {
  check(options, clientOptions, 'The options of the client')
}

/** As `checkClientOptions`, for what the environment says in their place. */
export function checkVariables(variables: Readonly<Record<'VAI_BASE_URL' | 'VAI_API_KEY', unknown>>): void {
  check(variables, { VAI_BASE_URL: isUrl, VAI_API_KEY: isKey }, 'The environment', 'The variable')
}

/** As `checkClientOptions`, for those of one request. */
export function checkRequestOptions(options: RequestOptions): void {
  check(options, requestOptions, 'The options of the request')
}

/** Says what is wrong with a value, for a sentence that begins with the option's name; undefined where nothing is. */
export type Check = (value: unknown) => string | undefined

export const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'is no function')
const isName = matches(/./, 'is no text')
export const isDuration: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= longestMs
    ? undefined
    : `is no number of milliseconds from 0 to ${longestMs}`
const isCount: Check = (value) =>
  typeof value === 'number' && value >= 0 && Number.isInteger(value) ? undefined : 'is no whole number from 0 on'
const isKey = matches(/^[\x21-\x7e]+$/, 'is empty, or holds what no key does')
export const areKeys = entriesOf((key) => (key === undefined ? undefined : isKey(key)))
const areHeaders = entriesOf(matches(/^[\t\x20-\x7e\x80-\xff]*$/, 'is nothing that a header can carry'))
function matches(pattern: RegExp, problem: string): Check {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : problem)
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
  if (url.username + url.password !== '') return 'holds a user name or a password'
  if (/\/v1\/(?:messages|models|runs|live)(?:[/:]|$)/.test(url.pathname))
    return 'is that of a route: give what stands before `/v1`'
  return url.search + url.hash !== '' ? 'has a query or a fragment' : undefined
}
const isRequestId = matches(/^[\w.-]{8,128}$/, 'is not 8 to 128 letters, digits, `.`, `_` and `-`')

const common = {
  timeout: isDuration,
  streamTimeout: isDuration,
  maxRetries: isCount,
  headers: areHeaders,
  providerKeys: areKeys,
}

/** Complete by its type, as is the next. */
const clientOptions: Readonly<Record<keyof ClientOptions, Check>> = {
  baseURL: isUrl,
  apiKey: isKey,
  defaultModel: isName,
  fetch: isFunction,
  logger: hasMethods('debug', 'info', 'warn', 'error'),
  dial: isFunction,
  ...common,
}

const requestOptions: Readonly<Record<keyof RequestOptions, Check>> = {
  signal: isSignal,
  requestId: isRequestId,
  ...common,
}

/** Throws a `UsageError` where an option is none, or cannot be what it is. */
export function check(options: unknown, checks: Readonly<Record<string, Check>>, whose: string, what = 'The option'): void {
  if (!isPlain(options)) throw new UsageError(`${whose} are no object.`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name))
      throw new UsageError(`${whose} have no \`${name}\`; there are ${Object.keys(checks).join(', ')}.`)
    const problem = value === undefined ? undefined : checks[name]?.(value)
    if (problem !== undefined) throw new UsageError(`${what} \`${name}\` ${problem}.`)
  }
}

function parsedUrl(value: unknown): URL | undefined {
  try {
    return new URL(String(value))
  } catch {
    return undefined
  }
}

/** The names become names of headers, or parts of them. */
function entriesOf(check: Check): Check {
  return (entries) => {
    if (!isPlain(entries)) return 'is no plain object, as `Object.fromEntries()` gives'
    for (const [name, value] of Object.entries(entries)) {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return 'holds a name that no header can have'
      const problem = check(value)
      if (problem !== undefined) return `holds a \`${name}\` that ${problem}`
    }
    return undefined
  }
}

/** What `Headers` and maps hold is nothing of their own, and would be passed over. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !(Symbol.iterator in value)
}
