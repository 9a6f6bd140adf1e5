import type { RequestOptions } from './options.ts'
import type { Settings } from './settings.ts'

/** What a request carries, by names in lower case. What the caller says comes last and is not changed. */
export function headersOf(
  { apiKey, ...client }: Pick<Settings, 'apiKey' | 'providerKeys' | 'headers'>,
  options: RequestOptions,
  accept: string,
  hasBody: boolean,
): Record<string, string> {
  const headers: Record<string, string> = { accept }
  if (hasBody) headers['content-type'] = 'application/json'
  if (apiKey !== undefined) headers.authorization = `Bearer ${apiKey}`
  if (options.requestId !== undefined) headers['x-request-id'] = options.requestId
  for (const [name, key] of Object.entries(merged(client.providerKeys, options.providerKeys)))
    if (key !== undefined) headers[`x-provider-key-${name}`] = key
  return merged(headers, client.headers, options.headers)
}

/** All of them by their names in lower case, the later ones over the earlier: `OpenAI` is no other name than `openai`. */
export function merged<T>(...all: readonly (Readonly<Record<string, T>> | undefined)[]): Record<string, T> {
  const entries = all.flatMap((each = {}) => Object.entries(each))
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

/** The keys among the headers, by their names: what the caller says besides is no secret. */
export function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  const closed = Object.entries(headers).filter(([name]) => credential.test(name))
  // Without the word before it, as in `Bearer`.
  return closed.map(([, value]) => value.trim().replace(/^\w+ +/, ''))
}

/** What the names of headers that carry keys are, or end with; and those of providers' keys, which go on. */
const credential = /(?:auth|authorization|cookie|jwt|key|password|secret|session|signature|token)$|^x-provider-key-/
