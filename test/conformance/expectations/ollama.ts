import type { Expectations } from './row.ts'

export const ollama: Expectations = {
  'ollama/text-reasoning.sse': {
    by: 'preset:ollama',
    blocks: [{ thinking: [119, 'The task: "C', 'rs. Provide.'] }, { text: '1  \n2  \n3' }],
    stop: 'end_turn',
    usage: { input: 74, output: 53 },
  },
  'ollama/tool-call.sse': {
    by: 'preset:ollama',
    blocks: [
      { thinking: [521, 'Okay, the us', ' longitude.\n'] },
      { tool: 'weather', input: { latitude: '48.8575', longitude: '2.3514' } },
    ],
    stop: 'tool_use',
    usage: { input: 352, output: 150 },
  },
  'ollama/parallel-tools-whole.json': {
    by: 'preset:ollama',
    blocks: [
      { thinking: [1159, 'Okay, let me', 'XML format.\n'] },
      { tool: 'weather', input: { latitude: '52.5200', longitude: '13.4050' } },
      { tool: 'best_language_to_learn', input: {} },
    ],
    stop: 'tool_use',
    usage: { input: 235, output: 320 },
  },
  'ollama/error-401.json': {
    by: 'preset:ollama',
    error: { type: 'authentication_error', status: 401, code: 'provider_authentication' },
  },
}
