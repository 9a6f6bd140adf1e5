import Anthropic from '@anthropic-ai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { buildApp } from '../../app.ts'
import { loadConfig } from '../../config.ts'
import { hashOf, newKey } from '../../plugins/auth/key.ts'
import { routesAreFor } from '../../plugins/auth/routes.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts'
import { exchange, request } from '../raw-http.ts'

const page = 'https://app.example.com'
const gateways: Gateway[] = []

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
})

describe('a page of an origin that is allowed', () => {
  it('asks by the SDK, with everything that the SDK sends', async () => {
    const { url } = await start()
    const { data, request_id } = await sdk(url).messages.create(hello).withResponse()
    expect(data.content).toMatchObject([{ type: 'text', text: 'hello' }])
    expect(request_id).toMatch(/^req_/)
  })

  it('reads a stream by the SDK', async () => {
    const { url } = await start()
    const message = await sdk(url).messages.stream(hello).finalMessage()
    expect(message.content).toMatchObject([{ type: 'text', text: 'hello' }])
  })

  it('reads the list of models', async () => {
    const { url } = await start()
    const models = await sdk(url).models.list()
    expect(models.data.map(({ id }) => id)).toContain('demo/echo')
  })

  it('sees the headers of the contract, and no others than those', async () => {
    const { url } = await start()
    const answer = await browser(page)(`${url}/v1/messages`, post(hello))
    expect(answer.status).toBe(200)
    for (const name of ['x-request-id', 'request-id', 'x-model', 'x-input-tokens', 'x-output-tokens', 'x-duration-ms'])
      expect(answer.headers.get(name), name).not.toBeNull()
    expect(answer.headers.get('connection')).toBeNull()
    const exposed = (await fetch(url, { headers: { origin: page } })).headers.get('access-control-expose-headers') ?? ''
    expect(exposed.toLowerCase().split(', ')).toEqual(
      expect.arrayContaining(['retry-after', 'ratelimit', 'ratelimit-policy', 'x-cost-usd', 'x-total-tokens', 'x-attempts']),
    )
  })

  it.each<[number, string, RequestInit]>([
    [400, '/v1/messages', post({ model: 'demo/echo' })],
    [400, '/v1/messages', post('{"model":')],
    [401, '/v1/messages', post({ ...hello, model: 'anthropic/claude-sonnet-4-5' })],
    [404, '/v1/messages', post({ ...hello, model: 'nobody/nothing' })],
    [404, '/v1/nothing', {}],
    [413, '/v1/messages', post({ ...hello, metadata: { user_id: 'x'.repeat(2000) } })],
  ])('reads an error: %i from %s', async (status, path, init) => {
    const { url } = await start({ env: { VAI_LIMIT_BODY_BYTES: '1024', VAI_CREDENTIALS: 'byok' } })
    const answer = await browser(page)(`${url}${path}`, init)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ type: 'error' })
  })

  it('reads that the gateway shuts down', async () => {
    const { url, app } = await start()
    await app.drain.start()
    const answer = await browser(page)(`${url}/v1/messages`, post(hello))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  it('is asked for a key of the gateway, and reads why it was refused', async () => {
    const key = newKey().reveal()
    const keys = JSON.stringify({ keys: [{ id: 'page', hash: `sha256:${hashOf(key)}` }] })
    const { url } = await start({ env: { VAI_AUTH_MODE: 'required', VAI_GATEWAY_KEYS: keys } })
    const ask = (headers: Record<string, string>) => browser(page)(`${url}/v1/models`, { headers })
    expect((await preflight(url, page)).status).toBe(204)
    expect((await ask({})).status).toBe(401)
    expect((await ask({ 'x-api-key': key })).status).toBe(200)
    expect((await ask({ authorization: `Bearer ${key}` })).status).toBe(200)
    let refused = await ask({ 'x-api-key': newKey().reveal() })
    expect(refused.status).toBe(401)
    for (let tries = 0; refused.status === 401 && tries < 100; tries++) refused = await ask({ 'x-api-key': newKey().reveal() })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  })

  it('may be one of several', async () => {
    const { url } = await start({ env: { VAI_CORS_ORIGINS: `${page},http://localhost:3000` } })
    expect((await browser('http://localhost:3000')(`${url}/v1/messages`, post(hello))).status).toBe(200)
    expect((await browser(page)(`${url}/v1/messages`, post(hello))).status).toBe(200)
  })

  it('is asked for no key before it may send one', async () => {
    const { url } = await start()
    const answer = await preflight(url, page)
    expect(answer.status).toBe(204)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    })
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
    expect(answer.headers.has('access-control-allow-private-network')).toBe(false)
  })

  it('may call a gateway on a private network', async () => {
    const { url } = await start()
    const asked = { 'access-control-request-private-network': 'true' }
    expect((await preflight(url, page, asked)).headers.get('access-control-allow-private-network')).toBe('true')
    expect((await preflight(url, 'https://evil.test', asked)).headers.has('access-control-allow-private-network')).toBe(false)
  })
})

describe('a page of another origin', () => {
  it.each([
    'https://evil.test',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.test',
    'https://evil.test?https://app.example.com',
    'HTTPS://APP.EXAMPLE.COM',
    'null',
    '*',
  ])('is told nothing: %s', async (origin) => {
    const { url } = await start()
    for (const answer of [await preflight(url, origin), await fetch(`${url}/v1/models`, { headers: { origin } })]) {
      expect(corsHeaders(answer)).toEqual([])
      expect(answer.headers.get('vary')).toBe('Origin')
    }
    await expect(browser(origin)(`${url}/v1/messages`, post(hello))).rejects.toThrow('blocked')
  })
})

describe('CORS', () => {
  it('is off by default', async () => {
    const { url } = await start({ env: { VAI_CORS_ORIGINS: '' } })
    const answers = [await preflight(url, page), await fetch(`${url}/v1/models`, { headers: { origin: page } })]
    expect(answers.map(({ status }) => status)).toEqual([404, 200])
    for (const answer of answers) {
      expect(corsHeaders(answer)).toEqual([])
      expect(answer.headers.has('vary')).toBe(false)
    }
  })

  it('tells caches that the answer depends on the origin, even where none is named', async () => {
    const { url } = await start()
    for (const path of ['/', '/healthz', '/v1/models', '/nothing', '/openapi.json']) {
      const answer = await fetch(`${url}${path}`)
      expect(answer.headers.get('vary'), path).toBe('Origin')
      expect(corsHeaders(answer), path).toEqual([])
    }
  })

  it.each([
    ['/secret', ''],
    ['/secret?x=1', ''],
    ['/%73ecret', ''],
    ['/s%65cre%74?x', ''],
    ['/secrets/1', '1'],
    ['/s%65crets/%2e%2e', '..'],
    ['/secrets/a%2Fb', 'a/b'],
  ])('does not hold for what only admins may read, however its path is written: %s', async (path, id) => {
    const config = await loadConfig({ VAI_CORS_ORIGINS: page, VAI_LOG_LEVEL: 'silent' })
    const contract = new URL('../../openapi.yaml', import.meta.url)
    const app = await buildApp(config, { operatorKeys: new Map(), version: '0.0.0-test', contract })
    await app.register(async (scope) => {
      routesAreFor('admin', scope)
      scope.get('/secret', async () => 'secret ')
      scope.get<{ Params: { id: string } }>('/secrets/:id', async ({ params }) => `secret ${params.id}`)
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    try {
      const asked = [`origin: ${page}`, 'access-control-request-method: GET', 'access-control-request-headers: authorization']
      for (const target of [path, `${url}${path}`]) {
        // As it stands: a client would write it in its own way.
        const sent = ['OPTIONS', 'GET', 'HEAD'].map((method) => request(`${method} ${target}`, [...asked, 'connection: close']))
        const [refused, read, head] = await Promise.all(sent.map((text) => exchange(url, text)))
        expect(refused).toMatch(/^HTTP\/1.1 404 /)
        expect(read).toMatch(/^HTTP\/1.1 200 /)
        expect(read?.endsWith(`secret ${id}`)).toBe(true)
        expect(head).toMatch(/^HTTP\/1.1 200 /)
        for (const answer of [refused, read, head]) {
          expect(answer).not.toMatch(/access-control-/i)
          expect(answer).toMatch(/^vary: Origin\r$/im)
        }
      }
    } finally {
      await app.close()
    }
  })

  it('takes an OPTIONS that is no preflight for a route that there is not', async () => {
    const { url } = await start()
    const answer = await fetch(`${url}/v1/messages`, { method: 'OPTIONS', headers: { origin: page } })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'unknown_route' } })
  })
})

const hello = { model: 'demo/echo', max_tokens: 64, messages: [{ role: 'user' as const, content: 'hello' }] }

async function start({ env, ...options }: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ env: { VAI_CORS_ORIGINS: page, ...env }, ...options })
  gateways.push(gateway)
  return gateway
}

function sdk(baseURL: string): Anthropic {
  return new Anthropic({
    apiKey: 'sk-test-0000',
    baseURL,
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
    defaultHeaders: { 'X-Provider-Key-Anthropic': 'sk-test-0000' },
    fetch: browser(page),
  })
}

function post(body: unknown): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }
}

function preflight(url: string, origin: string, headers: Record<string, string> = {}): Promise<Response> {
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' }
  return fetch(`${url}/v1/messages`, { method: 'OPTIONS', headers: { origin, ...asked, ...headers } })
}

function corsHeaders({ headers }: Response): string[] {
  return [...headers.keys()].filter((name) => name.startsWith('access-control-'))
}

/** Fetches as a browser does for a page: asks before it sends, and shows the page what it may see. */
function browser(origin: string): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (input, init = {}) => {
    const { method = 'GET' } = init
    const headers = new Headers(init.headers)
    const unsafe = [...headers.keys()].filter((name) => !isSafelisted(name, headers.get(name) ?? '')).sort()
    if (unsafe.length > 0 || !['GET', 'HEAD', 'POST'].includes(method)) {
      const asked = { 'access-control-request-method': method, 'access-control-request-headers': unsafe.join(',') }
      const answer = await fetch(input, { method: 'OPTIONS', headers: { origin, ...asked } })
      const allowedMethods = listOf(answer, 'access-control-allow-methods')
      const allowedHeaders = listOf(answer, 'access-control-allow-headers')
      if (!answer.ok || answer.headers.get('access-control-allow-origin') !== origin)
        throw new TypeError('blocked by the preflight')
      if (!allowedMethods.includes(method.toLowerCase())) throw new TypeError(`blocked: ${method}`)
      const refused = unsafe.filter((name) => !allowedHeaders.includes(name))
      if (refused.length > 0) throw new TypeError(`blocked: ${refused.join(', ')}`)
    }
    headers.set('origin', origin)
    const answer = await fetch(input, { ...init, headers })
    if (answer.headers.get('access-control-allow-origin') !== origin) throw new TypeError('blocked: the answer may not be read')
    const seen = new Set([...safelisted, ...listOf(answer, 'access-control-expose-headers')])
    const visible = new Headers([...answer.headers].filter(([name]) => seen.has(name)))
    return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: visible })
  }
}

function isSafelisted(name: string, value: string): boolean {
  if (name === 'content-type') return /^(?:text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)/.test(value)
  return ['accept', 'accept-language', 'content-language'].includes(name)
}

const safelisted = ['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma']

function listOf({ headers }: Response, name: string): string[] {
  return (headers.get(name) ?? '').split(',').map((each) => each.trim().toLowerCase())
}
