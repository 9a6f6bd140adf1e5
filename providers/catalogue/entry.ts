import type { ModelDeprecation, ModelPrices } from '../../api/schemas.gen.ts'
import type { Feature, Support } from '../capabilities.ts'
import type { SpeechPrices } from './speech.ts'

/** What the catalogue says of one model. What it does not say is unknown, not none. */
export interface CatalogueEntry {
  /** `provider/name`. */
  readonly id: string
  readonly display_name?: string
  /** The day of its release, `2025-09-29`. */
  readonly released?: string
  /** Other names of the same model at the same provider, each as `provider/name`. */
  readonly aliases?: readonly string[]
  readonly deprecation?: ModelDeprecation
  /** The most tokens of a request and its answer together. */
  readonly context_window?: number
  /** The most tokens of one answer. */
  readonly max_output_tokens?: number
  /** What `max_tokens` becomes for a provider that must be given one, when the caller gives none. */
  readonly default_max_tokens?: number
  readonly capabilities?: Readonly<Partial<Record<Feature, Support>>>
  readonly prices?: ModelPrices
  /** Prices that are announced for later, in the order of their days. Each takes the place of all prices before it. */
  readonly later_prices?: readonly LaterPrices[]
  /** What hearing or speaking with it costs; only of models of speech. */
  readonly speech?: SpeechPrices
}

export interface LaterPrices extends ModelPrices {
  /** The first day on which they count, `2026-12-01`, in UTC. */
  readonly from: string
}

/** The prices that count on a day, `2026-11-21`; undefined where they are not known. */
export function pricesOn(day: string, { prices, later_prices: later = [] }: CatalogueEntry): ModelPrices | undefined {
  return later.findLast(({ from }) => from <= day) ?? prices
}
