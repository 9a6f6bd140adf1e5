import type { GatewayError } from '../../api/error.ts'
import { isRecord, stringOf } from '../../api/json.ts'
import type { ResponseMetadata, StreamEvent } from '../../api/schemas.gen.ts'
import { BlockSequencer } from '../blocks.ts'
import { Carried } from '../carried.ts'
import type { AnswerDecoder } from '../exchange.ts'
import { disconnected, emptyAnswer, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { foreignCitation } from '../sealed.ts'
import type { ChatDialect } from './dialect.ts'
import { ExecutedTools } from './executed-tools.ts'
import { imageOf } from './images.ts'
import { ReasoningBlocks } from './reasoning-blocks.ts'
import { isFailure, stopReasonOf } from './stop-reason.ts'
import { ThinkTags } from './think-tags.ts'
import { ToolCalls } from './tool-calls.ts'
import { usageOf } from './usage.ts'

export interface DecodeContext {
  /** The caller's full model id. */
  readonly model: string
  /** The model's name as the provider knows it. */
  readonly nativeModel: string
  /** Makes an id where the provider gives none. */
  readonly newId: (prefix: 'msg' | 'toolu') => string
  readonly dialect: AnswerDialect
  readonly source: FailureSource
}

/** What differs between servers in how they answer. */
export type AnswerDialect = Pick<
  ChatDialect,
  'id' | 'reasoningField' | 'alwaysDone' | 'thinkTags' | 'reasoningOutside' | 'cost' | 'stopReasons'
>

/**
 * Chunks of a Chat Completions stream, parsed, into canonical events.
 *
 * `feed` each chunk, then call `end`; a whole completion goes to `whole`. All return the events that have become known, and
 * throw a `GatewayError` where the provider reports a failure or breaks its protocol.
 */
export class ChatDecoder implements AnswerDecoder {
  readonly #context: DecodeContext
  readonly #sequencer = new BlockSequencer()
  readonly #reasoning: ReasoningBlocks
  readonly #toolCalls: ToolCalls
  readonly #executedTools: ExecutedTools
  readonly #carried = new Carried()
  // Whether details of reasoning ride in the signatures, where their server wants them back.
  readonly #sealsDetails: boolean
  // As long as reasoning may stand in the text.
  #tags: ThinkTags | undefined
  #usage: Record<string, unknown> | undefined
  // Told by the stream before its end; usage, and further chunks, may follow it.
  #finishReason: string | undefined
  #refused = false
  // Whether anything came at all: a stream that began was cut off, one that did not begin is none.
  #fed = false

  constructor(context: DecodeContext) {
    const { dialect, nativeModel, newId } = context
    this.#context = context
    this.#reasoning = new ReasoningBlocks(this.#sequencer, dialect.id)
    this.#toolCalls = new ToolCalls(this.#sequencer, () => newId('toolu'))
    this.#executedTools = new ExecutedTools(this.#sequencer, dialect.id, () => newId('toolu'))
    this.#sealsDetails = dialect.reasoningField(nativeModel) === 'reasoning_details'
    if (dialect.thinkTags) {
      this.#tags = new ThinkTags({
        thinking: (text) => this.#reasoning.text(text),
        text: (text) => this.#plainText(text),
      })
    }
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
      if (isFailure(this.#finishReason, this.#context.dialect.stopReasons)) throw this.#failure({ code: this.#finishReason })
    } else if (chunk.usage) {
      this.#carryChunk(chunk)
    }
    return this.#sequencer.take()
  }

  /** The stream's end. `done` says whether the provider marked it, with `[DONE]` or by giving the whole answer at once. */
  end(done: boolean): readonly StreamEvent[] {
    const { source, dialect } = this.#context
    const isCut = dialect.alwaysDone || this.#finishReason === undefined
    if (!done && this.#fed && isCut) throw disconnected(source)
    if (!this.#sequencer.started) throw emptyAnswer(source)
    this.#endText()
    const nameless = this.#toolCalls.nameless()
    if (nameless !== undefined) throw protocolFailure(source, `the tool call ${nameless} has no name.`)
    for (const name of this.#carried.leftOut) {
      const message = `What the provider sent as \`${name}\` is left out of this answer.`
      this.#sequencer.warn({ code: 'provider_field_left_out', message })
    }
    const answer = { hasToolCalls: this.#toolCalls.any, refused: this.#refused }
    this.#sequencer.finish(
      { stop_reason: stopReasonOf(this.#finishReason, answer, dialect.stopReasons), stop_sequence: null },
      usageOf(this.#usage ?? {}, dialect, this.#executedTools.counts),
      this.#metadata(),
    )
    return this.#sequencer.take()
  }

  /** A whole completion, decoded as a stream of one chunk, so that both give the same. */
  whole(completion: unknown): readonly StreamEvent[] {
    return [...this.feed(completion), ...this.end(true)]
  }

  /** A choice of one chunk: what it says, in the order in which a model says it. */
  #choice(choice: Record<string, unknown>): void {
    if (isRecord(choice.delta)) this.#say(choice.delta, false)
    // A last chunk may repeat the whole message beside the deltas; it counts only where there were none.
    else if (isRecord(choice.message) && !this.#sequencer.hasBlocks) this.#say(indexed(choice.message), true)
    for (const name in choice) {
      if (knownOfChoice.has(name)) continue
      this.#carried.set(name, choice[name])
    }
    const { logprobs } = choice
    if (isRecord(logprobs)) this.#carried.append('logprobs', logprobs.content)
  }

  /** What a delta says, or a `whole` message. */
  #say(delta: Record<string, unknown>, whole: boolean): void {
    this.#reason(delta, whole)
    if (Array.isArray(delta.executed_tools)) this.#executed(delta.executed_tools)
    const { content } = delta
    if (typeof content === 'string') this.#text(content)
    else if (Array.isArray(content)) for (const part of content) this.#part(part)
    if (delta.refusal) this.#refusal(stringOf(delta.refusal))
    if (Array.isArray(delta.annotations)) for (const annotation of delta.annotations) this.#annotation(annotation)
    if (Array.isArray(delta.images)) for (const image of delta.images) this.#image(image)
    if (Array.isArray(delta.tool_calls)) {
      const pieces = delta.tool_calls.filter(isRecord)
      for (const [place, piece] of pieces.entries()) this.#toolCall(piece, place, pieces.length)
    }
    // What OpenAI had before it had `tool_calls`.
    if (isRecord(delta.function_call)) this.#toolCall({ index: 0, function: delta.function_call }, 0, 1)
    for (const name in delta) if (!knownOfDelta.has(name)) this.#carried.append(name, delta[name])
  }

  #reason(delta: Record<string, unknown>, whole: boolean): void {
    const said = stringOf(delta.reasoning_content) || stringOf(delta.reasoning)
    const { reasoning_details: details } = delta
    if (Array.isArray(details) && this.#sealsDetails) {
      this.#reasoning.details(details, said, whole)
      return
    }
    if (said !== '') this.#reasoning.text(said)
    if (!Array.isArray(details)) return
    for (const detail of details.filter(isRecord)) {
      if (said === '') this.#reasoning.text(stringOf(detail.text) || stringOf(detail.summary))
      if (detail.signature || detail.data) this.#carried.append('reasoning_details', [detail])
    }
  }

  #text(text: string): void {
    if (text === '') return
    if (!this.#tags) {
      this.#plainText(text)
      return
    }
    this.#tags.write(text)
    if (this.#tags.done) this.#tags = undefined
  }

  #plainText(text: string): void {
    this.#reasoning.end()
    this.#sequencer.text(text)
  }

  /** To be called before anything but text and reasoning. */
  #endText(): void {
    this.#tags?.end()
    this.#reasoning.end()
  }

  #toolCall(piece: Record<string, unknown>, place: number, count: number): void {
    this.#endText()
    if (isRecord(piece.function)) this.#toolCalls.add(piece, place, count)
    else this.#carried.append('tool_calls', [piece])
  }

  #executed(tools: readonly unknown[]): void {
    this.#endText()
    for (const [place, tool] of tools.entries()) {
      if (!this.#executedTools.add(tool, place)) this.#carried.append('executed_tools', [tool])
    }
  }

  #image(image: unknown): void {
    const block = imageOf(image)
    if (!block) {
      this.#carried.append('images', [image])
      return
    }
    this.#endText()
    this.#sequencer.block(block)
  }

  /** A part of Mistral's content. */
  #part(part: unknown): void {
    if (!isRecord(part)) return
    if (part.type === 'text') this.#text(stringOf(part.text))
    else if (part.type === 'thinking') this.#thinkingPart(part)
    else this.#carried.append('content', [part])
  }

  #thinkingPart({ thinking, signature }: Record<string, unknown>): void {
    if (!Array.isArray(thinking)) this.#reasoning.text(stringOf(thinking))
    else {
      for (const part of thinking) {
        if (isRecord(part) && typeof part.text === 'string') this.#reasoning.text(part.text)
        else this.#carried.append('thinking', [part])
      }
    }
    this.#reasoning.signature(stringOf(signature))
  }

  #refusal(refusal: string): void {
    this.#refused = true
    this.#endText()
    this.#sequencer.text(refusal)
  }

  #annotation(annotation: unknown): void {
    if (!isRecord(annotation)) return
    const cited = isRecord(annotation.url_citation) ? annotation.url_citation : annotation
    if (annotation.type !== 'url_citation' || typeof cited.url !== 'string') {
      this.#carried.append('annotations', [annotation])
      return
    }
    this.#reasoning.end()
    this.#sequencer.citation(foreignCitation(cited.url, stringOf(cited.title), stringOf(cited.content)))
  }

  /** Of several answers (`n`) the first is the message. */
  #isFirstChoice(chunk: Record<string, unknown>, choice: Record<string, unknown>): boolean {
    const further = typeof choice.index === 'number' && choice.index > 0
    const count = Array.isArray(chunk.choices) ? chunk.choices.length : 0
    if (further || count > 1) this.#carried.leaveOut('choices')
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
  'executed_tools',
  'images',
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
