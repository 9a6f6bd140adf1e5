import type { Expectations } from './row.ts'

export const azure: Expectations = {
  'azure/chat-tool-call.sse': {
    by: 'preset:azure',
    blocks: [{ tool: 'best_language_to_learn', input: {} }],
    stop: 'tool_use',
    usage: { input: 46, cacheRead: 159, output: 18, thinking: 0 },
  },
}
