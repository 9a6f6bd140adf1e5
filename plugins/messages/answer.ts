import { mergeMetadata, mergeUsage } from '../../api/accumulate.ts'
import type { Message, StreamEvent, Usage, Warning } from '../../api/schemas.gen.ts'
import { editMembers } from '../../text/json-bytes.ts'

/** What the gateway adds to a provider's answer: totals and warnings. */

/** Usage with all tokens together; without, where the provider gave no numbers. */
export function withTotal(usage: Usage): Usage {
  const { input_tokens: input, output_tokens: output } = usage
  if (input === undefined || output === undefined) return usage
  return {
    ...usage,
    total_tokens: input + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + output,
  }
}

/** A whole answer as JSON. Where the provider's own JSON is at hand, only what the gateway changes is changed in it. */
export function answerJson(
  message: Message,
  providerJson: Buffer | undefined,
  warnings: readonly Warning[],
): { json: string | Buffer; usage: Usage } {
  const usage = withTotal(message.usage)
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
  #usage: Usage = {}

  constructor(warnings: readonly Warning[]) {
    this.#warnings = warnings
  }

  /** The tokens that are known so far. */
  get usage(): Usage {
    return withTotal(this.#usage)
  }

  add(event: StreamEvent): StreamEvent {
    if (event.type === 'message_start') {
      this.#usage = event.message.usage
      if (this.#warnings.length === 0) return event
      const metadata = mergeMetadata(event.message.metadata, { warnings: [...this.#warnings] })
      return { ...event, message: { ...event.message, metadata } }
    }
    if (event.type === 'message_delta') {
      this.#usage = mergeUsage(this.#usage, event.usage ?? {})
      const { total_tokens: total } = this.usage
      return { ...event, usage: { ...event.usage, ...(total !== undefined && { total_tokens: total }) } }
    }
    return event
  }
}
