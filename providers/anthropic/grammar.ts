import { blockTypesOfDelta } from '../../api/events.ts'
import { isRecord } from '../../api/json.ts'
import type { ContentBlock, ContentBlockDelta, StreamEvent } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import { errorOfEvent, protocolError } from './error.ts'

/**
 * Holds Anthropic's events to the grammar of the contract: one `message_start`, each block started and stopped once with nothing
 * but its own kind of deltas between, one `message_stop`. What breaks it is a `provider_protocol` error and never reaches the
 * caller; events, blocks, deltas and fields that the gateway does not know pass as they are.
 */
export class StreamGrammar {
  /** `message_stop` was accepted. */
  isComplete = false
  /** How a frame begins that is a delta of the block opened last; undefined where there is none that could be forwarded unread. */
  plainDeltaPrefix: Buffer | undefined

  readonly #asked: Asked
  #started = false
  /** `message_delta` was accepted: the answer's content is complete. */
  #hasDelta = false
  /** The type of each block that was started, by index; a block that was stopped is undefined again. */
  readonly #open: (string | undefined)[] = []

  constructor(asked: Asked) {
    this.#asked = asked
  }

  /** The events to pass on for one that came. */
  *accept(raw: object): Generator<StreamEvent> {
    const event = asEvent(raw)
    if (event.type === 'error') throw errorOfEvent(event, this.#asked.apiKey)
    if (event.type === 'ping') return yield event
    if (event.type === 'message_start') return yield* this.#start(event)
    if (!this.#started) throw protocolError('another event came before message_start')
    switch (event.type) {
      case 'content_block_start':
        if (this.#hasDelta) throw protocolError('a block was started after message_delta')
        this.#startBlock(event.index, event.content_block)
        break
      case 'content_block_delta':
        this.#checkDelta(event.index, event.delta)
        break
      case 'content_block_stop':
        this.#stopBlock(event.index)
        break
      case 'message_delta':
        yield* this.#stopOpenBlocks()
        this.#hasDelta = true
        break
      case 'message_stop':
        if (!this.#hasDelta) throw protocolError('message_stop came without a message_delta before it')
        this.isComplete = true
        break
    }
    yield event
  }

  *#start(event: Extract<StreamEvent, { type: 'message_start' }>): Generator<StreamEvent> {
    if (this.#started) {
      // A proxy that retried may have spliced a second answer behind the first. As long as nothing was said twice, the second is the answer.
      if (this.#open.length === 0) return
      throw protocolError('it began its answer anew in the middle')
    }
    this.#started = true
    const { model } = event.message
    event.message.model = this.#asked.fullModel
    // An alias was asked for, a dated model answered: both are worth knowing.
    if (model !== this.#asked.model) event.message.metadata = { ...event.message.metadata, provider: { model } }
    yield event
  }

  #startBlock(index: number, block: ContentBlock): void {
    if (index !== this.#open.length) throw protocolError(`block ${index} was started where ${this.#open.length} was next`)
    this.#open[index] = block.type
    const delta = plainDeltas[block.type]
    this.plainDeltaPrefix = delta === undefined ? undefined : Buffer.from(`${deltaFrame}${index},"delta":{"type":${delta}`)
  }

  #checkDelta(index: number, delta: ContentBlockDelta): void {
    const type = this.#open[index]
    if (type === undefined) throw protocolError(`a delta came for block ${index}, which is not open`)
    const types = typesOfDelta.get(delta.type)
    if (types && !types.includes(type) && knownBlockTypes.has(type))
      throw protocolError(`a ${delta.type} came in a ${type} block`)
  }

  #stopBlock(index: number): void {
    if (this.#open[index] === undefined) throw protocolError(`block ${index} was stopped, but is not open`)
    this.#open[index] = undefined
    this.plainDeltaPrefix = undefined
  }

  *#stopOpenBlocks(): Generator<StreamEvent> {
    for (const [index, type] of this.#open.entries()) {
      if (type === undefined) continue
      this.#stopBlock(index)
      yield { type: 'content_block_stop', index }
    }
  }
}

/** As much of a request as its answer is read with. The request itself need not live as long as its stream. */
export interface Asked {
  /** The caller's full model id. */
  readonly fullModel: string
  /** The model's name as Anthropic knows it. */
  readonly model: string
  readonly apiKey: Secret
}

const deltaFrame = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":'

/** The one delta that makes up most of a block, up to the text that it carries. */
const plainDeltas: Readonly<Record<string, string>> = {
  text: '"text_delta","text":"',
  thinking: '"thinking_delta","thinking":"',
  tool_use: '"input_json_delta","partial_json":"',
  server_tool_use: '"input_json_delta","partial_json":"',
  mcp_tool_use: '"input_json_delta","partial_json":"',
}

/** Blocks whose deltas are known; a newer block may well take deltas that today belong elsewhere. */
const typesOfDelta: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(blockTypesOfDelta))
const knownBlockTypes: ReadonlySet<string> = new Set([...Object.values(blockTypesOfDelta).flat(), 'redacted_thinking'])

/** The shape that the gateway relies on; everything else in an event is the provider's own. */
function asEvent(raw: object): StreamEvent {
  if (!isEvent(raw)) throw protocolError('an event lacks what its type needs')
  return raw
}

function isEvent(raw: object): raw is StreamEvent {
  const event: Readonly<Record<string, unknown>> = { ...raw }
  switch (event.type) {
    case 'message_start':
      return (
        isRecord(event.message) &&
        typeof event.message.id === 'string' &&
        Array.isArray(event.message.content) &&
        isRecord(event.message.usage)
      )
    case 'content_block_start':
      return isIndex(event.index) && isTyped(event.content_block)
    case 'content_block_delta':
      return isIndex(event.index) && isTyped(event.delta)
    case 'content_block_stop':
      return isIndex(event.index)
    case 'message_delta':
      return isRecord(event.delta) && (event.usage === undefined || isRecord(event.usage))
    default:
      return typeof event.type === 'string'
  }
}

function isIndex(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0
}

function isTyped(value: unknown): boolean {
  return isRecord(value) && typeof value.type === 'string'
}
