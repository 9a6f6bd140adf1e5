import type { Expectations } from './row.ts'

export const alibaba: Expectations = {
  'alibaba/tool-call.sse': {
    by: 'plain:alibaba',
    blocks: [{ tool: 'weather', input: { location: 'San Francisco' } }],
    stop: 'tool_use',
    usage: { input: 295, cacheRead: 0, output: 22 },
  },
}
