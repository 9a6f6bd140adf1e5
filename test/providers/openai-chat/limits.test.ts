import { expect, it } from 'vitest'
import type { ContentBlockParam } from '../../../api/schemas.gen.ts'
import { assistantMessage } from '../../../providers/openai-chat/assistant.ts'
import { ChatDecoder } from '../../../providers/openai-chat/decode.ts'
import { openaiDialect } from '../../../providers/openai-chat/dialect.ts'
import { encodeMessages } from '../../../providers/openai-chat/messages.ts'
import { delta, type Json, messageOf, stop, toolStop } from './chunks.ts'
import { context, request } from './drive.ts'

const patience = { timeout: 20_000 }

it('tells very many calls apart by their ids alone', patience, () => {
  const count = 120_000
  const calls = Array.from({ length: count }, (_, at) => ({ id: `call_${at}`, function: { name: 'f', arguments: '{}' } }))
  const content = contentOf([delta({ tool_calls: calls }), toolStop])
  expect(content.length).toBe(count)
  expect(content.at(-1)).toEqual({ type: 'tool_use', id: `call_${count - 1}`, name: 'f', input: {} })
})

it('takes very many details of reasoning, and texts beside them', patience, () => {
  const count = 250_000
  const detail = delta({ reasoning_details: [{ type: 'reasoning.encrypted' }] })
  const [thinking] = contentOf([...Array(count).fill(detail), ...Array(count).fill(delta({ reasoning: 'a' })), stop])
  expect(thinking?.type === 'thinking' && thinking.thinking.length).toBe(count)
})

it('takes very many texts that are marked and say nothing, each after another block', patience, () => {
  const cache_control = { type: 'ephemeral' } as const
  const call: ContentBlockParam = { type: 'redacted_thinking', data: 'AA==' }
  const empty: ContentBlockParam = { type: 'text', text: '', cache_control }
  const blocks = [...Array.from({ length: 80_000 }, () => [call, empty]).flat(), { ...empty, text: 'a' }, call, empty, empty]
  const dialect = { ...context.dialect, marks: 'cache_control', fileParts: 'file', videoParts: false, reasoning: 'none' } as const
  expect(assistantMessage(blocks, 'content', dialect).content).toEqual([{ type: 'text', text: 'a', cache_control }])
})

it('writes very many results and parts', patience, () => {
  const blocks = Array.from({ length: 200_000 }, (_, at): ContentBlockParam => ({ type: 'tool_result', tool_use_id: `c${at}` }))
  const text = { type: 'text' as const, text: 'a' }
  const image = { type: 'image' as const, source: { type: 'url' as const, url: 'https://a.test/' } }
  const content = [...Array.from({ length: 200_000 }, () => text), image]
  const document: ContentBlockParam = { type: 'document', source: { type: 'content', content } }
  const result: ContentBlockParam = { type: 'tool_result', tool_use_id: 'c', content: [document] }
  for (const [said, count] of [
    [blocks, 200_000],
    [[document], 1],
    [[result], 2],
  ] as const) {
    const messages = [{ role: 'user' as const, content: [...said] }]
    expect(encodeMessages({ ...request, messages }, 'gpt-test', openaiDialect).length).toBe(count)
  }
})

/** Events are not held to the grammar one by one, which would take longer than all the rest. */
function contentOf(chunks: readonly Json[]) {
  const decoder = new ChatDecoder({
    ...context,
    dialect: { ...context.dialect, reasoningField: () => 'reasoning_details' },
  })
  return messageOf([...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.end(true)]).content
}
