import { mergeMetadata, mergeUsage } from '../../api/accumulate.ts'
import { isRecord } from '../../api/json.ts'
import type { Message, StreamEvent, Usage, Warning } from '../../api/schemas.gen.ts'
import { editMembers } from '../../text/json-bytes.ts'
import { costOf, type PriceList, type Served } from './cost.ts'

/** What the gateway adds to a provider's answer: totals, what it costs, and warnings. */

/** Usage with all tokens together; without, where the provider gave no numbers. */
export function withTotal(usage: Usage): Usage {
  const { input_tokens: input, output_tokens: output } = usage
  if (input === undefined || output === undefined) return usage
  return {
    ...usage,
    total_tokens: input + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + output,
  }
}

/** Usage with all tokens together and what they cost, where both are known. */
function completed(usage: Usage, served: Served, prices: PriceList): Usage {
  const total = withTotal(usage)
  const cost = costOf(usage, served, prices)
  return cost === undefined ? total : { ...total, cost_usd: cost }
}

/** A whole answer as JSON. Where the provider's own JSON is at hand, only what the gateway changes is changed in it. */
export function answerJson(
  message: Message,
  providerJson: Buffer | undefined,
  warnings: readonly Warning[],
  prices: PriceList,
): { json: string | Buffer; usage: Usage } {
  const usage = completed(message.usage, message.metadata?.provider ?? {}, prices)
  const metadata = warnings.length > 0 ? mergeMetadata(message.metadata, { warnings: [...warnings] }) : message.metadata
  const changed = { model: message.model, usage, ...(metadata && { metadata }) }
  if (providerJson === undefined) return { json: JSON.stringify({ ...message, ...changed }), usage }
  const changes: Record<string, string> = {}
  for (const [key, value] of Object.entries(changed)) changes[key] = JSON.stringify(value)
  return { json: editMembers(providerJson, changes), usage }
}

/** Adds to the events of one stream what `answerJson` adds to a whole answer. */
export class StreamAnswer {
  readonly #warnings: readonly Warning[]
  readonly #prices: PriceList
  #usage: Usage = {}
  #served: Served = {}
  #id: string | undefined
  #stopReason: string | null | undefined
  #containerId: string | undefined

  constructor(warnings: readonly Warning[], prices: PriceList) {
    this.#warnings = warnings
    this.#prices = prices
  }

  /** The tokens that are known so far, and what they cost if the answer ends here. */
  get usage(): Usage {
    return completed(this.#usage, this.#served, this.#prices)
  }

  /** The provider's own, once it is known. */
  get id(): string | undefined {
    return this.#id
  }

  /** The provider's own name of the model, where it gave one. */
  get model(): unknown {
    return this.#served.model
  }

  get stopReason(): string | null | undefined {
    return this.#stopReason
  }

  /** The id of the container that the provider's code runs in, where it named one. */
  get containerId(): string | undefined {
    return this.#containerId
  }

  add(event: StreamEvent): StreamEvent {
    if (event.type === 'message_start') {
      this.#containerId = containerIn(event.message)
      this.#usage = event.message.usage
      this.#id = event.message.id
      this.#served = event.message.metadata?.provider ?? {}
      if (this.#warnings.length === 0) return event
      const metadata = mergeMetadata(event.message.metadata, { warnings: [...this.#warnings] })
      return { ...event, message: { ...event.message, metadata } }
    }
    if (event.type === 'message_delta') {
      this.#usage = mergeUsage(this.#usage, event.usage ?? {})
      this.#served = { ...this.#served, ...event.metadata?.provider }
      this.#stopReason = event.delta.stop_reason
      this.#containerId = containerIn(event.delta) ?? this.#containerId
      const { total_tokens: total, cost_usd: cost } = this.usage
      const added = { ...(total !== undefined && { total_tokens: total }), ...(cost !== undefined && { cost_usd: cost }) }
      return { ...event, usage: { ...event.usage, ...added } }
    }
    return event
  }
}

function containerIn(said: object): string | undefined {
  const container = 'container' in said && isRecord(said.container) ? said.container : undefined
  return typeof container?.id === 'string' && container.id !== '' ? container.id : undefined
}
