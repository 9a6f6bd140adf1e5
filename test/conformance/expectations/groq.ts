import type { Expectations } from './row.ts'

export const groq: Expectations = {
  'groq/text.sse': {
    by: 'groq',
    blocks: [{ text: [3189, 'Introducing ', 'ic of light.'] }],
    stop: 'end_turn',
    usage: { input: 45, output: 662 },
  },
  'groq/tool-call.sse': {
    by: 'groq',
    blocks: [{ tool: 'weather', input: {} }],
    stop: 'tool_use',
    usage: { input: 210, output: 15 },
  },
  'groq/reasoning-tool-use-failed.sse': {
    by: 'groq',
    error: { type: 'invalid_request_error', status: 400, code: 'provider_rejected' },
    after: [{ thinking: [412, 'We need to c', "t's do that."] }],
  },
  'groq/tool-retry.sse': {
    by: 'groq',
    blocks: [{ thinking: [92, 'We need to c', ', "example".'] }, { tool: 'get_something_by_name', input: { name: 'example' } }],
    stop: 'tool_use',
    usage: { input: 304, output: 49, thinking: 23 },
  },
  'groq/compound-web-search.sse': {
    by: 'groq',
    blocks: [
      { thinking: [170, '<think>\nTo f', 'sco today?)\n'] },
      { serverTool: 'web_search', input: { query: 'What is the weather in San Francisco today?' } },
      { result: 'web_search_tool_result', count: 16 },
      { thinking: [6086, '</tool>\n<out', 'gh humidity.'] },
      { text: [200, 'The weather ', 'l of 90-94%.'] },
    ],
    stop: 'end_turn',
    usage: { input: 5003, output: 359, searches: 1 },
  },
  'groq/parallel-tools-whole.json': {
    by: 'groq',
    blocks: [
      { tool: 'get_weather', input: { city: 'Paris' } },
      { tool: 'final_result', input: { city: 'Paris', summary: 'Current weather in Paris' } },
    ],
    stop: 'tool_use',
    usage: { input: 779, output: 65 },
  },
  'groq/reasoning-whole.json': {
    by: 'groq',
    blocks: [{ thinking: [1724, 'Okay, so the', 'hould be 3.\n'] }, { text: [206, 'The word "st', 'Answer:** 3.'] }],
    stop: 'end_turn',
    usage: { input: 17, output: 649, thinking: 570 },
  },
  'groq/error-400-tool-use-failed.json': {
    by: 'groq',
    error: { type: 'invalid_request_error', status: 400, code: 'provider_rejected' },
  },
  'groq/error-404.json': { by: 'groq', error: { type: 'not_found_error', status: 404, code: 'provider_not_found' } },
}
