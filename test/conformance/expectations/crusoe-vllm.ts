import type { Expectations } from './row.ts'

export const crusoeVllm: Expectations = {
  'crusoe-vllm/text.sse': {
    by: 'preset:vllm',
    blocks: [{ text: '1, 2, 3, 4, 5' }],
    stop: 'end_turn',
    usage: { input: 46, cacheRead: 0, output: 14 },
  },
  'crusoe-vllm/tool-call-whole.json': {
    by: 'preset:vllm',
    blocks: [{ thinking: [105, 'The user wan', 'as the city.'] }, { tool: 'get_weather', input: { city: 'Paris' } }],
    stop: 'tool_use',
    usage: { input: 167, cacheRead: 0, output: 37, thinking: 25 },
  },
}
