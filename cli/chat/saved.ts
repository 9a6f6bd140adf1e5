import type { MessageParam, MessageRequest } from '@vai/sdk'
import { maxIssues } from '../../api/issues.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import { SchemaMismatch } from '../../api/schema-mismatch.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { bodyValidators } from '../../api/validators.gen.ts'
import { validateRequest } from '../../plugins/messages/validate.ts'

/** A conversation in a file: what a request to `/v1/messages` has of it. */
export interface Saved {
  /** Who answered last; for whoever reads it. */
  readonly model?: string
  readonly system?: string
  readonly messages: readonly MessageParam[]
}

export function textOfSaved({ model, system, messages }: Saved): string {
  return `${JSON.stringify({ model, system, messages }, null, 2)}\n`
}

/** Reads a conversation, or says what is wrong with it: each problem with the path of the field. A list of messages alone is one too. */
export function readSaved(text: string): { readonly saved: Saved } | { readonly problems: readonly string[] } {
  const value = parseJson(text)
  if (value === undefined) return { problems: ['it is not JSON'] }
  const document = Array.isArray(value) ? { messages: value } : value
  if (!isRecord(document)) return { problems: ['a conversation is an object with messages, or a list of messages'] }
  const others = Object.keys(document).filter((name) => !members.has(name))
  if (others.length > 0) return { problems: [`${others.slice(0, 8).join(', ')}: only model, system and messages are taken`] }
  const request: unknown = { model: 'any/model', ...document }
  if (!isRequest(request)) return { problems: problemsOf(new SchemaMismatch(check?.errors ?? []).issues ?? []) }
  const issues = [...validateRequest(request, limits), ...callsWithoutResult(request.messages)]
  if (issues.length > 0) return { problems: problemsOf(issues) }
  const { system, messages } = request
  if (system !== undefined && typeof system !== 'string') return { problems: ['system: a text is expected'] }
  return { saved: { messages, ...(system !== undefined && { system }) } }
}

const members: ReadonlySet<string> = new Set(['model', 'system', 'messages'])
const check = bodyValidators.MessageRequest
/** How much may be sent is for the gateway to say. */
const limits = { imageBytes: Infinity, blockBytes: Infinity, base64Bytes: Infinity, messages: 10_000, textBytes: Infinity }

function isRequest(value: unknown): value is MessageRequest {
  return check?.(value) === true
}

/** Providers refuse whatever follows a call that nobody has answered. */
function callsWithoutResult(messages: readonly MessageParam[]): Issue[] {
  return messages.flatMap(({ content }, index) => {
    const next = messages[index + 1]?.content ?? []
    const answered = new Set(
      typeof next === 'string' ? [] : next.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : [])),
    )
    const calls = typeof content === 'string' ? [] : content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
    return calls
      .filter((id) => !answered.has(id))
      .map((id) => ({
        code: 'tool_result_missing',
        message: `messages[${index}]: the call ${JSON.stringify(id)} has no result in the next message`,
      }))
  })
}

function problemsOf(issues: readonly Issue[]): readonly string[] {
  return issues.slice(0, maxIssues).map(({ param, message }) => (param ? `${param}: ${message}` : message))
}
