import type { Usage } from '../../api/schemas.gen.ts'

/** What an answer's headers say of its tokens and its cost, as far as they are known. */
export function usageHeaders(usage: Usage): Record<string, string> {
  const { input_tokens: input, output_tokens: output, total_tokens: total, cost_usd: cost } = usage
  return {
    ...(input !== undefined && { 'x-input-tokens': String(input) }),
    ...(output !== undefined && { 'x-output-tokens': String(output) }),
    ...(total !== undefined && { 'x-total-tokens': String(total) }),
    ...(cost !== undefined && { 'x-cost-usd': plainDecimal(cost) }),
  }
}

/** Without an exponent, which not everybody reads. */
function plainDecimal(dollars: number): string {
  return dollars.toFixed(10).replace(/\.?0+$/, '')
}
