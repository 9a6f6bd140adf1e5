import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../api/accumulate.ts'
import { Accumulator, mergeMetadata, mergeUsage } from '../../api/accumulator.ts'
import { GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import type { ContentBlock, ContentBlockDelta, Message, StreamEvent } from '../../api/schemas.gen.ts'
import { sseFrame } from '../../api/sse.ts'
import { parseToolInput } from '../../api/tool-input.ts'
import { problemsWith } from '../contract-schemas.ts'

const start: StreamEvent = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'demo/echo',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
}
const end: readonly StreamEvent[] = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
]

function block(index: number, content_block: ContentBlock, ...deltas: ContentBlockDelta[]): StreamEvent[] {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta): StreamEvent => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

function fold(events: readonly StreamEvent[]): Message {
  const accumulator = new Accumulator()
  for (const event of events) accumulator.add(event)
  return accumulator.message()
}

async function* itemsOf(items: readonly StreamItem[]): AsyncGenerator<StreamItem> {
  yield* items
}

const json = (partial_json: string): ContentBlockDelta => ({ type: 'input_json_delta', partial_json })
const tool: ContentBlock = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }

describe('the message that a stream tells', () => {
  it('joins the text of each block', () => {
    const message = fold([
      start,
      ...block(0, { type: 'text', text: 'a' }, { type: 'text_delta', text: 'b' }, { type: 'text_delta', text: '' }),
      ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: '🙂' }),
      ...end,
    ])
    expect(message.content).toEqual([
      { type: 'text', text: 'ab' },
      { type: 'text', text: '🙂' },
    ])
    expect(message).toMatchObject({ id: 'msg_1', stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 7 } })
    expect(problemsWith('Message', message)).toEqual([])
  })

  it('joins thinking, and takes the last signature', () => {
    const thinking: ContentBlock = { type: 'thinking', thinking: '', signature: '' }
    const deltas: ContentBlockDelta[] = [
      { type: 'thinking_delta', thinking: 'Let me' },
      { type: 'thinking_delta', thinking: ' think.' },
      { type: 'signature_delta', signature: 'early' },
      { type: 'signature_delta', signature: 'final' },
    ]
    expect(fold([start, ...block(0, thinking, ...deltas), ...end]).content).toEqual([
      { type: 'thinking', thinking: 'Let me think.', signature: 'final' },
    ])
  })

  it('collects citations behind those that were there', () => {
    const citation = (url: string) => ({ type: 'web_search_result_location', url })
    const cited: ContentBlock = { type: 'text', text: 'x', citations: [citation('https://a.test')] }
    const events = block(0, cited, { type: 'citations_delta', citation: citation('https://b.test') })
    expect(fold([start, ...events, ...end]).content).toEqual([
      { ...cited, citations: [citation('https://a.test'), citation('https://b.test')] },
    ])
  })

  it('puts a compaction where its block is', () => {
    const events: StreamEvent[] = block(0, { type: 'compaction', content: null }, { type: 'compaction_delta', content: 'so far' })
    expect(fold([start, ...events, ...end]).content).toEqual([{ type: 'compaction', content: 'so far' }])
  })

  it('keeps blocks that come in one piece, with fields nobody knows', () => {
    const redacted = { type: 'redacted_thinking', data: 'opaque', later: { a: 1 } } as const
    expect(fold([start, ...block(0, redacted), ...end]).content).toEqual([redacted])
  })

  it('keeps fields of the last delta that nobody knows', () => {
    const delta = { stop_reason: 'end_turn', stop_sequence: null, container: { id: 'c' } } as const
    const message = fold([start, { type: 'message_delta', delta, usage: {} }, { type: 'message_stop' }])
    expect(message).toMatchObject({ container: { id: 'c' }, stop_reason: 'end_turn' })
    expect(message).not.toHaveProperty('delta')
    expect(message.type).toBe('message')
  })

  it('does not change the events it is made from', () => {
    const events = [start, ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'a' }), ...end]
    const before = structuredClone(events)
    fold(events)
    expect(events).toEqual(before)
  })

  it('passes over pings', () => {
    expect(fold([{ type: 'ping' }, start, { type: 'ping' }, ...end]).content).toEqual([])
  })
})

describe('the input of a tool call', () => {
  const inputOf = (...deltas: string[]): unknown => {
    const [first] = fold([start, ...block(0, tool, ...deltas.map(json)), ...end]).content
    return first && 'input' in first ? first.input : undefined
  }

  it('is read from its pieces, wherever they were cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }), {
          noNullPrototype: true,
        }),
        fc.array(fc.nat(40)),
        (input, sizes) => {
          let rest = JSON.stringify(input)
          const expected: unknown = JSON.parse(rest)
          const pieces = sizes.map((size) => {
            const piece = rest.slice(0, size)
            rest = rest.slice(size)
            return piece
          })
          expect(inputOf(...pieces, rest)).toEqual(expected)
        },
      ),
    )
  })

  it('is what the block began with where no delta says otherwise', () => {
    expect(inputOf()).toEqual({})
    expect(inputOf('')).toEqual({})
    const filled: ContentBlock = { ...tool, input: { city: 'Bern' } }
    expect(fold([start, ...block(0, filled), ...end]).content).toEqual([filled])
    expect(fold([start, ...block(0, filled, json('')), ...end]).content).toEqual([filled])
  })

  it('of two calls that come by turns does not get mixed up', () => {
    const [a, b] = [block(0, tool, json('{"a"'), json(':1}')), block(1, { ...tool, id: 'toolu_2' }, json('{"b":'), json('2}'))]
    const turns = a.flatMap((event, at) => [event, ...(b[at] ? [b[at]] : [])])
    expect(fold([start, ...turns, ...end]).content).toMatchObject([{ input: { a: 1 } }, { id: 'toolu_2', input: { b: 2 } }])
  })

  it('that is cut is kept as far as it goes, and the message says so', () => {
    const message = fold([start, ...block(0, { type: 'text', text: '' }), ...block(1, tool, json('{"a":1,"b":"cu')), ...end])
    expect(message.content[1]).toMatchObject({ input: { a: 1, b: 'cu' } })
    expect(message.metadata?.warnings).toMatchObject([{ code: 'invalid_tool_input', param: 'content[1].input' }])
  })

  it('with a number that is rounded is told of, by the block', () => {
    const text = '{"a":[{"id":12345678901234567890}]}'
    const message = fold([start, ...block(0, { type: 'text', text: '' }), ...block(1, tool, json(text)), ...end])
    expect(message.metadata?.warnings).toMatchObject([{ code: 'inexact_tool_input', param: 'content[1].input' }])
  })

  it.each(['[1,2]', '"text"', 'null', '42', 'I will not call'])(
    'that is no object but %s is an empty one with a warning',
    (text) => {
      const { input, warning } = parseToolInput(text)
      expect(input).toEqual({})
      expect(warning?.message).toContain(text)
    },
  )
})

describe('a stream that is not what the contract says', () => {
  it.each<[string, readonly StreamEvent[]]>([
    ['is empty', []],
    ['ends before message_stop', [start, ...end.slice(0, 1)]],
    ['begins without message_start', block(0, { type: 'text', text: '' })],
    ['is nothing but its end', [{ type: 'message_stop' }]],
    [
      'has a delta for a block that was not started',
      [start, ...block(0, tool).slice(1), { type: 'content_block_delta', index: 3, delta: json('') }],
    ],
  ])('is refused where it %s', (_, events) => {
    expect(() => fold(events)).toThrow(GatewayError)
    expect(() => fold(events)).toThrow(/not what the contract says/)
  })
})

describe('an answer that broke off', () => {
  const partial = (events: readonly StreamEvent[]): Message | undefined => {
    const accumulator = new Accumulator()
    for (const event of events) accumulator.add(event)
    return accumulator.partial()
  }
  const call: ContentBlock = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
  const json: ContentBlockDelta = { type: 'input_json_delta', partial_json: '{"a":1}' }

  it('is nothing before it has begun', () => {
    expect(partial([])).toBeUndefined()
  })

  it('keeps the blocks that are whole, and text as far as it came', () => {
    const text = block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'Half a' })
    const message = partial([start, ...block(0, call, json), ...text.slice(0, -1)])
    expect(message?.content).toEqual([
      { ...call, input: { a: 1 } },
      { type: 'text', text: 'Half a' },
    ])
    expect(message?.stop_reason).toBeNull()
  })

  it('keeps neither a call nor a thought that is not whole', () => {
    const thought = block(0, { type: 'thinking', thinking: '', signature: '' }, { type: 'thinking_delta', thinking: 'Hm' })
    const calls = block(1, call, json)
    expect(partial([start, ...thought.slice(0, -1), ...calls.slice(0, -1)])?.content).toEqual([])
  })
})

describe('accumulate', () => {
  it('reads frames that are forwarded as bytes like events', async () => {
    const events = [
      start,
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'a\n\nb' }, { type: 'text_delta', text: '\u2028🙂' }),
      ...end,
    ]
    const deltas = events.filter(({ type }) => type === 'content_block_delta')
    const bytes = new TextEncoder().encode(deltas.map(sseFrame).join(''))
    const items: StreamItem[] = [...events.slice(0, 2), { type: 'wire', bytes }, ...events.slice(4)]
    expect(await accumulate(itemsOf(items))).toEqual(fold(events))
  })

  it('throws what the stream throws', async () => {
    const failure = new GatewayError('provider_overloaded')
    async function* failing(): AsyncGenerator<StreamItem> {
      yield start
      throw failure
    }
    await expect(accumulate(failing())).rejects.toBe(failure)
  })
})

describe('mergeUsage', () => {
  it('takes the later number, and keeps what the later one leaves out or does not know', () => {
    expect(
      mergeUsage(
        { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: 5 },
        { input_tokens: 10, output_tokens: 0, cache_read_input_tokens: null, cache_creation_input_tokens: null },
      ),
    ).toEqual({ input_tokens: 10, output_tokens: 0, cache_read_input_tokens: 5, cache_creation_input_tokens: null })
  })

  it('keeps fields it does not know', () => {
    const later = { output_tokens: 2, server_tool_use: { web_search_requests: 1 } }
    expect(mergeUsage({ input_tokens: 1 }, later)).toEqual({ input_tokens: 1, ...later })
  })
})

describe('mergeMetadata', () => {
  const warning = (code: string) => ({ code, message: code })

  it('has the warnings of both and the facts of both', () => {
    const earlier = { warnings: [warning('a')], provider: { model: 'm' }, x: 1 }
    const later = { warnings: [warning('b')], provider: { stop_reason: 'end' } }
    expect(mergeMetadata(earlier, later)).toEqual({
      x: 1,
      warnings: [warning('a'), warning('b')],
      provider: { model: 'm', stop_reason: 'end' },
    })
  })

  it('invents nothing where there is nothing', () => {
    expect(mergeMetadata(undefined, {})).toEqual({})
  })
})
