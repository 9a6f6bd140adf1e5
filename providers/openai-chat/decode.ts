import type { GatewayError } from '../../api/error.ts'
import { isRecord, stringOf } from '../../api/json.ts'
import type { ResponseMetadata, StreamEvent } from '../../api/schemas.gen.ts'
import { BlockSequencer } from '../blocks.ts'
import { Carried } from '../carried.ts'
import { disconnected, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { isFailure, stopReasonOf } from './stop-reason.ts'
import { ToolCalls } from './tool-calls.ts'
import { usageOf } from './usage.ts'

export interface DecodeContext {
  /** The caller's full model id. */
  readonly model: string
  /** Makes an id where the provider gives none. */
  readonly newId: (prefix: 'msg' | 'toolu') => string
  /** True where the provider's `completion_tokens` leave reasoning out. */
  readonly reasoningOutside: boolean
  readonly source: FailureSource
}

/**
 * Chunks of a Chat Completions stream, parsed, into canonical events.
 *
 * `feed` each chunk, then call `end`. A whole completion is fed like a chunk. Both return the events that have become known, and
 * throw a `GatewayError` where the provider reports a failure or breaks its protocol.
 */
export class ChatDecoder {
  readonly #context: DecodeContext
  readonly #sequencer = new BlockSequencer()
  readonly #toolCalls: ToolCalls
  readonly #carried = new Carried()
  #usage: Record<string, unknown> | undefined
  // Told by the stream before its end; usage, and further chunks, may follow it.
  #finishReason: string | undefined
  #refused = false
  // Whether anything came at all: a stream that began was cut off, one that did not begin is none.
  #fed = false

  constructor(context: DecodeContext) {
    this.#context = context
    this.#toolCalls = new ToolCalls(this.#sequencer, () => context.newId('toolu'))
  }

  feed(chunk: unknown): readonly StreamEvent[] {
    if (!isRecord(chunk)) throw protocolFailure(this.#context.source, 'a chunk is no JSON object.', JSON.stringify(chunk))
    this.#fed = true
    if (chunk.error || chunk.object === 'error') throw this.#failure(chunk.error || chunk)
    if (isRecord(chunk.usage)) this.#usage = chunk.usage
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
    if (!isRecord(choice)) {
      this.#carryChunk(chunk)
      return this.#sequencer.take()
    }
    if (!this.#isFirstChoice(chunk, choice)) return this.#sequencer.take()
    if (!this.#sequencer.started) {
      this.#sequencer.start(stringOf(chunk.id) || this.#context.newId('msg'), this.#context.model)
      this.#carryChunk(chunk)
    }
    this.#choice(choice)
    if (choice.finish_reason) {
      this.#finishReason = stringOf(choice.finish_reason) || this.#finishReason
      this.#carryChunk(chunk)
      if (isFailure(this.#finishReason)) throw this.#failure({ code: this.#finishReason })
    } else if (chunk.usage) {
      this.#carryChunk(chunk)
    }
    return this.#sequencer.take()
  }

  /** The stream's end. `done` says whether the provider marked it, with `[DONE]` or by giving the whole answer at once. */
  end(done: boolean): readonly StreamEvent[] {
    const { source } = this.#context
    if (!done && this.#fed && this.#finishReason === undefined) throw disconnected(source)
    if (!this.#sequencer.started) throw protocolFailure(source, 'the answer is empty.')
    const nameless = this.#toolCalls.nameless()
    if (nameless !== undefined) throw protocolFailure(source, `the tool call ${nameless} has no name.`)
    for (const name of this.#carried.leftOut) {
      const message = `What the provider sent as \`${name}\` is left out of this answer.`
      this.#sequencer.warn({ code: 'provider_field_left_out', message })
    }
    const answer = { hasToolCalls: this.#toolCalls.any, refused: this.#refused }
    this.#sequencer.finish(
      { stop_reason: stopReasonOf(this.#finishReason, answer), stop_sequence: null },
      this.#usage ? usageOf(this.#usage, this.#context.reasoningOutside) : {},
      this.#metadata(),
    )
    return this.#sequencer.take()
  }

  /** A choice of one chunk: what it says, in the order in which a model says it. */
  #choice(choice: Record<string, unknown>): void {
    if (isRecord(choice.delta)) this.#say(choice.delta)
    // A last chunk may repeat the whole message beside the deltas; it counts only where there were none.
    else if (isRecord(choice.message) && !this.#sequencer.hasBlocks) this.#say(indexed(choice.message))
    for (const name in choice) {
      if (knownOfChoice.has(name)) continue
      this.#carried.set(name, choice[name])
    }
    const { logprobs } = choice
    if (isRecord(logprobs)) this.#carried.append('logprobs', logprobs.content)
  }

  #say(delta: Record<string, unknown>): void {
    const sequencer = this.#sequencer
    const reasoning = stringOf(delta.reasoning_content) || stringOf(delta.reasoning)
    if (reasoning !== '') sequencer.thinking(reasoning)
    if (delta.reasoning_details) this.#reasoningDetails(delta.reasoning_details, reasoning !== '')
    const { content } = delta
    if (typeof content === 'string') sequencer.text(content)
    else if (Array.isArray(content)) for (const part of content) this.#part(part)
    if (delta.refusal) this.#refusal(stringOf(delta.refusal))
    if (Array.isArray(delta.annotations)) for (const annotation of delta.annotations) this.#annotation(annotation)
    if (Array.isArray(delta.tool_calls)) {
      const pieces = delta.tool_calls.filter(isRecord)
      for (const [place, piece] of pieces.entries()) this.#toolCall(piece, place, pieces.length)
    }
    // What OpenAI had before it had `tool_calls`.
    if (isRecord(delta.function_call)) this.#toolCalls.add({ index: 0, function: delta.function_call }, 0, 1)
    for (const name in delta) if (!knownOfDelta.has(name)) this.#carried.append(name, delta[name])
  }

  #toolCall(piece: Record<string, unknown>, place: number, count: number): void {
    if (isRecord(piece.function)) this.#toolCalls.add(piece, place, count)
    else this.#carried.append('tool_calls', [piece])
  }

  /** OpenRouter's form of reasoning; `said` where its text stands beside it as plain reasoning as well. */
  #reasoningDetails(details: unknown, said: boolean): void {
    if (!Array.isArray(details)) return
    for (const detail of details) {
      if (!isRecord(detail)) continue
      if (!said) this.#sequencer.thinking(stringOf(detail.text) || stringOf(detail.summary))
      if (detail.signature || detail.data) this.#carried.append('reasoning_details', [detail])
    }
  }

  /** A part of Mistral's content. */
  #part(part: unknown): void {
    if (!isRecord(part)) return
    if (part.type === 'text') this.#sequencer.text(stringOf(part.text))
    else if (part.type === 'thinking') this.#thinkingPart(part.thinking)
    else this.#carried.append('content', [part])
  }

  #thinkingPart(thinking: unknown): void {
    if (Array.isArray(thinking)) for (const part of thinking) this.#sequencer.thinking(isRecord(part) ? stringOf(part.text) : '')
    else this.#sequencer.thinking(stringOf(thinking))
  }

  #refusal(refusal: string): void {
    this.#refused = true
    this.#sequencer.text(refusal)
  }

  #annotation(annotation: unknown): void {
    if (!isRecord(annotation)) return
    const cited = isRecord(annotation.url_citation) ? annotation.url_citation : annotation
    if (annotation.type !== 'url_citation' || typeof cited.url !== 'string') {
      this.#carried.append('annotations', [annotation])
      return
    }
    const citation = {
      type: 'web_search_result_location',
      url: cited.url,
      title: stringOf(cited.title),
      encrypted_index: '',
      cited_text: stringOf(cited.content),
    }
    this.#sequencer.citation(citation)
  }

  /** Of several answers (`n`) the first is the message. */
  #isFirstChoice(chunk: Record<string, unknown>, choice: Record<string, unknown>): boolean {
    const further = typeof choice.index === 'number' && choice.index > 0
    const count = Array.isArray(chunk.choices) ? chunk.choices.length : 0
    if (further || count > 1) this.#carried.leftOut.add('choices')
    return !further
  }

  #carryChunk(chunk: Record<string, unknown>): void {
    for (const name in chunk) if (!knownOfChunk.has(name)) this.#carried.set(name, chunk[name])
    // The message's own id is that of the first chunk, though some servers give each chunk another.
    if (!this.#carried.has('id')) this.#carried.set('id', chunk.id)
    this.#carried.set('model', chunk.model)
    const { x_groq: groq } = chunk
    if (isRecord(groq) && isRecord(groq.usage)) this.#usage ??= groq.usage
  }

  #metadata(): ResponseMetadata {
    const raw = {
      ...(this.#finishReason !== undefined && { finish_reason: this.#finishReason }),
      ...(this.#usage && { usage: this.#usage }),
    }
    return { provider: { ...this.#carried.toObject(), ...raw } }
  }

  #failure(body: unknown): GatewayError {
    return streamFailure(this.#context.source, body)
  }
}

/** Named here is what is decoded above, and what says nothing: the object's kind, its time, padding against eavesdroppers. */
const knownOfChunk = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'error', 'obfuscation', 'p'])
const knownOfChoice = new Set(['index', 'delta', 'message', 'finish_reason', 'logprobs'])
const knownOfDelta = new Set([
  'role',
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'annotations',
  'tool_calls',
  'function_call',
  'index',
])

/** In a whole message each element of `tool_calls` is a call of its own. */
function indexed(message: Record<string, unknown>): Record<string, unknown> {
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  return { ...message, tool_calls: calls.map((call, index) => (isRecord(call) ? { ...call, index } : call)) }
}
