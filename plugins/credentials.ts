import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../api/error.ts'
import { Secret } from '../api/secret.ts'
import type { LlmProvider } from '../providers/provider.ts'
import type { Principal } from './auth/principal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    credentials: Credentials
  }
}

export interface Credentials {
  /**
   * The key to call a provider with: the caller's own, else that of their tenant, else the operator's, as the mode allows. Throws `missing_provider_key`
   * (401, `param` the header's name) where there is none, and `provider_key_not_accepted` where callers may not bring one.
   */
  keyFor(provider: LlmProvider, headers: IncomingHttpHeaders, principal: Pick<Principal, 'providerKey'>): Secret
  /** Whether the operator's own key for a provider is there to be used. */
  hasOperatorKey(provider: LlmProvider): boolean
}

export interface CredentialsOptions {
  readonly mode: 'byok' | 'hybrid' | 'managed'
  /** The operator's keys, by the provider's id. */
  readonly operatorKeys: ReadonlyMap<string, Secret>
}

export const credentials = fp(
  async (app: FastifyInstance, { mode, operatorKeys }: CredentialsOptions) => {
    app.decorate('credentials', {
      hasOperatorKey: (provider) => mode !== 'byok' && operatorKeys.has(provider.id),
      keyFor(provider, headers, principal) {
        if (!provider.upstream) return noKey
        const { keyHeader, keyVariables, keyOptional } = provider.upstream
        const own = headers[keyHeader.toLowerCase()]
        if (typeof own === 'string' && own.trim() !== '') {
          if (mode === 'managed') throw new GatewayError('provider_key_not_accepted', { param: keyHeader })
          return new Secret(own.trim())
        }
        const held = mode === 'byok' ? undefined : (principal.providerKey(provider.id) ?? operatorKeys.get(provider.id))
        if (held) return held
        if (keyOptional) return noKey
        throw new GatewayError('missing_provider_key', {
          param: keyHeader,
          message: missingKey(provider.name, keyHeader, keyVariables),
        })
      },
    })

    function missingKey(name: string, header: string, variables: readonly string[]): string {
      if (mode === 'managed') return `The operator of this gateway has set no key for ${name}.`
      const operators = mode === 'hybrid' ? `, or start the gateway with ${variables.join(' or ')} set` : ''
      return `There is no key for ${name}: send yours in the header ${header}${operators}.`
    }
  },
  { name: 'credentials' },
)

/** For providers that need no key. */
const noKey = new Secret('')
