import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { addressOf } from './address.ts'
import { keysSent } from './header.ts'
import { keyPrefix } from './key.ts'
import type { Principal, Role } from './principal.ts'
import type { KeyStore } from './store.ts'

export type AuthMode = 'required' | 'optional' | 'disabled'

export interface Door {
  readonly mode: AuthMode
  /** What those may do who call where auth is disabled. */
  readonly anonymousRole: Role
  readonly store: KeyStore
  readonly clock: Clock
}

/** All of these throw `missing_api_key`, `invalid_api_key`, `expired_api_key` or `disabled_api_key` (401). */
export interface Identify {
  /** Who sends a request to what is for a role. Throws `admin_only` (403), too. */
  sender(request: FastifyRequest, role: Role): Principal
  /** Who sends a request whose key may come later: undefined as long as it has. */
  soFar(request: FastifyRequest): Principal | undefined
  /** Who sent a request, now that the time for a key has come: undefined where there was none. */
  atLast(request: FastifyRequest, lateKey: string | undefined): Principal
}

export function identifier({ mode, anonymousRole, store, clock }: Door): Identify {
  const anonymous = withoutKey('anonymous', anonymousRole)
  return {
    sender(request, role) {
      if (mode === 'disabled') return admitted(anonymous, role)
      const { key, foreign } = keyOf(request)
      if (key !== undefined) return admitted(owner(key), role)
      if (mode === 'optional' && role === 'client') return keyless(request)
      throw new GatewayError('missing_api_key', foreign === undefined ? {} : { param: foreign, message: foreignKey(foreign) })
    },
    soFar(request) {
      if (mode === 'disabled') return anonymous
      const { key } = keyOf(request)
      return key === undefined ? undefined : owner(key)
    },
    atLast(request, lateKey) {
      if (mode === 'disabled') return anonymous
      const { key } = keyOf(request)
      const early = key === undefined ? undefined : owner(key)
      const late = lateKey === undefined ? undefined : owner(lateKey)
      if (early && late && early.id !== late.id) throw new GatewayError('invalid_api_key', { message: anotherKeyLater })
      const known = late ?? early
      if (known) return known
      if (mode === 'optional') return keyless(request)
      throw new GatewayError('missing_api_key')
    },
  }

  function owner(key: string): Principal {
    return store.keys.find(key, clock.wallclock())
  }
}

function keyOf({ raw }: FastifyRequest): { readonly key: string | undefined; readonly foreign: string | undefined } {
  const { keys, foreign } = keysSent(raw.rawHeaders)
  const [key, other] = keys
  if (other !== undefined) throw new GatewayError('invalid_api_key', { message: twoKeys })
  return { key, foreign }
}

function keyless(request: FastifyRequest): Principal {
  return withoutKey(`address:${addressOf(request)}`, 'client')
}

const twoKeys = 'Different keys of the gateway came in Authorization, in x-api-key or in both; send one.'
const anotherKeyLater = 'The key that came later is not the one that the headers hold; send one.'

function foreignKey(header: string): string {
  return `The key in ${header} is none of this gateway's, which begin with ${keyPrefix}. The key of a provider comes in a header of its own, X-Provider-Key-…, beside it.`
}

function admitted(principal: Principal, role: Role): Principal {
  if (role === 'admin' && principal.role !== 'admin') throw new GatewayError('admin_only')
  return principal
}

function withoutKey(id: string, role: Role): Principal {
  return {
    id,
    role,
    keyId: undefined,
    tenant: undefined,
    project: undefined,
    allowances: {},
    tenantAllowances: {},
    mayUse: () => true,
    mayUseTool: () => true,
    providerKey: () => undefined,
  }
}
