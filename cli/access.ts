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
    key: given(key ?? environment.VAI_API_KEY),
    providerKeys: Object.fromEntries(providerKeys.map((pair) => providerKeyOf(pair, environment))),
  }
}

/** Whether keys would be sent where others could read them on their way. */
export function areSentInClear({ key, providerKeys }: Keys, { protocol, hostname }: URL): boolean {
  const hasKeys = key !== undefined || Object.keys(providerKeys).length > 0
  return hasKeys && (protocol === 'http:' || protocol === 'ws:') && !isLoopback(hostname)
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
  const key = given(environment[variable])
  if (key === undefined) throw misused(`--provider-key: the variable ${variable} holds no key.`)
  return [provider, key]
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|\[::1\]|127\.[\d.]+)$/.test(host)
}
