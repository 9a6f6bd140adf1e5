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
  const routes: (() => RouteWithAuth)[] = []
  app.addHook('onRoute', (route) => {
    const { method, url } = route
    const methods = [method].flat().filter((each) => each !== 'OPTIONS')
    // Asked later: what the scope of the route says of it is there only after this.
    routes.push(...methods.map((each) => () => ({ route: `${each} ${url}`, auth: route.config?.auth })))
  })
  return () => routes.map((route) => route())
}
