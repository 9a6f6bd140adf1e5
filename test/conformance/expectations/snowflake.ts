import type { Expectations } from './row.ts'

export const snowflake: Expectations = {
  'snowflake/thinking.sse': {
    by: 'plain:snowflake',
    blocks: [{ thinking: '15 * 27 = 405' }, { text: [93, '15 × 27 = **', '05 = **405**'] }],
    stop: 'end_turn',
    usage: { input: 45, cacheRead: 0, output: 73, thinking: 0 },
  },
}
