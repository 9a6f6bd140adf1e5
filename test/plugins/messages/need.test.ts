import { describe, expect, it } from 'vitest'
import type { PriceList } from '../../../plugins/messages/cost.ts'
import { type Asking, type Candidate, needOf, onceHeard, spentOn } from '../../../plugins/messages/need.ts'

const listed = { as_of: '2026-01-01', source: 'https://example.com/prices' }
const prices: PriceList = { asked: { input: 3, output: 15, cache_read: 0.3, ...listed }, of: () => undefined }
const none: PriceList = { asked: undefined, of: () => undefined }
const model = (more: Partial<Candidate['capabilities']> = {}, list = prices): Candidate => ({
  capabilities: { defaultMaxTokens: 4000, ...more },
  prices: list,
})
const hello: Asking = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 100 }

describe('what a request may need', () => {
  it('is its length and what the answer may have', () => {
    expect(needOf(hello, 400, [model()])).toEqual({ tokens: 200, inputTokens: 100, outputTokens: 100, nanodollars: 1_800_000 })
  })

  it.each([
    [{ messages: [] }, { maxOutputTokens: 9000 }, 4000],
    [{ messages: [] }, { maxOutputTokens: 2000 }, 2000],
    [{ messages: [], max_tokens: 50_000 }, { maxOutputTokens: 8000 }, 8000],
    [{ messages: [], max_tokens: 50_000 }, {}, 50_000],
  ])('has at most the output that the model has (%j, %j)', (request, capabilities, expected) => {
    expect(needOf(request, 0, [model(capabilities)]).outputTokens).toBe(expected)
  })

  it('is that of the model that may need the most', () => {
    const dear: PriceList = { asked: { input: 30, output: 150, ...listed }, of: () => undefined }
    const need = needOf({ messages: [] }, 400, [model(), model({ defaultMaxTokens: 10 }, dear), model({}, none)])
    expect(need).toMatchObject({ outputTokens: 4000, nanodollars: 60_300_000 })
    expect(
      needOf({ messages: [] }, 400, [model({ defaultMaxTokens: 1 }), model({ defaultMaxTokens: 1000 }, dear)]),
    ).toMatchObject({
      outputTokens: 1000,
      nanodollars: 153_000_000,
    })
  })

  it('does not take pictures and documents for text, wherever they stand', () => {
    const data = 'A'.repeat(40_000)
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }
    const document = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } }
    const result = { type: 'tool_result', tool_use_id: 'a', content: [image] }
    const nested = { type: 'document', source: { type: 'content', content: [image] } }
    const url = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
    const messages = [{ role: 'user', content: [image, document, result, nested, url] }]
    const bytes = JSON.stringify(messages).length
    const need = needOf({ messages, max_tokens: 1 }, bytes, [model()])
    expect(need.inputTokens).toBe(Math.ceil((bytes - 160_000) / 4) + 4 * 1500 + 3000)
  })

  it.each([undefined, 'x', 5, [5, null, { content: [5, { source: 5 }] }]])(
    'can be told of whatever has passed as messages: %j',
    (messages) => {
      expect(needOf({ messages }, 40, [model()]).inputTokens).toBe(10)
    },
  )
})

describe('what voice needs besides', () => {
  const voice = { heardSeconds: 40, dollars: (outputTokens: number) => 0.5 + outputTokens / 1000 }

  it('is what it costs, and what is said in the sound', () => {
    const need = needOf(hello, 400, [model()], voice)
    expect(need).toMatchObject({ inputTokens: 220, tokens: 320, nanodollars: 600_000_000 + 220 * 3000 + 100 * 15_000 })
    expect(needOf(hello, 400, [model({}, none)], voice).nanodollars).toBe(600_000_000)
  })

  it('is in the question as far as it was heard', () => {
    const need = onceHeard(needOf(hello, 400, [model()], voice), voice, { heardSeconds: 10, dollars: 0 })
    const answered = { usage: {}, bytes: 0, isStream: true, isComplete: false }
    expect(spentOn(answered, need, prices)).toEqual({ tokens: 130, nanodollars: 390_000 })
  })
})

describe('what was spent', () => {
  const need = needOf(hello, 400, [model()])
  const whole = { bytes: 4000, isStream: false, isComplete: true }

  it('is what the provider says, and what it costs', () => {
    const usage = { input_tokens: 10, output_tokens: 20, total_tokens: 530, cache_read_input_tokens: 500, cost_usd: 0.5 }
    expect(spentOn({ ...whole, usage }, need, prices)).toEqual({ tokens: 530, nanodollars: 500_000_000 })
  })

  it('costs the list price where the price itself is not known', () => {
    const usage = { input_tokens: 10, output_tokens: 20 }
    expect(spentOn({ ...whole, usage }, need, prices)).toEqual({ tokens: 30, nanodollars: 330_000 })
    expect(spentOn({ ...whole, usage }, need, none)).toEqual({ tokens: 30, nanodollars: 0 })
  })

  it('has no voice in it, which is counted by itself', () => {
    const told = { input_tokens: 10, output_tokens: 20 }
    const usage = { ...told, cost_usd: 0.5, voice: { heard_seconds: 60, cost_usd: 0.2 } }
    expect(spentOn({ ...whole, usage }, need, prices).nanodollars).toBe(300_000_000)
    expect(spentOn({ ...whole, usage: { ...told, voice: usage.voice } }, need, prices).nanodollars).toBe(330_000)
    const ownPrice = { ...told, cost_usd: 0.5, voice: { heard_seconds: 60 } }
    expect(spentOn({ ...whole, usage: ownPrice }, need, prices).nanodollars).toBe(500_000_000)
  })

  it('is about the length of question and answer where the provider says nothing', () => {
    expect(spentOn({ ...whole, usage: {} }, need, prices)).toEqual({ tokens: 200, nanodollars: 1_800_000 })
    expect(spentOn({ ...whole, bytes: 40, usage: {} }, need, prices)).toMatchObject({ tokens: 110 })
  })

  it('of a stream that broke off is at least what was seen of it', () => {
    const broken = { isStream: true, isComplete: false }
    const usage = { input_tokens: 40, output_tokens: 1, cache_read_input_tokens: 1000 }
    expect(spentOn({ ...broken, usage, bytes: 128 * 30 }, need, prices)).toEqual({ tokens: 1070, nanodollars: 870_000 })
    expect(spentOn({ ...broken, usage, bytes: 1e9 }, need, prices).tokens).toBe(1140)
    expect(spentOn({ ...broken, usage: { output_tokens: 90 }, bytes: 0 }, need, prices).tokens).toBe(190)
    expect(spentOn({ ...broken, usage: {}, bytes: 0 }, need, prices)).toEqual({ tokens: 100, nanodollars: 300_000 })
  })
})
