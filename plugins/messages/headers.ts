import type { Usage } from '../../api/schemas.gen.ts'

/** What an answer's headers say of its tokens and its cost, as far as they are known. */
export function usageHeaders(usage: Usage): Record<string, string> {
  const { input_tokens: input, output_tokens: output, total_tokens: total, cost_usd: cost } = usage
  const headers: Record<string, string> = {}
  if (input !== undefined) headers['x-input-tokens'] = String(input)
  if (output !== undefined) headers['x-output-tokens'] = String(output)
  if (total !== undefined) headers['x-total-tokens'] = String(total)
  if (cost !== undefined) headers['x-cost-usd'] = plainDecimal(cost)
  return headers
}

/** Without an exponent, which not everybody reads. */
function plainDecimal(dollars: number): string {
  return dollars.toFixed(10).replace(/\.?0+$/, '')
}
