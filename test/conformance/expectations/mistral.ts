import type { Expectations } from './row.ts'

export const mistral: Expectations = {
  'mistral/thinking.sse': {
    by: 'preset:mistral',
    blocks: [{ thinking: [421, 'Okay, the us', 'se response.'] }, { text: [607, 'To cross the', 'fe crossing.'] }],
    stop: 'end_turn',
    usage: { input: 10, output: 232 },
  },
  'mistral/tool-call.sse': {
    by: 'preset:mistral',
    blocks: [{ tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } }],
    stop: 'tool_use',
    usage: { input: 31, cacheRead: 128, output: 28 },
  },
  'mistral/parallel-tools-whole.json': {
    by: 'preset:mistral',
    blocks: [
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 227, cacheRead: 0, output: 36 },
  },
  'mistral/incremental-tool-glm.sse': {
    by: 'preset:mistral',
    blocks: [{ tool: 'webSearchTool', input: { query: 'current Berlin weather' } }],
    stop: 'tool_use',
    usage: { input: 43, cacheRead: 128, output: 14 },
  },
  'mistral/error-401.json': {
    by: 'preset:mistral',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
}
