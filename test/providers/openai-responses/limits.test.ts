import { expect, it } from 'vitest'
import { encodeInput } from '../../../providers/openai-responses/input.ts'
import { openKept, sealKept } from '../../../providers/openai-responses/kept.ts'
import { added, decode, event, messageOf, text } from './drive.ts'

const slow = 20_000
const many = 200_000

it.each(['reasoning_summary_text', 'reasoning_text'])('a part of %s may have any index', { timeout: slow }, (kind) => {
  const index = kind === 'reasoning_text' ? 'content_index' : 'summary_index'
  const events = [1e9, 2, 4294967296, -1].map((at) => event(0, `${kind}.delta`, { [index]: at, delta: `${at};` }))
  const told = [added(0, { type: 'reasoning', id: 'rs_1', summary: [] }), ...events, text(1, 'Hi.')]
  const [thinking] = messageOf(decode(told)).content
  expect(thinking?.type === 'thinking' && openKept('oai-resp', thinking.signature)?.items).toEqual([
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      [kind === 'reasoning_text' ? 'content' : 'summary']: ['-1;', '2;', '1000000000;', '4294967296;'].map((said) => ({
        type: kind === 'reasoning_text' ? 'reasoning_text' : 'summary_text',
        text: said,
      })),
    },
  ])
})

it('a part of a message may have any index', { timeout: slow }, () => {
  const told = [text(0, 'a', 1e9), text(0, 'b', 4294967296), text(0, 'c', -1)]
  expect(messageOf(decode(told)).content).toEqual(['a', 'b', 'c'].map((said) => ({ type: 'text', text: said })))
})

it('a signature may keep very many items, and a message very many blocks', { timeout: slow }, () => {
  const signature = sealKept('oai-resp', { items: Array(many).fill({ type: 'web_search_call' }), next: undefined })
  const document = { type: 'document' as const, source: { type: 'content' as const, content: textsAnd('https://a.test/') } }
  const input = encodeInput(
    {
      messages: [
        { role: 'user', content: [document] },
        { role: 'assistant', content: [{ type: 'thinking', thinking: '', signature }] },
      ],
    },
    'oai-resp',
  )
  expect(input.length).toBe(many + 1)
})

function textsAnd(url: string) {
  const texts = Array.from({ length: many }, () => ({ type: 'text' as const, text: 'a' }))
  return [...texts, { type: 'image' as const, source: { type: 'url' as const, url } }]
}
