import { readFile } from 'node:fs/promises'
import swagger, { type StaticDocumentSpec } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { openapiJson } from '../api/openapi.gen.ts'
import { routesAreFor } from '../plugins/auth/routes.ts'

export interface DocsRouteOptions {
  /** Where `openapi.yaml` lies. */
  readonly contract: URL
}

/** Public: the contract, and a page to read and try it. */
export async function docsRoutes(app: FastifyInstance, { contract }: DocsRouteOptions): Promise<void> {
  routesAreFor('public', app)

  app.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(openapiJson))
  app.get('/openapi.yaml', async (_request, reply) =>
    reply.type('application/yaml; charset=utf-8').send(await readFile(contract, 'utf8')),
  )

  const document: StaticDocumentSpec['document'] = JSON.parse(openapiJson)
  // Wherever the page is opened is where its requests go.
  Object.assign(document, { servers: [{ url: '/' }] })
  await app.register(swagger, { mode: 'static', specification: { document } })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { deepLinking: true, tryItOutEnabled: true },
  })
}

/**
 * The page and its requests stay on this server. Nothing is upgraded to https, or the page would be empty where the gateway is
 * reached over plain http; styles may be inline, because the page's code makes some.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')
