import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { blankMarker } from './marker.ts'

/** The requests that the benchmark sends: one conversation, written in and read from two dialects. */

export type Dialect = 'anthropic' | 'openai'
export type RequestSize = 'small' | 'large'

export interface Conversation {
  readonly system: string
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  readonly maxTokens: number
}

type Turn =
  | { readonly role: 'user' | 'assistant'; readonly text: string }
  | { readonly call: { readonly id: string; readonly name: string; readonly input: unknown } }
  | { readonly result: { readonly id: string; readonly text: string } }

interface Tool {
  readonly name: string
  readonly description: string
  readonly parameters: unknown
}

export interface ReadRequest {
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly conversation: Conversation
}

/** The conversation of one size. Its system prompt holds the marker. `large` has 20 tools and is 200 kB of JSON. */
export function conversation(size: RequestSize): Conversation {
  const system = `${blankMarker} You are a careful assistant. Answer in one sentence.`
  if (size === 'small') {
    return { system, turns: [{ role: 'user', text: 'What is the capital of France?' }], tools: [], maxTokens: 1024 }
  }
  const paragraph = 'The quick brown fox — le vif renard brun — saute par-dessus le chien paresseux; 敏捷的棕色狐狸跳过了懒狗。\n'
  const turns: Turn[] = []
  for (let round = 0; round < 40; round++) {
    const id = `toolu_bench_${String(round).padStart(4, '0')}`
    turns.push({ role: 'user', text: `Question ${round}. ${paragraph.repeat(17)}` })
    turns.push({ role: 'assistant', text: `Let me look that up. ${paragraph}` })
    turns.push({ call: { id, name: `lookup_${round % 20}`, input: { query: `fox ${round}`, limit: 10, exact: true } } })
    turns.push({ result: { id, text: `Result ${round}: ${paragraph.repeat(16)}` } })
    turns.push({ role: 'assistant', text: `The answer is ${round}. ${paragraph}` })
  }
  turns.push({ role: 'user', text: 'Thank you. What is the capital of France?' })
  return { system, turns, tools: Array.from({ length: 20 }, (_, index) => tool(index)), maxTokens: 1024 }
}

/** The body of a request. An OpenAI stream asks for its usage. */
export function writeRequest(dialect: Dialect, model: string, stream: boolean, talk: Conversation): Buffer {
  return Buffer.from(
    JSON.stringify(dialect === 'anthropic' ? anthropicBody(model, stream, talk) : openaiBody(model, stream, talk)),
  )
}

/** What a body says; undefined where it is not a request of the dialect. */
export function readRequest(dialect: Dialect, body: unknown): ReadRequest | undefined {
  if (dialect === 'anthropic') return Value.Check(AnthropicRequest, body) ? fromAnthropic(body) : undefined
  return Value.Check(OpenAiRequest, body) ? fromOpenAi(body) : undefined
}

function tool(index: number): Tool {
  const text = (description: string) => ({ type: 'string', description })
  return {
    name: `lookup_${index}`,
    description: `Looks something up in catalogue ${index}. Use it where the question names a thing that the catalogue may know.`,
    parameters: {
      type: 'object',
      properties: {
        query: text('What to look for, in the words of the user.'),
        limit: { type: 'integer', description: 'How many results at most.', minimum: 1, maximum: 100 },
        exact: { type: 'boolean', description: 'Whether spelling must agree.' },
        language: { type: 'string', enum: ['en', 'fr', 'de', 'zh', 'ja'] },
        filters: { type: 'array', items: { type: 'object', properties: { field: text('A field.'), value: text('Its value.') } } },
      },
      required: ['query'],
    },
  }
}

function anthropicBody(model: string, stream: boolean, talk: Conversation): unknown {
  return {
    model,
    max_tokens: talk.maxTokens,
    system: talk.system,
    messages: mergeByRole(talk.turns.map(anthropicMessage)),
    ...(talk.tools.length > 0 && {
      tools: talk.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
    }),
    stream,
  }
}

type AnthropicMessage = Static<typeof AnthropicMessage>

function anthropicMessage(turn: Turn): AnthropicMessage {
  if ('call' in turn) return { role: 'assistant', content: [{ type: 'tool_use', ...turn.call }] }
  if ('result' in turn) {
    return { role: 'user', content: [{ type: 'tool_result', tool_use_id: turn.result.id, content: turn.result.text }] }
  }
  return { role: turn.role, content: [{ type: 'text', text: turn.text }] }
}

/** Neighbours of one role become one message, as the roles of a conversation alternate. */
function mergeByRole(messages: readonly AnthropicMessage[]): readonly AnthropicMessage[] {
  const merged: AnthropicMessage[] = []
  for (const message of messages) {
    const last = merged.at(-1)
    if (last?.role === message.role) last.content = [...last.content, ...message.content]
    else merged.push(message)
  }
  return merged
}

function openaiBody(model: string, stream: boolean, talk: Conversation): unknown {
  const messages: OpenAiMessage[] = [{ role: 'system', content: talk.system }]
  for (const turn of talk.turns) {
    if ('call' in turn) {
      const call = { name: turn.call.name, arguments: JSON.stringify(turn.call.input) }
      const last = messages.at(-1)
      if (last) last.tool_calls = [{ id: turn.call.id, type: 'function', function: call }]
    } else if ('result' in turn) messages.push({ role: 'tool', tool_call_id: turn.result.id, content: turn.result.text })
    else messages.push({ role: turn.role, content: turn.text })
  }
  return {
    model,
    max_tokens: talk.maxTokens,
    messages,
    ...(talk.tools.length > 0 && { tools: talk.tools.map((item) => ({ type: 'function', function: item })) }),
    ...(stream ? { stream, stream_options: { include_usage: true } } : { stream }),
  }
}

const Text = Type.Object({ type: Type.Literal('text'), text: Type.String() })
const TextContent = Type.Union([Type.String(), Type.Array(Text)])
const AnthropicBlock = Type.Union([
  Text,
  Type.Object({ type: Type.Literal('tool_use'), id: Type.String(), name: Type.String(), input: Type.Unknown() }),
  Type.Object({ type: Type.Literal('tool_result'), tool_use_id: Type.String(), content: TextContent }),
])
const AnthropicMessage = Type.Object({
  role: Type.Union([Type.Literal('user'), Type.Literal('assistant')]),
  content: Type.Array(AnthropicBlock),
})
const AnthropicRequest = Type.Object({
  model: Type.String(),
  max_tokens: Type.Integer(),
  system: TextContent,
  messages: Type.Array(AnthropicMessage),
  tools: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), description: Type.String(), input_schema: Type.Unknown() })),
  ),
  stream: Type.Optional(Type.Boolean()),
})

function fromAnthropic(body: Static<typeof AnthropicRequest>): ReadRequest {
  const turns = body.messages.flatMap(({ role, content }) =>
    content.map((block): Turn => {
      if (block.type === 'text') return { role, text: block.text }
      if (block.type === 'tool_use') return { call: { id: block.id, name: block.name, input: block.input } }
      return { result: { id: block.tool_use_id, text: textOf(block.content) } }
    }),
  )
  const tools = (body.tools ?? []).map(({ name, description, input_schema }) => ({ name, description, parameters: input_schema }))
  return {
    model: body.model,
    stream: body.stream ?? false,
    includeUsage: true,
    conversation: { system: textOf(body.system), turns, tools, maxTokens: body.max_tokens },
  }
}

type OpenAiMessage = Static<typeof OpenAiMessage>
const OpenAiMessage = Type.Object({
  role: Type.Union(['system', 'developer', 'user', 'assistant', 'tool'].map((role) => Type.Literal(role))),
  content: Type.Optional(Type.Union([TextContent, Type.Null()])),
  tool_call_id: Type.Optional(Type.String()),
  tool_calls: Type.Optional(
    Type.Array(
      Type.Object({
        id: Type.String(),
        type: Type.Literal('function'),
        function: Type.Object({ name: Type.String(), arguments: Type.String() }),
      }),
    ),
  ),
})
const OpenAiRequest = Type.Object({
  model: Type.String(),
  max_tokens: Type.Optional(Type.Integer()),
  max_completion_tokens: Type.Optional(Type.Integer()),
  messages: Type.Array(OpenAiMessage),
  tools: Type.Optional(
    Type.Array(
      Type.Object({
        type: Type.Literal('function'),
        function: Type.Object({ name: Type.String(), description: Type.String(), parameters: Type.Unknown() }),
      }),
    ),
  ),
  stream: Type.Optional(Type.Boolean()),
  stream_options: Type.Optional(Type.Object({ include_usage: Type.Optional(Type.Boolean()) })),
})

function fromOpenAi(body: Static<typeof OpenAiRequest>): ReadRequest {
  const [first, ...messages] = body.messages
  const turns = messages.flatMap(({ role, content, tool_call_id, tool_calls }): Turn[] => {
    if (tool_call_id !== undefined) return [{ result: { id: tool_call_id, text: textOf(content ?? '') } }]
    const text = textOf(content ?? '')
    const calls = (tool_calls ?? []).map(
      (call): Turn => ({ call: { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) } }),
    )
    return text === '' ? calls : [{ role: role === 'assistant' ? 'assistant' : 'user', text }, ...calls]
  })
  return {
    model: body.model,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    conversation: {
      system: textOf(first?.content ?? ''),
      turns,
      tools: (body.tools ?? []).map((item) => item.function),
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? 0,
    },
  }
}

function textOf(content: Static<typeof TextContent>): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}
