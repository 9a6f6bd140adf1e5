import { inspect } from 'node:util'
import { type ClientOptions, UsageError, VAI } from '@vai/sdk'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { answered, question } from './answers.ts'

const hello = { messages: question.messages }
const { key, record } = gatewayKey('app')

let anthropic: Upstream
let gateway: Gateway
let vai: VAI

beforeAll(async () => {
  anthropic = await startAnthropic()
  const env = { ...envWith([{ key, record }]), VAI_CREDENTIALS: 'byok', VAI_ANTHROPIC_BASE_URL: anthropic.url }
  gateway = await startGateway({ env })
  vai = new VAI({ baseURL: gateway.url, apiKey: key, defaultModel: 'demo/echo' })
})

afterAll(async () => {
  await gateway.close()
  await anthropic.close()
})

afterEach(() => vi.unstubAllEnvs())

describe('messages', () => {
  it('are created, by the default model or another', async () => {
    const message = await vai.messages.create(hello)
    expect(message).toMatchObject({ type: 'message', model: 'demo/echo', content: [{ type: 'text', text: 'Hello' }] })
    expect(message.request_id).toMatch(/^req_/)
    expect((await vai.messages.create({ ...hello, model: 'demo/tools' })).model).toBe('demo/tools')
  })

  it('are streamed', async () => {
    const stream = vai.messages.stream(hello)
    expect(await stream.finalMessage()).toMatchObject({
      content: [{ type: 'text', text: 'Hello' }],
      request_id: stream.request_id,
    })
    expect(stream.request_id).toMatch(/^req_/)
  })

  it('have tokens, which are counted', async () => {
    const count = await vai.messages.countTokens(hello)
    expect(count).toMatchObject({ estimated: true, request_id: expect.stringMatching(/^req_/) })
    expect(count.input_tokens).toBeGreaterThan(0)
  })

  it('are named by the caller, where he names them', async () => {
    expect(await vai.messages.create(hello, { requestId: 'my-own-request' })).toMatchObject({ request_id: 'my-own-request' })
  })

  it('need a model, and are no streams by a parameter', async () => {
    const aimless = new VAI({ baseURL: gateway.url })
    await expect(aimless.messages.create(hello)).rejects.toThrow('`defaultModel`')
    expect(() => aimless.messages.stream(hello)).toThrow(UsageError)
    await expect(aimless.messages.countTokens(hello)).rejects.toThrow(UsageError)
    const asStream = { ...hello, stream: true }
    await expect(vai.messages.create(asStream)).rejects.toThrow('`stream()`')
    const asNone = { ...hello, stream: false }
    expect((await vai.messages.create(asNone)).stop_reason).toBe('end_turn')
  })

  it('that cannot be written as JSON are refused before they are sent', async () => {
    const circle: Record<string, unknown> = {}
    circle.circle = circle
    await expect(vai.messages.create({ ...hello, extensions: { demo: circle } })).rejects.toThrow(UsageError)
  })
})

describe('runs', () => {
  it('come to a result, and are streamed', async () => {
    const result = await vai.runs.create({ request: hello })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 1, request_id: expect.stringMatching(/^req_/) })
    expect(result.response?.content).toMatchObject([{ type: 'text', text: 'Hello' }])
    const types: string[] = []
    for await (const { type } of vai.runs.stream({ request: hello })) types.push(type)
    expect([types[0], types.at(-1)]).toEqual(['run_start', 'run_complete'])
  })

  it('need a model, and are no streams by a parameter', async () => {
    await expect(new VAI({ baseURL: gateway.url }).runs.create({ request: hello })).rejects.toThrow(UsageError)
    const asStream = { request: { ...hello, stream: true } }
    await expect(vai.runs.create(asStream)).rejects.toThrow('`stream()`')
  })
})

describe('keys', () => {
  const asked = { ...hello, model: 'anthropic/claude-sonnet-4-5', max_tokens: 20 }

  it('of providers reach their provider: those of the call over those of the client', async () => {
    const own = vai.withOptions({ providerKeys: { anthropic: anthropicKey, openai: 'sk-test-for-another' } })
    expect((await own.messages.create(asked)).model).toBe('anthropic/claude-sonnet-4-5')
    const { headers } = await anthropic.waitForRequest()
    expect(headers['x-api-key']).toBe(anthropicKey)
    expect(JSON.stringify(headers)).not.toContain('sk-test-for-another')
    expect(JSON.stringify(headers)).not.toContain(key)

    const other = vai.withOptions({ providerKeys: { anthropic: 'sk-test-of-nobody' } })
    await expect(other.messages.create(asked)).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'provider_authentication',
    })
    await other.messages.create(asked, { providerKeys: { Anthropic: anthropicKey } })
  })

  it('of providers are left out of a call by undefined', async () => {
    const own = vai.withOptions({ providerKeys: { anthropic: anthropicKey } })
    await expect(own.messages.create(asked, { providerKeys: { anthropic: undefined } })).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'missing_provider_key',
      param: 'X-Provider-Key-Anthropic',
    })
  })

  it('of the gateway are asked for, and refused where they are wrong', async () => {
    vi.stubEnv('VAI_API_KEY', '')
    const none = new VAI({ baseURL: gateway.url })
    await expect(none.messages.create(question)).rejects.toMatchObject({
      name: 'AuthenticationError',
      status: 401,
      code: 'missing_api_key',
    })
    await expect(none.withOptions({ apiKey: 'vai_sk_wrong' }).models.list()).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  it('come from the environment, with the address', async () => {
    vi.stubEnv('VAI_BASE_URL', `${gateway.url}/v1/`)
    vi.stubEnv('VAI_API_KEY', key)
    const found = new VAI()
    expect(found.baseURL).toBe(gateway.url)
    expect((await found.messages.create(question)).model).toBe('demo/echo')
    expect(new VAI({ baseURL: 'https://vai.test' }).baseURL).toBe('https://vai.test')
    vi.stubEnv('VAI_API_KEY', `${key}\n`)
    expect(() => new VAI()).toThrow('The variable `VAI_API_KEY` is empty, or holds what no key does')
  })
})

describe('the environment', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each([
    ['is not there', undefined],
    [
      'may not be read',
      {
        get env(): never {
          throw new Error('Requires env access')
        },
      },
    ],
  ])('that %s says nothing', (_, process) => {
    vi.stubGlobal('process', process)
    const { baseURL } = new VAI()
    vi.unstubAllGlobals()
    expect(baseURL).toBe('http://127.0.0.1:8080')
  })
})

describe('the base URL', () => {
  it.each([
    ['http://127.0.0.1:1', 'http://127.0.0.1:1'],
    ['http://127.0.0.1:1/', 'http://127.0.0.1:1'],
    ['https://vai.test/v1', 'https://vai.test'],
    ['https://vai.test/llm/v1/', 'https://vai.test/llm'],
    [new URL('https://vai.test/llm//'), 'https://vai.test/llm'],
  ])('%s is understood', (baseURL, root) => {
    expect(new VAI({ baseURL }).baseURL).toBe(root)
  })

  it('may have a path, below which everything is', async () => {
    const upstream = await startUpstream(answered)
    const dialled: string[] = []
    const dial = (url: string): never => {
      dialled.push(url)
      throw new Error('There is no line.')
    }
    const below = new VAI({ baseURL: `${upstream.url}/llm/v1`, maxRetries: 0, dial })
    await below.messages.create(question)
    for (const ask of [
      () => below.messages.stream(question).finalMessage(),
      () => below.models.list({ limit: 3 }),
      () => below.models.get('demo/echo'),
      () => below.live.connect(question),
    ]) {
      // Whether it is what was asked for is nothing to the address.
      await ask().catch(() => undefined)
    }
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/llm/v1/messages',
      '/llm/v1/messages',
      '/llm/v1/models?limit=3',
      '/llm/v1/models/demo/echo',
    ])
    expect(dialled).toEqual([`${upstream.url.replace('http', 'ws')}/llm/v1/live`])
    await upstream.close()
  })
})

describe('options', () => {
  const secret = 'sk-test-which-nobody-may-read'

  it.each<[string, object, string]>([
    ['an address that is none', { baseURL: `nowhere ${secret}` }, '`baseURL` is no http or https URL'],
    ['another protocol', { baseURL: 'ftp://vai.test' }, '`baseURL` is no http or https URL'],
    ['an address with a user', { baseURL: `https://me:${secret}@vai.test` }, 'user name or a password'],
    ['an address with a query', { baseURL: `https://vai.test/?key=${secret}` }, 'a query or a fragment'],
    ['a key with the end of a line', { apiKey: `${secret}\n` }, '`apiKey` is empty, or holds what no key does'],
    ['an empty key', { apiKey: '' }, '`apiKey` is empty'],
    [
      'a key of a provider that is none',
      { providerKeys: { openai: `${secret}ü` } },
      '`openai` that is empty, or holds what no key does',
    ],
    ['a name of a provider that is none', { providerKeys: { 'open ai': secret } }, 'a name that no header can have'],
    ['keys that are no object', { providerKeys: secret }, 'no plain object'],
    ['a header that is none', { headers: { 'x-a': `${secret}\r\nx-b: 1` } }, '`x-a` that is nothing that a header can carry'],
    ['a list of headers', { headers: [['x-a', secret]] }, 'no plain object'],
    ['Headers', { headers: new Headers({ 'x-a': secret }) }, '`headers` is no plain object'],
    ['a map of keys', { providerKeys: new Map([['openai', secret]]) }, '`providerKeys` is no plain object'],
    ['a map of options', new Map([['apiKey', secret]]), 'are no object'],
    ['the address of a route', { baseURL: 'https://vai.test/llm/v1/messages' }, '`baseURL` is that of a route'],
    ['the address of a model', { baseURL: 'https://vai.test/v1/models/demo/echo' }, '`baseURL` is that of a route'],
    ['the address of streams', { baseURL: 'https://vai.test/v1/runs:stream' }, '`baseURL` is that of a route'],
    ['a timeout that is no number', { timeout: '10' }, '`timeout` is no number of milliseconds'],
    ['a timeout that is not a number', { timeout: Number.NaN }, '`timeout`'],
    ['a timeout below 0', { streamTimeout: -1 }, '`streamTimeout`'],
    ['a timeout without end', { timeout: Number.POSITIVE_INFINITY }, '`timeout`'],
    ['half a retry', { maxRetries: 0.5 }, '`maxRetries` is no whole number'],
    [
      'a logger that cannot warn',
      { logger: { debug: Math.abs, info: Math.abs, error: Math.abs } },
      '`logger` has no method `warn`',
    ],
    ['a fetch that is none', { fetch: {} }, '`fetch` is no function'],
    ['an unknown option', { tiemout: 1 }, 'have no `tiemout`; there are baseURL'],
    ['an option in another case', { baseUrl: 'http://127.0.0.1' }, 'have no `baseUrl`; there are baseURL'],
    ['no options', [], 'are no object'],
    ['an address in place of options', Object('http://127.0.0.1'), 'are no object'],
  ])('%s is refused without a word of its value', (_, options: ClientOptions, words) => {
    const error = errorOf(() => new VAI(options))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(words)
    expect(inspect(error)).not.toContain(secret)
  })

  it.each<[string, object, string]>([
    ['Headers', { headers: new Headers({ 'x-a': secret }) }, '`headers` is no plain object'],
    ['a signal that is none', { signal: {} }, '`signal` is no AbortSignal'],
    ['an unknown option', { retries: 3 }, 'no `retries`'],
    ['a key that is none', { providerKeys: { groq: `${secret} ` } }, '`groq` that is empty, or holds what no key does'],
    ['a name of the request that is none', { requestId: 'a b' }, '`requestId`'],
  ])('of a call: %s is refused before it is sent', async (_, options, words) => {
    const error = await vai.messages.create(hello, options).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain(words)
    expect(inspect(error)).not.toContain(secret)
    expect(() => vai.messages.stream(hello, options)).toThrow(words)
    expect(() => vai.runs.stream({ request: hello }, options)).toThrow(words)
  })

  it('that are undefined are as if they were absent', () => {
    const options = {
      baseURL: undefined,
      apiKey: undefined,
      timeout: undefined,
      fetch: undefined,
      providerKeys: { groq: undefined },
    }
    expect(new VAI(options).baseURL).toBe('http://127.0.0.1:8080')
  })

  it('of a copy stand beside and over those that it has', async () => {
    const upstream = await startUpstream(answered)
    const first = new VAI({
      baseURL: upstream.url,
      apiKey: 'sk-test-1',
      headers: { 'x-a': '1', 'x-b': '1' },
      providerKeys: { groq: 'sk-test-g' },
    })
    const second = first.withOptions({
      apiKey: undefined,
      headers: { 'X-B': '2' },
      providerKeys: { exa: 'sk-test-e' },
      defaultModel: 'demo/echo',
    })
    await second.messages.create(hello)
    expect((await upstream.waitForRequest()).headers).toMatchObject({
      authorization: 'Bearer sk-test-1',
      'x-a': '1',
      'x-b': '2',
      'x-provider-key-groq': 'sk-test-g',
      'x-provider-key-exa': 'sk-test-e',
    })
    await expect(first.messages.create(hello)).rejects.toThrow(UsageError)
    await upstream.close()
  })

  it('of a copy come over those of any case', async () => {
    const upstream = await startUpstream(answered)
    const copy = new VAI({ baseURL: upstream.url, providerKeys: { groq: 'sk-test-1' }, headers: { 'x-a': '1' } })
      .withOptions({ providerKeys: { Groq: 'sk-test-2' }, headers: { 'X-A': '2' } })
      .withOptions({ providerKeys: { groq: 'sk-test-3' }, headers: { 'x-a': '3' } })
    await copy.messages.create(question)
    expect((await upstream.waitForRequest()).headers).toMatchObject({ 'x-provider-key-groq': 'sk-test-3', 'x-a': '3' })
    await upstream.close()
  })

  it.each([undefined, null, 3, new Map()])('of a copy that are none are refused: %s', (none) => {
    expect(() => Reflect.apply(vai.withOptions, vai, [none])).toThrow(UsageError)
  })

  it('of headers reach the gateway; those of the call come last', async () => {
    const upstream = await startUpstream(answered)
    const own = new VAI({ baseURL: upstream.url, apiKey: 'sk-test-1', headers: { 'x-a': '1', 'anthropic-beta': 'one' } })
    await own.messages.create(question, { headers: { 'X-A': '2', Authorization: 'Basic test' } })
    expect((await upstream.waitForRequest()).headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'anthropic-beta': 'one',
      'x-a': '2',
      authorization: 'Basic test',
    })
    await upstream.close()
  })
})

function errorOf(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
