import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { MessageDeltaEvent, ResponseMetadata, StreamEvent } from '../../api/schemas.gen.ts'
import { BlockSequencer } from '../blocks.ts'
import { Carried } from '../carried.ts'
import type { AnswerDecoder } from '../exchange.ts'
import { disconnected, emptyAnswer, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { seal } from '../sealed.ts'
import { type CarriedSignature, sealSignature } from './carried-signature.ts'
import { CodeExecution } from './code-execution.ts'
import { Grounding } from './grounding.ts'
import { isFailure, stopReasonOf } from './stop-reason.ts'
import { ToolCalls } from './tool-calls.ts'
import { unusualTier, usageOf } from './usage.ts'

export interface DecodeContext {
  /** The caller's full model id. */
  readonly model: string
  /** Makes an id where the provider gives none. */
  readonly newId: (prefix: 'msg' | 'toolu') => string
  readonly source: FailureSource
  /** The tier of service that the request names; undefined where it names none. */
  readonly askedTier?: string
}

/**
 * Chunks of a generateContent stream, parsed, into canonical events.
 *
 * `feed` each chunk, then call `end`; a whole answer goes to `whole`. All return the events that have become known, and throw
 * a `GatewayError` where the provider reports a failure or breaks its protocol.
 */
export class GeminiDecoder implements AnswerDecoder {
  readonly #context: DecodeContext
  readonly #sequencer = new BlockSequencer()
  readonly #toolCalls: ToolCalls
  readonly #grounding: Grounding
  readonly #codeExecution: CodeExecution
  readonly #carried = new Carried()
  #usage: Record<string, unknown> | undefined
  #finishReason: string | undefined
  #finishMessage = ''
  #blocked = false
  // Whether the last block is one of thinking that waits for its signature.
  #thinking = false
  // The text of the last block, where it is one of text to which more may be added.
  #text = ''

  constructor(context: DecodeContext) {
    this.#context = context
    const newServerId = (): string => seal(context.source.id, context.newId('toolu'))
    this.#toolCalls = new ToolCalls(this.#sequencer, () => context.newId('toolu'))
    this.#grounding = new Grounding(this.#sequencer, newServerId)
    this.#codeExecution = new CodeExecution(this.#sequencer, context.source.id, () => context.newId('toolu'))
  }

  feed(chunk: unknown): readonly StreamEvent[] {
    // An error may come as a list of one.
    const body: unknown = Array.isArray(chunk) && chunk.length === 1 ? chunk[0] : chunk
    const { source } = this.#context
    if (!isRecord(body)) throw protocolFailure(source, 'a chunk is no JSON object.', JSON.stringify(chunk))
    if (body.error) throw streamFailure(source, body)
    if (isRecord(body.usageMetadata)) this.#usage = body.usageMetadata
    for (const name in body) if (!knownOfChunk.has(name)) this.#carried.set(name, body[name])
    const feedback = body.promptFeedback
    const blockReason = isRecord(feedback) ? stringOf(feedback.blockReason) : ''
    const candidates = arrayOf(body.candidates)
    const candidate = candidates[0]
    if (isRecord(candidate) || blockReason !== '') {
      this.#sequencer.start(stringOf(body.responseId) || this.#context.newId('msg'), this.#context.model)
    }
    if (blockReason !== '') {
      this.#blocked = true
      this.#finishReason = blockReason
      this.#finishMessage = isRecord(feedback) ? stringOf(feedback.blockReasonMessage) : ''
    }
    // Of several answers (`candidateCount`) the first is the message.
    if (candidates.length > 1) this.#carried.leaveOut('candidates')
    if (isRecord(candidate)) this.#candidate(candidate)
    return this.#sequencer.take()
  }

  /** The stream's end. `whole` says whether the provider gave its answer in one piece, so that nothing of it can be missing. */
  end(whole: boolean): readonly StreamEvent[] {
    const { source } = this.#context
    // Chunks without a candidate, of usage alone or of nothing, are no beginning of an answer.
    if (!this.#sequencer.started) throw emptyAnswer(source)
    if (this.#finishReason === undefined && !whole) throw disconnected(source)
    this.#toolCalls.end()
    this.#settle()
    this.#grounding.finish()
    for (const name of this.#carried.leftOut) {
      const message = `What the provider sent as \`${name}\` is left out of this answer.`
      this.#sequencer.warn({ code: 'provider_field_left_out', message })
    }
    this.#sequencer.finish(this.#delta(), usageOf(this.#usage ?? {}, this.#grounding.searches), this.#metadata())
    return this.#sequencer.take()
  }

  /** A whole answer, decoded as a stream of one chunk, so that both give the same. */
  whole(answer: unknown): readonly StreamEvent[] {
    return [...this.feed(answer), ...this.end(true)]
  }

  #candidate(candidate: Readonly<Record<string, unknown>>): void {
    if (typeof candidate.index === 'number' && candidate.index > 0) {
      this.#carried.leaveOut('candidates')
      return
    }
    for (const name in candidate) if (!knownOfCandidate.has(name)) this.#carry(name, candidate[name])
    const { content, groundingMetadata: grounding } = candidate
    for (const part of arrayOf(isRecord(content) ? content.parts : undefined)) {
      if (!isRecord(part)) continue
      // A signature of its own ends the text, which could then not be cited any more.
      if (grounding && part.text === '') this.#grounding.add(grounding, this.#text)
      this.#part(part)
    }
    if (grounding) this.#grounding.add(grounding, this.#text)
    if (candidate.finishMessage) this.#finishMessage = stringOf(candidate.finishMessage)
    if (candidate.finishReason) this.#finish(stringOf(candidate.finishReason))
  }

  /** What stands beside the content. */
  #carry(name: string, value: unknown): void {
    if (toldInPieces.has(name) && isRecord(value)) this.#carried.merge(name, value)
    else this.#carried.set(name, value)
  }

  #finish(reason: string): void {
    this.#finishReason = reason
    if (!isFailure(reason, this.#toolCalls.any)) return
    const message = this.#finishMessage || `the answer ended with ${reason}.`
    throw streamFailure(this.#context.source, { error: { message, status: reason } })
  }

  #part(part: Readonly<Record<string, unknown>>): void {
    const signature = stringOf(part.thoughtSignature)
    const { functionCall: call } = part
    if (isRecord(call) && this.#toolCalls.continues(call)) {
      if (signature !== '') this.#sign({ of: 'previous', signature })
      this.#toolCalls.continue(call)
      return
    }
    this.#toolCalls.end()
    if (part.thought === true && typeof part.text === 'string') this.#thought(part.text, signature)
    else if (typeof part.text === 'string') this.#say(part.text, signature)
    else if (isRecord(call)) this.#call(call, signature)
    else this.#other(part, signature)
  }

  #thought(text: string, signature: string): void {
    this.#text = ''
    if (text !== '') {
      this.#sequencer.thinking(text)
      this.#thinking = true
    }
    if (signature !== '') this.#sign({ of: 'thought', signature })
  }

  #say(text: string, signature: string): void {
    if (text === '') {
      if (signature !== '') this.#sign({ of: 'empty', signature })
      return
    }
    // Text that follows is added to the same block; the length tells which of it the signature stands on.
    if (signature !== '') this.#sign({ of: 'next', signature, length: text.length })
    else this.#settle()
    this.#sequencer.text(text)
    this.#text += text
  }

  #call(call: Readonly<Record<string, unknown>>, signature: string): void {
    if (stringOf(call.name) === '') {
      if (isRecord(call.args) || arrayOf(call.partialArgs).length > 0) {
        throw protocolFailure(this.#context.source, 'a function call has no name.', JSON.stringify(call))
      }
      return
    }
    this.#announce(signature)
    this.#toolCalls.begin(call)
  }

  /** A part that is neither text nor a function call. */
  #other(part: Readonly<Record<string, unknown>>, signature: string): void {
    const { executableCode: code, codeExecutionResult: result, inlineData } = part
    if (isRecord(code)) {
      this.#announce(signature)
      this.#codeExecution.call(code)
    } else if (isRecord(result)) {
      this.#announce(signature)
      this.#codeExecution.result(result)
    } else if (isRecord(inlineData)) {
      this.#media(inlineData, part.thought === true, signature)
    } else {
      this.#announce('')
      this.#sign({ of: 'part', part })
    }
  }

  #media(blob: Readonly<Record<string, unknown>>, isThought: boolean, signature: string): void {
    const type = stringOf(blob.mimeType)
    // Sketches that were made while thinking are no part of the answer.
    if (isThought || !type.startsWith('image/')) {
      this.#carried.leaveOut(isThought ? 'inlineData of a thought' : `inlineData of ${type}`)
      return
    }
    this.#announce(signature)
    this.#sequencer.block({ type: 'image', source: { type: 'base64', media_type: type, data: stringOf(blob.data) } })
  }

  /** Says, before a part that is not text, what stands in its signature. */
  #announce(signature: string): void {
    this.#text = ''
    if (signature !== '') this.#sign({ of: 'next', signature })
    else this.#settle()
  }

  /** Puts a signature into the open block of thinking, or into an empty one. */
  #sign(carried: CarriedSignature): void {
    // What a block of thinking can hold no more takes another; it is sealed then.
    if (this.#thinking && (carried.of === 'part' || carried.of === 'previous')) this.#settle()
    this.#sequencer.signature(sealSignature(this.#context.source.id, carried))
    this.#thinking = false
    this.#text = ''
  }

  #settle(): void {
    if (this.#thinking) this.#sign({ of: 'nothing' })
  }

  #delta(): MessageDeltaEvent['delta'] {
    const answer = { hasToolCalls: this.#toolCalls.any, blocked: this.#blocked }
    const reason = stopReasonOf(this.#finishReason ?? '', answer)
    const explanation = this.#finishMessage || null
    return {
      stop_reason: reason,
      stop_sequence: null,
      ...(reason === 'refusal' && { stop_details: { type: 'refusal', category: null, explanation } }),
    }
  }

  #metadata(): ResponseMetadata {
    const tier = unusualTier(this.#usage ?? {}, this.#context.askedTier)
    const raw = {
      ...(tier !== undefined && { service_tier: tier }),
      ...(this.#finishReason !== undefined && { finish_reason: this.#finishReason }),
      ...(this.#usage && { usage: this.#usage }),
    }
    const { responseId: id, modelVersion: model, ...rest } = this.#carried.toObject()
    return { provider: { ...(id !== undefined && { id }), ...(model !== undefined && { model }), ...rest, ...raw } }
  }
}

const knownOfChunk = new Set(['candidates', 'usageMetadata', 'error'])
const knownOfCandidate = new Set(['content', 'finishReason', 'index'])
/** Each chunk tells only what belongs to its own text. */
const toldInPieces = new Set(['logprobsResult', 'citationMetadata'])
