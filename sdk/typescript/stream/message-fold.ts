import { brokenStream } from '../broken-stream.ts'
import { VAIError } from '../errors.ts'
import { Accumulator } from '../generated/accumulator.gen.ts'
import { isRecord } from '../generated/json.gen.ts'
import type { Message, StreamEvent } from '../generated/types.gen.ts'
import { isTyped, lacking, misplaced } from './event.ts'
import type { Folding } from './event-stream.ts'

/**
 * Folds the events of one message, and holds them to the contract's grammar: one `message_start`, each block started and stopped
 * once, in order, with its deltas between, and nothing more of the message behind `message_stop`. What breaks it, as a stream does that
 * comes twice, throws a `BrokenStreamError`, lest text be doubled. Events, blocks and deltas that are not known here are passed over.
 */
export class MessageFold implements Folding<StreamEvent> {
  readonly lastEvent = 'message_stop'
  readonly #accumulator = new Accumulator()
  /** The type of each block that was started, by index; of one that was stopped, undefined. */
  readonly #open: (string | undefined)[] = []
  #phase: 'before' | 'begun' | 'complete' = 'before'

  get isComplete(): boolean {
    return this.#phase === 'complete'
  }

  add(event: StreamEvent): void {
    const isWhole = hasWhatItNeeds(event)
    if (isWhole === undefined) return
    if (this.#phase === 'complete') throw misplaced(event, 'after message_stop')
    try {
      if (!isWhole) throw lacking(event)
      this.#follow(event)
      this.#accumulator.add(event)
    } catch (error) {
      // Folding trusts the contract further than is worth checking for each event.
      throw error instanceof VAIError ? error : lacking(event)
    }
  }

  messageEvent(event: StreamEvent): StreamEvent {
    return event
  }

  /** The text that an event brings, which was added just before. */
  textIn(event: StreamEvent): string {
    if (event.type === 'content_block_delta') {
      return event.delta.type === 'text_delta' && this.#open[event.index] === 'text' ? event.delta.text : ''
    }
    return event.type === 'content_block_start' && event.content_block.type === 'text' ? event.content_block.text : ''
  }

  /** Throws a `BrokenStreamError` before `message_stop`. */
  message(): Message {
    return this.#accumulator.message()
  }

  /** What has come so far, as it is now: it does not grow with what follows. Undefined before `message_start`. */
  partial(): Message | undefined {
    return this.isComplete ? this.message() : this.#accumulator.partial()
  }

  #follow(event: StreamEvent): void {
    if (event.type === 'message_start') {
      if (this.#phase !== 'before') throw misplaced(event, 'a second time')
      this.#phase = 'begun'
      return
    }
    if (this.#phase === 'before') throw misplaced(event, 'before message_start')
    switch (event.type) {
      case 'content_block_start': {
        const next = this.#open.length
        if (event.index !== next) throw brokenStream(`block ${event.index} was started where ${next} was next`)
        this.#open.push(event.content_block.type)
        return
      }
      case 'content_block_delta':
      case 'content_block_stop':
        if (this.#open[event.index] === undefined) {
          throw misplaced(event, `for block ${event.index}, which is not open`)
        }
        if (event.type === 'content_block_stop') this.#open[event.index] = undefined
        return
      case 'message_stop':
        this.#phase = 'complete'
    }
  }
}

/** Nobody vouches for more than the type of an event that has just been read. Undefined for what is no part of a message. */
function hasWhatItNeeds(event: StreamEvent): boolean | undefined {
  switch (event.type) {
    case 'message_start': {
      const { message } = event
      return isRecord(message) && Array.isArray(message.content) && message.content.every(isTyped) && isRecord(message.usage)
    }
    case 'content_block_start':
      return isIndex(event.index) && isPart(event.content_block)
    case 'content_block_delta':
      return isIndex(event.index) && isPart(event.delta)
    case 'content_block_stop':
      return isIndex(event.index)
    case 'message_delta':
      return isRecord(event.delta) && isRecord(event.usage)
    case 'message_stop':
      return true
    default:
      return undefined
  }
}

/** Whether it is a block or delta, and one that is known to carry text does. */
function isPart(value: unknown): boolean {
  if (!isRecord(value) || typeof value.type !== 'string') return false
  const field = textFields.get(value.type)
  return field === undefined || typeof value[field] === 'string'
}

const textFields: ReadonlyMap<string, string> = new Map([
  ['text', 'text'],
  ['thinking', 'thinking'],
  ['text_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'signature'],
  ['input_json_delta', 'partial_json'],
])

function isIndex(value: unknown): boolean {
  return Number.isInteger(value)
}
