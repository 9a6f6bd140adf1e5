import type { ContentBlockParam, MessageParam, MessageRequest } from '../../api/schemas.gen.ts'
import { framed } from '../framed.ts'
import { answerParts } from './answer-parts.ts'
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
  const calls = callsOf(request.messages)
  const contents: Content[] = []
  for (const turn of turnsOf(request.messages)) {
    const parts =
      turn.role === 'model'
        ? answerParts(turn.blocks, { dialect, isGemini3 })
        : userParts(turn.blocks, { calls, dialect, isGemini3 })
    // What is left of a turn may be nothing: thinking, say, that only another provider can read.
    if (parts.length > 0) contents.push({ role: turn.role, parts })
    else if (turn.role === 'user') contents.push({ role: 'user', parts: [{ text: '' }] })
  }
  return contents
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
    if (last?.role === role) last.blocks.push(...blocks)
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

/** What is known of a call when its result is sent. */
export interface KnownCall {
  readonly name: string
  /** The place of the call among all. */
  readonly at: number
}

function callsOf(messages: readonly MessageParam[]): ReadonlyMap<string, KnownCall> {
  const calls = new Map<string, KnownCall>()
  for (const { content } of messages) {
    if (typeof content === 'string') continue
    for (const block of content) if (block.type === 'tool_use') calls.set(block.id, { name: block.name, at: calls.size })
  }
  return calls
}

interface UserContext {
  readonly calls: ReadonlyMap<string, KnownCall>
  readonly dialect: GeminiDialect
  readonly isGemini3: boolean
}

function userParts(blocks: readonly PlacedBlock[], { calls, dialect, isGemini3 }: UserContext): Part[] {
  const results: { readonly at: number; readonly part: Part }[] = []
  const attached: Part[] = []
  const rest: Part[] = []
  for (const { block, path } of blocks) {
    if (block.type !== 'tool_result') {
      rest.push(...mediaParts(block, path, dialect))
      continue
    }
    const call = calls.get(block.tool_use_id) ?? refuse('the result of a call that is not there', path, dialect)
    const [part, ...following] = toolResultParts(block, path, { name: call.name, dialect, filesInside: isGemini3 })
    results.push({ at: call.at, part })
    attached.push(...following)
  }
  // Calls without ids are told apart by their order alone.
  results.sort((a, b) => a.at - b.at)
  return [...results.map(({ part }) => part), ...attached, ...rest]
}
