import type { ProviderKeys } from '@vai/sdk'
import { misused } from './ending.ts'

/** The variables of the environment, by their names. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The keys that go to a gateway. */
export interface Keys {
  /** The gateway's own. */
  readonly key: string | undefined
  readonly providerKeys: ProviderKeys
}

/** A key of the gateway, and `PROVIDER=VARIABLE` for each of a provider's. Throws a `Problem` where one is missing. */
export function keysOf(
  { key, providerKeys }: { readonly key: string | undefined; readonly providerKeys: readonly string[] },
  environment: Environment,
): Keys {
  return {
    key: key === undefined ? keyIn(environment.VAI_API_KEY, 'VAI_API_KEY') : keyIn(key, '--key'),
    providerKeys: Object.fromEntries(providerKeys.map((pair) => providerKeyOf(pair, environment))),
  }
}

/** Whether keys would be sent where others could read them on their way. */
export function areSentInClear({ key, providerKeys }: Keys, { protocol, hostname }: URL): boolean {
  const hasKeys = key !== undefined || Object.keys(providerKeys).length > 0
  return hasKeys && (protocol === 'http:' || protocol === 'ws:') && !isLoopback(hostname)
}

/**
 * The address of the gateway, without `/v1`: of the option or of `VAI_BASE_URL`, with `ws` or `http`, and with or without a route of this gateway's. Throws a
 * `Problem` where it is none.
 */
export function addressOf({ url }: { readonly url: string | undefined }, environment: Environment): string {
  const [text, origin] = url === undefined ? [given(environment.VAI_BASE_URL), 'VAI_BASE_URL'] : [url, '--url']
  if (text === undefined) return usualAddress
  const address = URL.canParse(text) ? new URL(text) : undefined
  const protocol = address && protocols[address.protocol]
  // The address is not repeated where it may hold a key.
  if (address && (address.username !== '' || address.password !== '' || address.search !== '')) {
    throw misused(`${origin}: a key stands in VAI_API_KEY, not in the address.`)
  }
  if (!address || !protocol) throw misused(`${origin}: an address as ${usualAddress} or https://… is expected.`)
  return `${protocol}//${address.host}${address.pathname.replace(/\/+$/, '').replace(/\/v1(?:\/live)?$/, '')}`
}

/** What is given without a character is not given. */
export function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function providerKeyOf(pair: string, environment: Environment): readonly [string, string] {
  const [, provider, variable] = /^([a-z][a-z0-9-]*)=([A-Za-z_]\w*)$/.exec(pair) ?? []
  // The pair is not repeated: where it is none, it may be the key itself.
  if (provider === undefined || variable === undefined) {
    throw misused('--provider-key: PROVIDER=VARIABLE is expected, as openai=OPENAI_API_KEY: the variable that holds the key.')
  }
  const key = keyIn(environment[variable], `--provider-key: the variable ${variable}`)
  if (key === undefined) throw misused(`--provider-key: the variable ${variable} holds no key.`)
  return [provider, key]
}

/** Throws a `Problem` that names where it stands, and does not repeat it. */
function keyIn(text: string | undefined, origin: string): string | undefined {
  const key = given(text)
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key
  throw misused(`${origin} holds characters that no key has, such as a space or the end of a line.`)
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|\[::1\]|127\.[\d.]+)$/.test(host)
}

const usualAddress = 'http://127.0.0.1:8080'
/** The address of live sessions is the same gateway's. */
const protocols: Readonly<Record<string, string>> = { 'http:': 'http:', 'https:': 'https:', 'ws:': 'http:', 'wss:': 'https:' }
