import type { Expectations } from './row.ts'

export const xai: Expectations = {
  'xai/chat-tool-call.sse': {
    by: 'preset:xai',
    blocks: [{ thinking: [1069, 'First, the u', 'l next step.'] }, { tool: 'weather', input: { location: 'San Francisco' } }],
    stop: 'tool_use',
    usage: { input: 1, cacheRead: 306, output: 253, thinking: 227, cost: 0.00014975 },
  },
  'xai/responses-reasoning.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: [35, 'The user sai', 'rom 1 to 3"\n'], sealed: [[788, '4WwEQ2SDCDDv', 'zvGFu9n4aqXp']] },
      { text: '1, 2, 3.' },
    ],
    stop: 'end_turn',
    usage: { input: 71, cacheRead: 128, output: 160, thinking: 152 },
  },
  'xai/responses-web-search.sse': {
    by: 'oai-resp',
    blocks: [
      { serverTool: 'web_search', input: { query: 'what is xAI', num_results: 5 } },
      { result: 'web_search_tool_result', count: 0 },
      { text: [1228, 'xAI is an Am', ' check x.ai.'], citations: [5, [47, 'https://en.wikipedia.org', 'mpany%29']] },
    ],
    stop: 'end_turn',
    usage: { input: 297, cacheRead: 1578, output: 695, thinking: 397, searches: 1 },
  },
  'xai/responses-parallel-tools-whole.json': {
    by: 'oai-resp',
    blocks: [
      { thinking: [106, 'The question', ' to learn?"\n'], sealed: [[1268, 'pyiW6kc5EwJP', 'QbLBzVe9aa/Y']] },
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 204, cacheRead: 192, output: 240, thinking: 210 },
  },
  'xai/error-400-key.json': {
    by: 'preset:xai',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
}
