import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../api/secret.ts'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'
import { json } from './upstreams/behaviour.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/** Two tenants of one gateway: each has its own models and its own keys for providers, and sees nothing of the other. */

const operatorKey = 'sk-test-operator-of-openai'
const acmeKey = 'sk-test-acme-of-openai'
const acme = gatewayKey('acme-app', { tenant: 'acme', project: 'app' })
const narrow = gatewayKey('acme-narrow', { tenant: 'acme', project: 'app', allowed_models: ['openai/gpt-5-mini'] })
const globex = gatewayKey('globex-app', { tenant: 'globex', project: 'app' })
const free = gatewayKey('free')
const tenants = {
  acme: { allowed_models: ['openai/gpt-5*', 'demo/echo'], provider_keys: { openai: 'ACME_OPENAI_KEY' } },
  globex: { allowed_providers: ['openai', 'anthropic'] },
}

const answer = json({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-5-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})

let upstream: Upstream
const gateways: Gateway[] = []
beforeEach(async () => {
  upstream = await startUpstream(answer)
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
  await upstream.close()
})

async function start(
  env: Record<string, string> = {},
  more: GatewayOptions = { keys: { openai: operatorKey } },
): Promise<Gateway> {
  const gateway = await startGateway({
    ...more,
    env: { ...envWith([acme, narrow, globex, free], tenants), VAI_OPENAI_BASE_URL: `${upstream.url}/v1`, ...env },
    parts: { variable: (name) => (name === 'ACME_OPENAI_KEY' ? new Secret(acmeKey) : undefined) },
  })
  gateways.push(gateway)
  return gateway
}

function body(model: string, more: object = {}): object {
  return { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }], ...more }
}
const sends = ({ key }: { key: string }): Record<string, string> => ({ 'x-api-key': key })

describe('a model that a key may not use', () => {
  it.each<[string, { key: string }, string, boolean]>([
    ['its tenant allows it', acme, 'openai/gpt-5-mini', true],
    ['its tenant does not', acme, 'openai/gpt-4o', false],
    ['its tenant allows it, and so does the key', narrow, 'openai/gpt-5-mini', true],
    ['its tenant allows it, but not the key', narrow, 'openai/gpt-5', false],
    ['its tenant allows the provider', globex, 'openai/gpt-4o', true],
    ['its tenant does not allow the provider', globex, 'demo/echo', false],
    ['nothing is said of it', free, 'demo/echo', true],
  ])('is refused, listed or not, by who asks: %s', async (_, key, model, isAllowed) => {
    const gateway = await start()
    const headers = sends(key)
    const response = await gateway.post(body(model), headers)
    expect(response.status).toBe(isAllowed ? 200 : 403)
    if (!isAllowed) expect(await errorOf(response)).toMatchObject({ code: 'model_not_allowed', param: 'model' })
    const one = await fetch(`${gateway.url}/v1/models/${model}`, { headers })
    expect(one.status).toBe(isAllowed ? 200 : 404)
    const list: { data: { id: string }[] } = JSON.parse(await (await fetch(`${gateway.url}/v1/models`, { headers })).text())
    expect(list.data.some(({ id }) => id === model)).toBe(isAllowed)
    if (!isAllowed) expect(upstream.requests).toEqual([])
  })

  it('is refused as a fallback and for counting, too, before anybody is asked', async () => {
    const gateway = await start()
    const fallback = await gateway.post(body('openai/gpt-5-mini', { fallbacks: ['demo/echo', 'demo/tools'] }), sends(acme))
    expect(fallback.status).toBe(403)
    expect(await errorOf(fallback)).toMatchObject({ code: 'model_not_allowed', param: 'fallbacks[1]' })
    const { messages } = { messages: [{ role: 'user', content: 'Hello' }] }
    const count = await gateway.post({ model: 'demo/tools', messages }, sends(acme), '/v1/messages/count_tokens')
    expect(count.status).toBe(403)
    expect(upstream.requests).toEqual([])
  })

  it.each([
    ['fallbacks of the provider itself', { fallbacks: [{ model: 'claude-opus-4-5' }] }, 'fallbacks[0].model'],
    [
      'a tool that is a model',
      { tools: [{ type: 'advisor_20990101', name: 'advisor', model: 'claude-opus-4-5' }] },
      'tools[0].model',
    ],
  ])('is refused as %s, which only a beta knows', async (_, more, param) => {
    const haiku = gatewayKey('haiku', { allowed_models: ['anthropic/claude-haiku-4-5'] })
    const gateway = await start(
      { ...envWith([haiku]), VAI_ANTHROPIC_BASE_URL: upstream.url },
      { keys: { anthropic: operatorKey } },
    )
    const headers = { ...sends(haiku), 'anthropic-beta': 'of-tomorrow-2099-01-01' }
    const response = await gateway.post(body('anthropic/claude-haiku-4-5', more), headers)
    expect(response.status).toBe(403)
    expect(await errorOf(response)).toMatchObject({ code: 'model_not_allowed', param })
    expect(upstream.requests).toEqual([])
  })

  it("cannot be had by another name, nor against the operator's own list", async () => {
    const gateway = await start({ VAI_MODEL_ALIASES: 'tools=demo/tools', VAI_ALLOWED_MODELS: 'demo/*' })
    expect((await gateway.post(body('tools'), sends(acme))).status).toBe(403)
    const operators = await gateway.post(body('openai/gpt-5-mini'), sends(acme))
    expect((await errorOf(operators)).message).toContain('operator')
    const list = await (await fetch(`${gateway.url}/v1/models`, { headers: sends(acme) })).text()
    expect(list).toContain('demo/echo')
    expect(list).not.toContain('demo/tools')
  })

  it('is no place in the list to start from', async () => {
    const gateway = await start()
    const response = await fetch(`${gateway.url}/v1/models?after_id=demo/tools`, { headers: sends(acme) })
    expect(response.status).toBe(400)
  })
})

describe('the key of a provider', () => {
  const own = { 'x-provider-key-openai': 'sk-test-brought-along' }

  it.each<[string, { key: string }, Record<string, string>, number, string | undefined]>([
    ['hybrid', acme, {}, 200, acmeKey],
    ['hybrid', globex, {}, 200, operatorKey],
    ['hybrid', acme, own, 200, 'sk-test-brought-along'],
    ['managed', acme, {}, 200, acmeKey],
    ['managed', globex, {}, 200, operatorKey],
    ['managed', acme, own, 403, undefined],
    ['byok', acme, {}, 401, undefined],
    ['byok', acme, own, 200, 'sk-test-brought-along'],
  ])('is in the mode %s whose it should be', async (mode, key, headers, status, expected) => {
    const gateway = await start({ VAI_CREDENTIALS: mode })
    expect((await gateway.post(body('openai/gpt-5-mini'), { ...sends(key), ...headers })).status).toBe(status)
    expect(upstream.requests.map((request) => request.headers.authorization)).toEqual(expected ? [`Bearer ${expected}`] : [])
  })

  it("is its tenant's even where the operator has none", async () => {
    const gateway = await start({}, {})
    expect((await gateway.post(body('openai/gpt-5-mini'), sends(acme))).status).toBe(200)
    const other = await gateway.post(body('openai/gpt-5-mini'), sends(globex))
    expect(await errorOf(other)).toMatchObject({ code: 'missing_provider_key' })
  })

  it('is masked in every line of the log', async () => {
    const gateway = await start()
    gateway.app.log.info({ said: `the key was ${acmeKey.slice(8)}` })
    gateway.app.log.info({ said: `the key was ${acmeKey}` })
    expect(gateway.logLines.at(-1)).toContain('the key was [redacted]')
  })

  it('is named as missing when the gateway starts', async () => {
    const env = envWith([acme], { acme: { provider_keys: { openai: 'ACME_OPENAI_KEY' } } })
    await expect(startGateway({ env })).rejects.toThrow('tenants.acme.provider_keys.openai: the environment has no variable')
  })
})

describe('two tenants at the same time', () => {
  it('are told apart in every request', async () => {
    const gateway = await start()
    await Promise.all(
      Array.from({ length: 40 }, (_, at) => gateway.post(body('openai/gpt-5-mini'), sends(at % 2 === 0 ? acme : globex))),
    )
    const lines = gateway.logLines.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line))
    const pairs = lines.map(({ tenant, key_id }) => `${tenant}/${key_id}`)
    expect(pairs.filter((pair) => pair === 'acme/acme-app')).toHaveLength(20)
    expect(pairs.filter((pair) => pair === 'globex/globex-app')).toHaveLength(20)
    const keys = upstream.requests.map((request) => request.headers.authorization)
    expect(keys.filter((key) => key === `Bearer ${acmeKey}`)).toHaveLength(20)
    expect(keys.filter((key) => key === `Bearer ${operatorKey}`)).toHaveLength(20)
  })
})
