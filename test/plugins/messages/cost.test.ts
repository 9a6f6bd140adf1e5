import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelPrices, Usage } from '../../../api/schemas.gen.ts'
import { costOf, type PriceList } from '../../../plugins/messages/cost.ts'

const source = { as_of: '2026-11-21', source: 'the test' }

/** By Anthropic's rules: a cache's hour costs twice the input, its five minutes a quarter more, reading a tenth. */
const sonnet: ModelPrices = {
  ...source,
  input: 3,
  output: 15,
  cache_read: 0.3,
  cache_write_5m: 3.75,
  cache_write_1h: 6,
  web_search: 10,
}
const opus: ModelPrices = { ...source, input: 5, output: 25, cache_read: 0.5, cache_write_5m: 6.25, cache_write_1h: 10 }
/** By OpenAI's: beyond 272,000 tokens of input, all input costs twice as much and the output half as much again. */
const gpt: ModelPrices = {
  ...source,
  input: 2.5,
  output: 15,
  cache_read: 0.25,
  above: [{ input_tokens: 272_000, input: 5, output: 22.5, cache_read: 0.5 }],
}
/** By Google's: cached input a tenth, and audio dearer than text. */
const gemini: ModelPrices = { ...source, input: 0.3, output: 2.5, cache_read: 0.03, audio_input: 1, web_search: 14 }
const silent = { input_tokens_details: { audio_tokens: 0 } }

const others: Readonly<Record<string, { prices: ModelPrices | undefined }>> = {
  'claude-opus-4-8': { prices: opus },
  'claude-unpriced': { prices: undefined },
}

function pricedBy(asked: ModelPrices | undefined): PriceList {
  return { asked, of: (name) => others[name] }
}

function cost(usage: Record<string, unknown>, asked: ModelPrices | undefined, served = {}): number | undefined {
  const given: Usage = { ...usage }
  return costOf(given, served, pricedBy(asked))
}

describe('the cost of', () => {
  it.each<[string, ModelPrices, Record<string, unknown>, number]>([
    ['input and output', sonnet, { input_tokens: 1000, output_tokens: 200 }, 0.006],
    ['nothing', sonnet, { input_tokens: 0, output_tokens: 0 }, 0],
    ['one token', sonnet, { input_tokens: 1, output_tokens: 0 }, 0.000003],
    [
      // 100 × 3 + 10,000 × 0.3 + 2,000 × 3.75 + 50 × 15 = 300 + 3,000 + 7,500 + 750
      'what was read from a cache and written to it, for five minutes',
      sonnet,
      {
        input_tokens: 100,
        cache_read_input_tokens: 10_000,
        cache_creation_input_tokens: 2000,
        cache_creation: { ephemeral_5m_input_tokens: 2000, ephemeral_1h_input_tokens: 0 },
        output_tokens: 50,
      },
      0.01155,
    ],
    [
      // 1,000 × 3.75 + 3,000 × 6 + 10 × 15 = 3,750 + 18,000 + 150
      'what was written for five minutes and for an hour',
      sonnet,
      {
        input_tokens: 0,
        cache_creation_input_tokens: 4000,
        cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 3000 },
        output_tokens: 10,
      },
      0.0219,
    ],
    // 70 × 2.5 + 1,930 × 0.25 + 300 × 15 = 175 + 482.5 + 4,500
    [
      'a prompt of 2,000 tokens of which OpenAI had 1,930',
      gpt,
      { input_tokens: 70, cache_read_input_tokens: 1930, output_tokens: 300 },
      0.0051575,
    ],
    // 500 × 0.3 + 1,500 × 0.03 + 100 × 2.5 = 150 + 45 + 250
    [
      'a prompt of 2,000 tokens of which Gemini had 1,500',
      gemini,
      { input_tokens: 500, cache_read_input_tokens: 1500, output_tokens: 100, ...silent },
      0.000445,
    ],
    [
      'an answer with thoughts, which are output',
      gemini,
      { input_tokens: 0, output_tokens: 900, output_tokens_details: { thinking_tokens: 800 } },
      0.00225,
    ],
    // 272,000 × 2.5 + 10 × 15
    ['a prompt right at the edge of a tier', gpt, { input_tokens: 272_000, output_tokens: 10 }, 0.68015],
    // 2,001 × 5 + 270,000 × 0.5 + 10 × 22.5: cached input counts for the edge, and the tier counts for the whole request
    [
      'a prompt beyond it, cached or not',
      gpt,
      { input_tokens: 2001, cache_read_input_tokens: 270_000, output_tokens: 10 },
      0.14523,
    ],
    // 2 × 10,000 + 3
    [
      'searches',
      sonnet,
      { input_tokens: 1, output_tokens: 0, server_tool_use: { web_search_requests: 2, web_fetch_requests: 9 } },
      0.020003,
    ],
    // 800 × 0.3 + 200 × 1
    [
      'a prompt that was partly heard',
      gemini,
      { input_tokens: 1000, input_tokens_details: { audio_tokens: 200 }, output_tokens: 0 },
      0.00044,
    ],
    // 100 × 1 + 300 × 2 + 100 × 20
    [
      'an answer that was partly thought and partly spoken, each with its price',
      { ...source, input: 1, output: 1, reasoning: 2, audio_output: 20 },
      { input_tokens: 0, output_tokens: 500, output_tokens_details: { thinking_tokens: 300, audio_tokens: 100 } },
      0.0027,
    ],
    [
      'a third of a millionth, to ten places',
      { ...source, input: 1 / 3, output: 0 },
      { input_tokens: 1, output_tokens: 0 },
      0.0000003333,
    ],
    ['a model that is free of charge', { ...source, input: 0, output: 0 }, { input_tokens: 10, output_tokens: 10 }, 0],
    ['what a provider told itself', sonnet, { input_tokens: 1000, output_tokens: 200, cost_usd: 0.5 }, 0.5],
    [
      'the standard tier',
      sonnet,
      { input_tokens: 1, output_tokens: 0, service_tier: 'standard', inference_geo: 'global', speed: 'standard' },
      0.000003,
    ],
  ])('%s', (_, prices, usage, dollars) => {
    expect(cost(usage, prices)).toBe(dollars)
  })

  it('what a provider told itself needs no prices', () => {
    expect(cost({ cost_usd: 0.25 }, undefined)).toBe(0.25)
  })

  it('tokens whose kind is not priced for their tier is that of the base', () => {
    const prices = { ...source, input: 1, output: 2, cache_read: 0.5, above: [{ input_tokens: 10, input: 3 }] }
    expect(cost({ input_tokens: 10, cache_read_input_tokens: 2, output_tokens: 1 }, prices)).toBe(0.000033)
  })

  it('the highest tier that fits', () => {
    const prices = {
      ...source,
      input: 1,
      output: 0,
      above: [
        { input_tokens: 10, input: 2 },
        { input_tokens: 20, input: 3 },
      ],
    }
    expect([10, 11, 20, 21].map((input_tokens) => cost({ input_tokens, output_tokens: 0 }, prices))).toEqual([
      0.00001, 0.000022, 0.00004, 0.000063,
    ])
  })
})

describe('no cost is claimed', () => {
  it.each<[string, ModelPrices | undefined, Record<string, unknown>]>([
    ['without prices', undefined, { input_tokens: 1, output_tokens: 1 }],
    ['without numbers', sonnet, {}],
    ['without the number of tokens written', sonnet, { input_tokens: 1 }],
    ['where the output has no price', { ...source, input: 1 }, { input_tokens: 1, output_tokens: 1 }],
    [
      'where reading the cache has no price',
      { ...source, input: 1, output: 1 },
      { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 1 },
    ],
    ['where writing to it has none', gpt, { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 1 }],
    [
      'where it is not known which cache was written to',
      sonnet,
      { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 1 },
    ],
    [
      'where more was written than is told apart',
      sonnet,
      {
        input_tokens: 1,
        output_tokens: 1,
        cache_creation_input_tokens: 9,
        cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 0 },
      },
    ],
    ['where searches have no price', gpt, { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 1 } }],
    ['where fetched pages have none', gpt, { input_tokens: 1, output_tokens: 1, server_tool_use: { web_fetch_requests: 1 } }],
    ['where files were searched', sonnet, { input_tokens: 1, output_tokens: 1, server_tool_use: { file_search_requests: 1 } }],
    [
      'where another kind of tool was used',
      sonnet,
      { input_tokens: 1, output_tokens: 1, server_tool_use: { dream_requests: 1 } },
    ],
    ['where audio has no price', sonnet, { input_tokens: 9, output_tokens: 1, input_tokens_details: { audio_tokens: 1 } }],
    ['where spoken words have none', sonnet, { input_tokens: 9, output_tokens: 9, output_tokens_details: { audio_tokens: 1 } }],
    ['where audio is priced apart and it is not told how much there was', gemini, { input_tokens: 9, output_tokens: 1 }],
    ['where spoken words are', { ...sonnet, audio_output: 20 }, { input_tokens: 9, output_tokens: 1 }],
    ['where thoughts have a price but no number', { ...sonnet, reasoning: 1 }, { input_tokens: 1, output_tokens: 1 }],
    ['for a faster tier', sonnet, { input_tokens: 1, output_tokens: 1, service_tier: 'priority' }],
    ['for a cheaper tier', sonnet, { input_tokens: 1, output_tokens: 1, service_tier: 'batch' }],
    ['for another speed', sonnet, { input_tokens: 1, output_tokens: 1, speed: 'fast' }],
    ['for inference in one country', sonnet, { input_tokens: 1, output_tokens: 1, inference_geo: 'us' }],
  ])('%s', (_, prices, usage) => {
    expect(cost(usage, prices)).toBeUndefined()
  })

  it('for a tier that only the answer names', () => {
    expect(cost({ input_tokens: 1, output_tokens: 1 }, sonnet, { service_tier: 'flex' })).toBeUndefined()
    expect(cost({ input_tokens: 1, output_tokens: 1 }, sonnet, { service_tier: 'default' })).toBe(0.000018)
  })

  it('but for what was not used, no price is needed', () => {
    expect(
      cost(
        {
          input_tokens: 10,
          output_tokens: 0,
          cache_read_input_tokens: 0,
          cache_creation_input_tokens: null,
          server_tool_use: null,
        },
        { ...source, input: 1 },
      ),
    ).toBe(0.00001)
  })
})

describe('an answer of several calls', () => {
  const call = (type: string, input: number, output: number, more = {}): object => ({
    type,
    input_tokens: input,
    output_tokens: output,
    ...more,
  })

  it('is priced call by call, an advisor by its own model', () => {
    // (1,128 + 1,283) × 3 + (135 + 10) × 15 + 2,543 × 5 + 18 × 25 = 7,233 + 2,175 + 12,715 + 450
    const iterations = [
      call('message', 1128, 135),
      call('advisor_message', 2543, 18, { model: 'claude-opus-4-8' }),
      call('message', 1283, 10),
    ]
    expect(cost({ input_tokens: 2411, output_tokens: 145, iterations }, sonnet)).toBe(0.022573)
  })

  it('counts the compaction that its totals leave out', () => {
    // (100 × 3 + 55,096 × 0.3 + 83 × 15) + (181 × 3 + 8 × 15)
    const iterations = [call('compaction', 100, 83, { cache_read_input_tokens: 55_096 }), call('message', 181, 8)]
    expect(cost({ input_tokens: 181, output_tokens: 8, iterations }, sonnet)).toBe(0.0187368)
  })

  it('has a tier for each call, not for their sum', () => {
    const iterations = [call('message', 200_000, 0), call('message', 200_000, 0)]
    expect(cost({ input_tokens: 400_000, output_tokens: 0, iterations }, gpt)).toBe(1)
  })

  it('counts its searches once', () => {
    const usage = {
      input_tokens: 2,
      output_tokens: 0,
      iterations: [call('message', 1, 0), call('message', 1, 0)],
      server_tool_use: { web_search_requests: 1 },
    }
    expect(cost(usage, sonnet)).toBe(0.010006)
  })

  it.each([
    ['of a model without prices', call('advisor_message', 1, 1, { model: 'claude-of-next-year' })],
    ['of an unknown kind', call('dream', 1, 1)],
    ['without numbers', { type: 'message' }],
    ['that is none', 3],
  ])('claims no cost with a call %s', (_, odd) => {
    expect(cost({ input_tokens: 1, output_tokens: 1, iterations: [call('message', 1, 1), odd] }, sonnet)).toBeUndefined()
  })
})

describe('an answer of another model than was asked', () => {
  it('has the price of the one that answered', () => {
    expect(cost({ input_tokens: 1000, output_tokens: 0 }, sonnet, { model: 'claude-opus-4-8' })).toBe(0.005)
    expect(cost({ input_tokens: 1000, output_tokens: 0 }, undefined, { model: 'claude-opus-4-8' })).toBe(0.005)
  })

  it('has none where the one that answered has none', () => {
    expect(cost({ input_tokens: 1000, output_tokens: 0 }, sonnet, { model: 'claude-unpriced' })).toBeUndefined()
  })

  it('has the price of the one that was asked, where the name of the other says nothing', () => {
    expect(cost({ input_tokens: 1000, output_tokens: 0 }, sonnet, { model: 'sonnet-deployment-7' })).toBe(0.003)
  })
})

it('costs add up, whatever the numbers', () => {
  const tokens = fc.nat({ max: 1_000_000 })
  const price = fc.integer({ min: 0, max: 1_000_000 }).map((units) => units / 10_000)
  fc.assert(
    fc.property(tokens, tokens, tokens, price, price, price, (input, read, output, a, b, c) => {
      const usage = { input_tokens: input, cache_read_input_tokens: read, output_tokens: output }
      // Prices of four places times whole tokens are whole ten-billionths of a dollar.
      const exact = BigInt(input) * units(a) + BigInt(read) * units(b) + BigInt(output) * units(c)
      const dollars = cost(usage, { ...source, input: a, cache_read: b, output: c }) ?? Number.NaN
      expect(Math.abs(dollars - Number(exact) / 1e10)).toBeLessThan(1e-9)
    }),
  )
})

function units(price: number): bigint {
  return BigInt(Math.round(price * 10_000))
}
