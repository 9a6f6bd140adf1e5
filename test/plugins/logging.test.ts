import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { errors } from '../../plugins/errors.ts'
import { CallerKeys } from '../../plugins/logging.ts'
import { demo } from '../../providers/demo/index.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { exchange, request } from '../raw-http.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'

// None has a form that could be known as a key's.
const key = 'q7f2-key-of-a-caller'
const body = { model: 'talkative/echo', messages: [{ role: 'user', content: 'Hello' }] }

/** A provider that says in the log what it should not. */
function talkative(said: string): LlmProvider {
  return {
    ...demo,
    id: 'talkative',
    async *stream(message, call) {
      call.log.warn({ detail: said }, `the provider said ${said}`)
      yield* demo.stream(message, { ...call, model: 'echo' })
    },
  }
}

const app = gatewayKey('app', { tenant: 'acme', project: 'shop' })

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(said: string): Promise<Gateway> {
  const gateway = await startGateway({ parts: { providers: [talkative(said)] } })
  gateways.push(gateway)
  return gateway
}

describe("a caller's key", () => {
  it.each([
    ['x-provider-key-anthropic', key, key],
    ['x-provider-key-nobody', key, key],
    ['x-api-key', key, key],
    ['authorization', `Bearer ${key}`, key],
    ['authorization', key, key],
    ['x-provider-key-openai', 'with "quotes" and \\ in it', 'with \\"quotes'],
  ])('in %s is masked by value in every line of its request', async (header, value, spelled) => {
    const gateway = await start(value)
    expect((await gateway.post(body, { [header]: value })).status).toBe(200)
    await gateway.logged('"msg":"request"')
    expect(await gateway.logged('the provider said')).toContain('"detail":"')
    expect(await gateway.logged('the provider said')).toContain('[redacted]')
    expect(gateway.logLines.filter((line) => line.includes(spelled))).toEqual([])
  })

  it('is masked in lines of the process too, while its request runs and no longer', async () => {
    const keys = new CallerKeys()
    const forget = keys.remember('req-00000001', { 'x-api-key': key })
    expect(keys.of('{"msg":"a line of the process"}').map((each) => each.reveal())).toEqual([key])
    forget()
    expect(keys.of('{"msg":"a line of the process"}')).toEqual([])
  })

  it('is known until the last of the requests that have the same id and key is over', () => {
    const keys = new CallerKeys()
    const line = '{"request_id":"req-00000001","msg":"a line"}'
    const forgets = [1, 2].map(() => keys.remember('req-00000001', { 'x-api-key': key }))
    forgets[0]?.()
    expect(keys.of(line)).toHaveLength(1)
    forgets[1]?.()
    expect(keys.of(line)).toEqual([])
  })

  it("blots nothing out of another request's lines", () => {
    const keys = new CallerKeys()
    keys.remember('req-00000001', { 'x-api-key': 'duration_ms' })
    expect(keys.of('{"request_id":"req-00000002","duration_ms":5}')).toEqual([])
  })
})

describe('what callers ask', () => {
  const prompt = 'p9w4 is what was asked'
  const asked = { model: 'demo/echo', system: prompt, messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }] }

  async function linesOf(
    env: Record<string, string>,
    sent: string,
    headers: Record<string, string> = {},
  ): Promise<readonly string[]> {
    const gateway = await startGateway({ env, keys: { anthropic: 'q7f2-key-of-the-operator' } })
    gateways.push(gateway)
    await (await gateway.post(sent, headers)).text()
    await gateway.logged('"msg":"request"')
    return gateway.logLines
  }

  it.each(['trace', 'info', 'error'])('is in no line of the level %s', async (level) => {
    const gateway = await startGateway({ env: { VAI_LOG_LEVEL: level } })
    gateways.push(gateway)
    for (const stream of [true, false]) await (await gateway.post({ ...asked, stream })).text()
    await (await gateway.post({ ...asked, temperature: prompt })).text()
    await (await gateway.post(asked, {}, '/v1/messages/count_tokens')).text()
    expect(gateway.logLines.filter((line) => line.includes('p9w4'))).toEqual([])
  })

  it('is in one line of each request where the operator wants that', async () => {
    const lines = await linesOf({ VAI_LOG_PROMPTS: 'true' }, JSON.stringify(asked))
    const about = lines.filter((line) => line.includes('p9w4'))
    expect(about).toHaveLength(1)
    const { msg, level, prompt: written } = JSON.parse(about[0] ?? '')
    expect({ msg, level }).toEqual({ msg: 'prompt', level: 'info' })
    expect(JSON.parse(written)).toEqual(asked)
  })

  it.each(['{}', '{"model": 1}'])('is written where it is wrong, too: %s', async (sent) => {
    const lines = await linesOf({ VAI_LOG_PROMPTS: 'true' }, sent)
    expect(lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'prompt')).toMatchObject({ prompt: sent })
  })

  it('may be nothing', async () => {
    const gateway = await startGateway({ env: { VAI_LOG_PROMPTS: 'true' } })
    gateways.push(gateway)
    expect((await fetch(`${gateway.url}/v1/messages`, { method: 'POST' })).status).toBe(400)
  })

  it('holds no keys', async () => {
    const own = 'z8m4 "own" key'
    const words = [own, 'q7f2-key-of-the-operator', 'sk-ant-test-0123456789', `vai_sk_${'a'.repeat(38)}`]
    const sent = JSON.stringify({ ...asked, system: words.join(' and ') })
    const lines = await linesOf({ VAI_LOG_PROMPTS: 'true' }, sent, { 'x-provider-key-anthropic': own })
    const line = lines.find((each) => each.includes('"msg":"prompt"')) ?? ''
    expect(JSON.parse(JSON.parse(line).prompt).system).toBe(words.map(() => '[redacted]').join(' and '))
  })

  it('is cut at 64 KiB, and not in the middle of a key', async () => {
    const key = 'z8m4-own-key-for-anthropic'
    const head = '{"model":"demo/echo","system":"'.length
    for (const text of ['é'.repeat(100_000), 'x'.repeat(64 * 1024 - head - 10) + key + 'x'.repeat(100_000)]) {
      const sent = JSON.stringify({ ...asked, system: text })
      const lines = await linesOf({ VAI_LOG_PROMPTS: 'true' }, sent, { 'x-provider-key-anthropic': key })
      const line = lines.find((each) => each.includes('"msg":"prompt"')) ?? ''
      expect(Buffer.byteLength(JSON.parse(line).prompt)).toBeLessThanOrEqual(64 * 1024 + 2)
      expect(line).not.toContain('z8m4')
    }
  })
})

describe('the access log', () => {
  it('tells in one line who was asked, what came of it and what it cost', async () => {
    const upstream = await startAnthropic()
    const gateway = await startGateway({
      env: { VAI_ANTHROPIC_BASE_URL: upstream.url, ...envWith([app], { acme: {} }) },
      keys: { anthropic: anthropicKey },
    })
    gateways.push({ ...gateway, close: () => Promise.all([gateway.close(), upstream.close()]).then(() => undefined) })
    const asked = { ...body, model: 'anthropic/claude-sonnet-4-5', max_tokens: 100, stream: true }
    await (await gateway.post(asked, { 'x-api-key': app.key })).text()
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({
      method: 'POST',
      route: '/v1/messages',
      status: 200,
      duration_ms: expect.any(Number),
      key_id: 'app',
      tenant: 'acme',
      project: 'shop',
      model: 'anthropic/claude-sonnet-4-5',
      provider: 'anthropic',
      attempts: 1,
      ended: 'complete',
      first_event_ms: expect.any(Number),
      input_tokens: expect.any(Number),
      output_tokens: expect.any(Number),
      cost_usd: expect.any(Number),
    })
  })

  it('has a line for a request whose URL cannot be decoded', async () => {
    const gateway = await start('')
    await exchange(gateway.url, request('GET /v1/%zz', ['connection: close', 'x-request-id: req-00000001']))
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({
      request_id: 'req-00000001',
      method: 'GET',
      route: 'unknown',
      status: 400,
      error: 'malformed_http',
    })
  })
})

describe('the error layer', () => {
  it('does not start without the log and the ids that its answers need', async () => {
    const app = Fastify()
    app.register(errors)
    await expect(app.ready()).rejects.toThrow(/dependency 'logging'/)
  })
})
