import { isRecord } from '../../api/json.ts'
import type { Usage } from '../../api/schemas.gen.ts'

/**
 * Canonical usage from a Chat Completions `usage` object. What the provider does not say stays undefined.
 *
 * `prompt_tokens` includes what was read from and written to the cache; Anthropic's `input_tokens` excludes both.
 * `completion_tokens` includes reasoning, but for servers where `reasoningOutside` is true.
 */
export function usageOf(raw: Record<string, unknown>, reasoningOutside: boolean): Usage {
  const prompt = record(raw.prompt_tokens_details)
  const completion = record(raw.completion_tokens_details)
  const cached = count(prompt.cached_tokens) ?? count(raw.prompt_cache_hit_tokens) ?? count(raw.cached_tokens)
  const written = count(prompt.cache_write_tokens)
  const reasoning = count(completion.reasoning_tokens)
  const input = count(raw.prompt_tokens)
  const output = count(raw.completion_tokens)
  return {
    ...(input !== undefined && { input_tokens: Math.max(0, input - (cached ?? 0) - (written ?? 0)) }),
    ...(cached !== undefined && { cache_read_input_tokens: cached }),
    ...(written !== undefined && { cache_creation_input_tokens: written }),
    ...(output !== undefined && { output_tokens: reasoningOutside ? output + (reasoning ?? 0) : output }),
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
