import { describe, expect, it } from 'vitest'
import { sumOf } from '../../api/usage.ts'

describe('the usage of several answers', () => {
  const cases: [string, Record<string, unknown>[], Record<string, unknown>][] = [
    ['of none is empty', [], {}],
    ['of one is its own', [{ input_tokens: 3, service_tier: 'standard' }], { input_tokens: 3, service_tier: 'standard' }],
    [
      'adds numbers up, in objects too',
      [
        { input_tokens: 1, output_tokens: 2, total_tokens: 3, output_tokens_details: { thinking_tokens: 1 }, cost_usd: 0.1 },
        { input_tokens: 10, output_tokens: 20, total_tokens: 30, output_tokens_details: { thinking_tokens: 4 }, cost_usd: 0.2 },
      ],
      { input_tokens: 11, output_tokens: 22, total_tokens: 33, output_tokens_details: { thinking_tokens: 5 }, cost_usd: 0.3 },
    ],
    [
      'takes nothing for unknown, and what is unknown for nothing',
      [{ cache_read_input_tokens: null, input_tokens: 1 }, { cache_read_input_tokens: 5 }, { cache_read_input_tokens: null }],
      { cache_read_input_tokens: 5, input_tokens: 1 },
    ],
    [
      'has no total where one answer has none',
      [{ input_tokens: 1, total_tokens: 1, cost_usd: 0.5 }, { input_tokens: 2 }],
      { input_tokens: 3 },
    ],
    ['lets lists follow one another', [{ iterations: [1] }, { iterations: [2, 3] }], { iterations: [1, 2, 3] }],
    [
      'has the last word that is no number',
      [{ service_tier: 'batch' }, { service_tier: 'standard' }],
      { service_tier: 'standard' },
    ],
  ]
  it.each(cases)('%s', (_, usages, sum) => {
    expect(sumOf(usages)).toEqual(sum)
  })

  it('changes none of them', () => {
    const first = Object.freeze({ input_tokens: 1, output_tokens_details: Object.freeze({ thinking_tokens: 1 }) })
    sumOf([first, first])
    expect(first.output_tokens_details.thinking_tokens).toBe(1)
  })
})
