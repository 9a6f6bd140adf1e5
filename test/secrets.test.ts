import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../api/secret.ts'
import { settingsTable } from '../cli/settings-table.ts'
import { loadConfig } from '../config.ts'
import { type Collector, startCollector } from './collector.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { leaksIn } from './leaks.ts'
import { measured } from './measured.ts'
import { exchange, request as rawRequest } from './raw-http.ts'
import { type Behaviour, empty, hangUp, json, redirect, reply, silence, sse } from './upstreams/behaviour.ts'
import { closedPort, type RecordedRequest, startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Keys and prompts are planted wherever they can be, everything is driven that can go wrong, and then every log line, every
 * answer and every header, every trace and every measurement is searched for them.
 */

// None has a form that could be known as a key's; no two begin alike, so that a piece of one is found too.
const operatorKeys = {
  anthropic: 'q7f2-operator-key-of-anthropic',
  openai: 'w3k9-operator-key-of-openai',
  'oai-resp': 'e6d1-operator-key-of-responses',
  'gem-dev': 'r2p5-operator-key-of-gemini',
  groq: 'u8b3-operator-key-of-groq',
  openrouter: 'i1n6-operator-key-of-openrouter',
}
const ownKeys = {
  'x-provider-key-anthropic': 'z8m4-own-key-for-anthropic',
  'x-provider-key-openai': 'h5r1-own-key-for-openai',
  'x-provider-key-gemini': 'l0s7-own-key-for-gemini',
  'x-provider-key-groq': 'm9g2-own-key-for-groq',
  'x-provider-key-openrouter': 'o4v8-own-key-for-openrouter',
}
const callerKeys = { authorization: 'Bearer t6y0-bearer-token-of-caller', 'x-api-key': 'c2n8-api-key-of-the-caller' }
const queryKey = 'v9d3-key-in-a-query'
const keys = [
  ...Object.values(operatorKeys),
  ...Object.values(ownKeys),
  callerKeys['x-api-key'],
  queryKey,
  't6y0-bearer-token-of-caller',
]
const prompt = 'j4x7-what-the-caller-said'

const models = [
  'anthropic/claude-sonnet-4-5',
  'openai/gpt-5-mini',
  'oai-resp/gpt-5-mini',
  'gem-dev/gemini-3-pro-preview',
  'groq/openai/gpt-oss-120b',
  'openrouter/anthropic/claude-sonnet-4.5',
] as const

function addresses(url: string): Record<string, string> {
  return {
    VAI_ANTHROPIC_BASE_URL: url,
    VAI_OPENAI_BASE_URL: `${url}/v1`,
    VAI_GEMINI_BASE_URL: `${url}/v1beta`,
    VAI_GROQ_BASE_URL: `${url}/groq/v1`,
    VAI_OPENROUTER_BASE_URL: `${url}/openrouter/v1`,
    // Each way to fail is to be seen, however often there was one before.
    VAI_BREAKER_FAILURE_PERCENT: '0',
    VAI_RETRY_ATTEMPTS: '0',
  }
}

let upstream: Upstream
let gateway: Gateway
let collector: Collector
let behaviour: Behaviour = silence
/** Bodies and headers of all answers. */
const answers: string[] = []

beforeAll(async () => {
  upstream = await startUpstream(() => behaviour)
  collector = await startCollector()
  gateway = await startGateway({
    env: {
      VAI_LOG_LEVEL: 'trace',
      ...addresses(upstream.url),
      VAI_UPSTREAM_FIRST_BYTE_MS: '200',
      VAI_UPSTREAM_IDLE_MS: '200',
      VAI_LIMIT_STREAM_MS: '400',
      VAI_OTLP_ENDPOINT: collector.url,
    },
    keys: operatorKeys,
  })
})

afterAll(async () => {
  await gateway.close()
  await collector.close()
  await upstream.close()
})

/** Every way to ask: each provider, streamed or not, with the operator's key or one's own. */
const ways = models.flatMap((model) =>
  [true, false].flatMap((stream) =>
    [{}, ownKeys].map((own) => ({ body: body(model, { stream }), headers: { ...callerKeys, ...own } })),
  ),
)

function body(model: string, more: object = {}): object {
  return { model, max_tokens: 50, system: prompt, messages: [{ role: 'user', content: prompt }], ...more }
}

async function drive(next: Behaviour, to = gateway): Promise<Response[]> {
  behaviour = next
  return Promise.all(ways.map(async ({ body, headers }) => noted(await to.post(body, headers))))
}

async function noted(response: Response): Promise<Response> {
  answers.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`)
  return response
}

/** What a careless provider says of a request: all of it, keys and all. */
function everythingIn({ headers, body: said }: RecordedRequest): string {
  return `${JSON.stringify(headers)} ${headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization} ${said}`
}

function keyIn({ headers }: RecordedRequest): string {
  return String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization?.replace('Bearer ', ''))
}

describe('keys and prompts', () => {
  it.each([400, 401, 403, 404, 413, 418, 429, 500, 503, 529])(
    'a provider answers %i and repeats the whole request',
    async (status) => {
      const responses = await drive((request) => {
        const said = everythingIn(request)
        const headers = { 'x-echo': keyIn(request), 'request-id': keyIn(request), 'x-request-id': keyIn(request) }
        return json(
          {
            type: 'error',
            error: { type: 'some_error', message: said, code: keyIn(request), param: keyIn(request) },
            [keyIn(request)]: said,
          },
          { status, headers },
        )
      })
      expect(responses.every((response) => response.status >= 400)).toBe(true)
    },
  )

  it.each(['authentication_error', 'invalid_request_error', 'overloaded_error', 'api_error', 'constructor'])(
    'a provider names the error %s and repeats the whole request, in a body or in a stream',
    async (type) => {
      await drive((request) => json({ type: 'error', error: { type, message: everythingIn(request) } }, { status: 400 }))
      await drive((request) => {
        const event = { type: 'error', error: { type, message: everythingIn(request) } }
        return sse(`event: error\ndata: ${JSON.stringify(event)}\n\n`)
      })
    },
  )

  it.each(['text/html', 'text/plain', 'application/json', 'text/event-stream'])(
    'a provider sends the request back as %s',
    async (type) => {
      for (const status of [200, 401, 500]) {
        await drive((request) => reply(everythingIn(request), { status, headers: { 'content-type': type } }))
        await drive((request) => reply(`<html>${everythingIn(request)}</html>`, { status, headers: { 'content-type': type } }))
      }
    },
  )

  it('a provider sends the request back where its message should be', async () => {
    await drive((request) =>
      json({ type: 'message', error: everythingIn(request), choices: everythingIn(request), usage: request.headers }),
    )
    await drive((request) => json([request.headers, everythingIn(request)]))
    await drive((request) => json(everythingIn(request)))
  })

  it('a provider sends the request back as events', async () => {
    await drive((request) => sse(`data: ${everythingIn(request)}\n\n`))
    await drive((request) => sse(`event: ${keyIn(request)}\ndata: {"type":${JSON.stringify(keyIn(request))}}\n\n`))
    await drive((request) => sse(`data: {"type":"message_start","message":${JSON.stringify(everythingIn(request))}}\n\n`))
  })

  // What is cut to a size must not be cut in the middle of a key that is then no longer known as one.
  it.each([1000, 4000, 64 * 1024])('a provider repeats the key where %i characters end', async (size) => {
    for (const part of [2, 18, 24]) {
      await drive((request) => reply(keyIn(request).padStart(size - part + keyIn(request).length, ' x'), { status: 500 }))
      await drive((request) => {
        const message = keyIn(request).padStart(size - part + keyIn(request).length, ' x')
        return json({ type: 'error', error: { type: 'api_error', message } }, { status: 500 })
      })
      await drive((request) => reply(keyIn(request).padStart(size - part + keyIn(request).length, ' x'), { status: 200 }))
    }
  })

  it('a provider cannot be reached, hangs up, or says nothing', async () => {
    const port = await closedPort()
    const astray = await startGateway({
      env: addresses(port),
      keys: operatorKeys,
    })
    const responses = await drive(silence, astray)
    expect(responses.map(({ status }) => status)).toEqual(ways.map(() => 502))
    await astray.close()
    expectNothingIn(astray.logLines)
    await drive(hangUp)
    await drive(silence)
    await drive(sse('event: message_start\n', { stallAt: { event: 1 } }))
  })

  it('a provider breaks in ways that nobody foresaw', async () => {
    await drive(empty())
    await drive((request) => redirect(`http://127.0.0.1:1/?key=${keyIn(request)}`))
    await drive((request) =>
      reply(keyIn(request), { headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' } }),
    )
    for (const value of [
      null,
      0,
      [],
      [null],
      { error: null },
      { error: prompt },
      { content: {} },
      { choices: [null] },
      { choices: [{}] },
    ]) {
      await drive(json(value))
      await drive(json(value, { status: 500 }))
      await drive(sse(`data: ${JSON.stringify(value)}\n\n`))
    }
  })

  it.each(['constructor', '__proto__', 'toString'])('a provider says %s where a word of its protocol should be', async (word) => {
    const start = { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: {} } }
    const text = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    const frames = (...events: object[]) => sse(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
    await drive(frames(start, text, { type: 'content_block_delta', index: 0, delta: { type: word } }))
    await drive(frames(start, { type: 'content_block_start', index: 0, content_block: { type: word } }))
    await drive(frames(start, text, { type: 'message_delta', delta: { stop_reason: word }, usage: {} }))
    await drive(frames({ type: word }))
    await drive(frames({ choices: [{ index: 0, delta: { role: word, content: 'a' }, finish_reason: word }] }))
    await drive(json({ choices: [{ index: 0, message: { role: word, content: 'a' }, finish_reason: word }] }))
    await drive(json({ error: { type: word, code: word, message: word } }, { status: 500 }))
  })

  it('a request is wrong', async () => {
    const wrong = [
      `{"model":"demo/echo","system":"${prompt}`,
      `{"model":"demo/echo","messages":[{"role":"user","content":"a"}],"system":"${prompt}"} and`,
      body('demo/nothing', { temperature: 'hot' }),
      body('demo/echo', { nonsense: prompt }),
      body('nobody/nothing'),
      body('demo/echo', { messages: [{ role: 'user', content: [{ type: 'text', text: prompt, cache_control: prompt }] }] }),
      body('anthropic/claude-sonnet-4-5', { stream: prompt }),
    ]
    for (const each of wrong) {
      const response = await noted(await gateway.post(each, { ...callerKeys, ...ownKeys }))
      expect(response.status).toBeGreaterThanOrEqual(400)
    }
    for (const path of [
      `/v1/nothing?key=${queryKey}`,
      `/v1/models?limit=x&key=${queryKey}`,
      `/v1/messages?key=${queryKey}&beta=true`,
    ]) {
      await noted(await gateway.post(body('demo/echo', { stream: 1 }), callerKeys, path))
      await noted(await fetch(gateway.url + path, { headers: callerKeys }))
    }
    const headers = Object.entries({ ...callerKeys, ...ownKeys }).map(([name, value]) => `${name}: ${value}`)
    answers.push(await exchange(gateway.url, rawRequest(`FETCH /?key=${queryKey}`, headers, prompt)))
    answers.push(await exchange(gateway.url, rawRequest(`GET /%?key=${queryKey}`, ['connection: close', ...headers])))
    answers.push(await exchange(gateway.url, rawRequest('POST /v1/messages', [...headers, 'content-length: many'], prompt)))
  })

  it('all is well', async () => {
    for (const model of ['demo/echo', 'demo/tools']) {
      for (const stream of [true, false]) {
        const response = await gateway.post(
          { ...body(model, { stream }), messages: [{ role: 'user', content: 'Hello' }] },
          callerKeys,
        )
        expect(response.status).toBe(200)
        await noted(response)
      }
    }
    for (const path of ['/', '/healthz', '/readyz', '/v1/models', '/openapi.json']) {
      await noted(await fetch(gateway.url + path, { headers: { ...callerKeys, ...ownKeys } }))
    }
  })

  it('the gateway itself fails, with keys and prompts in what was thrown', async () => {
    const broken = await startGateway({ keys: operatorKeys })
    broken.app.log.error(
      { err: new Error(operatorKeys.openai, { cause: new Error(operatorKeys.anthropic) }) },
      operatorKeys.openai,
    )
    broken.app.log.error({
      headers: { ...callerKeys, ...ownKeys },
      apiKey: ownKeys['x-provider-key-openai'],
      deep: { key: queryKey },
    })
    broken.app.log.error({
      secret: new Secret(operatorKeys.openai),
      operatorKeys: new Map([['a', new Secret(operatorKeys.openai)]]),
    })
    await broken.close()
    expectNothingIn(broken.logLines)
  })

  it('the settings are printed', async () => {
    const config = await loadConfig({ ANTHROPIC_API_KEY: operatorKeys.anthropic, OPENAI_API_KEY: operatorKeys.openai })
    expectNothingIn([settingsTable(config)])
  })
})

describe('afterwards', () => {
  it('the search would have found something: there were lines, answers and failures of all kinds', () => {
    expect(gateway.logLines.length).toBeGreaterThan(500)
    expect(answers.length).toBeGreaterThan(500)
    expect(answers.some((answer) => answer.includes('[redacted]'))).toBe(true)
    expect(answers.some((answer) => answer.includes(prompt))).toBe(true)
    expect(upstream.requests.some(({ headers }) => headers['x-api-key'] === operatorKeys.anthropic)).toBe(true)
    expect(upstream.requests.some(({ headers }) => headers.authorization === `Bearer ${ownKeys['x-provider-key-openai']}`)).toBe(
      true,
    )
  })

  it("nothing that a provider did was taken for the gateway's own fault", () => {
    expect(answers.filter((answer) => answer.includes('internal_error'))).toEqual([])
  })

  it('no key is in any answer or header', () => {
    expect(leaksIn(answers, keys)).toEqual([])
  })

  it('no key is in any log line', () => {
    expect(leaksIn(gateway.logLines, keys)).toEqual([])
  })

  it('no prompt is in any log line', () => {
    expect(leaksIn(gateway.logLines, [prompt])).toEqual([])
  })

  it('no key and no prompt is in any measurement', async () => {
    const { text } = await measured(gateway)
    expect(text).toContain('vai_upstream_calls_total{provider="anthropic"')
    expect(leaksIn([text], [...keys, prompt])).toEqual([])
  })

  it("no provider was shown a caller's key for the gateway, or another provider's key", () => {
    const seen = upstream.requests.map(({ headers, path }) => `${path} ${JSON.stringify(headers)}`)
    expect(leaksIn(seen, [callerKeys['x-api-key'], 't6y0-bearer-token-of-caller', queryKey])).toEqual([])
    for (const [path, ...own] of [
      ['/v1/messages', operatorKeys.anthropic, ownKeys['x-provider-key-anthropic']],
      ['/v1/chat/completions', operatorKeys.openai, ownKeys['x-provider-key-openai']],
      ['/v1/responses', operatorKeys['oai-resp'], ownKeys['x-provider-key-openai']],
      ['/v1beta/models', operatorKeys['gem-dev'], ownKeys['x-provider-key-gemini']],
      ['/groq/v1', operatorKeys.groq, ownKeys['x-provider-key-groq']],
      ['/openrouter/v1', operatorKeys.openrouter, ownKeys['x-provider-key-openrouter']],
    ] as const) {
      const shown = seen.filter((line) => line.startsWith(path))
      expect(shown.length, path).toBeGreaterThan(100)
      expect(
        leaksIn(
          shown,
          keys.filter((key) => !own.some((mine) => mine === key)),
        ),
      ).toEqual([])
    }
    expect(
      leaksIn(
        upstream.requests.map(({ path }) => path),
        keys,
      ),
    ).toEqual([])
  })

  // The last one, as the rest of the spans leave when the gateway is closed.
  it('no key and no prompt is in any trace', async () => {
    await gateway.close()
    const sent = collector.requests.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body.toString('latin1')}`)
    expect(collector.spans().length).toBeGreaterThan(1000)
    expect(collector.spans().some(({ attributes }) => attributes['error.type'] === 'provider_protocol')).toBe(true)
    expect(leaksIn(sent, [...keys, prompt])).toEqual([])
  })
})

function expectNothingIn(texts: readonly string[]): void {
  expect(texts.length).toBeGreaterThan(0)
  expect(leaksIn(texts, [...keys, prompt])).toEqual([])
}
