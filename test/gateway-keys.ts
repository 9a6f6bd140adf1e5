import { hashOf, newKey } from '../plugins/auth/key.ts'

/** A key of the gateway for a test, and its record as a document has it. */
export interface TestKey {
  readonly key: string
  readonly record: { readonly id: string; readonly hash: string }
}

/** A new key with whatever else is to be said of it. */
export function gatewayKey(id: string, more: object = {}): TestKey {
  const key = newKey().reveal()
  return { key, record: { id, hash: `sha256:${hashOf(key)}`, ...more } }
}

/** The environment of a gateway that asks for keys and knows these. */
export function envWith(keys: readonly TestKey[], tenants: object = {}): Record<string, string> {
  return { VAI_AUTH_MODE: 'required', VAI_GATEWAY_KEYS: JSON.stringify({ tenants, keys: keys.map(({ record }) => record) }) }
}
