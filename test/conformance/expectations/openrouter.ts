import type { Expectations } from './row.ts'

export const openrouter: Expectations = {
  'openrouter/stream-error.sse': {
    by: 'openrouter',
    error: { type: 'invalid_request_error', status: 400, code: 'provider_rejected' },
    after: [{ thinking: [42, 'We need to r', 'ng. The user'] }],
  },
  'openrouter/reasoning.sse': {
    by: 'openrouter',
    blocks: [
      { thinking: [51, 'This is a si', '+2 equals 4.'], sealed: [[304, 'Et0BCkgIChAC', '1AXjvIcYAQ==']] },
      { text: '2 + 2 = 4' },
    ],
    stop: 'end_turn',
    usage: { input: 43, cacheRead: 0, output: 36, thinking: 13, cost: 0.000669 },
  },
  'openrouter/native-options.sse': {
    by: 'openrouter',
    blocks: [{ thinking: '', sealed: [[799, 'B7oH6rUO9kQM', 'gNW63Tbqiw38']] }, { text: [284, "I'm Grok, an", 'n your mind?'] }],
    stop: 'end_turn',
    usage: { input: 8, cacheRead: 679, output: 187, thinking: 118, cost: 0.00333825 },
    carried: ['provider', 'native_finish_reason'],
  },
  'openrouter/web-search-annotations.sse': {
    by: 'openrouter',
    blocks: [{ text: [90, 'The URL for ', '/pydantic-ai'], citations: [5, 'https://github.com/pydantic/pydantic-ai'] }],
    stop: 'end_turn',
    usage: { input: 2317, cacheRead: 0, cacheWrite: 0, output: 53, thinking: 0, searches: 1, cost: 0.0076509169000000005 },
  },
  'openrouter/tool-call.sse': {
    by: 'openrouter',
    blocks: [{ tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } }],
    stop: 'tool_use',
    usage: { input: 633, cacheRead: 0, cacheWrite: 0, output: 75, thinking: 0, cost: 0.001008 },
  },
  'openrouter/advisor.sse': {
    by: 'openrouter',
    blocks: [{ text: [109, 'I recommend ', 'd brandable.'] }],
    stop: 'end_turn',
    usage: { input: 888, cacheRead: 0, cacheWrite: 0, output: 74, thinking: 0, cost: 0.0145476 },
  },
  'openrouter/cache-usage.sse': {
    by: 'openrouter',
    blocks: [{ text: 'Hello!' }],
    stop: 'end_turn',
    usage: { input: 254, cacheRead: 0, cacheWrite: 0, output: 5, thinking: 0, cost: 0.000837 },
  },
  'openrouter/responses-raw-cot.sse': {
    by: 'oai-resp',
    blocks: [{ thinking: [85, 'The user ask', 'st answer 4.'] }, { text: '4' }],
    stop: 'end_turn',
    usage: { input: 78, cacheRead: 0, output: 37, thinking: 22 },
  },
  'openrouter/parallel-tools-whole.json': {
    by: 'openrouter',
    blocks: [
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 701, cacheRead: 0, cacheWrite: 0, output: 98, thinking: 0, cost: 0.001191 },
  },
  'openrouter/error-429.json': {
    by: 'openrouter',
    error: { type: 'rate_limit_error', status: 429, code: 'provider_rate_limit' },
  },
  'openrouter/error-401.json': {
    by: 'openrouter',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
}
