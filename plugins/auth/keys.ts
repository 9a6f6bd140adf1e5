import { timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../api/error.ts'
import { policyOf } from '../../providers/model-policy.ts'
import { toolPolicyOf } from '../../tools/allowed.ts'
import type { KeyRecord, KeysDocument, Tenant } from './document.ts'
import { hashOf, isWhole } from './key.ts'
import type { Principal } from './principal.ts'

/** All keys of the gateway, to be found by what a caller sends. */
export class Keys {
  /** How many there are, whatever their state. */
  readonly count: number
  readonly #byHash = new Map<string, Entry>()

  constructor({ tenants, keys }: KeysDocument) {
    this.count = keys.length
    for (const record of keys) {
      const principal = principalOf(record, record.tenant === undefined ? undefined : tenants.get(record.tenant))
      const { disabled, expiresAt, previous } = record
      this.#add(record.hash, { principal, disabled, expiresAt })
      for (const old of previous)
        this.#add(old.hash, { principal, disabled, expiresAt: Math.min(old.expiresAt, expiresAt ?? Infinity) })
    }
  }

  /**
   * Whose key a word is, at a time in milliseconds since 1970. Throws `invalid_api_key`, `disabled_api_key` or `expired_api_key`.
   */
  find(word: string, at: number): Principal {
    if (!isWhole(word)) {
      throw new GatewayError('invalid_api_key', { message: 'The key is mistyped or cut off: its checksum does not fit.' })
    }
    const hash = hashOf(word)
    const entry = this.#byHash.get(hash)
    // The map has found it by parts of it already; what it has found is compared whole, and in the same time for all.
    if (!entry || !timingSafeEqual(entry.hash, Buffer.from(hash, 'hex'))) throw new GatewayError('invalid_api_key')
    if (entry.disabled) throw new GatewayError('disabled_api_key')
    if (entry.expiresAt !== undefined && entry.expiresAt <= at) throw new GatewayError('expired_api_key')
    return entry.principal
  }

  #add(hash: string, entry: Omit<Entry, 'hash'>): void {
    this.#byHash.set(hash, { ...entry, hash: Buffer.from(hash, 'hex') })
  }
}

interface Entry {
  readonly hash: Buffer
  readonly principal: Principal
  readonly disabled: boolean
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined
}

function principalOf(record: KeyRecord, tenant: Tenant | undefined): Principal {
  const both = [record, ...(tenant ? [tenant] : [])]
  const policies = both.flatMap(({ allowedModels, allowedProviders }) => [
    ...(allowedModels ? [policyOf(allowedModels)] : []),
    ...(allowedProviders ? [policyOf(allowedProviders.map((provider) => `${provider}/*`))] : []),
  ])
  const toolPolicies = both.flatMap(({ allowedTools }) => (allowedTools ? [toolPolicyOf(allowedTools)] : []))
  return {
    id: `key:${record.id}`,
    role: record.role,
    keyId: record.id,
    tenant: record.tenant,
    project: record.project,
    allowances: record.limits,
    tenantAllowances: tenant?.limits ?? {},
    mayUse: (model) => policies.every((allows) => allows(model)),
    mayUseTool: (name) => toolPolicies.every((allows) => allows(name)),
    providerKey: (id) => tenant?.providerKeys.get(id),
  }
}
