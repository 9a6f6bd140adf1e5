import type { FastifyInstance } from 'fastify'
import type { RouteAuth } from './principal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Every route says so, or stands in a scope that does. */
    auth?: RouteAuth
  }
}

/** Every route of this scope, and of those in it, that says nothing else is for these callers. */
export function routesAreFor(auth: RouteAuth, app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.config = { auth, ...route.config }
  })
}

export interface RouteWithAuth {
  /** `GET /v1/models`. */
  readonly route: string
  readonly auth: RouteAuth | undefined
}

/** The routes that are added from now on, and who each is for; preflight requests of CORS, which hold no key, aside. */
export function routesFromNowOn(app: FastifyInstance): () => readonly RouteWithAuth[] {
  const routes: { readonly method: string | string[]; readonly url: string; readonly config?: { readonly auth?: RouteAuth } }[] =
    []
  // Kept as they are: what the scope of a route adds is there only after this.
  app.addHook('onRoute', (route) => void routes.push(route))
  return () =>
    routes.flatMap(({ method, url, config }) =>
      [method]
        .flat()
        .filter((each) => each !== 'OPTIONS')
        .map((each) => ({ route: `${each} ${url}`, auth: config?.auth })),
    )
}
