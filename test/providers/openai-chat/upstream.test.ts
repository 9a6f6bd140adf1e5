import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import { Secret } from '../../../api/secret.ts'
import { createOpenAiChat, openai, openaiDialect } from '../../../providers/openai-chat/index.ts'
import { empty, endless, htmlPage, json, redirect, reply, sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, expectGrammar, key, request } from './drive.ts'

const text = (content: string): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta: { content } }] })}\n\n`
const stop = `data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`
const done = 'data: [DONE]\n\n'

async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`)
  return error
}

describe('the request', () => {
  it('is one POST with the key, the request id and a body that asks for a stream', async () => {
    const { upstream, call } = await callTo(sse(text('Hi') + stop + done))
    expectGrammar(await collect(openai.stream({ ...request, max_tokens: 5 }, call)))
    const [sent, ...others] = upstream.requests
    expect(others).toEqual([])
    expect(sent).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'x-client-request-id': 'req_test_0001',
      },
      json: {
        model: 'gpt-test',
        messages: [{ role: 'user', content: 'Hi.' }],
        max_completion_tokens: 5,
        stream: true,
        stream_options: { include_usage: true },
      },
    })
  })

  it('has no authorization where there is no key, and the headers of its dialect', async () => {
    const local = createOpenAiChat({ ...openaiDialect, id: 'local', headers: { 'x-title': 'VAI' } })
    const { upstream, call } = await callTo(sse(text('Hi') + stop + done), { apiKey: new Secret('') })
    await collect(local.stream(request, call))
    expect(upstream.requests[0]?.headers).toMatchObject({ 'x-title': 'VAI' })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization')
  })
})

describe('one answer', () => {
  const usage = { prompt_tokens: 9, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 } }
  const toolCalls = [
    { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } },
    { id: 'c2', type: 'function', function: { name: 'time', arguments: '{}' } },
  ]
  const about = { id: 'chatcmpl-9', created: 1, model: 'm', system_fingerprint: 'fp_1' }

  it('gives the same message as JSON and as a stream', async () => {
    const message = {
      role: 'assistant',
      reasoning: 'Hm.',
      content: 'Let me see.',
      refusal: null,
      annotations: [],
      tool_calls: toolCalls,
    }
    const whole = {
      ...about,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'tool_calls', logprobs: null }],
      usage,
    }
    const deltas = [
      { role: 'assistant', content: '' },
      { reasoning: 'Hm' },
      { reasoning: '.' },
      { content: 'Let me' },
      { content: ' see.' },
      { tool_calls: [{ ...toolCalls[0], index: 0, function: { name: 'weather', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":"Paris"}' } }] },
      { tool_calls: [{ ...toolCalls[1], index: 1 }] },
    ]
    const chunks = [
      ...deltas.map((delta) => ({ ...about, choices: [{ index: 0, delta, finish_reason: null }] })),
      { ...about, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
      { ...about, choices: [], usage },
    ]
    const frames = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
    const { upstream, call } = await callTo([json(whole), sse(frames + done)])
    const completed = await openai.complete?.(request, call)
    expect(completed?.message).toEqual(await accumulate(openai.stream(request, call)))
    expect(completed?.message.content).toHaveLength(4)
    expect(upstream.requests[0]?.json).not.toHaveProperty('stream')
  })

  it('is understood where a server answers a stream with JSON', async () => {
    const { call } = await callTo(json({ ...about, choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }))
    const events = await collect(openai.stream(request, call))
    expectGrammar(events)
    expect(events).toContainEqual({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } })
  })

  it('ends at [DONE]: what follows is not read', async () => {
    const { call } = await callTo(sse(`${text('Hi')}${stop}${done}data: {"error":{"message":"late"}}\n\n`))
    expectGrammar(await collect(openai.stream(request, call)))
  })
})

describe('the connection', () => {
  it('is used again, though the end of the body comes some time after [DONE]', async () => {
    const dispatcher = new Agent({ connections: 1 })
    onTestFinished(() => dispatcher.destroy())
    const { upstream, call } = await callTo(sse(`${text('Hi') + stop + done}: nothing more\n\n`, { paceMs: 10 }), { dispatcher })
    await collect(openai.stream(request, call))
    await collect(openai.stream(request, call))
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([0, 0])
  })

  it('is closed where the server does not end after [DONE], and the answer is whole', async () => {
    const { upstream, call } = await callTo(sse(`${text('Hi') + stop + done}: nothing more\n\n`, { stallAt: { event: 3 } }))
    expectGrammar(await collect(openai.stream(request, call)))
    await upstream.waitForClose()
  })
})

describe('a stream that breaks', () => {
  it.each([
    ['ends before a finish reason', sse(text('Hi')), 'provider_disconnected'],
    ['dies in the middle', sse(text('Hi') + stop, { dieAt: { event: 1 } }), 'provider_disconnected'],
    [
      'holds an event: error',
      sse(`${text('Hi')}event: error\ndata: {"error":{"message":"no","status_code":400}}\n\n`),
      'provider_rejected',
    ],
    ['holds an event: error that is no JSON', sse(`event: error\ndata: broken\n\n`), 'provider_error'],
    ['is no JSON', sse('data: {"choices":\n\n'), 'provider_protocol'],
    ['is not UTF-8', sse(Buffer.from([0x64, 0xff, 0xff, 0x0a])), 'provider_protocol'],
    ['is empty', sse(''), 'provider_protocol'],
    ['is [DONE] alone', sse(done), 'provider_protocol'],
    ['is an HTML page', htmlPage(200), 'provider_protocol'],
  ])('%s', async (_, behaviour, code) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(collect(openai.stream(request, call)))).code).toBe(code)
  })

  it('has given what came before', async () => {
    const { call } = await callTo(sse(text('Hi'), { dieAt: { event: 1 }, chunks: 'events' }))
    const types: string[] = []
    await failureOf(
      (async () => {
        for await (const { type } of openai.stream(request, call)) types.push(type)
      })(),
    )
    expect(types).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
  })
})

describe('a whole answer that is none', () => {
  it.each([
    ['empty', empty()],
    ['no JSON', reply('{"choices":', { headers: { 'content-type': 'application/json' } })],
    ['without choices', json({ id: 'x' })],
    ['an HTML page', htmlPage(200)],
  ])('%s', async (_, behaviour) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(Promise.resolve(openai.complete?.(request, call)))).code).toBe('provider_protocol')
  })
})

describe('a refused request', () => {
  const cases: readonly [string, Parameters<typeof callTo>[0], string, number][] = [
    [
      'rate limit',
      json({ error: { message: 'slow', code: 'rate_limit_exceeded' } }, { status: 429, headers: { 'retry-after': '7' } }),
      'provider_rate_limit',
      429,
    ],
    ['quota', json({ error: { message: 'pay', code: 'insufficient_quota' } }, { status: 429 }), 'provider_quota', 429],
    [
      'context by code',
      json({ error: { message: 'long', code: 'context_length_exceeded' } }, { status: 400 }),
      'context_length_exceeded',
      400,
    ],
    [
      'context by words',
      json({ message: 'Prompt is too long for this model', type: 'x' }, { status: 422 }),
      'context_length_exceeded',
      400,
    ],
    [
      'key as a 400',
      json({ error: 'Incorrect API key provided', code: 'invalid-argument' }, { status: 400 }),
      'provider_authentication',
      401,
    ],
    [
      'detail of FastAPI',
      json({ detail: [{ loc: ['body'], msg: 'field required' }] }, { status: 422 }),
      'provider_rejected',
      400,
    ],
    ['unknown model', json({ error: { message: 'no', code: 'model_not_found' } }, { status: 400 }), 'provider_not_found', 404],
    [
      'a server at its end',
      json({ error: { message: 'Invalid API key cache', type: 'server_error' } }, { status: 500 }),
      'provider_error',
      502,
    ],
    ['overloaded', reply('', { status: 503 }), 'provider_overloaded', 529],
    ['HTML of a proxy', htmlPage(502), 'provider_error', 502],
    ['a redirect', redirect('https://elsewhere.test/'), 'provider_protocol', 502],
  ]

  it.each(cases)('%s', async (_, behaviour, code, status) => {
    const { call } = await callTo(behaviour)
    for (const answer of [() => collect(openai.stream(request, call)), () => Promise.resolve(openai.complete?.(request, call))]) {
      expect(await failureOf(answer())).toMatchObject({ code, status })
    }
  })

  it('says what the provider said, when to come again, and never the key', async () => {
    const body = { error: { message: `Slow down, ${key}`, code: 'rate_limit_exceeded' } }
    const { call } = await callTo(json(body, { status: 429, headers: { 'retry-after': '7' } }))
    const error = await failureOf(collect(openai.stream(request, call)))
    expect(error).toMatchObject({
      message: 'OpenAI: Slow down, [redacted]',
      retryAfter: 7,
      providerError: { provider: 'openai', status: 429 },
    })
    expect(JSON.stringify(error.toBody('req_1'))).not.toContain(key)
  })

  it.each([
    [htmlPage(502), 'OpenAI: HTTP 502 with an HTML page.'],
    [reply('', { status: 500 }), 'OpenAI: HTTP 500 without a body.'],
  ])('without words of its own is described', async (behaviour, message) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(collect(openai.stream(request, call)))).message).toBe(message)
  })
})

describe('a caller who leaves', () => {
  it('closes the upstream socket by leaving the iteration', async () => {
    const { upstream, call } = await callTo(endless(text('x'), { headers: { 'content-type': 'text/event-stream' } }))
    for await (const { type } of openai.stream(request, call)) if (type === 'content_block_delta') break
    await upstream.waitForClose()
  })

  it('closes it by the signal, and is told the reason', async () => {
    const controller = new AbortController()
    const { upstream, call } = await callTo(sse(text('x'), { stallAt: { event: 1 } }), { signal: controller.signal })
    const reading = collect(openai.stream(request, call))
    await upstream.waitForRequest()
    controller.abort(new Cancelled())
    await expect(reading).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose()
  })
})
