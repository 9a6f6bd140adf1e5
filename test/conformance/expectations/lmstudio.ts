import type { Expectations } from './row.ts'

export const lmstudio: Expectations = {
  'lmstudio/responses-tool.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: [242, 'The user is ', 'nction call.'] },
      { text: [67, "I'll get the", 'sco for you.'] },
      { tool: 'weather', input: { location: 'San Francisco' } },
    ],
    stop: 'tool_use',
    usage: { input: 180, cacheRead: 2, output: 61, thinking: 48 },
  },
}
