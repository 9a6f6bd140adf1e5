import type { Expectations } from './row.ts'

export const openaiResponses: Expectations = {
  'openai/responses-text.sse': {
    by: 'oai-resp',
    blocks: [{ text: '1, 2, 3' }],
    stop: 'end_turn',
    usage: { input: 14, cacheRead: 0, cacheWrite: 0, output: 8, thinking: 0 },
  },
  'openai/responses-tool-call.sse': {
    by: 'oai-resp',
    blocks: [{ tool: 'get_capital', input: { country: 'France' } }],
    stop: 'tool_use',
    usage: { input: 255, cacheRead: 0, output: 16, thinking: 0 },
  },
  'openai/responses-parallel-tools-whole.json': {
    by: 'oai-resp',
    blocks: [
      { tool: 'get_location', input: { loc_name: 'Londos' } },
      { tool: 'get_location', input: { loc_name: 'London' } },
    ],
    stop: 'tool_use',
    usage: { input: 0, cacheRead: 0, output: 0, thinking: 0 },
  },
  'openai/responses-reasoning-summary.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: [2028, '**Providing ', ' understand!'], sealed: [[440, 'gAAAAABoxC0m', 'tWmQ30zeXDs=']] },
      { text: [1251, "I'm not a ro", '. Stay safe!'] },
    ],
    stop: 'end_turn',
    usage: { input: 13, cacheRead: 0, output: 1680, thinking: 1408 },
  },
  'openai/responses-reasoning-encrypted.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: '', sealed: [[3172, 'gAAAAABqhb-u', 'eUKLpm5_qg==']] },
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
    ],
    stop: 'tool_use',
    usage: { input: 87, cacheRead: 0, cacheWrite: 0, output: 339, thinking: 256 },
  },
  'openai/responses-web-search.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: '', sealed: [[2616, 'gAAAAABoydMA', 'OB0H3cj9mBs=']] },
      { serverTool: 'web_search', input: { type: 'search', query: 'weather: San Francisco, CA' } },
      { result: 'web_search_tool_result', count: 1 },
      { thinking: '', sealed: [[2552, 'gAAAAABoydML', 'FBG23sC9lUQ=']] },
      { text: [212, 'San Francisc', 'er evening. '] },
    ],
    stop: 'end_turn',
    usage: { input: 1143, cacheRead: 8320, output: 582, thinking: 512, searches: 1 },
  },
  'openai/responses-code-interpreter.sse': {
    by: 'oai-resp',
    blocks: [
      { serverTool: 'code_execution', input: { digest: '02f7305a1dac2f7c' } },
      { result: 'code_execution_tool_result', count: 1, stdout: '(2, 12, 69868, 6.9868)' },
      { serverTool: 'code_execution', input: { digest: 'e713cd0fce8cd263' } },
      { result: 'code_execution_tool_result', count: 1, stdout: [62, "(PosixPath('", 'True, 10000)'] },
      { serverTool: 'code_execution', input: { code: 'sums[:20]\n' } },
      { result: 'code_execution_tool_result', count: 1, stdout: [63, '[6, 7, 2, 5,', ' 9, 5, 4, 7]'] },
      { text: [596, 'Here’s a sim', 'xcel, etc.).'] },
    ],
    stop: 'end_turn',
    usage: { input: 3103, cacheRead: 2944, output: 1623, thinking: 1408 },
    carried: ['annotations'],
  },
  'openai/responses-file-search.sse': {
    by: 'oai-resp',
    blocks: [
      { serverTool: 'file_search', input: { queries: ['What is the capital of France?'] } },
      { result: 'file_search_tool_result', count: 0 },
      { text: [31, 'The capital ', 'ce is Paris.'] },
    ],
    stop: 'end_turn',
    usage: { input: 1177, cacheRead: 0, output: 37, thinking: 0 },
    carried: ['annotations'],
  },
  'openai/responses-mcp.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: '', sealed: [[1828, 'gAAAAABo-qDm', 'opxrWoEfQw==']] },
      { mcpTool: 'ask_question', server: 'deepwiki', input: { digest: 'e2cf8d1ddf661785' } },
      { mcpResult: [4772, 'The `pydanti', '6034816dd56\n'] },
      { thinking: '', sealed: [[1740, 'gAAAAABo-qD2', 'F4ysK0lpmlF7']] },
      { text: [687, 'pydantic-ai ', 'development.'] },
    ],
    stop: 'end_turn',
    usage: { input: 1401, cacheRead: 0, output: 480, thinking: 256 },
    carried: ['output_items'],
  },
  'openai/responses-image-generation.sse': {
    by: 'oai-resp',
    blocks: [{ image: 'image/webp', data: [327, 'UklGRuIWGQBX', 'm5HNgnA2uzI='] }],
    stop: 'end_turn',
    usage: { input: 1021, cacheRead: 1920, output: 1249, thinking: 1024 },
    carried: ['output_items'],
  },
  'openai/responses-custom-tool.sse': {
    by: 'oai-resp',
    blocks: [{ tool: 'write_sql', input: { input: 'SELECT * FROM users WHERE age > 25' } }],
    stop: 'tool_use',
    usage: { input: 50, cacheRead: 0, output: 20, thinking: 0 },
  },
  'openai/responses-error-mid-stream.sse': {
    by: 'oai-resp',
    error: { type: 'rate_limit_error', status: 429, code: 'provider_quota' },
  },
  'openai/responses-error-whole.json': {
    by: 'oai-resp',
    error: { type: 'rate_limit_error', status: 429, code: 'provider_quota' },
  },
  'openai/responses-background.sse': {
    by: 'oai-resp',
    blocks: [{ text: '2 + 2 equals 4.' }],
    stop: 'end_turn',
    usage: { input: 15, cacheRead: 0, output: 9, thinking: 0 },
  },
  'openai/responses-id-rotation-copilot.sse': {
    by: 'oai-resp',
    blocks: [
      { thinking: [34, '**Counting c', 'ccurrences**'], sealed: ['final_answer'] },
      { text: [138, 'There are **', ' 8, and 9**.'] },
    ],
    stop: 'end_turn',
    usage: { input: 19, cacheRead: 0, cacheWrite: 0, output: 105, thinking: 44 },
    carried: ['copilot_usage'],
  },
  'openai/responses-error-context-length.json': {
    by: 'oai-resp',
    error: { type: 'invalid_request_error', status: 400, code: 'context_length_exceeded' },
  },
}
