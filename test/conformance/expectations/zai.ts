import type { Expectations } from './row.ts'

export const zai: Expectations = {
  'zai/reasoning.sse': {
    by: 'plain:zai',
    blocks: [{ thinking: [2173, '\n1.  **Analy', 'onse:** "4".'] }, { text: '4' }],
    stop: 'end_turn',
    usage: { input: 13, cacheRead: 0, output: 564, thinking: 561 },
  },
}
