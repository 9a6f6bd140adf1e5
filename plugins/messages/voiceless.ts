import { issueAt } from '../../api/issues.ts'
import { isRecord, stringOf } from '../../api/json.ts'
import { paramOf } from '../../api/param.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { soundBlocksOf } from '../../providers/sound-blocks.ts'
import { editItems, editMembers, type ItemChanges, itemOf, memberOf } from '../../text/json-bytes.ts'

/** A request without its voice: what the gateway itself hears and speaks is for no model to read. */

/** What the gateway has heard, or will have: the text that stands for a block, by the block's path. */
export type HeardTexts = ReadonlyMap<string, string>

/** A parsed body, and the JSON that it was parsed from. */
export interface Body {
  readonly body: unknown
  readonly json: Buffer
}

/**
 * The request as a model is to read it: text in the place of sound that the gateway has heard, and nothing of what it has spoken
 * itself, of which the text stands in the history too. Everything else stays byte for byte. The same object where nothing is changed.
 */
export function withoutVoice(given: Body, heard: HeardTexts): Body {
  const { body } = given
  if (!isRecord(body)) return given
  const changed = changedMessages(body.messages, heard)
  const fields = voiceFields.filter((field) => Object.hasOwn(body, field))
  if (changed.size === 0 && fields.length === 0) return given
  const rest: Record<string, unknown> = { ...body }
  for (const field of fields) delete rest[field]
  const dropped = Object.fromEntries(fields.map((field) => [field, undefined]))
  if (changed.size === 0 || !Array.isArray(body.messages)) return { body: rest, json: editMembers(given.json, dropped) }
  const messagesJson = memberOf(given.json, 'messages') ?? nothing
  const messages: unknown[] = [...body.messages]
  const edits = new Map<number, Buffer>()
  for (const [index, blocks] of changed) {
    const message: unknown = messages[index]
    if (!isRecord(message) || !Array.isArray(message.content)) continue
    messages[index] = { ...message, content: editedBlocks(message.content, blocks) }
    const messageJson = itemOf(messagesJson, index) ?? nothing
    const content = editItems(memberOf(messageJson, 'content') ?? nothing, blocks)
    edits.set(index, editMembers(messageJson, { content }))
  }
  const json = editMembers(given.json, { ...dropped, messages: editItems(messagesJson, edits) })
  return { body: { ...rest, messages }, json }
}

/** How long a request is as JSON but for the sound that no model reads, in bytes; `left` is what `withoutVoice` has left of its messages. */
export function bytesWithoutVoice({ body, json }: Body, left: unknown): number {
  // Most requests have no voice, and need not be walked through for it.
  if (!isRecord(body) || body.messages === left) return json.length
  return json.length - base64Bytes(body.messages) + base64Bytes(left)
}

function base64Bytes(messages: unknown): number {
  let bytes = 0
  for (const { block } of soundBlocksOf(messages)) {
    if (isRecord(block.source) && typeof block.source.data === 'string') bytes += block.source.data.length
  }
  return bytes
}

/** What a request has of voice where nobody hears and nobody speaks. */
export function voiceIssues(body: unknown): Issue[] {
  if (!isRecord(body)) return []
  const issues = voiceFields
    .filter((field) => Object.hasOwn(body, field))
    .map((field) => issueAt([field], 'unsupported_parameter', `the gateway hears and speaks in ${where}`))
  for (const { path, block } of soundBlocksOf(body.messages)) {
    if (block.type !== 'audio_stt') continue
    issues.push(
      issueAt([...path, 'type'], 'unsupported_block', `the gateway hears sound in ${where}; send its transcript as text`),
    )
  }
  return issues
}

const where = '`POST /v1/messages` alone'
const voiceFields = ['voice', 'stt_model', 'tts_model'] as const

/** Of each message that is changed, its blocks that are, by their indexes. */
function changedMessages(messages: unknown, heard: HeardTexts): Map<number, Map<number, string | undefined>> {
  const changed = new Map<number, Map<number, string | undefined>>()
  for (const { path, message, at, block, role, siblings } of soundBlocksOf(messages)) {
    const text = heard.get(paramOf(path))
    const isSpoken = role === 'assistant' && block.type === 'audio' && typeof block.transcript === 'string'
    if (text === undefined && !isSpoken) continue
    const blocks = changed.get(message) ?? new Map<number, string | undefined>()
    changed.set(message, blocks)
    const written = isSpoken && siblings.some((each) => isRecord(each) && each.type === 'text')
    blocks.set(at, written ? undefined : textBlock(text ?? stringOf(block.transcript)))
  }
  return changed
}

function textBlock(text: string): string {
  return JSON.stringify({ type: 'text', text })
}

function editedBlocks(content: readonly unknown[], changes: ItemChanges): unknown[] {
  return content.flatMap((block, index): unknown[] => {
    if (!changes.has(index)) return [block]
    const change = changes.get(index)
    return change === undefined ? [] : [JSON.parse(change.toString())]
  })
}

const nothing = Buffer.alloc(0)
