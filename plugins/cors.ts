import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { openapiJson } from '../api/openapi.gen.ts'

export interface CorsOptions {
  /** The origins whose pages may call the gateway, exactly as browsers write them; none for no CORS at all. */
  readonly origins: readonly string[]
}

/**
 * Lets pages of the operator's choice call the gateway from a browser. Every answer to them says so, errors and streams too, because
 * it is decided before anything can fail. To any other origin the gateway is as it is without CORS.
 *
 * Routes for admins stay closed. Cookies are of no use here, so that credentials in the sense of CORS are not allowed: a key comes in
 * a header that the page sets.
 */
export const cors = fp(
  async (app: FastifyInstance, { origins }: CorsOptions) => {
    if (origins.length === 0) return
    const allowed = new Set(origins)
    const routes: { readonly url: string; readonly config?: FastifyContextConfig }[] = []
    const closed: ((path: string) => boolean)[] = []
    const exposedHeaders = answerHeaders()

    app.addHook('onRoute', (route) => void routes.push(route))
    app.addHook('onReady', async () => {
      // Not before: what the scope of a route says of it is there only after `onRoute`.
      for (const { url, config } of routes) if (config?.auth === 'admin') closed.push(isPathOf(url))
    })
    // Some browsers ask this of a gateway on a private network for a page that is not; naming the page's origin is the consent.
    app.addHook('onRequest', (request, reply, done) => {
      const asksForPrivate = request.headers['access-control-request-private-network'] === 'true'
      if (asksForPrivate && isPreflight(request) && isOpen(request)) reply.header('access-control-allow-private-network', 'true')
      done()
    })
    await app.register(fastifyCors, {
      delegator: (request: FastifyRequest, done: (error: null, options: FastifyCorsOptions) => void) => {
        const { origin = '' } = request.headers
        if (!isOpen(request)) done(null, { origin: false })
        else done(null, { origin, exposedHeaders, methods, maxAge: preflightSeconds, preflight: isPreflight(request) })
      },
    })

    function isOpen({ headers, method, url, routeOptions }: FastifyRequest): boolean {
      if (headers.origin === undefined || !allowed.has(headers.origin)) return false
      // A preflight has no route of its own.
      if (method !== 'OPTIONS') return routeOptions.config.auth !== 'admin'
      const path = pathIn(url)
      return !closed.some((isPath) => isPath(path))
    }
  },
  { name: 'cors', dependencies: ['logging', 'request-id', 'errors'] },
)

const methods = ['GET', 'HEAD', 'POST']
/** For how long a browser need not ask again. */
const preflightSeconds = 600

/** An `OPTIONS` that is none is a request for a route that there is not. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** The path as the router reads it, which has refused what cannot be decoded. */
function pathIn(url: string): string {
  return decodeURI(/^(?:https?:\/\/.*?(?=\/))?([^?#]*)/.exec(url)?.[1] ?? '')
}

/** Whether a path may be a route's: rather one too many than too few, `/a/:id` stands for whatever begins with `/a/`. */
function isPathOf(route: string): (path: string) => boolean {
  const [fixed = ''] = route.split(/[:*]/, 1)
  return (path) => (fixed === route ? path === route : path.startsWith(fixed))
}

/** Every header that the contract gives to an answer; a page sees no others. */
function answerHeaders(): string[] {
  const { paths, components }: Contract = JSON.parse(openapiJson)
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const answers = [...operations, components].flatMap(({ responses }) => Object.values(responses))
  // The second name of X-Request-ID, by which Anthropic's SDK knows it.
  return [...new Set([...answers.flatMap(({ headers }) => Object.keys(headers ?? {})), 'request-id'])]
}

interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Answers>>>>
  readonly components: Answers
}

interface Answers {
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}
