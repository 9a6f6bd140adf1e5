import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { withToolIds } from '../../providers/tool-ids.ts'

const nine = { accepts: /^[a-zA-Z0-9]{9}$/, length: 9 }

function conversation(...ids: readonly string[]): MessageRequest {
  return {
    model: 'mistral/some',
    messages: [
      { role: 'user', content: 'Do it.' },
      { role: 'assistant', content: ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })) },
      { role: 'user', content: ids.map((tool_use_id) => ({ type: 'tool_result', tool_use_id, content: 'done' })) },
    ],
  }
}

function idsOf({ messages }: MessageRequest): string[] {
  return messages.flatMap(({ content }) =>
    typeof content === 'string'
      ? []
      : content.flatMap((block) =>
          block.type === 'tool_use' ? [block.id] : block.type === 'tool_result' ? [block.tool_use_id] : [],
        ),
  )
}

describe('ids of tool calls', () => {
  it('that the provider takes are left alone, and so is the request', () => {
    const request = conversation('D681PevKs', 'abcdefghi')
    expect(withToolIds(request, nine)).toBe(request)
  })

  it('that it would refuse are replaced in the call and in its result alike, and the same every time', () => {
    const request = conversation('call_9KxbZpqQ3vT', 'D681PevKs')
    const [first, kept, firstResult, keptResult] = idsOf(withToolIds(request, nine))
    expect(first).toMatch(nine.accepts)
    expect([firstResult, kept, keptResult]).toEqual([first, 'D681PevKs', 'D681PevKs'])
    expect(idsOf(withToolIds(conversation('call_9KxbZpqQ3vT'), nine))[0]).toBe(first)
  })

  it('stay apart, though they differ in one character only', () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `functions.get_weather:${at}`)
    const calls = idsOf(withToolIds(conversation(...ids), nine)).slice(0, ids.length)
    expect(new Set(calls).size).toBe(ids.length)
    for (const id of calls) expect(id).toMatch(nine.accepts)
  })

  it('leave the request itself as it was', () => {
    const request = conversation('a:b')
    const before = structuredClone(request)
    withToolIds(request, nine)
    expect(request).toEqual(before)
  })
})
