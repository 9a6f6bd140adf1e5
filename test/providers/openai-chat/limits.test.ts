import { expect, it } from 'vitest'
import type { ContentBlockParam } from '../../../api/schemas.gen.ts'
import { assistantMessage } from '../../../providers/openai-chat/assistant.ts'
import { ChatDecoder } from '../../../providers/openai-chat/decode.ts'
import { delta, type Json, messageOf, stop, toolStop } from './chunks.ts'
import { context } from './drive.ts'

const patience = { timeout: 20_000 }

it('tells very many calls apart by their ids alone', patience, () => {
  const count = 200_000
  const calls = Array.from({ length: count }, (_, at) => ({ id: `call_${at}`, function: { name: 'f', arguments: '{}' } }))
  const content = contentOf([delta({ tool_calls: calls }), toolStop])
  expect(content.length).toBe(count)
  expect(content.at(-1)).toEqual({ type: 'tool_use', id: `call_${count - 1}`, name: 'f', input: {} })
})

it('takes very many details of reasoning, and texts beside them', patience, () => {
  const count = 400_000
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

/** Events are not held to the grammar one by one, which would take longer than all the rest. */
function contentOf(chunks: readonly Json[]) {
  const decoder = new ChatDecoder({
    ...context,
    dialect: { ...context.dialect, reasoningField: () => 'reasoning_details' },
  })
  return messageOf([...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.end(true)]).content
}
