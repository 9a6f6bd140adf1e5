import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { ResponseMetadata, StreamEvent } from '../../api/schemas.gen.ts'
import { BlockSequencer } from '../blocks.ts'
import { Carried } from '../carried.ts'
import type { AnswerDecoder } from '../exchange.ts'
import { disconnected, emptyAnswer, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { AnswerWriter } from './answer-writer.ts'
import type { Item } from './kept.ts'
import { type AnswerContext, type OutputItem, records } from './output-item.ts'
import { outputItem } from './output-items.ts'
import { isFailure, stopReasonOf, stopReasons } from './stop-reason.ts'
import { usageOf } from './usage.ts'

export interface DecodeContext {
  /** The caller's full model id. */
  readonly model: string
  /** Makes an id where the provider gives none. */
  readonly newId: (prefix: 'msg' | 'toolu') => string
  readonly source: FailureSource
}

/**
 * Events of a Responses stream, parsed, into canonical events.
 *
 * `feed` each event until `ended`; a whole response goes to `whole`. Both return the events that have become known, and throw a
 * `GatewayError` where the provider reports a failure or breaks its protocol.
 */
export class ResponsesDecoder implements AnswerDecoder {
  readonly #context: DecodeContext
  readonly #sequencer = new BlockSequencer()
  readonly #answer: AnswerContext
  /** By `output_index`: some servers give an item another id in every event. */
  readonly #items = new Map<number, OutputItem>()
  /** What the items call themselves, and how many there are of each type. */
  readonly #ids = new Set<string>()
  readonly #counts = new Map<string, number>()
  #lastIndex = -1
  #highestIndex = -1
  #ended = false

  constructor(context: DecodeContext) {
    this.#context = context
    this.#answer = {
      owner: context.source.id,
      writer: new AnswerWriter(this.#sequencer, context.source.id),
      sequencer: this.#sequencer,
      carried: new Carried(),
      newId: context.newId,
      tally: { hasToolCalls: false, refused: false, searches: 0, fileSearches: 0, pictures: 0 },
    }
  }

  /** Whether the answer is complete; what follows says nothing more. */
  get ended(): boolean {
    return this.#ended
  }

  /** One event; `name` is what the stream calls it, for servers that do not say it in the event itself. */
  feed(event: unknown, name?: string): readonly StreamEvent[] {
    if (!isRecord(event)) throw protocolFailure(this.#context.source, 'an event is no JSON object.', JSON.stringify(event))
    const type = stringOf(event.type) || (name ?? '')
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        if (isRecord(event.response)) this.#start(event.response)
        break
      case 'response.output_item.added':
        if (isRecord(event.item)) this.#added(indexOf(event) ?? this.#lastIndex + 1, event.item)
        break
      case 'response.output_item.done':
        if (isRecord(event.item)) this.#done(indexOf(event) ?? this.#lastIndex, event.item)
        break
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#finish(isRecord(event.response) ? event.response : {}, type.slice('response.'.length), event)
        break
      case 'error':
        throw streamFailure(this.#context.source, event)
      default:
        this.#itemEvent(type, event)
    }
    return this.#sequencer.take()
  }

  /** A response that came in one piece. */
  whole(response: unknown): readonly StreamEvent[] {
    const { source } = this.#context
    if (!isRecord(response)) throw protocolFailure(source, 'the answer is no JSON object.', JSON.stringify(response))
    const status = stringOf(response.status)
    if (!Array.isArray(response.output) && !isFailure(status)) {
      throw response.error ? streamFailure(source, response) : protocolFailure(source, 'the answer has no output.')
    }
    if (status === '' && !arrayOf(response.output).every((item) => isRecord(item) && stringOf(item.type) !== '')) {
      throw protocolFailure(source, 'the answer has neither a status nor sound items.', JSON.stringify(response))
    }
    if (status === 'queued' || status === 'in_progress') throw protocolFailure(source, `the answer is ${status} still.`)
    this.#finish(response, status || 'completed', {})
    return this.#sequencer.take()
  }

  /** The stream's end, where nothing told that the answer is complete. */
  end(): never {
    const { source } = this.#context
    throw this.#sequencer.started ? disconnected(source) : emptyAnswer(source)
  }

  #start(response: Item): void {
    if (!this.#sequencer.started) this.#sequencer.start(stringOf(response.id) || this.#context.newId('msg'), this.#context.model)
  }

  #added(index: number, item: Item): OutputItem {
    const known = this.#items.get(index)
    if (known && known.type === item.type) return known
    this.#start({})
    this.#lastIndex = index
    const begun = outputItem(item, this.#answer)
    this.#items.set(index, begun)
    this.#highestIndex = Math.max(this.#highestIndex, index)
    this.#counts.set(begun.type, (this.#counts.get(begun.type) ?? 0) + 1)
    this.#learnId(item)
    return begun
  }

  #done(index: number, item: Item): void {
    this.#added(index, item).done(item)
    this.#learnId(item)
  }

  #learnId(item: Item): void {
    const id = idOf(item)
    if (id !== '') this.#ids.add(id)
  }

  #itemEvent(type: string, event: Item): void {
    const index = indexOf(event) ?? this.#lastIndex
    const item = this.#items.get(index) ?? this.#implied(type, index)
    if (item?.event(type, event) || saysNothing(type)) return
    this.#answer.carried.append('events', [event])
  }

  /** The item of an event that no other has announced. */
  #implied(type: string, index: number): OutputItem | undefined {
    if (type.startsWith('response.output_text.') || type.startsWith('response.refusal.')) {
      return this.#added(index, { type: 'message', role: 'assistant' })
    }
    return type.startsWith('response.reasoning_') ? this.#added(index, { type: 'reasoning', summary: [] }) : undefined
  }

  #finish(response: Item, told: string, event: Item): void {
    const { source } = this.#context
    const status = stringOf(response.status) || told
    if (isFailure(status) || isFailure(told)) throw streamFailure(source, response.error ?? { code: status })
    this.#start(response)
    const { writer, tally, carried } = this.#answer
    this.#complete(records(response.output))
    writer.end()
    this.#carry(response, event)
    for (const name of carried.leftOut) {
      const message = `What the provider sent as \`${name}\` is left out of this answer.`
      this.#sequencer.warn({ code: 'provider_field_left_out', message })
    }
    const incomplete = isRecord(response.incomplete_details) ? stringOf(response.incomplete_details.reason) : ''
    if (status === 'incomplete' && !Object.hasOwn(stopReasons, incomplete)) this.#warnIncomplete(incomplete)
    const usage = isRecord(response.usage) ? response.usage : {}
    this.#sequencer.finish(
      { stop_reason: stopReasonOf(incomplete || status, tally), stop_sequence: null },
      usageOf(usage, tally),
      this.#metadata(status, usage),
    )
    this.#ended = true
  }

  #warnIncomplete(reason: string): void {
    const told = reason === '' ? 'and does not say why' : `for a reason that is not known here: ${reason.slice(0, 200)}`
    this.#sequencer.warn({ code: 'incomplete', message: `The provider says that its answer is incomplete, ${told}.` })
  }

  /** A whole answer's items; in a stream, only what its events left out. */
  #complete(output: readonly Item[]): void {
    const isWhole = this.#items.size === 0
    const counts = new Map<string, number>()
    for (const [index, item] of output.entries()) {
      const type = stringOf(item.type)
      const count = (counts.get(type) ?? 0) + 1
      counts.set(type, count)
      const known = this.#items.get(index)
      if (isWhole) this.#done(index, item)
      else if (known?.type === type) known.done(item)
      // Places and ids may differ from those of the events; but there may not be more of a kind than they told of.
      else if (!this.#ids.has(idOf(item)) && count > (this.#counts.get(type) ?? 0)) {
        this.#done(known ? this.#highestIndex + 1 : index, item)
      }
    }
  }

  #carry(response: Item, event: Item): void {
    const { carried } = this.#answer
    for (const name in response) if (!knownOfResponse.has(name)) carried.set(name, response[name])
    for (const name in event) if (!knownOfEvent.has(name)) carried.set(name, event[name])
  }

  #metadata(status: string, usage: Item): ResponseMetadata {
    return { provider: { ...this.#answer.carried.toObject(), status, ...(Object.keys(usage).length > 0 && { usage }) } }
  }
}

function indexOf({ output_index: index }: Item): number | undefined {
  return typeof index === 'number' ? index : undefined
}

/** What an item is known by: the id of a call stays the same where its own differs from event to event. */
function idOf({ call_id: call, id }: Item): string {
  return stringOf(call) || stringOf(id)
}

/** What only announces what other events say, and pictures that another will replace. */
function saysNothing(type: string): boolean {
  return (
    announcements.has(type) ||
    /^response\.[a-z_]+_call\.(?:in_progress|searching|interpreting|generating|completed|failed)$/.test(type)
  )
}

const announcements = new Set([
  'keepalive',
  'response.keepalive',
  'response.content_part.added',
  'response.content_part.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.mcp_list_tools.in_progress',
  'response.mcp_list_tools.completed',
  'response.mcp_list_tools.failed',
  'response.image_generation_call.partial_image',
])

const knownOfEvent = new Set(['type', 'response', 'sequence_number'])

/** What is decoded above, what repeats the request, and what says nothing: the object's kind, its times. */
const knownOfResponse = new Set([
  ...['object', 'created_at', 'completed_at', 'status', 'output', 'output_text', 'usage', 'error'],
  ...['background', 'conversation', 'frequency_penalty', 'instructions', 'max_output_tokens', 'max_tool_calls', 'metadata'],
  ...['parallel_tool_calls', 'presence_penalty', 'previous_response_id', 'prompt', 'prompt_cache_key', 'prompt_cache_options'],
  ...['prompt_cache_retention', 'reasoning', 'safety_identifier', 'store', 'temperature', 'text', 'tool_choice', 'tools'],
  ...['top_logprobs', 'top_p', 'truncation', 'user'],
])
