import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { Cancelled } from '../../../api/error.ts'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import { geminiApi } from '../../../providers/gemini/index.ts'
import { empty, endless, htmlPage, json, redirect, reply, sse } from '../../upstreams/behaviour.ts'
import { geminiKey } from '../../upstreams/gemini.ts'
import type { GeminiAnswer } from '../../upstreams/gemini-answer.ts'
import { callTo, collect, expectGrammar, expectMessage, key } from '../openai-chat/drive.ts'
import { chunk, type Json, request, sentBack, stop } from './chunks.ts'
import { callToGemini, complete, failureOf, services } from './drive.ts'

const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const tools = [{ name: 'weather', input_schema: schema }]
const frame = (one: unknown): string => `data: ${JSON.stringify(one)}\r\n\r\n`
const hi = frame(chunk([{ text: 'Hi' }]))
const done = frame(stop)
const finished = JSON.stringify(chunk([{ text: 'x' }], { finishReason: 'STOP' }))

describe.each(services.map((service) => [service.provider.id, service] as const))('%s', (_id, service) => {
  const { provider, models } = service

  it('asks for a stream with the key in a header, and nowhere else', async () => {
    const { upstream, call } = await callToGemini(service)
    expectGrammar(await collect(provider.stream({ ...request, max_tokens: 5 }, call)))
    expect(upstream.requests).toMatchObject([
      {
        method: 'POST',
        path: `${models}/gemini-3-flash-preview:streamGenerateContent?alt=sse`,
        headers: { 'x-goog-api-key': geminiKey, 'content-type': 'application/json' },
        json: { contents: [{ role: 'user', parts: [{ text: 'Hi.' }] }], generationConfig: { maxOutputTokens: 5 } },
      },
    ])
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  it('gives the same message whole and as a stream', async () => {
    const parts: Json[] = [
      { text: 'Hm', thought: true },
      { text: 'Let me see.', thoughtSignature: 'U0lH' },
      { functionCall: { id: 'c1', name: 'weather', args: { city: 'Paris' } }, thoughtSignature: 'U0lI' },
    ]
    const answer: GeminiAnswer = { parts, usage: { thoughtsTokenCount: 3 } }
    const { upstream, call } = await callToGemini(service, { script: { ...answer, chunks: { seed: 4, max: 30 } } })
    const whole = await complete(provider, { ...request, tools }, call)
    expectMessage(whole)
    const { metadata: _, ...streamed } = await accumulate(provider.stream({ ...request, tools }, call))
    expect({ ...whole, id: '', metadata: undefined }).toEqual({ ...streamed, id: '', metadata: undefined })
    expect(whole.content).toHaveLength(4)
    expect(upstream.requests[0]?.path).toBe(`${models}/gemini-3-flash-preview:generateContent`)
  })

  it('keeps the rules of the API over the rounds of a tool, another model’s among them', async () => {
    const { upstream, call } = await callToGemini(service)
    const messages: MessageRequest['messages'] = [
      { role: 'user', content: 'And in Rome?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_of_another', name: 'weather', input: { city: 'Rome' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_of_another', content: 'rain' }] },
      { role: 'assistant', content: 'It rains.' },
      { role: 'user', content: 'And in Paris?' },
    ]
    const first = await complete(provider, { ...request, tools, messages }, call)
    expect(first.stop_reason).toBe('tool_use')
    const used = first.content.find((block) => block.type === 'tool_use')
    const second = await complete(
      provider,
      {
        ...request,
        tools,
        messages: [
          ...messages,
          { role: 'assistant', content: sentBack(first.content) },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: used?.id ?? '', content: 'sun' }] },
        ],
      },
      call,
    )
    expect(JSON.stringify(second.content)).toContain('sun')
    expect(upstream.requests).toHaveLength(2)
  })

  it('is taken by the API with all that it can say', async () => {
    const { upstream, call } = await callToGemini(service)
    const message = await complete(
      provider,
      {
        ...request,
        system: 'Be brief.',
        temperature: 0.5,
        top_k: 3,
        stop_sequences: ['#'],
        thinking: { type: 'enabled', budget_tokens: 1000 },
        output_format: { type: 'json_schema', json_schema: { type: 'object' } },
        service_tier: 'standard_only',
        metadata: { user_id: 'Somebody@example.org' },
        tools: [...tools, { type: 'web_search' }],
        tool_choice: { type: 'none' },
      },
      call,
    )
    expect(message.stop_reason).toBe('end_turn')
    const labels = Object(upstream.requests[0]?.json).labels
    expect(labels === undefined || /^[a-f0-9]{63}$/.test(labels.user_id)).toBe(true)
  })

  it('counts tokens', async () => {
    const { upstream, call } = await callToGemini(service)
    const count = await provider.countTokens?.({ ...request, system: 'Be brief.', tools }, call)
    expect(count).toEqual({ input_tokens: expect.any(Number) })
    expect(upstream.requests[0]?.path).toBe(`${models}/gemini-3-flash-preview:countTokens`)
  })

  it('escapes the name of a model, and lets none climb', async () => {
    const { upstream, call } = await callToGemini(service, {}, { model: 'a/b?c=d' })
    await collect(provider.stream(request, call))
    expect(upstream.requests[0]?.path).toBe(`${models}/a%2Fb%3Fc%3Dd:streamGenerateContent?alt=sse`)
    const failure = await failureOf(collect(provider.stream(request, { ...call, model: '../../x' })))
    expect(failure).toMatchObject({ status: 400, code: 'invalid_model', param: 'model' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('tells a wrong key and an unknown model', async () => {
    const { call } = await callToGemini(service, { models: ['gemini-2.5-pro'] })
    const wrong = await failureOf(collect(provider.stream(request, { ...call, apiKey: new Secret('sk-test-wrong-key') })))
    expect(wrong).toMatchObject({ code: 'provider_authentication', status: 401 })
    expect((await failureOf(collect(provider.stream(request, call)))).code).toBe('provider_not_found')
  })
})

describe('a stream', () => {
  it('may come as an array', async () => {
    const chunks = [chunk([{ text: 'Grö' }]), chunk([{ text: 'ße "}]{\\' }]), stop]
    const body = JSON.stringify(chunks, null, 2)
    const behaviours = (['whole', 'bytes', { seed: 3, max: 40 }] as const).map((cut) =>
      reply(body, { chunks: cut, headers: { 'content-type': 'application/json; charset=UTF-8' } }),
    )
    for (const behaviour of behaviours) {
      const { call } = await callTo(behaviour)
      const { content } = await accumulate(geminiApi.stream(request, call))
      expect(content).toEqual([{ type: 'text', text: 'Größe "}]{\\' }])
    }
  })

  it('may come as one answer, or with a mark at its end', async () => {
    const { call } = await callTo([json(chunk([{ text: 'Hi' }], { finishReason: 'STOP' })), sse(`${hi}${done}data: [DONE]\n\n`)])
    for (let at = 0; at < 2; at++) {
      expect((await accumulate(geminiApi.stream(request, call))).content).toEqual([{ type: 'text', text: 'Hi' }])
    }
  })

  it.each([
    ['ends before a finish reason', sse(hi), 'provider_disconnected'],
    ['dies in the middle', sse(hi + done, { dieAt: { event: 1 } }), 'provider_disconnected'],
    ['ends inside of an array', reply(`[${JSON.stringify(chunk([{ text: 'x' }]))},{"a`, jsonType()), 'provider_disconnected'],
    [
      'ends inside of an array, after its finish reason',
      reply(`[${finished},{"usageMetadata":{"a`, jsonType()),
      'provider_disconnected',
    ],
    ['is an array that does not end', reply(`[${finished}\n,`, jsonType()), 'provider_disconnected'],
    ['holds an error', sse(hi + frame({ error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } })), 'provider_overloaded'],
    ['holds an event: error', sse(`${hi}event: error\ndata: {"error":{"code":400,"message":"no"}}\n\n`), 'provider_rejected'],
    ['is no JSON', sse('data: {"candidates":\n\n'), 'provider_protocol'],
    ['is not UTF-8', sse(Buffer.from([0x64, 0xff, 0xff, 0x0a])), 'provider_protocol'],
    ['is an array that is not UTF-8', reply(Buffer.from([0x5b, 0xff, 0xff]), jsonType()), 'provider_protocol'],
    ['is an HTML page', htmlPage(200), 'provider_protocol'],
  ])('that %s', async (_, behaviour, code) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(collect(geminiApi.stream(request, call)))).code).toBe(code)
  })

  it.each([
    ['nothing', ''],
    ['an empty object', frame({})],
    ['usage alone', frame({ usageMetadata: { promptTokenCount: 3 } })],
    ['no candidates', frame({ candidates: [] })],
  ])('of %s is an empty answer, after which it is worth asking again', async (_, body) => {
    const { call } = await callTo(sse(body))
    const error = await failureOf(collect(geminiApi.stream(request, call)))
    expect(error).toMatchObject({ code: 'provider_protocol', message: 'Gemini API: the answer is empty.', recovery: 'again' })
  })

  it('that breaks has given what came before', async () => {
    const { call } = await callTo(sse(hi, { dieAt: { event: 1 }, chunks: 'events' }))
    const types: string[] = []
    await failureOf(
      (async () => {
        for await (const { type } of geminiApi.stream(request, call)) types.push(type)
      })(),
    )
    expect(types).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
  })

  function jsonType(): { headers: Record<string, string> } {
    return { headers: { 'content-type': 'application/json' } }
  }
})

describe('a whole answer that is none', () => {
  it.each([
    ['empty', empty()],
    ['no JSON', reply('{"candidates":', { headers: { 'content-type': 'application/json' } })],
    ['without candidates', json({ responseId: 'x' })],
    ['an HTML page', htmlPage(200)],
    ['events without an end', sse(hi, { stallAt: { event: 1 } })],
  ])('%s', async (_, behaviour) => {
    const { call } = await callTo(behaviour)
    expect((await failureOf(complete(geminiApi, request, call))).code).toBe('provider_protocol')
  })

  it('of a count', async () => {
    const { call } = await callTo(json({ total: 3 }))
    expect((await failureOf(Promise.resolve(geminiApi.countTokens?.(request, call)))).code).toBe('provider_protocol')
  })
})

describe('a refused request', () => {
  const error = (code: number, status: string, message: string, details: Json[] = []): Json => ({
    error: { code, message, status, details },
  })
  const badKey = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }]
  const tooLong = 'The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).'
  const tooLongOfVertex =
    'Unable to submit request because the input token count is 1200293 but model only supports up to 1048576.'

  it.each<[string, Parameters<typeof callTo>[0], string, number]>([
    [
      'a wrong key as a 400',
      json(error(400, 'INVALID_ARGUMENT', 'API key expired.', badKey), { status: 400 }),
      'provider_authentication',
      401,
    ],
    ['no token', json(error(401, 'UNAUTHENTICATED', 'no'), { status: 401 }), 'provider_authentication', 401],
    ['no permission', json(error(403, 'PERMISSION_DENIED', 'no'), { status: 403 }), 'provider_permission', 403],
    ['no such model', json(error(404, 'NOT_FOUND', 'no'), { status: 404 }), 'provider_not_found', 404],
    ['a wrong field', json(error(400, 'INVALID_ARGUMENT', 'Unknown name "x"'), { status: 400 }), 'provider_rejected', 400],
    ['too long', json(error(400, 'INVALID_ARGUMENT', tooLong), { status: 400 }), 'context_length_exceeded', 400],
    [
      'too long for Vertex AI',
      json(error(400, 'INVALID_ARGUMENT', tooLongOfVertex), { status: 400 }),
      'context_length_exceeded',
      400,
    ],
    ['a list', json([error(400, 'INVALID_ARGUMENT', tooLong)], { status: 400 }), 'context_length_exceeded', 400],
    ['too often', json(error(429, 'RESOURCE_EXHAUSTED', 'slow'), { status: 429 }), 'provider_rate_limit', 429],
    ['overloaded', json(error(503, 'UNAVAILABLE', 'busy'), { status: 503 }), 'provider_overloaded', 529],
    ['too slow', json(error(504, 'DEADLINE_EXCEEDED', 'late'), { status: 504 }), 'provider_timeout', 504],
    ['broken', json(error(500, 'INTERNAL', 'oh'), { status: 500 }), 'provider_error', 502],
    ['HTML of a proxy', htmlPage(502), 'provider_error', 502],
    ['a redirect', redirect('https://elsewhere.test/'), 'provider_protocol', 502],
  ])('%s', async (_, behaviour, code, status) => {
    const { call } = await callTo(behaviour)
    for (const asked of [
      () => collect(geminiApi.stream(request, call)),
      () => complete(geminiApi, request, call),
      () => Promise.resolve(geminiApi.countTokens?.(request, call)),
    ]) {
      expect(await failureOf(asked())).toMatchObject({ code, status })
    }
  })

  it('says what the provider said, when to come again, and never the key', async () => {
    const retry = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '48.5s' }]
    const { call } = await callTo(json(error(429, 'RESOURCE_EXHAUSTED', `Slow down, ${key}`, retry), { status: 429 }))
    const failure = await failureOf(collect(geminiApi.stream(request, call)))
    expect(failure).toMatchObject({ message: 'Gemini API: Slow down, [redacted]', retryAfter: 48.5 })
    expect(JSON.stringify(failure.toBody('req_1'))).not.toContain(key)
  })
})

describe('a caller who leaves', () => {
  it('closes the upstream socket by leaving the iteration', async () => {
    const { upstream, call } = await callTo(endless(hi, { headers: { 'content-type': 'text/event-stream' } }))
    for await (const { type } of geminiApi.stream(request, call)) if (type === 'content_block_delta') break
    await upstream.waitForClose()
  })

  it('closes it by the signal, and is told the reason', async () => {
    const controller = new AbortController()
    const { upstream, call } = await callTo(sse(hi, { stallAt: { event: 1 } }), { signal: controller.signal })
    const reading = collect(geminiApi.stream(request, call))
    await upstream.waitForRequest()
    controller.abort(new Cancelled())
    await expect(reading).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose()
  })
})
