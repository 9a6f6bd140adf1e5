import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { defineTool } from '../../tools/define.ts'
import type { Service } from '../../tools/tool.ts'
import { errorOf } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { itemsOf } from '../plugins/limits/fields.ts'
import { until } from '../until.ts'
import { eventsIn, resultIn, resultOf } from './run.ts'
import { calls, claude, gpt, messages, type Stage, says, setUpStages, use, withClaude } from './stage.ts'
import { time, toolThat, weather } from './tools.ts'

/** How much a caller may ask for, and what of it: a run is one request with many turns. */

setUpStages()

const routes = ['/v1/runs', '/v1/runs:stream'] as const
const request = { model: claude, max_tokens: 100, messages }

describe.each(routes)('limits of %s', (path) => {
  const used = { usage: { input_tokens: 1000, output_tokens: 1000 } }
  const again = { ...calls(use('get_time')), ...used }

  it('of tokens that are used up in the middle end it with what was done', async () => {
    const stage = await withClaude([again, again, says('Done.')], { env: { VAI_LIMIT_TOKENS_PER_MINUTE: '4000' } })
    const result = await resultFrom(await stage.post({ request, builtins: ['get_time'] }, {}, path), path)
    expect(result).toMatchObject({ stop_reason: 'error', tool_call_count: 2 })
    expect(result.steps).toHaveLength(2)
    expect(result.error).toMatchObject({ code: 'token_rate_limit', type: 'rate_limit_error', retry_after: expect.any(Number) })
    expect(stage.upstream.requests).toHaveLength(2)
    // Nothing is left for anybody now, and that keeps its status.
    const next = await stage.post({ request, builtins: ['get_time'] }, {}, path)
    expect(next.status).toBe(429)
    expect(next.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await errorOf(next)).toMatchObject({ code: 'token_rate_limit' })
    expect(stage.upstream.requests).toHaveLength(2)
  })

  it('of requests and of places count it once, however many turns it has', async () => {
    const places = { VAI_LIMIT_CONCURRENT_REQUESTS: '1', VAI_LIMIT_CONCURRENT_STREAMS: '1', VAI_LIMIT_REQUESTS_PER_MINUTE: '60' }
    const stage = await withClaude([again, again, again, says('Done.')], { env: { ...places, VAI_LIMIT_REQUESTS_BURST: '60' } })
    const left = async (): Promise<number> => {
      const response = await stage.post({ request: { ...request, model: 'nobody/nothing' } }, {}, path)
      return Number(itemsOf(response.headers.get('ratelimit')).requests?.r)
    }
    const before = await left()
    const result = await resultFrom(await stage.post({ request, builtins: ['get_time'] }, {}, path), path)
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 4 })
    // The run, and the question itself.
    expect(before - (await left())).toBeLessThanOrEqual(2)
  })

  it('of places hold one from its beginning to its end', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let isRunning = false
    const slow = toolThat('slow', async () => {
      isRunning = true
      await released
      return { content: 'Now.' }
    })
    const stage = await withClaude([calls(use('slow')), says('Done.')], {
      tools: [slow],
      env: { VAI_LIMIT_CONCURRENT_REQUESTS: '1' },
    })
    const answer = stage.post({ request, builtins: ['slow'] }, {}, path)
    await until(() => isRunning)
    const other = await stage.post({ request }, {}, path)
    expect(other.status).toBe(429)
    expect(await errorOf(other)).toMatchObject({ code: 'concurrency_limit' })
    release()
    expect((await resultFrom(await answer, path)).stop_reason).toBe('end_turn')
    await until(async () => (await stage.post({ model: 'demo/echo', messages })).status === 200)
  })
})

describe('a place for a stream', () => {
  it('is held by one run at a time, and not at all by one that is no stream', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let running = 0
    const slow = toolThat('slow', async () => {
      running++
      await released
      return { content: 'Now.' }
    })
    const turn = (count: number) => (count > 1 ? says('Done.') : calls(use('slow')))
    const stage = await withClaude(({ json }) => turn(Object(json).messages.length), {
      tools: [slow],
      env: { VAI_LIMIT_CONCURRENT_STREAMS: '1' },
    })
    const asked = { request, builtins: ['slow'] }
    const [first, whole] = [stage.post(asked, {}, '/v1/runs:stream'), stage.post(asked, {}, '/v1/runs')]
    await until(() => running === 2)
    const refused = await stage.post(asked, {}, '/v1/runs:stream')
    expect(refused.status).toBe(429)
    release()
    for (const [answer, path] of [
      [first, '/v1/runs:stream'],
      [whole, '/v1/runs'],
    ] as const) {
      expect((await resultFrom(await answer, path)).stop_reason).toBe('end_turn')
    }
  })
})

describe('what a caller may use', () => {
  const client = gatewayKey('client', { tenant: 't', allowed_models: [claude], allowed_tools: ['get_time'] })
  const headers = { authorization: `Bearer ${client.key}` }
  const env = envWith([client], { t: {} })

  it.each([
    ['model', { ...request, model: gpt }, [], 'request.model', 'model_not_allowed'],
    ['fallback', { ...request, fallbacks: [claude, gpt] }, [], 'request.fallbacks[1]', 'model_not_allowed'],
    ['tool', request, ['get_time', 'get_weather'], 'builtins[1]', 'tool_not_allowed'],
  ])('is no other %s', async (_, asked, builtins, param, code) => {
    const stage = await withClaude(says('Done.'), { env })
    for (const path of routes) {
      const response = await stage.post({ request: asked, builtins }, headers, path)
      expect(response.status).toBe(403)
      const error = await errorOf(response)
      expect(error).toMatchObject({ type: 'permission_error', param, code })
      expect(error.message.startsWith(`${param}: `)).toBe(true)
    }
    expect(stage.upstream.requests).toHaveLength(0)
  })

  it('is what the operator lets anybody use', async () => {
    const stage = await withClaude(says('Done.'), { env: { VAI_ALLOWED_TOOLS: 'get_w*', VAI_ALLOWED_MODELS: claude } })
    const refused = await stage.post({ request, builtins: ['get_weather', 'get_time'] }, {}, '/v1/runs')
    expect(refused.status).toBe(403)
    expect(await errorOf(refused)).toMatchObject({ param: 'builtins[1]', code: 'tool_not_allowed' })
    expect((await stage.run({ builtins: ['get_weather'] })).stop_reason).toBe('end_turn')
  })

  it('works with both a key and a tool that it may use', async () => {
    const stage = await withClaude([calls(use('get_time')), says('Done.')], { env })
    expect((await stage.run({ builtins: ['get_time'] }, headers)).stop_reason).toBe('end_turn')
    for (const each of [{}, { authorization: 'Bearer vai_sk_unknown' }]) {
      const response = await stage.post({ request }, each, '/v1/runs:stream')
      expect(response.status).toBe(401)
    }
  })
})

describe('a tool that needs a key', () => {
  const [one, other] = ['one', 'other'].map((id): Service => ({ id, name: id.toUpperCase(), upstream: upstreamOf(id) }))
  if (!one || !other) throw new Error('two services')
  const used: unknown[] = []
  const either = defineTool({
    name: 'either',
    description: 'Asks one of two.',
    input: Type.Object({}),
    config: Type.Object(
      { only: Type.Optional(Type.Literal('other', { description: 'Who is asked.' })) },
      { additionalProperties: false },
    ),
    services: [one, other],
    needs: ({ only }) => (only ? [other] : [one, other]),
    run: async (_, __, { service }) => {
      used.push([service?.service.id, service?.apiKey.reveal()])
      return { content: 'Found.' }
    },
  })
  const tools = [either, time, weather]
  const script = [calls(use('either')), says('Done.')]

  const asked = { request, builtins: ['get_time', 'either'] }
  const only = { ...asked, run: { tool_config: { either: { only: 'other' } } } }

  it.each(routes)('is refused at %s before anything is sent', async (path) => {
    const stage = await withClaude(script, { tools })
    for (const [body, header] of [
      [asked, 'X-Provider-Key-One'],
      [only, 'X-Provider-Key-Other'],
    ] as const) {
      const response = await stage.post(body, {}, path)
      expect(response.status).toBe(401)
      expect(await errorOf(response)).toMatchObject({ code: 'missing_provider_key', type: 'authentication_error', param: header })
    }
    expect(stage.upstream.requests).toHaveLength(0)
  })

  it.each([
    ['of the caller', {}, { 'x-provider-key-other': 'sk-test-callers' }, ['other', 'sk-test-callers']],
    ['of the operator', { one: 'sk-test-operators' }, {}, ['one', 'sk-test-operators']],
    [
      'of the caller before the operator',
      { one: 'sk-test-operators' },
      { 'x-provider-key-one': 'sk-test-callers' },
      ['one', 'sk-test-callers'],
    ],
  ])('takes the one %s', async (_, keys, headers, expected) => {
    const stage: Stage = await withClaude(script, { tools, keys })
    used.length = 0
    const response = await stage.post(asked, headers, '/v1/runs')
    expect((await resultIn(response)).stop_reason).toBe('end_turn')
    expect(used).toEqual([expected])
    const told = [...stage.logLines, ...stage.upstream.requests.map(({ headers: sent }) => JSON.stringify(sent))].join('\n')
    expect(told).not.toContain('sk-test-callers')
    expect(told).not.toContain('sk-test-operators')
  })
})

function upstreamOf(id: string) {
  const name = `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`
  return {
    keyHeader: `X-Provider-Key-${name}`,
    keyVariables: [`${id.toUpperCase()}_API_KEY`],
    baseURLVariable: `VAI_${id.toUpperCase()}_BASE_URL`,
    defaultBaseURL: 'http://127.0.0.1:1',
  }
}

async function resultFrom(response: Response, path: string) {
  return path === '/v1/runs' ? resultIn(response) : resultOf(eventsIn(await response.text()), messages)
}
