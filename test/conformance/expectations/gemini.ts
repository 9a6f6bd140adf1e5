import type { Expectations } from './row.ts'

export const gemini: Expectations = {
  'gemini/text.sse': {
    by: 'gem-dev',
    blocks: [{ text: [32, 'The capital ', 'e is Paris.\n'] }],
    stop: 'end_turn',
    usage: { input: 13, output: 8 },
  },
  'gemini/thinking.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: [1575, '**Clarifying', 'ocations.\n\n\n'], sealed: [[6152, 'CiIB0e2Kb6Sy', 'gMKlqm/dH8k=']] },
      { text: [1938, 'This is a gr', 'not see you.'] },
    ],
    stop: 'end_turn',
    usage: { input: 34, output: 1256, thinking: 787 },
  },
  'gemini/tool-call-signature.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[1408, 'EpwICpkIAXLI', 'AXOk15QuFyU=']] },
      { tool: 'get_country', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 29, output: 212, thinking: 202 },
  },
  'gemini/tool-call.sse': {
    by: 'gem-dev',
    blocks: [{ tool: 'get_capital', input: { country: 'France' } }],
    stop: 'tool_use',
    usage: { input: 52, output: 5 },
  },
  'gemini/parallel-tools-whole.json': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[540, 'CpEDARFNMg9f', '2PbGNPRLqfI=']] },
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 143, output: 153, thinking: 109 },
  },
  'gemini/web-search.sse': {
    by: 'gem-dev',
    blocks: [
      { text: [926, '### Weather ', 'out the day.'], citations: [9, [64, 'https://www.google.com/s', ', CA,+US']] },
      { serverTool: 'web_search', input: { query: 'weather in San Francisco today' } },
      { result: 'web_search_tool_result', count: 5 },
    ],
    stop: 'end_turn',
    usage: { input: 119, output: 653, thinking: 412, searches: 1 },
    carried: ['groundingMetadata'],
  },
  'gemini/url-context.sse': {
    by: 'gem-dev',
    blocks: [{ text: [37, 'Pydantic AI ', 'w available!'], citations: [1, 'https://ai.pydantic.dev'] }],
    stop: 'end_turn',
    usage: { input: 4642, output: 62, thinking: 37 },
    carried: ['groundingMetadata', 'urlContextMetadata'],
  },
  'gemini/code-execution.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[560, 'EqADCp0DAQw5', 'cgG5JA9FsHI=']] },
      { serverTool: 'code_execution', input: { digest: '31c187324b61d7d8' } },
      { result: 'code_execution_tool_result', count: 1, stdout: '-428330955.97745\n' },
      { text: [82, 'The result o', '955.97745**.'] },
      { thinking: '', sealed: [[348, 'EoECCv4BAQw5', 'b/zmGQyWIDQ=']] },
    ],
    stop: 'end_turn',
    usage: { input: 507, output: 276, thinking: 168 },
  },
  'gemini/max-tokens-whole.json': {
    by: 'gem-dev',
    blocks: [{ text: 'The capital of France is' }],
    stop: 'max_tokens',
    usage: { input: 15, output: 5 },
  },
  'gemini/safety-no-parts-whole.json': { by: 'gem-dev', blocks: [], stop: 'refusal', usage: { input: 14 } },
  'gemini/armor-no-content-whole.json': {
    by: 'gem-dev',
    blocks: [],
    stop: 'refusal',
    usage: { input: 19, output: 33, thinking: 27 },
  },
  'gemini/prompt-blocked-whole.json': { by: 'gem-dev', blocks: [], stop: 'refusal', usage: {} },
  'gemini/unexpected-tool-call-whole.json': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[796, 'CtAEAY89a19P', 'MGoSzEEagA==']] },
      { tool: 'list_files', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 22, output: 145, thinking: 142 },
  },
  'gemini/vertex-partial-args.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[5832, 'CmIBjz1rX0OQ', '92d1a6nrcsk=']] },
      { tool: 'cookRecipe', input: { digest: 'a266644b896612f4' } },
    ],
    stop: 'tool_use',
    usage: { input: 31, output: 1710, thinking: 1026 },
  },
  'gemini/partial-args-no-terminal.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[732, 'AY89a19ZkXSM', 'M/RB+TNqtgGW']] },
      { tool: 'writeItems', input: { digest: '47a02a35cb21ffa3' } },
    ],
    stop: 'tool_use',
    usage: { input: 54, output: 195, thinking: 121 },
  },
  'gemini/no-args-tool.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: [320, '**Processing', 'structed.\n\n\n'], sealed: [[1060, 'AY89a18a8/Lo', '49ZeNTtCJA==']] },
      { tool: 'read_theme', input: {} },
      { tool: 'read_screen', input: { id: 'A' } },
      { tool: 'read_screen', input: { id: 'B' } },
      { tool: 'read_screen', input: { id: 'C' } },
    ],
    stop: 'tool_use',
    usage: { input: 249, output: 241, thinking: 183 },
  },
  'gemini/tool-call-gemini3.sse': {
    by: 'gem-dev',
    blocks: [
      { thinking: '', sealed: [[5488, 'EpEgCo4gAb4+', 'KivQw3YcJ1FX']] },
      { tool: 'weather', input: { location: 'San Francisco' } },
    ],
    stop: 'tool_use',
    usage: { input: 29, output: 819, thinking: 804 },
  },
  'gemini/array-stream-no-alt-sse.json': {
    by: 'gem-dev',
    blocks: [
      { thinking: [744, '**Defining t', 'id JSON.\n\n\n\n'] },
      { text: [211, '{"name":"Car', 'tity":2}]}]}'] },
      { thinking: '', sealed: [[3232, 'EvQSCvESARFN', 'AObmepJWUM0=']] },
    ],
    stop: 'end_turn',
    usage: { input: 16, output: 606, thinking: 552 },
  },
  'gemini/error-400-key.json': {
    by: 'gem-dev',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
  'gemini/error-429-quota.json': {
    by: 'gem-dev',
    error: { type: 'rate_limit_error', status: 429, code: 'provider_rate_limit', retryAfter: 48 },
  },
  'gemini/error-404-model.json': { by: 'gem-dev', error: { type: 'not_found_error', status: 404, code: 'provider_not_found' } },
}
