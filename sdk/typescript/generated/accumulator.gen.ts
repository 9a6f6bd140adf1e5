// Generated from api/accumulator.ts by `npm run generate`. Do not edit.

import { brokenStream } from '../broken-stream.ts'
import type { ContentBlock, ContentBlockDelta, Message, ResponseMetadata, StreamEvent, Usage, Warning } from './types.gen.ts'
import { parseToolInput } from './tool-input.gen.ts'

/** Folds events into a message, one by one. */
export class Accumulator {
  #message: Message | undefined
  #complete = false
  // The JSON text of a tool's input so far, by the block's index; a block without deltas keeps the input it started with.
  readonly #inputs = new Map<number, string>()
  // The indexes of blocks that have begun and not ended.
  readonly #open = new Set<number>()

  add(event: StreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.#message = { ...event.message, content: [...event.message.content] }
        return
      case 'content_block_start':
        this.#started().content[event.index] = ownBlock(event.content_block)
        this.#open.add(event.index)
        return
      case 'content_block_delta':
        this.#extend(event.index, event.delta)
        return
      case 'content_block_stop':
        this.#open.delete(event.index)
        this.#finishInput(event.index)
        return
      case 'message_delta': {
        const message = this.#started()
        const { type: _, delta, usage, metadata, ...rest } = event
        Object.assign(message, delta, rest)
        message.usage = mergeUsage(message.usage, usage)
        if (metadata) message.metadata = mergeMetadata(message.metadata, metadata)
        return
      }
      case 'message_stop':
        this.#complete = true
        return
    }
  }

  /** The message, once `message_stop` was seen. */
  message(): Message {
    if (!this.#complete) throw brokenStream('it ended before message_stop')
    return this.#started()
  }

  /**
   * What has come of a message so far: the blocks that are whole, and text as far as it was said. It does not grow with what follows.
   * Undefined before `message_start`.
   */
  partial(): Message | undefined {
    const message = this.#message
    if (!message) return undefined
    const content = message.content.filter((block, index) => block.type === 'text' || !this.#open.has(index))
    return { ...message, content: content.map(ownBlock), stop_reason: null }
  }

  #started(): Message {
    if (!this.#message) throw brokenStream('it did not begin with message_start')
    return this.#message
  }

  #extend(index: number, delta: ContentBlockDelta): void {
    const block = this.#started().content[index]
    if (!block) throw brokenStream(`a delta came for block ${index}, which was not started`)
    if (delta.type === 'input_json_delta') {
      this.#inputs.set(index, (this.#inputs.get(index) ?? '') + delta.partial_json)
    } else if (delta.type === 'text_delta' && block.type === 'text') {
      block.text += delta.text
    } else if (delta.type === 'thinking_delta' && block.type === 'thinking') {
      block.thinking += delta.thinking
    } else if (delta.type === 'signature_delta' && block.type === 'thinking') {
      block.signature = delta.signature
    } else if (delta.type === 'citations_delta' && block.type === 'text') {
      block.citations ??= []
      block.citations.push(delta.citation)
    } else if (delta.type === 'compaction_delta') {
      const { type: _, ...fields } = delta
      Object.assign(block, fields)
    }
  }

  #finishInput(index: number): void {
    const text = this.#inputs.get(index)
    const block = this.#started().content[index]
    this.#inputs.delete(index)
    if (!text || !block || !('input' in block)) return
    const { input, warning } = parseToolInput(text)
    block.input = input
    if (warning) {
      const param = `content[${index}].input`
      const message = this.#started()
      message.metadata = mergeMetadata(message.metadata, { warnings: [{ ...warning, param }] })
    }
  }
}

/** A copy that grows without changing the event it came in. */
function ownBlock(block: ContentBlock): ContentBlock {
  return block.type === 'text' && block.citations ? { ...block, citations: [...block.citations] } : { ...block }
}

/** Later numbers over earlier ones; what a later event leaves out or does not know stays. */
export function mergeUsage(earlier: Usage, later: Usage): Usage {
  const merged: Record<string, unknown> = { ...earlier }
  for (const [key, value] of Object.entries(later)) {
    if (value !== undefined && (value !== null || merged[key] === undefined)) merged[key] = value
  }
  return merged
}

/** Warnings of both, each once, and the later one's word for everything else. */
export function mergeMetadata(earlier: ResponseMetadata | undefined, later: ResponseMetadata): ResponseMetadata {
  const known = earlier?.warnings ?? []
  const warnings = [...known, ...(later.warnings ?? []).filter((warning) => !known.some((other) => isSame(warning, other)))]
  const provider = { ...earlier?.provider, ...later.provider }
  return {
    ...earlier,
    ...later,
    ...(warnings.length > 0 && { warnings }),
    ...(Object.keys(provider).length > 0 && { provider }),
  }
}

function isSame(warning: Warning, other: Warning): boolean {
  return warning.code === other.code && warning.param === other.param && warning.message === other.message
}
