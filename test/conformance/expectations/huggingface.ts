import type { Expectations } from './row.ts'

export const huggingface: Expectations = {
  'huggingface/together-text-whole.json': {
    by: 'preset:together',
    blocks: [{ thinking: [820, 'Hmm, the use', 'right here.\n'] }, { text: [35, 'Hello! 👋 Ho', 'p you today?'] }],
    stop: 'end_turn',
    usage: { input: 4, cacheRead: 0, output: 197 },
  },
  'huggingface/together-max-tokens-whole.json': {
    by: 'preset:together',
    blocks: [{ thinking: [442, 'Hmm, the use', ' Acknowledge'] }],
    stop: 'max_tokens',
    usage: { input: 4, cacheRead: 0, output: 100 },
  },
  'huggingface/novita-text.sse': {
    by: 'plain:novita',
    blocks: [{ text: 'Paris' }],
    stop: 'end_turn',
    usage: { input: 40, output: 2 },
  },
}
