import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../api/error.ts'
import { Secret } from '../api/secret.ts'
import type { LlmProvider, UpstreamSettings } from '../providers/provider.ts'
import type { Principal } from './auth/principal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    credentials: Credentials
  }
}

export interface Credentials {
  /**
   * The key to call a provider or a service with: the caller's own, else that of their tenant, else the operator's, as the mode allows.
   * Throws `missing_provider_key` (401, `param` the header's name) where there is none, and `provider_key_not_accepted` where callers
   * may not bring one.
   */
  keyFor(upstream: Keyed, headers: IncomingHttpHeaders, principal: KeyOwner): Secret
  /**
   * Whether there is a key, or none is needed. One that the caller brings counts also where callers may not: then `keyFor` says so,
   * and nobody else's is used in its place.
   */
  hasKey(upstream: Keyed, headers: IncomingHttpHeaders, principal: KeyOwner): boolean
  /** Whether the operator's own key for a provider or a service is there to be used. */
  hasOperatorKey(upstream: Pick<Keyed, 'id'>): boolean
}

/** A provider of models, or a service that tools ask. */
export type Keyed = Pick<LlmProvider, 'id' | 'name' | 'upstream'>

export type KeyOwner = Pick<Principal, 'providerKey'>

export interface CredentialsOptions {
  readonly mode: 'byok' | 'hybrid' | 'managed'
  /** The operator's keys, by the id of the provider or the service. */
  readonly operatorKeys: ReadonlyMap<string, Secret>
}

export const credentials = fp(
  async (app: FastifyInstance, { mode, operatorKeys }: CredentialsOptions) => {
    app.decorate('credentials', {
      hasOperatorKey: ({ id }) => mode !== 'byok' && operatorKeys.has(id),
      hasKey(keyed, headers, principal) {
        const { upstream } = keyed
        if (!upstream || upstream.keyOptional) return true
        return sentKey(upstream, headers) !== undefined || heldKey(keyed, principal) !== undefined
      },
      keyFor(keyed, headers, principal) {
        const { name, upstream } = keyed
        if (!upstream) return noKey
        const { keyHeader, keyVariables, keyOptional } = upstream
        const sent = sentKey(upstream, headers)
        if (sent !== undefined) {
          if (mode === 'managed') throw new GatewayError('provider_key_not_accepted', { param: keyHeader })
          return new Secret(sent)
        }
        const held = heldKey(keyed, principal)
        if (held) return held
        if (keyOptional) return noKey
        throw new GatewayError('missing_provider_key', {
          param: keyHeader,
          message: missingKey(name, keyHeader, keyVariables),
        })
      },
    })

    /** The tenant's key, else the operator's, as the mode allows. */
    function heldKey({ id }: Keyed, principal: KeyOwner): Secret | undefined {
      return mode === 'byok' ? undefined : (principal.providerKey(id) ?? operatorKeys.get(id))
    }

    function missingKey(name: string, header: string, variables: readonly string[]): string {
      if (mode === 'managed') return `The operator of this gateway has set no key for ${name}.`
      const operators = mode === 'hybrid' ? `, or start the gateway with ${variables.join(' or ')} set` : ''
      return `There is no key for ${name}: send yours in the header ${header}${operators}.`
    }
  },
  { name: 'credentials' },
)

/** The key that a caller brings. */
function sentKey({ keyHeader }: UpstreamSettings, headers: IncomingHttpHeaders): string | undefined {
  const sent = headers[keyHeader.toLowerCase()]
  return typeof sent === 'string' && sent.trim() !== '' ? sent.trim() : undefined
}

/** For those that need no key. */
const noKey = new Secret('')
