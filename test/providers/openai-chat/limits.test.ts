import { expect, it } from 'vitest'
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

/** Events are not held to the grammar one by one, which would take longer than all the rest. */
function contentOf(chunks: readonly Json[]) {
  const decoder = new ChatDecoder({
    ...context,
    dialect: { ...context.dialect, reasoningField: () => 'reasoning_details' },
  })
  return messageOf([...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.end(true)]).content
}
