import { describe, expect, it } from 'vitest'
import type { Message, ResponseMetadata, StreamEvent, Usage, Warning } from '../../../api/schemas.gen.ts'
import { answerJson, StreamAnswer, withFirstCounts, withTotal } from '../../../plugins/messages/answer.ts'
import type { PriceList } from '../../../plugins/messages/cost.ts'
import { providers } from '../../../providers/index.ts'
import { Registry, type ResolvedModel } from '../../../providers/registry.ts'

const message: Message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'anthropic/claude-test',
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5 },
}
const noPrices: PriceList = { asked: undefined, of: () => undefined }
const warning: Warning = { param: 'top_k', code: 'dropped', message: 'It was left out.' }

describe('the total of all tokens', () => {
  it.each([
    [{ input_tokens: 10, output_tokens: 5 }, 15],
    [{ input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 1000 }, 1115],
    [{ input_tokens: 10, output_tokens: 5, cache_read_input_tokens: null, cache_creation_input_tokens: null }, 15],
    [{ input_tokens: 0, output_tokens: 0 }, 0],
  ])('of %j is %i', (usage, total) => {
    expect(withTotal(usage)).toEqual({ ...usage, total_tokens: total })
  })

  it.each([{}, { input_tokens: 3 }, { output_tokens: 3 }])(
    'is not known where the provider did not say all of it: %j',
    (usage) => {
      expect(withTotal(usage)).toEqual(usage)
    },
  )
})

describe('an answer in one piece', () => {
  it('gets a total, and nothing else where there is nothing to say', () => {
    const { json, usage } = answerJson(message, undefined, [], noPrices)
    expect(usage).toEqual({ ...message.usage, total_tokens: 15 })
    expect(JSON.parse(String(json))).toEqual({ ...message, usage })
  })

  it("keeps the provider's own text but for what the gateway says", () => {
    const own =
      '{ "id":"msg_1", "model" : "claude-test","type":"message","role":"assistant","content":[ {"type":"text","text":"\\u0048i.","n":1.0} ],"later":1e2,"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}'
    const { json } = answerJson(message, Buffer.from(own), [], noPrices)
    expect(String(json)).toContain('"content":[ {"type":"text","text":"\\u0048i.","n":1.0} ]')
    expect(String(json)).toContain('"later":1e2')
    expect(JSON.parse(String(json))).toEqual({
      ...message,
      later: 100,
      content: [{ ...message.content[0], n: 1 }],
      usage: { ...message.usage, total_tokens: 15 },
    })
  })

  it.each([undefined, Buffer.from(JSON.stringify(message))])(
    'says what was left out, beside what the provider said',
    (providerJson) => {
      const answered = { ...message, metadata: { provider: { model: 'claude-dated' }, warnings: [{ code: 'a', message: 'a' }] } }
      const { json } = answerJson(answered, providerJson, [warning], noPrices)
      expect(JSON.parse(String(json))).toMatchObject({
        metadata: { provider: { model: 'claude-dated' }, warnings: [{ code: 'a' }, warning] },
      })
    },
  )

  it.each([undefined, Buffer.from(JSON.stringify(message))])('has no metadata where there is none', (providerJson) => {
    expect(JSON.parse(String(answerJson(message, providerJson, [], noPrices).json))).not.toHaveProperty('metadata')
  })
})

describe('a streamed answer', () => {
  const start: StreamEvent = { type: 'message_start', message: { ...message, content: [], stop_reason: null } }
  const delta = (usage: object): StreamEvent => ({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage,
  })

  it('says at its beginning what was left out', () => {
    expect(new StreamAnswer([warning], noPrices).add(start)).toMatchObject({
      message: { id: 'msg_1', metadata: { warnings: [warning] } },
    })
    expect(new StreamAnswer([], noPrices).add(start)).toBe(start)
  })

  it('has its total at its end, made of the latest numbers', () => {
    const answer = new StreamAnswer([], noPrices)
    answer.add(start)
    expect(answer.add(delta({ output_tokens: 50 }))).toEqual(delta({ output_tokens: 50, total_tokens: 60 }))
    expect(answer.usage).toEqual({ input_tokens: 10, output_tokens: 50, total_tokens: 60 })
  })

  it('counts what is revised later', () => {
    const answer = new StreamAnswer([], noPrices)
    answer.add(start)
    answer.add(delta({ input_tokens: 12, cache_read_input_tokens: 3, output_tokens: 7 }))
    expect(answer.usage).toEqual({ input_tokens: 12, cache_read_input_tokens: 3, output_tokens: 7, total_tokens: 22 })
  })

  it('has no total where the provider gave no numbers', () => {
    const answer = new StreamAnswer([], noPrices)
    answer.add({ ...start, message: { ...start.message, usage: {} } })
    expect(answer.add(delta({}))).toEqual(delta({}))
    expect(answer.usage).toEqual({})
  })

  it('passes everything else on as it is', () => {
    const answer = new StreamAnswer([warning], noPrices)
    const events: StreamEvent[] = [
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_stop' },
    ]
    for (const event of events) expect(answer.add(event)).toBe(event)
  })
})

describe('the counts that a stream begins with', () => {
  const start = (usage: Usage): StreamEvent => ({ type: 'message_start', message: { ...message, usage } })
  const end = (usage: Usage, metadata?: ResponseMetadata): StreamEvent => ({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage,
    ...(metadata && { metadata }),
  })

  it('are 0 until the provider tells them', () => {
    const counted = withFirstCounts({ model: modelOf('openai/gpt-5') })
    expect(counted(start({ output_tokens: 1 }))).toEqual(start({ input_tokens: 0, output_tokens: 1 }))
    const told = end({ input_tokens: 0, output_tokens: 5 })
    expect(counted(told)).toBe(told)
  })

  it('have a warning each where it never does', () => {
    const counted = withFirstCounts({ model: modelOf('openai/gpt-5') })
    expect(counted(start({}))).toEqual(start({ input_tokens: 0, output_tokens: 0 }))
    expect(counted(end({ output_tokens: 5 }, { warnings: [warning] }))).toMatchObject({
      usage: { output_tokens: 5 },
      metadata: { warnings: [warning, { param: 'usage.input_tokens', code: 'usage_unknown' }] },
    })
    const silent = withFirstCounts({ model: modelOf('openai/gpt-5') })
    silent(start({}))
    expect(silent(end({}))).toMatchObject({
      usage: {},
      metadata: { warnings: [{ param: 'usage.input_tokens' }, { param: 'usage.output_tokens' }] },
    })
  })

  it("are Anthropic's own as they came", () => {
    const counted = withFirstCounts({ model: modelOf('anthropic/claude-sonnet-4-5') })
    for (const event of [start({}), end({})]) expect(counted(event)).toBe(event)
  })

  function modelOf(id: string): ResolvedModel {
    const resolved = new Registry(providers, {}).resolve(id)
    if ('problem' in resolved) throw new Error(resolved.problem.message)
    return resolved
  }
})

describe('what an answer costs', () => {
  const prices: PriceList = {
    asked: { input: 3, output: 15, as_of: '2026-11-21', source: 'the test' },
    of: (name) => (name === 'claude-other' ? { prices: { input: 6, output: 30, as_of: '2026-11-21', source: 'it' } } : undefined),
  }
  const start: StreamEvent = { type: 'message_start', message: { ...message, content: [], stop_reason: null } }
  const end: StreamEvent = {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 50 },
  }

  it.each([undefined, Buffer.from(JSON.stringify(message))])('stands in its usage', (providerJson) => {
    const { json, usage } = answerJson(message, providerJson, [], prices)
    expect(usage).toEqual({ ...message.usage, total_tokens: 15, cost_usd: 0.000105 })
    expect(JSON.parse(String(json))).toEqual({ ...message, usage })
  })

  it('goes by the model that answered', () => {
    const fallen = { ...message, metadata: { provider: { model: 'claude-other' } } }
    expect(answerJson(fallen, undefined, [], prices).usage.cost_usd).toBe(0.00021)
  })

  it('stands at the end of a stream, made of the latest numbers', () => {
    const answer = new StreamAnswer([], prices)
    expect(answer.add(start)).toBe(start)
    expect(answer.add(end)).toMatchObject({ usage: { output_tokens: 50, total_tokens: 60, cost_usd: 0.00078 } })
    expect(answer.usage.cost_usd).toBe(0.00078)
  })

  it('is known as far as a stream got', () => {
    const answer = new StreamAnswer([], prices)
    expect(answer.usage.cost_usd).toBeUndefined()
    answer.add(start)
    expect(answer.usage.cost_usd).toBe(0.000105)
  })

  it('goes by the model that answered a stream, whenever it is named', () => {
    const named = new StreamAnswer([], prices)
    named.add({ ...start, message: { ...start.message, metadata: { provider: { model: 'claude-other' } } } })
    expect(named.add(end)).toMatchObject({ usage: { cost_usd: 0.00156 } })
    const late = new StreamAnswer([], prices)
    late.add(start)
    expect(late.add({ ...end, metadata: { provider: { model: 'claude-other' } } })).toMatchObject({
      usage: { cost_usd: 0.00156 },
    })
  })

  it('is what the provider told, where it did', () => {
    const answer = new StreamAnswer([], prices)
    answer.add(start)
    expect(answer.add({ ...end, usage: { output_tokens: 50, cost_usd: 0.5 } })).toMatchObject({ usage: { cost_usd: 0.5 } })
  })
})
