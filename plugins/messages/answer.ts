import { mergeMetadata, mergeUsage } from '../../api/accumulator.ts'
import { isRecord } from '../../api/json.ts'
import type { AudioBlock, Message, ResponseMetadata, StreamEvent, Usage, VoiceUsage, Warning } from '../../api/schemas.gen.ts'
import { editMembers, memberOf, withItems } from '../../text/json-bytes.ts'
import { costOf, type PriceList, type Served } from './cost.ts'
import type { Target } from './prepare.ts'

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

/** What the gateway's own voice adds to an answer. */
export interface VoiceOfAnswer {
  /** What was heard, for the metadata. */
  readonly heard: Pick<ResponseMetadata, 'user_transcript' | 'transcripts'> | undefined
  /** What was heard and spoken until now, with its price where there is one for all of it; undefined for nothing. */
  usage(): VoiceUsage | undefined
  /** What went otherwise than was asked, until now. */
  warnings(): readonly Warning[]
}

/** Usage with all tokens together and what they cost, and the voice besides, where that is known. */
function completed(usage: Usage, served: Served, prices: PriceList, voice: VoiceUsage | undefined): Usage {
  const total = withTotal(usage)
  const tokensCost = costOf(usage, served, prices)
  const cost = voice ? sum(tokensCost, voice.cost_usd) : tokensCost
  return { ...total, ...(voice && { voice }), ...(cost !== undefined && { cost_usd: cost }) }
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other
}

/** A whole answer as JSON. Where the provider's own JSON is at hand, only what the gateway changes is changed in it. */
export function answerJson(
  message: Message,
  providerJson: Buffer | undefined,
  warnings: readonly Warning[],
  prices: PriceList,
  voice?: VoiceOfAnswer & { readonly block?: AudioBlock | undefined },
): { json: string | Buffer; usage: Usage } {
  const usage = completed(message.usage, message.metadata?.provider ?? {}, prices, voice?.usage())
  const metadata = withOwnWords(message.metadata, [...warnings, ...(voice?.warnings() ?? [])], voice)
  const changed = { model: message.model, usage, ...(metadata && { metadata }) }
  const block = voice?.block
  if (providerJson === undefined) {
    const content = block ? [...message.content, block] : message.content
    return { json: JSON.stringify({ ...message, content, ...changed }), usage }
  }
  const changes: Record<string, string | Buffer> = {}
  for (const [key, value] of Object.entries(changed)) changes[key] = JSON.stringify(value)
  const content = block && memberOf(providerJson, 'content')
  if (content) changes.content = withItems(content, [JSON.stringify(block)])
  return { json: editMembers(providerJson, changes), usage }
}

function withOwnWords(
  metadata: ResponseMetadata | undefined,
  warnings: readonly Warning[],
  voice: Pick<VoiceOfAnswer, 'heard'> | undefined,
): ResponseMetadata | undefined {
  if (warnings.length === 0 && !voice?.heard) return metadata
  return mergeMetadata(metadata, { ...(warnings.length > 0 && { warnings: [...warnings] }), ...voice?.heard })
}

/** Adds to the events of one stream what `answerJson` adds to a whole answer. */
export class StreamAnswer {
  readonly #warnings: readonly Warning[]
  readonly #prices: PriceList
  readonly #voice: VoiceOfAnswer | undefined
  #usage: Usage = {}
  #served: Served = {}
  #id: string | undefined
  #stopReason: string | null | undefined
  #containerId: string | undefined

  constructor(warnings: readonly Warning[], prices: PriceList, voice?: VoiceOfAnswer) {
    this.#warnings = warnings
    this.#prices = prices
    this.#voice = voice
  }

  /** The tokens and the voice that are known so far, and what they cost if the answer ends here. */
  get usage(): Usage {
    return completed(this.#usage, this.#served, this.#prices, this.#voice?.usage())
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
      const metadata = withOwnWords(event.message.metadata, this.#warnings, this.#voice)
      if (!metadata || metadata === event.message.metadata) return event
      return { ...event, message: { ...event.message, metadata } }
    }
    if (event.type === 'message_delta') {
      this.#usage = mergeUsage(this.#usage, event.usage ?? {})
      this.#served = { ...this.#served, ...event.metadata?.provider }
      this.#stopReason = event.delta.stop_reason
      this.#containerId = containerIn(event.delta) ?? this.#containerId
      const { total_tokens: total, voice, cost_usd: cost } = this.usage
      const added = {
        ...(total !== undefined && { total_tokens: total }),
        ...(voice && { voice }),
        ...(cost !== undefined && { cost_usd: cost }),
      }
      const warnings = this.#voice?.warnings() ?? []
      const metadata = warnings.length > 0 && { metadata: mergeMetadata(event.metadata, { warnings: [...warnings] }) }
      return { ...event, usage: { ...event.usage, ...added }, ...metadata }
    }
    return event
  }
}

/**
 * The events of one stream as others' clients count on them: Anthropic begins with both numbers, and what another provider tells only in
 * the end is 0 until then. Of a number that is not told then either, a warning says that its 0 is none: no event takes a number back.
 * What is Anthropic's own stays as it came. An answer as JSON goes without, for 0 is not what is not known.
 */
export function withFirstCounts({ model }: Pick<Target, 'model'>): (event: StreamEvent) => StreamEvent {
  if (model.provider.native) return (event) => event
  let untold: readonly Count[] = []
  return (event) => {
    if (event.type === 'message_start') {
      const { usage } = event.message
      untold = counts.filter((count) => usage[count] === undefined)
      if (untold.length === 0) return event
      const zeros = Object.fromEntries(untold.map((count) => [count, 0]))
      return { ...event, message: { ...event.message, usage: { ...usage, ...zeros } } }
    }
    if (event.type === 'message_delta') {
      untold = untold.filter((count) => event.usage[count] === undefined)
      if (untold.length > 0) return { ...event, metadata: mergeMetadata(event.metadata, { warnings: untold.map(unknownCount) }) }
    }
    return event
  }
}

const counts = ['input_tokens', 'output_tokens'] as const
type Count = (typeof counts)[number]

function unknownCount(count: Count): Warning {
  const message = `The provider did not say how many ${count} there were; the 0 of message_start stands for a number that is not known.`
  return { param: `usage.${count}`, code: 'usage_unknown', message }
}

function containerIn(said: object): string | undefined {
  const container = 'container' in said && isRecord(said.container) ? said.container : undefined
  return typeof container?.id === 'string' && container.id !== '' ? container.id : undefined
}
