import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { geminiApi } from '../../../providers/gemini/index.ts'
import { sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, expectGrammar } from '../openai-chat/drive.ts'
import { call, chunk, decode, type Json, messageOf, piece, request, stop } from './chunks.ts'

/** What a model says, in any order; some of it signed, and some of what nobody expects. */
const part: fc.Arbitrary<Json> = fc
  .tuple(
    fc.oneof(
      fc.string({ maxLength: 8 }).map((text) => ({ text })),
      fc.string({ maxLength: 8 }).map((text) => ({ text, thought: true })),
      fc
        .dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
        .map((args) => call('whole', { args })),
      fc.constantFrom(
        call('bare'),
        call('begun', { willContinue: true }),
        { functionCall: {} },
        call(undefined, { willContinue: true }),
      ),
      fc
        .tuple(fc.constantFrom('$.a', '$.b[0].c', '$.b[1]', '$.d.e'), fc.string({ maxLength: 5 }), fc.boolean())
        .map(([path, stringValue, willContinue]) => piece(path, { stringValue, willContinue })),
      fc.constant({ executableCode: { language: 'PYTHON', code: 'x' } }),
      fc.constant({ codeExecutionResult: { outcome: 'OUTCOME_OK', output: 'y' } }),
      fc.constant({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }),
      fc.constant({ somethingElse: { a: 1 } }),
      fc.constant({}),
    ),
    fc.option(fc.base64String({ minLength: 4, maxLength: 8 }), { nil: undefined }),
  )
  .map(([one, thoughtSignature]) => (thoughtSignature ? { ...one, thoughtSignature } : one))

const more: fc.Arbitrary<Json> = fc.constantFrom(
  {},
  {},
  { finishReason: 'STOP' },
  {
    groundingMetadata: {
      webSearchQueries: ['q'],
      groundingChunks: [{ web: { uri: 'https://a.test/', title: 'A' } }],
      groundingSupports: [{ segment: { text: '' }, groundingChunkIndices: [0] }],
    },
  },
)

describe('whatever order a model speaks in', () => {
  it('the events keep the grammar and nothing that was said is lost', () => {
    const script = fc.array(fc.tuple(fc.array(part, { maxLength: 4 }), more), { maxLength: 12 })
    fc.assert(
      fc.property(script, (chunks) => {
        const parts = chunks.flatMap(([said]) => said)
        // A piece of a call that nobody began breaks the protocol, and is tried elsewhere.
        fc.pre(piecesAreOfCalls(parts))
        const { content } = messageOf(decode([...chunks.map(([said, about]) => chunk(said, about)), stop]))
        const said = (isThought: boolean): string =>
          parts.map(({ text, thought }) => (typeof text === 'string' && (thought === true) === isThought ? text : '')).join('')
        expect(content.map((block) => (block.type === 'text' ? block.text : '')).join('')).toBe(said(false))
        expect(content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')).toBe(said(true))
        const called = parts.flatMap(({ functionCall }) => Object(functionCall).name ?? [])
        const calls = content.filter((block) => block.type === 'tool_use')
        expect(calls.map(({ name }) => name)).toEqual(called)
        expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length)
        // What each signature is carried by, and that every block of thinking is sealed.
        const seals = content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : []))
        expect(seals.every((seal) => seal.startsWith('vai.gem-dev.'))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

function piecesAreOfCalls(parts: readonly Json[]): boolean {
  let isOpen = false
  return parts.every(({ functionCall }) => {
    const { name, willContinue, partialArgs } = Object(functionCall)
    const isStray = functionCall !== undefined && name === undefined && partialArgs !== undefined && !isOpen
    isOpen = willContinue === true && (name !== undefined || isOpen)
    return !isStray
  })
}

describe('wherever the bytes are cut', () => {
  const body = [
    ': a comment\r\n\r\n',
    ...[
      chunk([{ text: '考える', thought: true }]),
      chunk([{ text: 'Größe 🙂 \u2028', thoughtSignature: 'U0lH' }]),
      chunk([call('f', { args: { ü: '🙂' } })]),
      chunk([], { finishReason: 'STOP' }),
    ].map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`),
  ].join('')

  it.each(['bytes', 'whole', { seed: 1 }, { seed: 2, max: 7 }, { seed: 3, max: 200 }] as const)(
    'the events are the same: %j',
    async (chunks) => {
      const { call: asked } = await callTo([sse(body), sse(body, { chunks })])
      const expected = withoutIds(await collect(geminiApi.stream(request, asked)))
      expect(withoutIds(await collect(geminiApi.stream(request, asked)))).toEqual(expected)
      expect(expected.match(/content_block_start/g)).toHaveLength(3)
    },
  )

  /** The events as text, with the ids that the gateway makes anew each time made alike. */
  function withoutIds(events: Awaited<ReturnType<typeof collect>>): string {
    expectGrammar(events)
    return JSON.stringify(events).replace(/toolu_\w+/g, 'toolu_x')
  }
})
