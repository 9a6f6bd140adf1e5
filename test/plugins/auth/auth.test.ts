import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey, type TestKey } from '../../gateway-keys.ts'
import { ManualClock } from '../../manual-clock.ts'
import { answersIn, exchange, request } from '../../raw-http.ts'

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(options?: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options)
  gateways.push(gateway)
  return gateway
}

const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }
const bearer = ({ key }: TestKey): Record<string, string> => ({ authorization: `Bearer ${key}` })
const apiKey = ({ key }: TestKey): Record<string, string> => ({ 'x-api-key': key })

const app = gatewayKey('app', { tenant: 'acme', project: 'shop' })
const admin = gatewayKey('boss', { role: 'admin' })
const tenants = { acme: {} }

describe('where a key is required', () => {
  it.each<[string, Record<string, string>]>([
    ['a bearer token', bearer(app)],
    ['a bearer token in other letters', { authorization: `bearer  ${app.key} ` }],
    ['x-api-key', apiKey(app)],
    ['both', { ...bearer(app), ...apiKey(app) }],
    ["one, beside somebody else's word", { ...bearer(app), 'x-api-key': 'sk-ant-test-of-another' }],
  ])('it may come as %s', async (_, headers) => {
    const gateway = await start({ env: envWith([app], tenants) })
    expect((await gateway.post(hello, headers)).status).toBe(200)
    expect((await fetch(`${gateway.url}/v1/models`, { headers })).status).toBe(200)
  })

  it.each<[string, Record<string, string>, string, string]>([
    ['no key', {}, 'missing_api_key', 'Authorization: Bearer'],
    ['another scheme', { authorization: `Basic ${app.key}` }, 'missing_api_key', 'Authorization: Bearer'],
    ['a key of a provider', { 'x-api-key': 'sk-ant-test-1234567890' }, 'missing_api_key', 'X-Provider-Key-'],
    ['a key with a wrong letter', { 'x-api-key': `${app.key.slice(0, -1)}-` }, 'invalid_api_key', 'mistyped'],
    ['a key of another gateway', apiKey(gatewayKey('x')), 'invalid_api_key', 'does not know'],
    ['two keys', { ...bearer(app), ...apiKey(admin) }, 'invalid_api_key', 'Different keys'],
  ])('%s is refused', async (_, headers, code, words) => {
    const gateway = await start({ env: envWith([app, admin], tenants) })
    const response = await gateway.post(hello, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    const error = await errorOf(response)
    expect(error).toMatchObject({ type: 'authentication_error', code })
    expect(error.message).toContain(words)
    expect(error.message).not.toContain(app.key.slice(10, 30))
  })

  it.each<[string, string[], number, string]>([
    ['two bearer tokens', [`authorization: Bearer ${app.key}`, `authorization: Bearer ${admin.key}`], 401, 'Different keys'],
    ['two of x-api-key', [`x-api-key: ${app.key}`, `X-API-Key: ${admin.key}`], 401, 'Different keys'],
    [
      'a wrong one after a right one',
      [`authorization: Bearer ${app.key}`, 'Authorization: Bearer vai_sk_x'],
      401,
      'Different keys',
    ],
    ['a bearer token twice', [`authorization: Bearer ${app.key}`, `authorization: Bearer ${app.key}`], 200, 'demo/echo'],
    ['x-api-key twice', [`x-api-key: ${app.key}`, `x-api-key: ${app.key}`], 200, 'demo/echo'],
    ["a key after a provider's", ['authorization: Bearer sk-test-x', `authorization: Bearer ${app.key}`], 200, 'demo/echo'],
  ])('%s in headers that are repeated: all are looked at', async (_, headers, status, words) => {
    const { url } = await start({ env: envWith([app, admin], tenants) })
    const [answer] = answersIn(await exchange(url, request('GET /v1/models', [...headers, 'connection: close'])))
    expect(answer?.status).toBe(status)
    expect(answer?.body).toContain(words)
  })

  it('nobody who is not known is listened to: the refusal comes before the body', async () => {
    const { url } = await start({ env: envWith([app], tenants) })
    const head = ['content-type: application/json', 'content-length: 1000000', 'connection: close']
    const [answer] = answersIn(await exchange(url, request('POST /v1/messages', head, '')))
    expect(answer?.status).toBe(401)
  })

  it('what is public stays so, and what there is not is not found', async () => {
    const { url } = await start({ env: envWith([app], tenants) })
    for (const path of ['/', '/healthz', '/readyz', '/openapi.json', '/docs/']) {
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200])
    }
    expect((await fetch(`${url}/v1/nothing`)).status).toBe(404)
  })

  it('a path that is written in another way is the same route', async () => {
    const { url } = await start({ env: envWith([app], tenants) })
    for (const path of ['/v1/%6dodels', '/v1/models?x=/healthz', '/v1/models/..%2f..%2fhealthz']) {
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 401])
    }
  })

  it('the log says which key, tenant and project, and never the key', async () => {
    const gateway = await start({ env: envWith([app], tenants) })
    await gateway.post(hello, bearer(app))
    const line = JSON.parse(await gateway.logged('"msg":"request"'))
    expect(line).toMatchObject({ key_id: 'app', tenant: 'acme', project: 'shop', status: 200 })
    const { hash } = app.record
    expect(gateway.logLines.filter((each) => each.includes(app.key) || each.includes(hash.slice(7)))).toEqual([])
  })

  it('no key that is refused stands in the log, in whatever state it came', async () => {
    const gateway = await start({ env: envWith([app, gatewayKey('off', { disabled: true })], tenants) })
    const wrong = [
      `${app.key.slice(0, -1)}-`,
      app.key.slice(0, 20),
      gatewayKey('x').key,
      `${app.key}${app.key}`,
      app.key.slice(7),
    ]
    for (const key of wrong) {
      for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }, { authorization: key }]) {
        const response = await gateway.post(hello, headers)
        expect(response.status).toBe(401)
        expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain(key)
      }
    }
    for (const key of wrong) expect(gateway.logLines.filter((line) => line.includes(key))).toEqual([])
  })

  it('a gateway without a key does not start, and says how to make one', async () => {
    await expect(startGateway({ env: { VAI_AUTH_MODE: 'required' } })).rejects.toThrow('vai keys create')
    await expect(startGateway({ env: { VAI_HOST: '0.0.0.0' } })).rejects.toThrow('VAI_HOST=127.0.0.1')
  })

  it('keys that cannot be read are all told, and nothing is started', async () => {
    const env = { VAI_GATEWAY_KEYS: '{"keys":[{"id":"a"}]}', VAI_GATEWAY_KEYS_FILE: '/nothing/keys.yaml' }
    await expect(startGateway({ env })).rejects.toThrow(
      '/nothing/keys.yaml: cannot be read (ENOENT)\ngateway_keys: keys[0].hash is missing',
    )
  })
})

describe('a key', () => {
  const wallclock = Date.UTC(2027, 0, 31) - 1000

  it('is good until it expires, by the clock of each request', async () => {
    const clock = new ManualClock(wallclock)
    const key = gatewayKey('short', { expires_at: '2027-01-31' })
    const gateway = await start({ env: envWith([key]), parts: { clock } })
    clock.advance(999)
    expect((await gateway.post(hello, apiKey(key))).status).toBe(200)
    clock.advance(1)
    const response = await gateway.post(hello, apiKey(key))
    expect(response.status).toBe(401)
    expect(await errorOf(response)).toMatchObject({ code: 'expired_api_key' })
  })

  it('is refused when it was turned off', async () => {
    const key = gatewayKey('off', { disabled: true, expires_at: '2020-01-01' })
    const gateway = await start({ env: envWith([key]) })
    expect(await errorOf(await gateway.post(hello, apiKey(key)))).toMatchObject({ code: 'disabled_api_key' })
  })

  it('stays good for a while when another took its place, and is the same principal', async () => {
    const clock = new ManualClock(wallclock)
    const old = gatewayKey('old')
    const key = gatewayKey('app', { previous: { hash: old.record.hash, expires_at: '2027-01-31' } })
    const gateway = await start({ env: envWith([key]), parts: { clock } })
    for (const each of [old, key]) expect((await gateway.post(hello, apiKey(each))).status).toBe(200)
    const lines = gateway.logLines.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line).key_id)
    expect(lines).toEqual(['app', 'app'])
    clock.advance(1000)
    expect(await errorOf(await gateway.post(hello, apiKey(old)))).toMatchObject({ code: 'expired_api_key' })
    expect((await gateway.post(hello, apiKey(key))).status).toBe(200)
  })
})

describe('where a key is optional', () => {
  it('nobody needs one, whatever SDKs send, but a wrong one is refused', async () => {
    const gateway = await start({ env: { ...envWith([app], tenants), VAI_AUTH_MODE: 'optional' } })
    for (const headers of [{}, { 'x-api-key': 'unused' }, { authorization: 'Bearer sk-test-unused' }, apiKey(app)]) {
      expect((await gateway.post(hello, headers)).status).toBe(200)
    }
    expect((await gateway.post(hello, apiKey(gatewayKey('x')))).status).toBe(401)
    expect((await gateway.post(hello, { 'x-api-key': 'vai_sk_short' })).status).toBe(401)
  })
})

describe('where auth is disabled', () => {
  it.each([
    ['127.0.0.1', {}, 200],
    ['0.0.0.0', { VAI_ALLOW_OPEN_RELAY: 'true' }, 403],
  ] as const)('nobody on %s is asked, and the address decides who is an admin', async (host, more, status) => {
    const gateway = await start({ env: { VAI_HOST: host, VAI_AUTH_MODE: 'disabled', ...more } })
    const url = `http://127.0.0.1:${new URL(gateway.url).port}`
    expect((await fetch(`${url}/v1/models`, { headers: apiKey(app) })).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(status)
  })
})

describe('what is for admins', () => {
  it.each<[string, Record<string, string>, number, string | undefined]>([
    ['an admin', bearer(admin), 200, undefined],
    ['a client', bearer(app), 403, 'admin_only'],
    ['nobody', {}, 401, 'missing_api_key'],
  ])('is answered to %s as it should', async (_, headers, status, code) => {
    for (const mode of ['required', 'optional']) {
      const gateway = await start({ env: { ...envWith([app, admin], tenants), VAI_AUTH_MODE: mode } })
      const response = await fetch(`${gateway.url}/metrics`, { headers })
      expect(response.status).toBe(status)
      if (code) expect(await errorOf(response)).toMatchObject({ code })
    }
  })
})

describe('somebody who tries keys', () => {
  it('is told to wait, while the keys that are right still count from the same address', async () => {
    const gateway = await start({ env: envWith([app], tenants) })
    const codes: string[] = []
    for (let tries = 0; tries < 32; tries++) {
      const response = await gateway.post(hello, apiKey(gatewayKey('guess')))
      codes.push((await errorOf(response)).code ?? '')
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(codes).toEqual([...Array(30).fill('invalid_api_key'), 'authentication_rate_limit', 'authentication_rate_limit'])
    expect((await gateway.post(hello, apiKey(app))).status).toBe(200)
    expect((await gateway.post(hello)).status).toBe(401)
  })

  it.each([
    ['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2'],
    // Whoever has one address of IPv6 has a whole network of them.
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:3::1'],
    ['not-an-address', 'nor-is-this', '10.0.0.1'],
  ])('is known as %s and as %s, but not as %s, by what a trusted proxy says', async (first, same, other) => {
    const gateway = await start({ env: { ...envWith([app], tenants), VAI_TRUST_PROXY: 'loopback' } })
    const status = async (address: string): Promise<number> => {
      const headers = { ...apiKey(gatewayKey('guess')), 'x-forwarded-for': `203.0.113.9, ${address}` }
      return (await gateway.post(hello, headers)).status
    }
    for (let tries = 0; tries < 30; tries++) expect(await status(first)).toBe(401)
    expect(await status(same)).toBe(429)
    expect(await status(other)).toBe(401)
  })

  it('cannot hide behind a header where no proxy is trusted', async () => {
    const gateway = await start({ env: envWith([app], tenants) })
    for (let tries = 0; tries < 31; tries++) {
      const headers = { ...apiKey(gatewayKey('guess')), 'x-forwarded-for': `10.0.0.${tries}` }
      expect((await gateway.post(hello, headers)).status).toBe(tries < 30 ? 401 : 429)
    }
  })
})

describe('the file of keys', () => {
  it('that is broken is told by the readiness, which stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vai-keys-'))
    const file = join(folder, 'keys.yaml')
    writeFileSync(file, JSON.stringify({ keys: [app.record].map(({ id, hash }) => ({ id, hash })) }))
    const clock = new ManualClock()
    const gateway = await start({ env: { VAI_AUTH_MODE: 'required', VAI_GATEWAY_KEYS_FILE: file }, parts: { clock } })
    const checks = async (): Promise<{ status: number; keys: string }> => {
      const response = await fetch(`${gateway.url}/readyz`)
      return { status: response.status, keys: JSON.parse(await response.text()).checks.keys }
    }
    expect(await checks()).toEqual({ status: 200, keys: 'ok' })
    writeFileSync(file, `keys: [${app.key}`)
    clock.advance(1000)
    const line = await gateway.logged('could not be read again')
    expect(JSON.parse(line)).toMatchObject({ level: 'error', file, count: 1 })
    expect(line).not.toContain(app.key)
    expect(await checks()).toEqual({ status: 200, keys: expect.stringMatching(/^ok, but /) })
    expect((await gateway.post(hello, apiKey(app))).status).toBe(200)
    writeFileSync(file, JSON.stringify({ keys: [] }))
    clock.advance(1000)
    await gateway.logged('were read again')
    expect(await checks()).toEqual({ status: 200, keys: 'ok' })
    expect((await gateway.post(hello, apiKey(app))).status).toBe(401)
    rmSync(folder, { recursive: true })
  })
})
