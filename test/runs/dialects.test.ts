import { beforeAll, describe, expect, it } from 'vitest'
import type { MessageParam, RunEvent, RunResult } from '../../api/schemas.gen.ts'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { isObject } from '../upstreams/json.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { listenAtAll } from './listeners.ts'
import { comparable, finishRun, resultOf, watchRun } from './run.ts'
import { time, weather } from './tools.ts'
import { answerText, keys, question, type Vendor, vendors } from './vendors.ts'

/**
 * A run with tools at every vendor: what it said and signed goes back to it in its own form, and what comes of the run is taken by
 * every other. Each simulated vendor holds what it gets to its own rules.
 */

const messages: MessageParam[] = [{ role: 'user', content: question }]
const listeners = listenAtAll()

describe.each(vendors.map((vendor) => [vendor.model, vendor] as const))('a run at %s', (_, vendor) => {
  let whole: RunResult
  let events: readonly RunEvent[]
  const requests: Upstream['requests'][] = []

  beforeAll(async () => {
    whole = await withCaller(vendor, (gateway) => finishRun(gateway, bodyFor(vendor)))
    events = await withCaller(vendor, (gateway) => watchRun(gateway, bodyFor(vendor)))
  })

  async function withCaller<T>({ startCaller, settings }: Vendor, use: (gateway: Gateway) => Promise<T>): Promise<T> {
    const upstream = await startCaller()
    const gateway = await startGateway({ env: settings(upstream.url), keys, parts: { tools: [weather, time] } })
    try {
      return await use(gateway)
    } finally {
      requests.push(upstream.requests)
      await gateway.close()
      await upstream.close()
    }
  }

  it('sends the results in its form, after what it said and signed', () => {
    for (const [, second] of requests) {
      const body = isObject(second?.json) ? second.json : {}
      const conversation = vendor.conversation(body)
      expect(conversation).toMatchObject(Object(vendor.expected))
      expect(JSON.stringify(body)).not.toContain('"vai.')
    }
    expect(requests.map(({ length }) => length)).toEqual([2, 2])
  })

  it('asks again as it asked before', () => {
    for (const [first, second] of requests) {
      const [before, after] = [first, second].map((request) => JSON.stringify(withoutConversation(request?.json)))
      expect(after).toBe(before)
      expect(second?.path).toBe(first?.path)
    }
  })

  it('tells the same as a stream and as a whole', () => {
    const streamed = resultOf(events, messages)
    expect(comparable(streamed)).toEqual(comparable(whole))
    expect(whole).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, tool_call_count: 2 })
    expect(whole.response?.model).toBe(vendor.model)
    expect(textOf(whole)).toBe(answerText)
    expect(whole.steps.map(({ tool_calls: calls }) => calls.map(({ name, input }) => [name, input]))).toEqual([
      [
        ['get_weather', { city: 'Oslo' }],
        ['get_time', {}],
      ],
      [],
    ])
  })

  it('adds up what its turns came to', () => {
    const [first, second] = whole.steps.map(({ response }) => response.usage)
    for (const member of ['input_tokens', 'output_tokens', 'total_tokens'] as const) {
      const sum = (first?.[member] ?? 0) + (second?.[member] ?? 0)
      expect(whole.usage[member], member).toBe(first?.[member] === undefined ? undefined : sum)
      if (vendor.counts !== false) expect(whole.usage[member]).toBeGreaterThan(0)
    }
  })

  it.each(vendors.map(({ model }) => [model]))('leaves a conversation that %s takes', async (model) => {
    const { gateway, upstream } = listeners.get(model) ?? {}
    const tools = [weather, time].map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema }))
    const next = { role: 'user', content: 'And in Rome?' }
    const untilResults = whole.messages.slice(0, 3)
    for (const conversation of [[...whole.messages, next], [...untilResults, next], untilResults]) {
      const response = await gateway?.post({ model, max_tokens: 2048, messages: conversation, tools })
      if (!response) throw new Error(`${model} is not there`)
      expect(response.status, await response.clone().text()).toBe(200)
      await messageOf(response)
      const sent = upstream?.requests.at(-1)?.body ?? ''
      expect(sent).toContain('It rains in Oslo at 7 C.')
      expect(sent).not.toContain('"vai.')
      if (model !== vendor.model) for (const seal of sealsIn(whole.messages)) expect(sent).not.toContain(seal)
    }
  })
})

function bodyFor({ model, fields }: Vendor) {
  return { request: { model, max_tokens: 2048, messages, ...fields }, builtins: [weather.name, time.name] }
}

function withoutConversation(body: unknown): unknown {
  const { messages: _m, input: _i, contents: _c, ...rest } = isObject(body) ? body : {}
  return rest
}

function textOf({ response }: RunResult): string {
  return (response?.content ?? []).map((block) => (block.type === 'text' ? block.text : '')).join('')
}

/** The signatures of a conversation that are long enough to be told apart. */
function sealsIn(conversation: readonly MessageParam[]): string[] {
  return conversation
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .map((block) => (block.type === 'thinking' ? block.signature.replace(/^vai\.[^.]*\./, '') : ''))
    .filter((signature) => signature.length > 5)
}
