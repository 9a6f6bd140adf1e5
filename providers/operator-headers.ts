import { mask } from '../api/secret.ts'

/** Headers that an operator names in the configuration. */

export function isHeaderName(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
}

/** Whether a header is one for keys, or its text has the form of a key; keys do not stand in files. */
export function holdsKey(name: string, text: unknown): boolean {
  return keyHeaders.test(name) || (typeof text === 'string' && mask(text) !== text)
}

/** Whether a value can be sent as it is. */
export function isHeaderText(text: unknown): text is string | number {
  return (typeof text === 'string' && /^[\x20-\x7e]+$/.test(text)) || typeof text === 'number'
}

const keyHeaders = /^(?:(?:proxy-)?authorization|cookie|(?:x-)?api-?key|x-[a-z-]*(?:token|secret)|x-provider-key-.*)$/i

/** What the transport sets itself; in lower case. */
export const transportHeaders: readonly string[] = [
  ...['accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'host'],
  ...['keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]
