import type { ContentBlockParam, MessageParam, MessageRequest } from '../../api/schemas.gen.ts'
import { framed } from '../framed.ts'
import { withPicturesMoved } from '../pictures.ts'
import { unseal } from '../sealed.ts'
import { answerParts } from './answer-parts.ts'
import { unsealSignature } from './carried-signature.ts'
import type { GeminiDialect } from './dialect.ts'
import { familyOf } from './families.ts'
import { mediaParts, refuse } from './media.ts'
import { toolResultParts } from './tool-results.ts'
import type { Content, Part } from './wire.ts'

/**
 * The conversation as `contents`: the turns of user and model by turns. There are no messages of a system in between; they are
 * framed texts of the user. The results of tools come first in their turn, in the order of the calls.
 */
export function encodeContents(request: MessageRequest, model: string, dialect: GeminiDialect): Content[] {
  const { isGemini3 } = familyOf(model)
  const calls = new Map<string, KnownCall>()
  const contents: Content[] = []
  for (const { role, blocks } of turnsOf(
    isGemini3 ? withPicturesMoved(request.messages, (_, before) => isSigned(before, dialect)) : request.messages,
  )) {
    if (role === 'model') learnCalls(calls, blocks, dialect)
    const context = { calls, dialect, isGemini3 }
    const parts = role === 'model' ? answerParts(blocks, context) : userParts(blocks, context)
    // What is left of a turn may be nothing: thinking, say, that only another provider can read.
    if (parts.length > 0) contents.push({ role, parts })
    else if (role === 'user') contents.push({ role, parts: [{ text: '' }] })
  }
  return contents
}

/** Whether a signature of Gemini's stands in the block for what follows it. */
function isSigned(before: ContentBlockParam | undefined, { id }: GeminiDialect): boolean {
  return before?.type === 'thinking' && unsealSignature(id, before.signature)?.of === 'next'
}

export interface TurnContext {
  /** The calls so far, by the ids that the caller knows them by; of two with one id the later. */
  readonly calls: ReadonlyMap<string, KnownCall>
  readonly dialect: GeminiDialect
  readonly isGemini3: boolean
}

/** What is known of a call when its result is sent. */
export interface KnownCall {
  readonly name: string
  /** The place of the call in its turn. */
  readonly at: number
  /** The id that Gemini gave; undefined where it gave none, and of another model's call. */
  readonly id: string | undefined
}

/** A block and where it stands in the request. */
export interface PlacedBlock {
  readonly block: ContentBlockParam
  readonly path: string
}

interface Turn {
  readonly role: Content['role']
  readonly blocks: PlacedBlock[]
}

/** The messages, with those of one role that follow each other put together. */
function turnsOf(messages: readonly MessageParam[]): Turn[] {
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    const role = message.role === 'assistant' ? 'model' : 'user'
    const path = `messages[${index}].content`
    const blocks = placedBlocks(message, path)
    const last = turns.at(-1)
    if (last?.role === role) for (const block of blocks) last.blocks.push(block)
    else turns.push({ role, blocks })
  }
  return turns
}

function placedBlocks({ role, content }: MessageParam, path: string): PlacedBlock[] {
  const blocks: ContentBlockParam[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  if (role !== 'system') return blocks.map((block, at) => ({ block, path: `${path}[${at}]` }))
  const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
  return [{ block: { type: 'text', text: framed('system', {}, text) }, path }]
}

/** Ids are sent only where Gemini gave them: not every version of the API takes others, and none needs them. */
function learnCalls(calls: Map<string, KnownCall>, blocks: readonly PlacedBlock[], { id: owner }: GeminiDialect): void {
  const isOwn = blocks.some(({ block }) => block.type === 'thinking' && unseal(owner, block.signature) !== undefined)
  for (const [at, { block }] of blocks.entries()) {
    if (block.type !== 'tool_use') continue
    const id = isOwn && !madeHere.test(block.id) ? block.id : undefined
    calls.set(block.id, { name: block.name, at, id })
  }
}

/** An id that the gateway made because the provider gave none. */
const madeHere = /^toolu_[0-9A-HJKMNP-TV-Z]{26}$/

function userParts(blocks: readonly PlacedBlock[], { calls, dialect, isGemini3 }: TurnContext): Part[] {
  const results: { readonly at: number; readonly part: Part }[] = []
  const attached: Part[] = []
  const rest: Part[] = []
  for (const { block, path } of blocks) {
    if (block.type !== 'tool_result') {
      for (const part of mediaParts(block, path, dialect)) rest.push(part)
      continue
    }
    const call = calls.get(block.tool_use_id) ?? refuse('the result of a call that is not there', path, dialect)
    const [part, ...following] = toolResultParts(block, path, { call, dialect, filesInside: isGemini3 })
    results.push({ at: call.at, part })
    for (const each of following) attached.push(each)
  }
  // Calls without ids are told apart by their order alone.
  results.sort((a, b) => a.at - b.at)
  return [...results.map(({ part }) => part), ...attached, ...rest]
}
