import { readFile } from 'node:fs/promises'
import type { StaticDocumentSpec } from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import { asyncapiJson } from '../api/asyncapi.gen.ts'
import { openapiJson } from '../api/openapi.gen.ts'
import { routesAreFor } from '../plugins/auth/routes.ts'

export interface DocsRouteOptions {
  /** Where `openapi.yaml` lies. */
  readonly contract: URL
}

/** Public: the contract, what it says of live sessions as AsyncAPI, and a page to read and try it. */
export async function docsRoutes(app: FastifyInstance, { contract }: DocsRouteOptions): Promise<void> {
  routesAreFor('public', app)

  app.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(openapiJson))
  app.get('/openapi.yaml', async (_request, reply) =>
    reply.type('application/yaml; charset=utf-8').send(await readFile(contract, 'utf8')),
  )

  let asyncapiYaml: string | undefined
  app.get('/asyncapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(asyncapiJson))
  app.get('/asyncapi.yaml', async (_request, reply) => {
    asyncapiYaml ??= stringify(JSON.parse(asyncapiJson), { lineWidth: 0, aliasDuplicateObjects: false })
    return reply.type('application/yaml; charset=utf-8').send(asyncapiYaml)
  })

  await app.register(pageRoutes, { prefix: '/docs' })
}

/** The page is made at the first visit: what shows it takes some megabytes, and most gateways are never asked for it. */
async function pageRoutes(app: FastifyInstance): Promise<void> {
  let page: Promise<FastifyInstance> | undefined
  for (const path of pagePaths) {
    app.get(path, async ({ url, headers }, reply) => {
      page ??= buildPage()
      const answer = await (await page).inject({ url, headers })
      if (answer.statusCode >= 400) return reply.callNotFound()
      for (const name of connectionHeaders) delete answer.headers[name]
      // Fastify gives a type to what is empty, but not to what is not there.
      const payload = answer.rawPayload.byteLength > 0 ? answer.rawPayload : undefined
      return reply.code(answer.statusCode).headers(answer.headers).send(payload)
    })
  }
  app.addHook('onClose', async () => (await page)?.close())
}

const pagePaths = ['/', '/json', '/yaml', '/static/index.html', '/static/swagger-initializer.js', '/static/*']

/** What a server says of its connection and not of its answer. */
const connectionHeaders = ['connection', 'date', 'keep-alive', 'transfer-encoding']

/** A server of its own, which listens nowhere: to a running one no routes can be added. */
async function buildPage(): Promise<FastifyInstance> {
  const { default: swagger } = await import('@fastify/swagger')
  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  const document: StaticDocumentSpec['document'] = JSON.parse(openapiJson)
  // Wherever the page is opened is where its requests go.
  Object.assign(document, { servers: [{ url: '/' }] })
  const page = Fastify()
  await page.register(swagger, { mode: 'static', specification: { document } })
  await page.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { deepLinking: true, tryItOutEnabled: true },
  })
  return page
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
