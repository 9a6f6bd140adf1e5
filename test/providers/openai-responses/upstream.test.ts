import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import { createOpenAiResponses, openaiResponses, openaiResponsesDialect } from '../../../providers/openai-responses/index.ts'
import { type Behaviour, empty, endless, htmlPage, json, redirect, reply, sse } from '../../upstreams/behaviour.ts'
import { callTo, request as chatRequest, collect, expectGrammar, key } from '../openai-chat/drive.ts'
import { added, created, type Json, text } from './drive.ts'

const request: MessageRequest = { ...chatRequest, model: 'oai-resp/gpt-test' }
const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' }
const whole = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'gpt-test',
  output: [{ ...message, content: [{ type: 'output_text', text: 'Hi', annotations: [] }] }],
  usage: { input_tokens: 3, output_tokens: 2 },
}

function frame(event: Json): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

const hi = frame(created) + frame(added(0, { ...message, content: [] })) + frame(text(0, 'Hi'))
const completed = frame({ type: 'response.completed', response: whole })

async function failureOf(promise: Promise<unknown> | undefined): Promise<GatewayError> {
  const error = await promise?.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`)
  return error
}

describe('the request', () => {
  it('is one POST with the key, the request id and a body that asks for a stream', async () => {
    const { upstream, call } = await callTo(sse(hi + completed))
    expectGrammar(await collect(openaiResponses.stream(request, call)))
    expect(upstream.requests).toHaveLength(1)
    expect(upstream.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/responses',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'x-client-request-id': 'req_test_0001',
      },
      json: { model: 'gpt-test', input: [{ role: 'user', content: 'Hi.' }], store: false, stream: true },
    })
  })

  it('has no authorization where there is no key, and what is its dialect’s', async () => {
    const local = createOpenAiResponses({
      ...openaiResponsesDialect,
      id: 'local',
      headers: { 'x-title': 'VAI' },
      minOutputTokens: 1,
      countsTokens: false,
    })
    const { upstream, call } = await callTo(sse(hi + completed), { apiKey: new Secret('') })
    await collect(local.stream({ ...request, max_tokens: 2, extensions: { local: { a: 1 } } }, call))
    expect(upstream.requests[0]).toMatchObject({ headers: { 'x-title': 'VAI' }, json: { max_output_tokens: 2, a: 1 } })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(local).not.toHaveProperty('countTokens')
  })

  it('keeps users with long ids apart, and replaces ids of calls that are too long', async () => {
    const { upstream, call } = await callTo(json(whole))
    const id = 'c'.repeat(65)
    const messages: MessageRequest['messages'] = [
      ...request.messages,
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'x' }] },
    ]
    for (const user of ['a', 'b']) {
      await openaiResponses.complete?.({ ...request, messages, metadata: { user_id: user.repeat(65) } }, call)
    }
    const [first, second] = upstream.requests.map(({ json }) => Object(json))
    expect(first.safety_identifier).toMatch(/^[0-9a-f]{64}$/)
    expect(second.safety_identifier).not.toBe(first.safety_identifier)
    expect(first.input[1].call_id).toMatch(/^[0-9a-z]{26}$/)
    expect(first.input[2].call_id).toBe(first.input[1].call_id)
  })

  it('to count tokens goes to its own address', async () => {
    const { upstream, call } = await callTo([
      json({ object: 'response.input_tokens', input_tokens: 11 }),
      json({ object: 'odd' }),
    ])
    expect(await openaiResponses.countTokens?.({ ...request, system: 'S' }, call)).toEqual({ input_tokens: 11 })
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/responses/input_tokens',
      json: { model: 'gpt-test', instructions: 'S', input: [{ role: 'user', content: 'Hi.' }] },
    })
    expect(Object.keys(Object(upstream.requests[0]?.json))).toEqual(['model', 'instructions', 'input'])
    expect((await failureOf(openaiResponses.countTokens?.(request, call))).code).toBe('provider_protocol')
  })
})

describe('one answer', () => {
  it('gives the same message as JSON and as a stream', async () => {
    const { upstream, call } = await callTo([json(whole), sse(hi + completed)])
    const complete = await openaiResponses.complete?.(request, call)
    expect(complete?.message).toEqual(await accumulate(openaiResponses.stream(request, call)))
    expect(complete?.message).toMatchObject({ id: 'resp_1', model: request.model, content: [{ type: 'text', text: 'Hi' }] })
    expect(upstream.requests[0]?.json).not.toHaveProperty('stream')
  })

  it('is understood where a server answers a stream with JSON', async () => {
    const { call } = await callTo(json(whole))
    const events = await collect(openaiResponses.stream(request, call))
    expectGrammar(events)
    expect(events).toContainEqual({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } })
  })

  it('ends when it is complete: what follows is not read', async () => {
    const { call } = await callTo(sse(`${hi}${completed}data: {"type":"error","message":"late"}\n\n`))
    expectGrammar(await collect(openaiResponses.stream(request, call)))
  })

  it('leaves its connection to the next request, though something follows', async () => {
    const dispatcher = new Agent({ connections: 1 })
    onTestFinished(() => dispatcher.destroy())
    const { upstream, call } = await callTo(sse(`${hi}${completed}data: [DONE]\n\n`, { paceMs: 10 }), { dispatcher })
    await collect(openaiResponses.stream(request, call))
    await collect(openaiResponses.stream(request, call))
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([0, 0])
  })
})

describe('a stream that breaks', () => {
  it.each([
    ['ends before it is complete', sse(hi), 'provider_disconnected'],
    ['says [DONE] before it is complete', sse(`${hi}data: [DONE]\n\n`), 'provider_disconnected'],
    ['dies in the middle', sse(hi, { dieAt: { event: 2 } }), 'provider_disconnected'],
    [
      'holds an event: error',
      sse(`${hi}event: error\ndata: {"error":{"message":"no","code":"invalid_prompt"}}\n\n`),
      'provider_rejected',
    ],
    [
      'holds an error that only its data tells',
      sse(`${hi}data: {"type":"error","code":"server_error","message":"no"}\n\n`),
      'provider_error',
    ],
    ['is no JSON', sse('data: {"type":\n\n'), 'provider_protocol'],
    ['is not UTF-8', sse(Buffer.from([0x64, 0xff, 0xff, 0x0a])), 'provider_protocol'],
    ['is empty', sse(''), 'provider_protocol'],
    ['is [DONE] alone', sse('data: [DONE]\n\n'), 'provider_protocol'],
    ['is an HTML page', htmlPage(200), 'provider_protocol'],
  ])('%s', async (_, behaviour, code) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(collect(openaiResponses.stream(request, call)))).code).toBe(code)
  })

  it('has given what came before', async () => {
    const { call } = await callTo(sse(hi, { chunks: 'events' }))
    const types: string[] = []
    await failureOf(
      (async () => {
        for await (const { type } of openaiResponses.stream(request, call)) types.push(type)
      })(),
    )
    expect(types).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
  })
})

describe('a whole answer that is none', () => {
  it.each([
    ['empty', empty()],
    ['no JSON', reply('{"output":', { headers: { 'content-type': 'application/json' } })],
    ['without output', json({ id: 'x' })],
    ['an HTML page', htmlPage(200)],
    ['events without an end', sse(hi, { stallAt: { event: 1 } })],
  ])('%s', async (_, behaviour) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(openaiResponses.complete?.(request, call))).code).toBe('provider_protocol')
  })
})

describe('a refused request', () => {
  const cases: readonly [string, Behaviour, string, number][] = [
    [
      'rate limit',
      json({ error: { message: 'slow', code: 'rate_limit_exceeded' } }, { status: 429 }),
      'provider_rate_limit',
      429,
    ],
    ['quota', json({ error: { message: 'pay', code: 'insufficient_quota' } }, { status: 429 }), 'provider_quota', 429],
    [
      'context',
      json({ error: { message: 'x', code: 'context_length_exceeded' } }, { status: 400 }),
      'context_length_exceeded',
      400,
    ],
    ['a wrong key', json({ error: { message: 'x', code: 'invalid_api_key' } }, { status: 401 }), 'provider_authentication', 401],
    ['an item not stored', json({ error: { message: 'Item not found.' } }, { status: 404 }), 'provider_not_found', 404],
    ['overloaded', reply('', { status: 503 }), 'provider_overloaded', 529],
    ['HTML of a proxy', htmlPage(502), 'provider_error', 502],
    ['a redirect', redirect('https://elsewhere.test/'), 'provider_protocol', 502],
  ]

  it.each(cases)('%s', async (_, behaviour, code, status) => {
    const { call } = await callTo(behaviour)
    const asked = [
      collect(openaiResponses.stream(request, call)),
      openaiResponses.complete?.(request, call),
      openaiResponses.countTokens?.(request, call),
    ]
    for (const answer of asked) expect(await failureOf(answer)).toMatchObject({ code, status })
  })

  it('says what the provider said, when to come again, and never the key', async () => {
    const body = { error: { message: `Slow down, ${key}`, code: 'rate_limit_exceeded' } }
    const { call } = await callTo(json(body, { status: 429, headers: { 'retry-after': '7' } }))
    const error = await failureOf(collect(openaiResponses.stream(request, call)))
    expect(error).toMatchObject({ message: 'OpenAI Responses: Slow down, [redacted]', retryAfter: 7 })
    expect(JSON.stringify(error.toBody('req_1'))).not.toContain(key)
  })
})

describe('a caller who leaves', () => {
  it('closes the upstream socket by leaving the iteration', async () => {
    const { upstream, call } = await callTo(
      endless(frame(text(0, 'x')), { head: hi, headers: { 'content-type': 'text/event-stream' } }),
    )
    for await (const { type } of openaiResponses.stream(request, call)) if (type === 'content_block_delta') break
    await upstream.waitForClose()
  })

  it('closes it by the signal, and is told the reason', async () => {
    const controller = new AbortController()
    const { upstream, call } = await callTo(sse(hi, { stallAt: { event: 1 } }), { signal: controller.signal })
    const reading = collect(openaiResponses.stream(request, call))
    await upstream.waitForRequest()
    controller.abort(new Cancelled())
    await expect(reading).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose()
  })
})
