import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../../api/error.ts'
import { addressOf } from './address.ts'
import { guessLimit } from './guessing.ts'
import { type AuthMode, type Door, identifier } from './identify.ts'
import type { Principal, Role, RouteAuth } from './principal.ts'
import { type RouteWithAuth, routesFromNowOn } from './routes.ts'
import { watchKeys } from './watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    auth: Auth
  }
  interface FastifyRequest {
    /** Who asks; on every route but public ones and those whose key may come later. */
    principal: Principal
    /** Who asks on a route whose key may come later, as far as the headers say. */
    principalSoFar: Principal | undefined
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
  /**
   * Who sent a request to a route whose key may come later, once that time has come; `key` is undefined where none came. Two keys of different
   * owners are none. Throws as `principalOf` does, but for `admin_only`.
   */
  principalAtLast(request: FastifyRequest, key: string | undefined): Promise<Principal>
  /** Where a request comes from, as limits count it. */
  addressOf(request: FastifyRequest): string
}

/** Knows who sends each request before its body is read. */
export const auth = fp(
  async (app: FastifyInstance, door: Door) => {
    // The store has been read once.
    const { mode, store, clock } = door
    const identify = identifier(door)
    const refuseGuessing = await guessLimit(app)
    const routes = routesFromNowOn(app)

    app.decorateRequest('principal')
    app.decorateRequest('principalSoFar', undefined)
    app.decorate('auth', {
      mode,
      get keyCount() {
        return store.keys.count
      },
      routes,
      principalOf,
      async principalAtLast(request, key) {
        const principal = await orCounted(request, () => identify.atLast(request, key))
        tellIn(request, principal)
        return principal
      },
      addressOf,
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
      if (role === 'client-later') {
        request.principalSoFar = await orChallenged(request, reply, () => identify.soFar(request))
        if (request.principalSoFar) tellIn(request, request.principalSoFar)
        return
      }
      request.principal = await principalOf(request, reply, role)
      tellIn(request, request.principal)
    })

    if (store.file && mode !== 'disabled') {
      const watch = watchKeys(store, clock, () => tellRead())
      app.addHook('onClose', () => watch.close())
    }

    function principalOf(request: FastifyRequest, reply: FastifyReply, role: Role): Promise<Principal> {
      return orChallenged(request, reply, () => identify.sender(request, role))
    }

    /** What says who asks; where it refuses a key, the answer says how keys are sent. */
    async function orChallenged<Known>(request: FastifyRequest, reply: FastifyReply, identified: () => Known): Promise<Known> {
      try {
        return await orCounted(request, identified)
      } catch (error) {
        if (error instanceof GatewayError && error.status === 401) reply.header('www-authenticate', 'Bearer')
        throw error
      }
    }

    /** What says who asks; where it refuses a key, that counts as a guess. */
    async function orCounted<Known>(request: FastifyRequest, identified: () => Known): Promise<Known> {
      try {
        return identified()
      } catch (error) {
        const isGuess = error instanceof GatewayError && error.status === 401 && error.code !== 'missing_api_key'
        if (isGuess) await refuseGuessing(request)
        throw error
      }
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

function tellIn({ facts }: FastifyRequest, { keyId, tenant, project }: Principal): void {
  if (keyId !== undefined) facts.key_id = keyId
  if (tenant !== undefined) facts.tenant = tenant
  if (project !== undefined) facts.project = project
}
