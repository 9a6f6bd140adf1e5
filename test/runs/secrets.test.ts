import { Type } from '@sinclair/typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRequest } from '../../api/schemas.gen.ts'
import { defineTool } from '../../tools/define.ts'
import { type Service, ToolError } from '../../tools/tool.ts'
import { type Collector, startCollector } from '../collector.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { leaksIn } from '../leaks.ts'
import { measured } from '../measured.ts'
import { anthropicError, renderMessage } from '../upstreams/anthropic-answer.ts'
import { type Behaviour, json } from '../upstreams/behaviour.ts'
import { objects } from '../upstreams/json.ts'
import { type RecordedRequest, startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { toolThat, waits } from './tools.ts'

/**
 * Keys and words are planted in runs: in what the caller says, what the model calls tools with, what tools find and how they fail.
 * Then every log line, measurement, trace and answer is searched.
 */

const keys = {
  operators: 'q7f2-operator-key-of-anthropic',
  callers: 'z8m4-own-key-for-anthropic',
  service: 'w3k9-operator-key-of-the-service',
  callersService: 'h5r1-own-key-for-the-service',
  bearer: 't6y0-bearer-token-of-caller',
}
const words = {
  prompt: 'j4x7-what-the-caller-said',
  argument: 'k2c5-what-the-model-asked-for',
  found: 'b9w1-what-the-tool-has-found',
  failure: 'n3v6-what-went-wrong-in-the-tool',
  secret: 'd8g2-what-the-code-knows-of-itself',
  answer: 'f1p4-what-the-model-said-then',
}

const service: Service = {
  id: 'finder',
  name: 'Finder',
  upstream: {
    keyHeader: 'X-Provider-Key-Finder',
    keyVariables: ['FINDER_API_KEY'],
    baseURLVariable: 'VAI_FINDER_BASE_URL',
    defaultBaseURL: 'http://127.0.0.1:1',
  },
}
const seen: string[] = []
const find = defineTool({
  name: 'find',
  description: 'Finds something.',
  input: Type.Object({ what: Type.String() }),
  config: Type.Object({ hint: Type.Optional(Type.String({ description: 'Where to look.' })) }, { additionalProperties: false }),
  services: [service],
  needs: () => [service],
  run: async (_, __, call) => {
    seen.push(call.service?.apiKey.reveal() ?? '')
    call.log.warn({ key: call.service?.apiKey }, 'asking')
    return { content: `${words.found} by ${call.service?.apiKey}` }
  },
})
const fails = toolThat('fails', async () => {
  throw new ToolError(words.failure)
})
const breaks = toolThat('breaks', async () => {
  throw new TypeError(words.secret, { cause: new Error(keys.service) })
})
const tools = [find, fails, breaks, waits('waits')]

let upstream: Upstream
let gateway: Gateway
let collector: Collector
let second: (request: RecordedRequest) => Behaviour
const answers: string[] = []

beforeAll(async () => {
  const uses = ['find', 'fails', 'breaks', 'waits', words.argument].map((name) => {
    return { type: 'tool_use' as const, name, input: { what: words.argument } }
  })
  const wrong = { type: 'tool_use' as const, name: 'find', input: { [words.argument]: words.argument } }
  const first = { content: [{ type: 'text' as const, text: words.answer }, ...uses, wrong] }
  upstream = await startUpstream((request) =>
    objects(Object(request.json).messages).length > 1 ? second(request) : renderMessage(first, request),
  )
  collector = await startCollector()
  gateway = await startGateway({
    env: {
      VAI_LOG_LEVEL: 'trace',
      VAI_ANTHROPIC_BASE_URL: upstream.url,
      VAI_RETRY_ATTEMPTS: '0',
      VAI_BREAKER_FAILURE_PERCENT: '0',
      VAI_OTLP_ENDPOINT: collector.url,
    },
    keys: { anthropic: keys.operators, finder: keys.service },
    parts: { tools },
  })
})

afterAll(async () => {
  await gateway.close()
  await collector.close()
  await upstream.close()
})

async function drive(next: typeof second, more: Partial<RunRequest> = {}): Promise<void> {
  second = next
  const body = {
    request: {
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 100,
      system: words.prompt,
      messages: [{ role: 'user', content: words.prompt }],
    },
    builtins: tools.map(({ name }) => name),
    run: { tool_timeout_ms: 20, tool_config: { find: { hint: words.prompt } } },
    ...more,
  }
  const own = { 'x-provider-key-anthropic': keys.callers, 'x-provider-key-finder': keys.callersService }
  for (const path of ['/v1/runs', '/v1/runs:stream']) {
    for (const headers of [{}, own]) {
      const response = await gateway.post(body, { authorization: `Bearer ${keys.bearer}`, ...headers }, path)
      answers.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`)
    }
  }
}

/** What a careless provider says of a request: all of it, keys and all. */
function everythingIn({ headers, body }: RecordedRequest): string {
  return `${JSON.stringify(headers)} ${headers['x-api-key']} ${body}`
}

describe('a run', () => {
  it('ends well', async () => {
    await drive((request) => renderMessage({ content: [{ type: 'text', text: words.answer }] }, request))
    expect(answers.at(-1)).toContain('"stop_reason":"end_turn"')
    expect(new Set(seen)).toEqual(new Set([keys.service, keys.callersService]))
  })

  it.each([400, 401, 429, 500])('ends with a provider that answers %i and repeats everything', async (status) => {
    await drive((request) => json({ type: 'error', error: { type: 'some_error', message: everythingIn(request) } }, { status }))
    expect(answers.at(-1)).toContain('"stop_reason":"error"')
  })

  it('ends with a provider that repeats everything in its stream', async () => {
    await drive((request) =>
      renderMessage(
        {
          content: [{ type: 'text', text: 'So' }],
          errorAfter: { events: 3, type: 'api_error', message: everythingIn(request) },
        },
        request,
      ),
    )
    await drive(() => anthropicError('overloaded_error', words.answer))
  })

  it('is refused', async () => {
    const request = { model: 'anthropic/claude-sonnet-4-5', messages: [{ role: 'user' as const, content: words.prompt }] }
    await drive(() => json({}), { request: { ...request, max_tokens: -1 } })
    await drive(() => json({}), { request, builtins: ['find'], run: { tool_config: { find: { [words.prompt]: words.prompt } } } })
    expect(answers.at(-1)).toContain('invalid_request_error')
  })
})

describe('afterwards', () => {
  it('the search would have found something', () => {
    const told = answers.join('\n')
    for (const each of [words.found, words.failure, words.argument, words.answer, words.prompt]) expect(told).toContain(each)
    expect(gateway.logLines.length).toBeGreaterThan(50)
    expect(gateway.logLines.some((line) => line.includes('asking'))).toBe(true)
  })

  it('no key is in any answer, and nothing of the code', () => {
    expect(leaksIn(answers, [...Object.values(keys), words.secret])).toEqual([])
  })

  it('no key and no word is in any log line', () => {
    const { secret, ...said } = words
    expect(leaksIn(gateway.logLines, [...Object.values(keys), ...Object.values(said)])).toEqual([])
    // What the code threw is for the operator.
    expect(gateway.logLines.some((line) => line.includes(secret))).toBe(true)
  })

  it('no key and no word is in any measurement', async () => {
    const { text } = await measured(gateway)
    expect(text).toContain('vai_tool_calls_total{tool="find"')
    expect(leaksIn([text], [...Object.values(keys), ...Object.values(words)])).toEqual([])
  })

  it("no provider was shown a tool's key, or the gateway's", () => {
    const sent = upstream.requests.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body}`)
    expect(leaksIn(sent, [keys.service, keys.callersService, keys.bearer])).toEqual([])
  })

  it('no key and no word is in any trace', async () => {
    await gateway.close()
    const sent = collector.requests.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body.toString('latin1')}`)
    expect(collector.spans().length).toBeGreaterThan(20)
    expect(leaksIn(sent, [...Object.values(keys), ...Object.values(words)])).toEqual([])
  })
})
