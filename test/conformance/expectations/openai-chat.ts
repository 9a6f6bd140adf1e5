import type { Expectations } from './row.ts'

export const openaiChat: Expectations = {
  'openai/chat-text.sse': {
    by: 'openai',
    blocks: [{ text: [1724, '**Holiday Na', 'ual respect.'] }],
    stop: 'end_turn',
    usage: { input: 16, cacheRead: 0, output: 300, thinking: 0 },
  },
  'openai/chat-tool-call.sse': {
    by: 'openai',
    blocks: [{ tool: 'get_capital', input: { country: 'UK' } }],
    stop: 'tool_use',
    usage: { input: 53, cacheRead: 0, output: 15, thinking: 0 },
  },
  'openai/chat-parallel-tools.sse': {
    by: 'openai',
    blocks: [
      { tool: 'get_country', input: {} },
      { tool: 'get_product_name', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 364, cacheRead: 0, output: 40, thinking: 0 },
  },
  'openai/chat-parallel-tools-whole.json': {
    by: 'openai',
    blocks: [
      { tool: 'delete_file', input: { path: '.env' } },
      { tool: 'create_file', input: { path: 'test.txt' } },
    ],
    stop: 'tool_use',
    usage: { input: 71, cacheRead: 0, output: 46, thinking: 0 },
  },
  'openai/chat-moderation.sse': {
    by: 'openai',
    blocks: [{ text: 'Paris.' }],
    stop: 'end_turn',
    usage: { input: 13, cacheRead: 0, output: 11, thinking: 0 },
    carried: ['moderation'],
  },
  'openai/chat-web-search-whole.json': {
    by: 'openai',
    blocks: [{ text: [25, 'May 14, 2025', ' 8:51:29 AM '] }],
    stop: 'end_turn',
    usage: { input: 11, cacheRead: 0, output: 17, thinking: 0 },
  },
  'openai/chat-reasoning-whole.json': {
    by: 'openai',
    blocks: [{ text: [161, 'The capital ', 'the country.'] }],
    stop: 'end_turn',
    usage: { input: 13, cacheRead: 0, output: 238, thinking: 192 },
  },
  'openai/chat-error-401.json': {
    by: 'openai',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
  'openai/chat-error-404-model.json': {
    by: 'openai',
    error: { type: 'not_found_error', status: 404, code: 'provider_not_found' },
  },
  'openai/chat-error-400-role.json': {
    by: 'openai',
    error: { type: 'invalid_request_error', status: 400, code: 'provider_rejected' },
  },
  'openai/chat-azure-model-router.sse': {
    by: 'openai',
    blocks: [{ text: 'Capital of Denmark.' }],
    stop: 'end_turn',
    usage: { input: 15, cacheRead: 0, output: 78, thinking: 64 },
    carried: ['prompt_filter_results'],
  },
}
