import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Accumulator } from '../../../api/accumulator.ts'
import type { StreamEvent } from '../../../api/schemas.gen.ts'
import { ChatDecoder } from '../../../providers/openai-chat/decode.ts'
import { openai } from '../../../providers/openai-chat/index.ts'
import { sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, context, expectGrammar, request } from './drive.ts'

interface Piece {
  readonly kind: 'text' | 'reasoning' | 'refusal' | 'tool' | 'citation' | 'empty' | 'usage' | 'finish'
  readonly call: number
  readonly text: string
}

/** What a model says, in any order: texts, reasoning, up to four tool calls whose pieces come by turns, and repeats. */
const script = fc.array(
  fc.record({
    kind: fc.constantFrom<Piece['kind'][]>(
      'text',
      'reasoning',
      'refusal',
      'tool',
      'tool',
      'tool',
      'citation',
      'empty',
      'usage',
      'finish',
    ),
    call: fc.nat(3),
    text: fc.string({ maxLength: 8 }),
  }),
  { maxLength: 40 },
)

/** Each call's whole input is cut into as many pieces as the script has turns for it; the rest comes at the end. */
function chunksOf(pieces: readonly Piece[], inputs: readonly string[]): unknown[] {
  const at = inputs.map(() => 0)
  const begun = new Set<number>()
  const toolDelta = (call: number, size: number): object => {
    const start = at[call] ?? 0
    const input = (inputs[call] ?? '').slice(start, start + size)
    at[call] = start + input.length
    const first = !begun.has(call)
    begun.add(call)
    return {
      tool_calls: [
        { index: call, ...(first && { id: `c${call}` }), function: { ...(first && { name: `tool${call}` }), arguments: input } },
      ],
    }
  }
  const chunks = pieces.map((piece) => chunkOf(piece, toolDelta))
  const rest = [...begun].map((call) => chunk(toolDelta(call, Number.POSITIVE_INFINITY)))
  return [chunk({ role: 'assistant', content: '' }), ...chunks, ...rest, chunk({}, 'stop')]
}

function chunkOf({ kind, call, text }: Piece, toolDelta: (call: number, size: number) => object): object {
  switch (kind) {
    case 'text':
      return chunk({ content: text })
    case 'reasoning':
      return chunk({ reasoning_content: text })
    case 'refusal':
      return chunk({ refusal: text })
    case 'tool':
      return chunk(toolDelta(call, 1 + text.length))
    case 'citation':
      return chunk({ annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.test', title: text } }] })
    case 'empty':
      return { id: 'chatcmpl-1', choices: [] }
    case 'usage':
      return { id: 'chatcmpl-1', choices: [], usage: { completion_tokens: call } }
    case 'finish':
      return chunk({}, 'stop')
  }
}

function chunk(delta: object, finishReason: string | null = null): object {
  return { id: 'chatcmpl-1', model: 'm', choices: [{ index: 0, delta, finish_reason: finishReason }] }
}

function decode(chunks: readonly unknown[]): StreamEvent[] {
  const decoder = new ChatDecoder(context)
  return [...chunks.flatMap((item) => decoder.feed(item)), ...decoder.end(true)]
}

const inputs = fc.array(
  fc
    .dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1, stringUnit: 'binary' }), { maxKeys: 3 })
    .map((value) => JSON.stringify(value)),
  { minLength: 4, maxLength: 4 },
)

describe('whatever order a provider speaks in', () => {
  it('the events keep the grammar and nothing that was said is lost', () => {
    fc.assert(
      fc.property(script, inputs, (pieces, jsons) => {
        const events = decode(chunksOf(pieces, jsons))
        expectGrammar(events)
        const accumulator = new Accumulator()
        for (const event of events) accumulator.add(event)
        const { content } = accumulator.message()
        const said = (kinds: readonly Piece['kind'][]): string =>
          pieces.map(({ kind, text }) => (kinds.includes(kind) ? text : '')).join('')
        expect(content.map((block) => (block.type === 'text' ? block.text : '')).join('')).toBe(said(['text', 'refusal']))
        expect(content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')).toBe(said(['reasoning']))
        const called = new Set(pieces.flatMap(({ kind, call }) => (kind === 'tool' ? [call] : [])))
        const calls = content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input }))
        expect(calls).toEqual(
          [...called].map((call) => ({ id: `c${call}`, name: `tool${call}`, input: JSON.parse(jsons[call] ?? '') })),
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('wherever the bytes are cut', () => {
  const body = [
    ': a comment\n\n',
    ...[
      { content: 'Größe 🙂 \u2028' },
      { reasoning: '考える' },
      { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"ü":"🙂"}' } }] },
    ].map((delta) => `data: ${JSON.stringify(chunk(delta))}\r\n\r\n`),
    `data: ${JSON.stringify(chunk({}, 'tool_calls'))}\n\ndata: [DONE]\n\n`,
  ].join('')

  it.each(['bytes', 'whole', { seed: 1 }, { seed: 2, max: 7 }, { seed: 3, max: 200 }] as const)(
    'the events are the same: %j',
    async (chunks) => {
      const { call } = await callTo([sse(body), sse(body, { chunks })])
      const expected = await collect(openai.stream(request, call))
      expectGrammar(expected)
      expect(await collect(openai.stream(request, call))).toEqual(expected)
      expect(expected.filter(({ type }) => type === 'content_block_start')).toHaveLength(3)
    },
  )
})
