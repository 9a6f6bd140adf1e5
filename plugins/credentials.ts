import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../api/error.ts'
import { anyOf, MissingProviderKey } from '../api/missing-provider-key.ts'
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
   * The key to call a provider or a service with: the caller's own, else that of their tenant, else the operator's, as the mode allows.
   * Throws `missing_provider_key` (401, `param` the header's name) where there is none, and `provider_key_not_accepted` where callers
   * may not bring one.
   */
  keyFor(upstream: Keyed, headers: IncomingHttpHeaders, principal: KeyOwner): Secret
  /**
   * Of several services, any of which would do, the one to ask and its key: one whose key the caller brings, else one whose key their
   * tenant has, else the operator's or one that needs none; the first of those that are alike. Throws as `keyFor` does, of all of them
   * where there is no key for any (`param` the first one's header).
   */
  chooseKey<Service extends Keyed>(
    services: readonly [Service, ...Service[]],
    headers: IncomingHttpHeaders,
    principal: KeyOwner,
  ): { readonly service: Service; readonly key: Secret }
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
      keyFor: (keyed, headers, principal) => keyOf(keyed, headers, principal) ?? missing([keyed]),
      chooseKey(services, headers, principal) {
        const service =
          services.find((each) => sentKey(each, headers) !== undefined) ??
          services.find((each) => mode !== 'byok' && principal.providerKey(each.id) !== undefined) ??
          services.find((each) => keyOf(each, headers, principal) !== undefined)
        const key = service && keyOf(service, headers, principal)
        return service && key ? { service, key } : missing(services)
      },
    })

    function keyOf(keyed: Keyed, headers: IncomingHttpHeaders, principal: KeyOwner): Secret | undefined {
      const { upstream } = keyed
      if (!upstream) return noKey
      const sent = sentKey(keyed, headers)
      if (sent === undefined) return heldKey(keyed, principal) ?? (upstream.keyOptional ? noKey : undefined)
      if (mode === 'managed') throw new GatewayError('provider_key_not_accepted', { param: upstream.keyHeader })
      return new Secret(sent)
    }

    /** The tenant's key, else the operator's, as the mode allows. */
    function heldKey({ id }: Keyed, principal: KeyOwner): Secret | undefined {
      return mode === 'byok' ? undefined : (principal.providerKey(id) ?? operatorKeys.get(id))
    }

    /** Throws what is to be done where no key is there for any of these. */
    function missing(all: readonly Keyed[]): never {
      if (mode !== 'managed') throw new MissingProviderKey(all, mode === 'hybrid')
      const message = `The operator of this gateway has set no key for ${anyOf(all.map(({ name }) => name))}.`
      throw new GatewayError('missing_provider_key', { param: all[0]?.upstream?.keyHeader ?? '', message })
    }
  },
  { name: 'credentials' },
)

/** The key that a caller brings. */
function sentKey({ upstream }: Keyed, headers: IncomingHttpHeaders): string | undefined {
  const sent = upstream && headers[upstream.keyHeader.toLowerCase()]
  return typeof sent === 'string' && sent.trim() !== '' ? sent.trim() : undefined
}

/** For those that need no key. */
const noKey = new Secret('')
