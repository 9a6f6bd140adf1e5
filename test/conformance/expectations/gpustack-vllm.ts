import type { Expectations } from './row.ts'

export const gpustackVllm: Expectations = {
  'gpustack-vllm/reasoning.sse': {
    by: 'preset:vllm',
    blocks: [{ thinking: [674, '\nOkay, the u', 'd cover it.\n'] }, { text: '\n\n1, 2, 3.' }],
    stop: 'end_turn',
    usage: { input: 15, cacheRead: 0, output: 171, thinking: 160 },
  },
}
