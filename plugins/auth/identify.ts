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

/**
 * Says who sends a request to what is for a role. Throws `missing_api_key`, `invalid_api_key`, `expired_api_key`,
 * `disabled_api_key` (401) or `admin_only` (403).
 */
export type Identify = (request: FastifyRequest, role: Role) => Principal

export function identifier({ mode, anonymousRole, store, clock }: Door): Identify {
  const anonymous = withoutKey('anonymous', anonymousRole)
  return (request, role) => {
    if (mode === 'disabled') return admitted(anonymous, role)
    const { keys, foreign } = keysSent(request.raw.rawHeaders)
    const [key, other] = keys
    if (other !== undefined) throw new GatewayError('invalid_api_key', { message: twoKeys })
    if (key !== undefined) return admitted(store.keys.find(key, clock.wallclock()), role)
    if (mode === 'optional' && role === 'client') return withoutKey(`address:${addressOf(request)}`, 'client')
    throw new GatewayError('missing_api_key', foreign === undefined ? {} : { param: foreign, message: foreignKey(foreign) })
  }
}

const twoKeys = 'Different keys of the gateway came in Authorization, in x-api-key or in both; send one.'

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
