import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '../../../api/id.ts'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { encode } from '../../../providers/gemini/encode.ts'
import { geminiDialect } from '../../../providers/gemini/index.ts'
import { call, chunk, decode, type Json, messageOf, request, sentBack, stop } from './chunks.ts'

/** The parts of an answer as they go back once the caller sends the answer with the next question. */
function sentAgain(parts: readonly Json[]): unknown {
  const { content } = messageOf(decode([...parts.map((part) => chunk([part])), stop], false, (prefix) => newId(prefix, 0)))
  const results = content.flatMap((block) =>
    block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'x' }] : [],
  )
  const messages: MessageRequest['messages'] = [
    ...request.messages,
    { role: 'assistant', content: sentBack(content) },
    { role: 'user', content: results.length > 0 ? results : 'Go on.' },
  ]
  const { contents } = encode({ ...request, messages }, 'gemini-3-flash-preview', geminiDialect)
  return Object(Object(contents)[1]).parts
}

describe('an answer that is sent back', () => {
  it.each<[string, Json[]]>([
    ['text', [{ text: 'Hi' }]],
    ['a signed text', [{ text: 'Hi', thoughtSignature: 'U0lH' }]],
    ['a signed text that goes on', [{ text: 'Hi', thoughtSignature: 'U0lH' }, { text: ' you' }]],
    ['signed texts', [{ text: 'a' }, { text: 'b', thoughtSignature: 'U0lH' }, { text: 'c', thoughtSignature: 'U0lI' }]],
    ['a signature at the end', [{ text: 'Hi' }, { text: '', thoughtSignature: 'U0lH' }]],
    [
      'thoughts',
      [
        { text: 'Hm', thought: true },
        { text: 'Hi', thoughtSignature: 'U0lH' },
      ],
    ],
    ['signed thoughts', [{ text: 'a', thought: true, thoughtSignature: 'U0lH' }, { text: 'b', thought: true }, { text: 'c' }]],
    [
      'parallel calls',
      [
        { ...call('f', { id: 'c1', args: { a: 1 } }), thoughtSignature: 'U0lH' },
        call('f', { args: { a: 1 } }),
        call('g', { id: 'c3', args: {} }),
      ],
    ],
    [
      'code',
      [
        { executableCode: { id: 'x', language: 'PYTHON', code: 'print(1)' }, thoughtSignature: 'U0lH' },
        { codeExecutionResult: { id: 'x', outcome: 'OUTCOME_OK', output: '1' } },
        { executableCode: { language: 'PYTHON', code: 'y' } },
        { codeExecutionResult: { outcome: 'OUTCOME_DEADLINE_EXCEEDED', output: 'late' } },
        { text: 'One.' },
      ],
    ],
    ['a picture', [{ inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'U0lH' }]],
    [
      "the provider's own tools",
      [
        { toolCall: { id: 't', toolType: 'GOOGLE_SEARCH_WEB', args: { queries: ['q'] } }, thoughtSignature: 'U0lH' },
        { toolResponse: { id: 't', toolType: 'GOOGLE_SEARCH_WEB', response: { a: [1] } } },
        { ...call('f', { id: 'c1', args: {} }), thoughtSignature: 'U0lI' },
      ],
    ],
  ])('%s is what came', (_, parts) => {
    expect(sentAgain(parts)).toEqual(parts)
  })

  it('is what came, whatever came, but for texts that came in pieces', () => {
    const signature = fc.option(fc.base64String({ minLength: 4, maxLength: 12 }), { nil: undefined })
    const signed = <T extends Json>(part: fc.Arbitrary<T>): fc.Arbitrary<Json> =>
      fc.tuple(part, signature).map(([one, thoughtSignature]) => (thoughtSignature ? { ...one, thoughtSignature } : one))
    const text = fc.string({ minLength: 1, maxLength: 6, unit: 'binary' })
    const part = fc.oneof(
      signed(fc.record({ text })),
      fc.base64String({ minLength: 4, maxLength: 12 }).map((thoughtSignature) => ({ text: '', thoughtSignature })),
      signed(fc.record({ text, thought: fc.constant(true) })),
      signed(text.map((value) => ({ functionCall: { name: 'f', args: { value } } }))),
      signed(text.map((code) => ({ executableCode: { language: 'PYTHON', code } }))),
      // Gemini 3 signs each of its pictures; one without would be shown in the user's next turn.
      fc
        .base64String({ minLength: 4, maxLength: 12 })
        .map((thoughtSignature) => ({ inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature })),
      signed(text.map((value) => ({ partOfAnotherKind: { value } }))),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
        expect(sentAgain(parts)).toEqual(withFirstCallSigned(joined(parts)))
      }),
      { numRuns: 500 },
    )
  })
})

/** Unsigned texts that follow a text are pieces of the same; likewise thoughts. */
function joined(parts: readonly Json[]): Json[] {
  const result: Json[] = []
  for (const part of parts) {
    const last = result.at(-1)
    const isPiece =
      last !== undefined &&
      typeof last.text === 'string' &&
      typeof part.text === 'string' &&
      last.thought === part.thought &&
      last.thoughtSignature === undefined &&
      // What a thought is signed with stands on all that is thought up to there.
      (part.thoughtSignature === undefined || part.thought === true)
    if (isPiece) result[result.length - 1] = { ...part, text: String(last.text) + part.text }
    else result.push(part)
  }
  return result
}

function withFirstCallSigned(parts: Json[]): Json[] {
  const at = parts.findIndex(({ functionCall }) => functionCall !== undefined)
  return parts.map((part, index) =>
    index === at && part.thoughtSignature === undefined
      ? { ...part, thoughtSignature: 'skip_thought_signature_validator' }
      : part,
  )
}
