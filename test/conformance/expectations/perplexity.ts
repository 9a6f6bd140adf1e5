import type { Expectations } from './row.ts'

export const perplexity: Expectations = {
  'perplexity/citations.sse': {
    by: 'preset:perplexity',
    blocks: [{ text: '1 2 3' }],
    stop: 'end_turn',
    usage: { input: 8, output: 5, cost: 0.00501 },
    carried: ['citations', 'search_results'],
  },
}
