import { GatewayError } from '../api/error.ts'
import type {
  ContentBlock,
  ContentBlockDelta,
  Message,
  MessageDeltaEvent,
  ResponseMetadata,
  StreamEvent,
  TextCitation,
  Warning,
} from '../api/schemas.gen.ts'
import { inexactToolInput } from '../api/tool-input.ts'
import { scanJson } from '../text/json-text.ts'

/**
 * Puts what a provider says, in whatever order it says it, into the grammar of the stream: `message_start`; blocks one after the
 * other, each with one start, deltas of its own kind and one stop; `message_delta`; `message_stop`.
 *
 * One block is open at a time. Text and thinking end when something else begins. A tool call ends only when its input is complete,
 * since parts of several calls may come by turns; what comes meanwhile waits behind it, in the order in which it began. Nothing is
 * lost, and what waits is bounded: beyond it `provider_protocol` is thrown.
 *
 * Events gather until `take` fetches them.
 */
export class BlockSequencer {
  #events: StreamEvent[] = []
  #state: 'new' | 'started' | 'finished' = 'new'
  // The index of the open block, or of the last that was.
  #index = -1
  #open: Entry | undefined
  readonly #waiting: Entry[] = []
  // Which of them comes forward next. The list is emptied with its last.
  #next = 0
  // Characters that the waiting blocks hold, and something for each block.
  #held = 0
  readonly #warnings: Warning[] = []

  /** Whether `start` was called. */
  get started(): boolean {
    return this.#state !== 'new'
  }

  /** Whether any block has begun. */
  get hasBlocks(): boolean {
    return this.#index >= 0
  }

  /** The events since the last call, in order. */
  take(): readonly StreamEvent[] {
    if (this.#events.length === 0) return nothing
    const events = this.#events
    this.#events = []
    return events
  }

  /** Begins the message. `model` is the caller's full id. Only the first call counts. */
  start(id: string, model: string, usage: Message['usage'] = {}): void {
    if (this.#state !== 'new') return
    this.#state = 'started'
    const message: Message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    }
    this.#events.push({ type: 'message_start', message })
  }

  /** Text of the answer. Empty text begins no block. */
  text(text: string): void {
    if (text === '') return
    this.#write(this.#last('text') ?? this.#begin({ type: 'text', text: '' }, 'whole'), { type: 'text_delta', text }, text.length)
  }

  /** Reasoning. Empty text begins no block. */
  thinking(thinking: string): void {
    if (thinking === '') return
    this.#write(this.#thinkingBlock(), { type: 'thinking_delta', thinking }, thinking.length)
  }

  /** What the provider needs to see its reasoning again; the block of thinking ends with it. */
  signature(signature: string): void {
    const entry = this.#thinkingBlock()
    this.#write(entry, { type: 'signature_delta', signature }, signature.length)
    entry.sealed = true
  }

  /** Where the text comes from; text that follows is of the same block. */
  citation(citation: TextCitation): void {
    const entry = this.#last('text') ?? this.#begin({ type: 'text', text: '' }, 'whole')
    this.#write(entry, { type: 'citations_delta', citation }, JSON.stringify(citation).length)
  }

  /** Begins a tool call whose input follows in pieces of JSON text. */
  tool(block: ToolCallBlock): ToolInput {
    const entry = this.#begin(block, 'open')
    const progress = new JsonProgress()
    let isWarned = false
    return {
      get complete() {
        return !entry.growing
      },
      write: (json) => {
        if (progress.complete || entry.ended) {
          if (!isWarned) isWarned = this.#lateInput(block, json)
          return
        }
        progress.feed(json)
        if (progress.isInexact) entry.inexact = true
        if (json !== '') this.#write(entry, { type: 'input_json_delta', partial_json: json }, json.length)
        if (progress.complete) this.#settle(entry)
      },
      doubt: () => {
        entry.inexact = true
      },
      end: () => this.#settle(entry),
    }
  }

  /** A block that came in one piece: redacted thinking, the result of a server's tool. */
  block(block: ContentBlock): void {
    this.#begin(block, 'whole').sealed = true
  }

  /** Ends the current block of text or thinking, so that the next of its kind is another block. */
  endBlock(): void {
    const entry = this.#waiting.at(-1) ?? this.#open
    if (entry) entry.sealed = true
  }

  /** Says something about this answer in its metadata. After very many, only that there were more. */
  warn(warning: Warning): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(warning)
    else if (this.#warnings.length === maxWarnings) this.#warnings.push(moreWarnings)
  }

  /** Ends all blocks and the message. Only the first call counts. */
  finish(delta: MessageDeltaEvent['delta'], usage: Message['usage'], metadata: ResponseMetadata = {}): void {
    if (this.#state === 'finished') return
    if (this.#state === 'new') throw new Error('the end of a message that did not begin')
    if (this.#open) {
      for (const entry of this.#waiting.splice(0).slice(this.#next)) this.#replaceOpen(entry)
      this.#close(this.#open)
    }
    this.#state = 'finished'
    const warnings = [...(metadata.warnings ?? []), ...this.#warnings]
    const all = warnings.length > 0 ? { ...metadata, warnings } : metadata
    this.#events.push(
      { type: 'message_delta', delta, usage, ...(Object.keys(all).length > 0 && { metadata: all }) },
      { type: 'message_stop' },
    )
  }

  #thinkingBlock(): Entry {
    return this.#last('thinking') ?? this.#begin({ type: 'thinking', thinking: '', signature: '' }, 'whole')
  }

  /** The block that began last, where it is of this kind and may still grow. */
  #last(type: ContentBlock['type']): Entry | undefined {
    const entry = this.#waiting.length > 0 ? this.#waiting.at(-1) : this.#open
    return entry !== undefined && entry.block.type === type && !entry.sealed ? entry : undefined
  }

  #begin(block: ContentBlock, kind: 'whole' | 'open'): Entry {
    if (this.#state !== 'started') throw new Error(`a block of a message that is ${this.#state}`)
    const entry: Entry = { block, held: [], growing: kind === 'open', sealed: false, inexact: false, ended: false }
    if (!this.#open?.growing && this.#waiting.length === 0) {
      this.#replaceOpen(entry)
    } else {
      this.#hold(costOfBlock)
      this.#waiting.push(entry)
    }
    return entry
  }

  #write(entry: Entry, delta: ContentBlockDelta, size: number): void {
    if (entry === this.#open) {
      this.#events.push({ type: 'content_block_delta', index: this.#index, delta })
    } else {
      this.#hold(size)
      entry.held.push(delta)
    }
  }

  /** Lets what waits come forward, as far as the blocks before it are complete. */
  #settle(entry: Entry): void {
    entry.growing = false
    while (!this.#open?.growing) {
      const next = this.#waiting[this.#next]
      if (!next) break
      this.#next++
      this.#replaceOpen(next)
    }
    if (this.#next < this.#waiting.length) return
    this.#waiting.length = 0
    this.#next = 0
    this.#held = 0
  }

  #replaceOpen(entry: Entry): void {
    if (this.#open) this.#close(this.#open)
    this.#open = entry
    this.#index++
    this.#events.push({ type: 'content_block_start', index: this.#index, content_block: entry.block })
    for (const delta of entry.held) this.#events.push({ type: 'content_block_delta', index: this.#index, delta })
    entry.held = []
  }

  #close(entry: Entry): void {
    entry.ended = true
    this.#open = undefined
    if (entry.inexact) this.warn({ ...inexactToolInput, param: `content[${this.#index}].input` })
    this.#events.push({ type: 'content_block_stop', index: this.#index })
  }

  #hold(size: number): void {
    this.#held += size
    if (this.#held > maxHeld) {
      throw new GatewayError('provider_protocol', {
        message: 'The provider began many blocks and left the first one unfinished.',
      })
    }
  }

  /** Whether there is anything to warn of. */
  #lateInput(block: ToolCallBlock, json: string): boolean {
    if (json.trim() === '') return false
    const message = `More came for the input of ${block.id} after it was complete: ${json.slice(0, 2000)}`
    this.warn({ code: 'invalid_tool_input', message })
    return true
  }
}

/** The input of one tool call, as it comes. */
export interface ToolInput {
  /** Whether the input so far is one whole JSON object, or `end` was called. */
  readonly complete: boolean
  /** Appends JSON text, cut anywhere. */
  write(json: string): void
  /** Says that it holds a number which may not be the one that the model wrote. */
  doubt(): void
  /** Says that nothing more comes. */
  end(): void
}

/** A tool call as it begins: its `input` is `{}`. */
export type ToolCallBlock = Extract<ContentBlock, { input: unknown }>

interface Entry {
  readonly block: ContentBlock
  /** What was said while the block waited for its turn. */
  held: ContentBlockDelta[]
  /** True for a tool call until its input is complete: nothing else may begin before. */
  growing: boolean
  /** True where what comes next begins another block, even one of the same kind. */
  sealed: boolean
  inexact: boolean
  ended: boolean
}

const nothing: readonly StreamEvent[] = []

/** As large as one event may be: more than any model writes while another call is open. */
const maxHeld = 16 * 1024 * 1024
const costOfBlock = 256

const maxWarnings = 64
const moreWarnings: Warning = { code: 'more_warnings', message: 'There was more to warn of than is told here.' }

/** Follows JSON text until the object or array it began with is closed. A bare string or number never counts as complete. */
class JsonProgress {
  complete = false
  /** Whether a number was among it that is not what it is read as. */
  isInexact = false
  #number = ''
  #depth = 0
  #inString = false
  #escaped = false

  feed(text: string): void {
    for (let at = 0; at < text.length && !this.complete; at++) {
      const character = text.charCodeAt(at)
      if (this.#escaped) this.#escaped = false
      else if (this.#inString) {
        if (character === backslash) this.#escaped = true
        else if (character === quote) this.#inString = false
      } else if (isOfNumber(character)) {
        if (this.#number.length < maxNumber) this.#number += String.fromCharCode(character)
      } else if (this.#number !== '') {
        this.#endNumber()
        at--
      } else if (character === quote) this.#inString = true
      else if (character === openBrace || character === openBracket) this.#depth++
      else if (character === closeBrace || character === closeBracket) this.complete = --this.#depth <= 0
    }
  }

  #endNumber(): void {
    const { inexact, infinite } = scanJson(this.#number)
    if (inexact !== undefined || infinite !== undefined) this.isInexact = true
    this.#number = ''
  }
}

/** Digits, and + - . E e, which `true` and `false` have too. */
function isOfNumber(character: number): boolean {
  return (character >= 0x30 && character <= 0x39) || numberSigns.has(character)
}

const numberSigns: ReadonlySet<number> = new Set([0x2b, 0x2d, 0x2e, 0x45, 0x65])

/** Characters. Whatever has more of them before its point is too large for a number. */
const maxNumber = 400

const quote = 0x22
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
