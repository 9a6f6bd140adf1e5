import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, type AnthropicBlock, renderMessage } from '../upstreams/anthropic-answer.ts'
import type { Behaviour, Delivery } from '../upstreams/behaviour.ts'
import { isObject, type Json, objects, pieces, stringOf } from '../upstreams/json.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { type OpenAiAnswer, renderCompletion } from '../upstreams/openai-chat-answer.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'

/** What a simulated model answers, whichever vendor's it is. */
export interface Answer {
  /** By calling `talk_to_user`. */
  readonly say?: string
  /** As plain text. */
  readonly text?: string
  readonly calls?: readonly { readonly name: string; readonly input: Json }[]
  /** Nothing is answered before. */
  readonly after?: Promise<void>
  readonly delivery?: Delivery
  /** In the place of all that. */
  readonly instead?: Behaviour
}

/** A simulated model that answers one after the other; the last answer repeats. */
export interface TalkingModel {
  readonly name: string
  readonly upstream: Upstream
  readonly env: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
  /** What it was asked, each time: line by line what stood in the conversation, but for the system prompt. */
  readonly asked: readonly string[][]
}

export type ModelKind = 'openai' | 'anthropic'

export async function startModel(kind: ModelKind, answers: readonly Answer[]): Promise<TalkingModel> {
  const asked: string[][] = []
  const respond =
    <Rendered>(make: (answer: Answer) => Rendered, render: (rendered: Rendered, request: RecordedRequest) => Behaviour) =>
    (request: RecordedRequest): Behaviour => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? {}
      asked.push(linesOf(request.json))
      return async () => {
        await answer.after
        return answer.instead ?? render(make(answer), request)
      }
    }
  if (kind === 'anthropic') {
    const upstream = await startAnthropic({ script: respond(anthropicAnswer, renderMessage) })
    const env = { VAI_ANTHROPIC_BASE_URL: upstream.url }
    return { name: 'anthropic/claude-sonnet-4-5', upstream, env, keys: { anthropic: anthropicKey }, asked }
  }
  const upstream = await startOpenAiChat({ script: respond(openAiAnswer, renderCompletion) })
  const env = { VAI_OPENAI_BASE_URL: `${upstream.url}/v1` }
  return { name: 'openai/gpt-4o-mini', upstream, env, keys: { openai: openAiKey }, asked }
}

function anthropicAnswer({ say, text, calls = [], delivery }: Answer): AnthropicAnswer {
  const content: AnthropicBlock[] = [
    ...(text === undefined ? [] : [{ type: 'text', text: pieces(text, 7) } as const]),
    ...(say === undefined ? [] : [{ type: 'tool_use', name: 'talk_to_user', input: { text: say }, inputPiece: 9 } as const]),
    ...calls.map(({ name, input }) => ({ type: 'tool_use', name, input }) as const),
  ]
  return { content, ...delivery }
}

function openAiAnswer({ say, text, calls = [], delivery }: Answer): OpenAiAnswer {
  const toolCalls = [
    ...(say === undefined ? [] : [{ name: 'talk_to_user', arguments: pieces(JSON.stringify({ text: say }), 9) }]),
    ...calls.map(({ name, input }) => ({ name, arguments: JSON.stringify(input) })),
  ]
  return { ...(text !== undefined && { text: pieces(text, 7) }), ...(toolCalls.length > 0 && { toolCalls }), ...delivery }
}

// ── What it was asked ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The same lines for both vendors. */
function linesOf(body: unknown): string[] {
  return objects(isObject(body) ? body.messages : []).flatMap((message) => {
    if (message.role === 'system') return []
    if (message.role === 'tool') return [`result: ${textOf(message.content)}`]
    const parts = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : objects(message.content)
    const calls = objects(message.tool_calls).map(({ function: called }) =>
      isObject(called) ? callLine(called.name, called.arguments) : '',
    )
    return [...parts.map((part) => lineOf(String(message.role), part)), ...calls]
  })
}

function lineOf(role: string, part: Json): string {
  switch (part.type) {
    case 'text':
      return `${role}: ${stringOf(part.text)}`
    case 'tool_use':
      return callLine(part.name, part.input)
    case 'tool_result':
      return `result: ${textOf(part.content)}`
    default:
      return `${role} [${part.type === 'image_url' ? 'image' : String(part.type)}]`
  }
}

function callLine(name: unknown, input: unknown): string {
  const given: unknown = typeof input === 'string' ? JSON.parse(input) : input
  if (name === 'talk_to_user') return `says: ${isObject(given) ? stringOf(given.text) : ''}`
  return `calls ${String(name)} ${JSON.stringify(given)}`
}

function textOf(content: unknown): string {
  return typeof content === 'string'
    ? content
    : objects(content)
        .map(({ text, type }) => (text === undefined ? `[${String(type)}]` : stringOf(text)))
        .join(' ')
}
