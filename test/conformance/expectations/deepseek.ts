import type { Expectations } from './row.ts'

export const deepseek: Expectations = {
  'deepseek/reasoning.sse': {
    by: 'preset:deepseek',
    blocks: [{ thinking: [882, 'Hmm, the use', "'s okay too."] }, { text: [41, 'Hello there!', 'p you today?'] }],
    stop: 'end_turn',
    usage: { input: 6, cacheRead: 0, output: 212, thinking: 198 },
  },
  'deepseek/tool-call.sse': {
    by: 'preset:deepseek',
    blocks: [{ thinking: [191, 'The user is ', ' Francisco".'] }, { tool: 'weather', input: { location: 'San Francisco' } }],
    stop: 'tool_use',
    usage: { input: 19, cacheRead: 320, output: 83, thinking: 39 },
  },
  'deepseek/parallel-tools-whole.json': {
    by: 'preset:deepseek',
    blocks: [
      { text: [50, 'Let me look ', 'ion for you!'] },
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 407, cacheRead: 0, output: 94 },
  },
  'deepseek/responses-tool.sse': {
    by: 'oai-resp',
    blocks: [{ thinking: [61, 'The user ask', 'll the tool.'] }, { tool: 'get_temperature', input: { city: 'Tokyo' } }],
    stop: 'tool_use',
    usage: { input: 110, cacheRead: 256, output: 59, thinking: 14 },
  },
  'deepseek/error-400-context.json': {
    by: 'preset:deepseek',
    error: { type: 'invalid_request_error', status: 400, code: 'context_length_exceeded' },
  },
  'deepseek/error-401.json': {
    by: 'preset:deepseek',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
}
