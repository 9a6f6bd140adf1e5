import { isRecord } from '../../api/json.ts'
import type { ModelPrices, Usage } from '../../api/schemas.gen.ts'

/** What an answer's tokens are priced by. */
export interface PriceList {
  /** The prices of the model that was asked for; undefined where they are not known. */
  readonly asked: ModelPrices | undefined
  /** A model by the name that the provider gives it, with its prices where they are known; undefined where nobody knows it. */
  of(name: string): { readonly prices: ModelPrices | undefined } | undefined
}

/** What the provider says besides its usage of how it answered, from `metadata.provider`. */
export interface Served {
  /** The model that answered, by the provider's own name. */
  readonly model?: unknown
  readonly service_tier?: unknown
}

/**
 * What an answer costs, in US dollars to ten places; undefined where anything that costs money has no known price. A cost that
 * the provider itself has told wins.
 *
 * Tokens and searches are counted, at list prices. What is not in `usage` at all, such as the time of a container, is not.
 */
export function costOf(usage: Usage, served: Served, list: PriceList): number | undefined {
  if (typeof usage.cost_usd === 'number') return usage.cost_usd
  const told: Record<string, unknown> = { ...usage }
  if (!isUsual(told, served)) return undefined
  // Another model may have answered than was asked, which then has its own price.
  const answering = typeof served.model === 'string' ? list.of(served.model) : undefined
  const prices = answering ? answering.prices : list.asked
  const hops = hopsOf(told, prices, list)
  let microdollars = searchesCost(record(told.server_tool_use), prices)
  for (const hop of hops ?? []) microdollars = plus(microdollars, hopCost(hop))
  return hops && microdollars !== undefined ? Math.round(microdollars * 1e4) / 1e10 : undefined
}

// ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const usualTiers: readonly unknown[] = [undefined, null, '', 'standard', 'default', 'auto', 'on_demand']
const usualSpeeds: readonly unknown[] = [undefined, null, 'standard']
/** Inference that is kept to a country has a price of its own. */
const usualRegions: readonly unknown[] = [undefined, null, '', 'global', 'not_available']

/** Whether the answer came under the conditions that list prices are for. */
function isUsual(usage: Record<string, unknown>, served: Served): boolean {
  return (
    usualTiers.includes(usage.service_tier) &&
    usualTiers.includes(served.service_tier) &&
    usualSpeeds.includes(usage.speed) &&
    usualRegions.includes(usage.inference_geo)
  )
}

// ── Hops ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One call of a model, of which an answer may be made of several; each is priced by itself. */
interface Hop {
  readonly usage: Record<string, unknown>
  readonly prices: ModelPrices | undefined
}

/** The calls of an answer; undefined where one of them cannot be told. */
function hopsOf(usage: Record<string, unknown>, prices: ModelPrices | undefined, list: PriceList): Hop[] | undefined {
  const { iterations } = usage
  if (!Array.isArray(iterations) || iterations.length === 0) return [{ usage, prices }]
  const hops: Hop[] = []
  for (const iteration of iterations) {
    if (!isRecord(iteration)) return undefined
    const { model, type } = iteration
    // A call that names no model is one of the model that answers, unless it is of a kind that is not known here.
    if (typeof model !== 'string' && !ownKinds.includes(type)) return undefined
    hops.push({ usage: iteration, prices: typeof model === 'string' ? list.of(model)?.prices : prices })
  }
  return hops
}

const ownKinds: readonly unknown[] = ['message', 'compaction']

/** In millionths of a dollar. */
function hopCost({ usage, prices }: Hop): number | undefined {
  const [input, output] = [count(usage.input_tokens), count(usage.output_tokens)]
  if (input === undefined || output === undefined) return undefined
  const read = count(usage.cache_read_input_tokens) ?? 0
  const written = count(usage.cache_creation_input_tokens) ?? 0
  const rates = ratesFor(input + read + written, prices)
  const details = record(usage.output_tokens_details)
  // Sound from a cache has a price that no list tells, where sound has one of its own.
  const isDearer = rates.audio_input !== undefined && rates.audio_input !== rates.input
  if (isDearer && (count(record(usage.input_tokens_details).cached_audio_tokens) ?? 0) > 0) return undefined
  const heard = part(record(usage.input_tokens_details).audio_tokens, input, rates.audio_input, rates.input)
  const spoken = part(details.audio_tokens, output, rates.audio_output, rates.output)
  const thought = rates.reasoning === undefined ? 0 : part(details.thinking_tokens, output, rates.reasoning, rates.output)
  if (heard === undefined || spoken === undefined || thought === undefined) return undefined
  if (heard > input || spoken + thought > output) return undefined
  return [
    times(input - heard, rates.input),
    times(heard, rates.audio_input),
    times(read, rates.cache_read),
    writingCost(written, record(usage.cache_creation), rates),
    times(output - spoken - thought, rates.output),
    times(spoken, rates.audio_output),
    times(thought, rates.reasoning),
  ].reduce(plus, 0)
}

/** How many tokens of a whole are of a kind. Where the kind has a price of its own, it has to be known. */
function part(told: unknown, whole: number, own: number | undefined, common: number | undefined): number | undefined {
  const isPricedApart = own !== undefined && own !== common && whole > 0
  return count(told) ?? (isPricedApart ? undefined : 0)
}

type Rates = Partial<Pick<ModelPrices, 'input' | 'output' | 'cache_read' | 'cache_write_5m' | 'cache_write_1h'>> &
  Pick<ModelPrices, 'reasoning' | 'audio_input' | 'audio_output'>

/** The prices of a request of so many input tokens, cached ones included. */
function ratesFor(inputTokens: number, prices: ModelPrices | undefined): Rates {
  const tier = prices?.above?.findLast(({ input_tokens: more }) => inputTokens > more)
  return { ...prices, ...tier }
}

/** What it costs to write to a cache. Where two kinds of cache are priced apart, it has to be known which were written. */
function writingCost(written: number, split: Record<string, unknown>, rates: Rates): number | undefined {
  const [short, long] = [count(split.ephemeral_5m_input_tokens), count(split.ephemeral_1h_input_tokens)]
  if (short === undefined && long === undefined) {
    return written > 0 && rates.cache_write_1h !== undefined ? undefined : times(written, rates.cache_write_5m)
  }
  if ((short ?? 0) + (long ?? 0) !== written) return undefined
  return plus(times(short ?? 0, rates.cache_write_5m), times(long ?? 0, rates.cache_write_1h))
}

/** In millionths of a dollar. */
function searchesCost(used: Record<string, unknown>, prices: ModelPrices | undefined): number | undefined {
  for (const [name, uses] of Object.entries(used)) {
    if (count(uses) !== 0 && uses !== null && !isPriced(name, prices)) return undefined
  }
  const searches = times(count(used.web_search_requests) ?? 0, prices?.web_search)
  return searches === undefined ? undefined : searches * 1000
}

/**
 * Whether it is known what a tool costs. Where the provider's price of a search is known, it asks nothing for fetching a page but
 * the tokens; where it is not, nothing is known of a fetch either.
 */
function isPriced(tool: string, prices: ModelPrices | undefined): boolean {
  return tool === 'web_search_requests' || (tool === 'web_fetch_requests' && prices?.web_search !== undefined)
}

// ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Tokens at a price a million are millionths of a dollar; nothing of something without a price still costs nothing. */
function times(tokens: number, price: number | undefined): number | undefined {
  if (tokens === 0) return 0
  return price === undefined ? undefined : tokens * price
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
