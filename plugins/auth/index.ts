import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { addressOf } from './address.ts'
import { keysSent } from './header.ts'
import { keyPrefix } from './key.ts'
import type { Principal, Role, RouteAuth } from './principal.ts'
import { type RouteWithAuth, routesFromNowOn } from './routes.ts'
import type { KeyStore } from './store.ts'
import { watchKeys } from './watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    auth: Auth
  }
  interface FastifyRequest {
    /** Who asks; on every route but public ones. */
    principal: Principal
  }
}

/** Who may call. */
export interface Auth {
  readonly mode: AuthMode
  /** How many gateway keys there are. */
  readonly keyCount: number
  /** Every route, and who may call it. */
  routes(): readonly RouteWithAuth[]
  /**
   * Who sends a request, for a public route that is more to some. Throws `missing_api_key`, `invalid_api_key`, `expired_api_key`,
   * `disabled_api_key` (401), `admin_only` (403) or `authentication_rate_limit` (429).
   */
  principalOf(request: FastifyRequest, reply: FastifyReply, role: Role): Promise<Principal>
}

export type AuthMode = 'required' | 'optional' | 'disabled'

export interface AuthOptions {
  readonly mode: AuthMode
  /** What those may do who call where auth is disabled. */
  readonly anonymousRole: Role
  /** Has been read once, and is watched from now on. */
  readonly store: KeyStore
  readonly clock: Clock
}

/** Knows who sends each request before its body is read. */
export const auth = fp(
  async (app: FastifyInstance, { mode, anonymousRole, store, clock }: AuthOptions) => {
    await app.register(rateLimit, { global: false, max: failuresPerMinute, cache: addressesKept, keyGenerator: addressOf })
    const countFailure = app.createRateLimit()
    const anonymous = withoutKey('anonymous', anonymousRole)
    const routes = routesFromNowOn(app)

    app.decorateRequest('principal')
    app.decorate('auth', {
      mode,
      get keyCount() {
        return store.keys.count
      },
      routes,
      principalOf,
    })

    // Every gateway that reads the same file would go out of service at once if this were a reason not to be ready.
    app.readiness.add('keys', () =>
      store.problems.length === 0 ? 'ok' : 'ok, but their file cannot be read as it is now; the keys from before count',
    )

    app.addHook('onReady', async () => {
      const silent = routes().filter((each) => each.auth === undefined)
      if (silent.length > 0) throw new Error(`it is not said who may call ${silent.map(({ route }) => route).join(', ')}`)
    })

    app.addHook('onRequest', async (request, reply) => {
      if (request.is404) return
      // A route that says nothing is a preflight of CORS, or there would be no server.
      const role: RouteAuth = request.routeOptions.config.auth ?? (request.method === 'OPTIONS' ? 'public' : 'admin')
      if (role === 'public') return
      const principal = await principalOf(request, reply, role)
      request.principal = principal
      if (principal.keyId !== undefined) request.facts.key_id = principal.keyId
      if (principal.tenant !== undefined) request.facts.tenant = principal.tenant
      if (principal.project !== undefined) request.facts.project = principal.project
    })

    if (store.file && mode !== 'disabled') {
      const watch = watchKeys(store, clock, () => tellRead())
      app.addHook('onClose', () => watch.close())
    }

    async function principalOf(request: FastifyRequest, reply: FastifyReply, role: Role): Promise<Principal> {
      if (mode === 'disabled') return admitted(anonymous, role)
      const { keys, foreign } = keysSent(request.headers)
      const [key, other] = keys
      if (key === undefined) {
        if (mode === 'optional' && role === 'client') return withoutKey(`address:${addressOf(request)}`, 'client')
        reply.header('www-authenticate', 'Bearer')
        throw foreign === undefined ? new GatewayError('missing_api_key') : foreignKey(foreign)
      }
      try {
        if (other !== undefined) throw new GatewayError('invalid_api_key', { message: twoKeys })
        return admitted(store.keys.find(key, clock.wallclock()), role)
      } catch (error) {
        if (error instanceof GatewayError && error.status === 401) {
          await refuseBruteForce(request)
          reply.header('www-authenticate', 'Bearer')
        }
        throw error
      }
    }

    /**
     * Somebody who tries keys is told to wait, and learns nothing more. Keys that are right are not held up by this: whoever shares
     * an address with somebody else, or a proxy that is not trusted, could be shut out otherwise.
     */
    async function refuseBruteForce(request: FastifyRequest): Promise<void> {
      const count = await countFailure(request)
      if (count.isAllowed || !count.isExceeded) return
      app.metrics.limitRefused('authentication', 'address')
      throw new GatewayError('authentication_rate_limit', { retryAfter: count.ttlInSeconds, message: tooManyFailures })
    }

    function tellRead(): void {
      const { problems, file, keys } = store
      app.metrics.keysRead(problems.length === 0)
      if (problems.length === 0) app.log.info({ file, count: keys.count }, 'the gateway keys were read again')
      else
        app.log.error({ file, problems, count: keys.count }, 'the gateway keys could not be read again; those from before count')
    }
  },
  { name: 'auth', dependencies: ['logging', 'metrics', 'readiness'] },
)

const failuresPerMinute = 30
/** How many addresses are counted; beyond it those are forgotten that failed least lately. */
const addressesKept = 10_000

const tooManyFailures = `Too many keys from this address were refused: more than ${failuresPerMinute} in a minute.`
const twoKeys = 'Authorization and x-api-key hold different keys of the gateway; send one.'

function foreignKey(header: string): GatewayError {
  const message = `The key in ${header} is none of this gateway's, which begin with ${keyPrefix}. The key of a provider comes in a header of its own, X-Provider-Key-…, beside it.`
  return new GatewayError('invalid_api_key', { param: header, message })
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
    providerKey: () => undefined,
  }
}
