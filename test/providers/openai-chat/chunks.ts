import { Accumulator } from '../../../api/accumulator.ts'
import type { Message, StreamEvent } from '../../../api/schemas.gen.ts'
import { type AnswerDialect, ChatDecoder } from '../../../providers/openai-chat/decode.ts'
import { openaiDialect } from '../../../providers/openai-chat/dialect.ts'
import { expectGrammar, source } from './drive.ts'

export type Json = Record<string, unknown>

export function decode(
  chunks: readonly unknown[],
  options: { done?: boolean; dialect?: Partial<AnswerDialect>; model?: string } = {},
): StreamEvent[] {
  let made = 0
  const decoder = new ChatDecoder({
    model: 'openai/gpt-test',
    nativeModel: options.model ?? 'gpt-test',
    newId: (prefix) => `${prefix}_made${++made}`,
    dialect: { ...openaiDialect, ...options.dialect },
    source,
  })
  const events = [...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.end(options.done ?? true)]
  expectGrammar(events)
  return events
}

export function messageOf(events: readonly StreamEvent[]): Message {
  const accumulator = new Accumulator()
  for (const event of events) accumulator.add(event)
  return accumulator.message()
}

export function delta(delta: Json, more: Json = {}): Json {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-test-1', choices: [{ index: 0, delta, ...more }] }
}

export function call(index: number | undefined, id: string | undefined, name: string | undefined, input: string): Json {
  return {
    ...(index !== undefined && { index }),
    ...(id !== undefined && { id }),
    type: 'function',
    function: { ...(name !== undefined && { name }), arguments: input },
  }
}

export const stop = delta({}, { finish_reason: 'stop' })
export const toolStop = delta({}, { finish_reason: 'tool_calls' })

export function contentOf(chunks: readonly unknown[], dialect: Partial<AnswerDialect> = {}): Message['content'] {
  return messageOf(decode(chunks, { dialect })).content
}
