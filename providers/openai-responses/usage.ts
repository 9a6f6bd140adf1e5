import { isRecord } from '../../api/json.ts'
import type { Usage } from '../../api/schemas.gen.ts'

/**
 * Canonical usage from the `usage` object of a response. What the provider does not say stays undefined.
 *
 * `input_tokens` includes what was read from and written to the cache; Anthropic's excludes both. `output_tokens` includes
 * reasoning. Searches are counted by the answer's own items, since the object does not count them.
 */
export function usageOf(
  raw: Record<string, unknown>,
  { searches, fileSearches, pictures = 0 }: ToolCounts,
): Usage & { server_tool_use?: object } {
  const inputDetails = record(raw.input_tokens_details)
  const outputDetails = record(raw.output_tokens_details)
  const cached = count(inputDetails.cached_tokens)
  const written = count(inputDetails.cache_write_tokens)
  const reasoning = count(outputDetails.reasoning_tokens)
  const input = count(raw.input_tokens)
  const output = count(raw.output_tokens)
  return {
    ...(input !== undefined && { input_tokens: Math.max(0, input - (cached ?? 0) - (written ?? 0)) }),
    ...(cached !== undefined && { cache_read_input_tokens: cached }),
    ...(written !== undefined && { cache_creation_input_tokens: written }),
    ...(output !== undefined && { output_tokens: output }),
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(searches + fileSearches + pictures > 0 && {
      server_tool_use: {
        ...(searches > 0 && { web_search_requests: searches }),
        ...(fileSearches > 0 && { file_search_requests: fileSearches }),
        ...(pictures > 0 && { image_generation_requests: pictures }),
      },
    }),
  }
}

/** How often the API ran a tool that is billed by the call. */
interface ToolCounts {
  readonly searches: number
  readonly fileSearches: number
  readonly pictures?: number
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
