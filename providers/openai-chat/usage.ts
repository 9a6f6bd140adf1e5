import { isRecord } from '../../api/json.ts'
import type { Usage } from '../../api/schemas.gen.ts'
import type { ToolCounts } from './executed-tools.ts'

/**
 * Where a server tells what an answer cost, in its `usage`:
 *   - `cost`: OpenRouter's credits, which are dollars; with a key of the caller's own at the vendor, the vendor's price is added;
 *   - `cost.total_cost`: Perplexity's dollars;
 *   - `cost_in_usd_ticks`: xAI's, of which a dollar has 10,000,000,000.
 */
export type CostField = (typeof costFields)[number]

export const costFields = ['cost', 'cost.total_cost', 'cost_in_usd_ticks'] as const

/** What differs between servers in how they count. */
export interface UsageDialect {
  /** True where `completion_tokens` leave reasoning out. */
  readonly reasoningOutside: boolean
  readonly cost?: CostField
}

/**
 * Canonical usage from a Chat Completions `usage` object. What the provider does not say stays undefined.
 *
 * `prompt_tokens` includes what was read from and written to the cache; Anthropic's `input_tokens` excludes both.
 * `completion_tokens` includes reasoning, but for servers where `reasoningOutside` is true.
 * What the server's own tools did is counted by the answer, where the object does not count it.
 */
export function usageOf(
  raw: Record<string, unknown>,
  { reasoningOutside, cost: costField }: UsageDialect,
  ran: ToolCounts = { searches: 0, fetches: 0 },
): Usage {
  const prompt = record(raw.prompt_tokens_details)
  const completion = record(raw.completion_tokens_details)
  const cached = count(prompt.cached_tokens) ?? count(raw.prompt_cache_hit_tokens) ?? count(raw.cached_tokens)
  const written = count(prompt.cache_write_tokens)
  const reasoning = count(completion.reasoning_tokens) ?? count(raw.reasoning_tokens)
  const input = count(raw.prompt_tokens)
  const output = count(raw.completion_tokens)
  // OpenRouter; Perplexity.
  const searches =
    count(record(raw.server_tool_use_details).web_search_requests) ?? count(raw.num_search_queries) ?? (ran.searches || undefined)
  const toolUse = {
    ...(searches !== undefined && { web_search_requests: searches }),
    ...(ran.fetches > 0 && { web_fetch_requests: ran.fetches }),
  }
  const cost = costField && costOf(raw, costField)
  // Sound has a price of its own. Which of it came from the cache is not told.
  const heard = cached && prompt.audio_tokens ? undefined : count(prompt.audio_tokens)
  const spoken = count(completion.audio_tokens)
  const outputDetails = {
    ...(reasoning !== undefined && { thinking_tokens: reasoning }),
    ...(spoken !== undefined && { audio_tokens: spoken }),
  }
  return {
    ...(input !== undefined && { input_tokens: Math.max(0, input - (cached ?? 0) - (written ?? 0)) }),
    ...(cached !== undefined && { cache_read_input_tokens: cached }),
    ...(written !== undefined && { cache_creation_input_tokens: written }),
    ...(output !== undefined && { output_tokens: reasoningOutside ? output + (reasoning ?? 0) : output }),
    ...(heard !== undefined && { input_tokens_details: { audio_tokens: heard } }),
    ...(Object.keys(outputDetails).length > 0 && { output_tokens_details: outputDetails }),
    ...(Object.keys(toolUse).length > 0 && { server_tool_use: toolUse }),
    ...(cost !== undefined && { cost_usd: cost }),
  }
}

function costOf(raw: Record<string, unknown>, field: CostField): number | undefined {
  switch (field) {
    case 'cost': {
      const credits = count(raw.cost)
      if (raw.is_byok !== true) return credits
      // Without the vendor's part this would be no more than the fee.
      const vendors = count(record(raw.cost_details).upstream_inference_cost)
      return credits === undefined || vendors === undefined ? undefined : credits + vendors
    }
    case 'cost.total_cost':
      return count(record(raw.cost).total_cost)
    case 'cost_in_usd_ticks': {
      const ticks = count(raw.cost_in_usd_ticks)
      return ticks === undefined ? undefined : ticks / ticksPerDollar
    }
  }
}

const ticksPerDollar = 1e10

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
