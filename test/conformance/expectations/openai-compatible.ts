import type { Expectations } from './row.ts'

export const openaiCompatible: Expectations = {
  'openai-compatible/anthropic-compat-index-1.sse': {
    by: 'plain:anthropic-compat',
    blocks: [{ text: 'Reading it.' }, { tool: 'read_file', input: { path: 'a.txt' } }],
    stop: 'tool_use',
    usage: {},
  },
}
