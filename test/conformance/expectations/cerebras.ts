import type { Expectations } from './row.ts'

export const cerebras: Expectations = {
  'cerebras/text-whole.json': {
    by: 'cerebras',
    blocks: [{ text: '2 + 2 = 4.' }],
    stop: 'end_turn',
    usage: { input: 43, output: 9 },
  },
  'cerebras/reasoning-gpt-oss-whole.json': {
    by: 'cerebras',
    blocks: [{ thinking: [92, 'User asks si', 'ightforward.'] }, { text: '4.' }],
    stop: 'end_turn',
    usage: { input: 79, cacheRead: 0, output: 37, thinking: 25 },
  },
  'cerebras/reasoning-zai-whole.json': {
    by: 'cerebras',
    blocks: [{ thinking: [1388, 'The user wan', 'y 4 is 100."'] }, { text: '25 * 4 = 100.' }],
    stop: 'end_turn',
    usage: { input: 17, cacheRead: 0, output: 415, thinking: 406 },
  },
  'cerebras/qwen-coder-text-whole.json': {
    by: 'cerebras',
    blocks: [{ text: [112, 'The capital ', 'free to ask!'] }],
    stop: 'end_turn',
    usage: { input: 304, cacheRead: 0, output: 25 },
  },
}
