import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildApp } from '../../../app.ts'
import { loadConfig } from '../../../config.ts'
import { routesAreFor } from '../../../plugins/auth/routes.ts'
import { type Gateway, startGateway } from '../../gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

it('every route says who may call it; a new one has to be put on this list', () => {
  const routes = gateway.app.auth.routes().filter(({ route }) => !route.startsWith('HEAD '))
  expect(Object.fromEntries(routes.map(({ route, auth: who }) => [route, who]))).toEqual({
    'GET /': 'public',
    'GET /healthz': 'public',
    'GET /readyz': 'public',
    'GET /metrics': 'admin',
    'GET /demo/page': 'public',
    'GET /demo/voice': 'public',
    'GET /demo/voice.css': 'public',
    'GET /demo/voice.js': 'public',
    'GET /demo/voice-sound.js': 'public',
    'GET /openapi.json': 'public',
    'GET /openapi.yaml': 'public',
    'GET /asyncapi.json': 'public',
    'GET /asyncapi.yaml': 'public',
    'GET /docs': 'public',
    'GET /docs/json': 'public',
    'GET /docs/yaml': 'public',
    'GET /docs/static/*': 'public',
    'GET /docs/static/index.html': 'public',
    'GET /docs/static/swagger-initializer.js': 'public',
    'POST /v1/messages': 'client',
    'POST /v1/messages/count_tokens': 'client',
    'POST /v1/runs': 'client',
    'POST /v1/runs::stream': 'client',
    'GET /v1/live': 'client-later',
    'GET /v1/models': 'client',
    'GET /v1/models/*': 'client',
  })
})

it('HEAD is for those whom GET is for', () => {
  const routes = new Map(gateway.app.auth.routes().map(({ route, auth: who }) => [route, who]))
  const heads = [...routes].filter(([route]) => route.startsWith('HEAD '))
  expect(heads.length).toBeGreaterThan(3)
  for (const [route, who] of heads) {
    const get = route.replace('HEAD', 'GET')
    // The slash at the end of a prefix is another way to write the same route.
    expect([route, who]).toEqual([route, routes.get(get) ?? routes.get(get.replace(/\/$/, ''))])
  }
})

it('a server with a route that does not say who may call it does not start', async () => {
  const app = await buildApp(await loadConfig({ VAI_LOG_LEVEL: 'silent' }), {
    operatorKeys: new Map(),
    version: '0.0.0-test',
    contract: new URL('../../../openapi.yaml', import.meta.url),
  })
  await app.register(async (scope) => {
    routesAreFor('client', scope)
    scope.get('/said', async () => 'a')
    scope.get('/said-itself', { config: { auth: 'public' } }, async () => 'b')
  })
  app.get('/silent', async () => 'c')
  app.options('/preflight', async () => 'd')
  await expect(app.ready()).rejects.toThrow(/^it is not said who may call (?:HEAD|GET) \/silent, (?:HEAD|GET) \/silent$/)
  await app.close()
})
