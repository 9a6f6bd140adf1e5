import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { cerebrasDialect } from '../../providers/openai-chat/dialects/cerebras.ts'
import { groqDialect } from '../../providers/openai-chat/dialects/groq.ts'
import { encode } from '../../providers/openai-chat/encode.ts'
import { type ChatDialect, createOpenAiChat, openaiDialect } from '../../providers/openai-chat/index.ts'
import { encode as encodeResponses } from '../../providers/openai-responses/encode.ts'
import { openaiResponses, openaiResponsesDialect } from '../../providers/openai-responses/index.ts'
import { strictProblem } from '../../providers/output-schema.ts'

type Json = Record<string, unknown>

const closed = (properties: Json, more: Json = {}): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})
const text = { type: 'string' }

describe('strict mode', () => {
  it.each<[string, Json]>([
    ['an empty object', closed({})],
    ['nested objects', closed({ a: closed({ b: text }), c: { type: 'array', items: closed({ d: text }) } })],
    ['values', closed({ a: { enum: ['x', 'y'] }, b: { const: 1 }, c: { type: ['string', 'null'], description: 'C' } })],
    ['choices', closed({ a: { anyOf: [text, closed({ b: text })] } })],
    ['references', closed({ a: { $ref: '#/$defs/node' } }, { $defs: { node: closed({ next: { $ref: '#' } }) } })],
    ['a dialect that is named', { $schema: 'http://json-schema.org/draft-07/schema#', ...closed({ a: text }) }],
    ['properties named like keywords', closed({ pattern: text, allOf: text })],
  ])('takes %s', (_, schema) => {
    expect(strictProblem(schema, 'all')).toBeUndefined()
    expect(strictProblem(schema, 'common')).toBeUndefined()
    expect(strictProblem(schema, 'none')).toBeDefined()
  })

  it.each<[string, Json, string]>([
    ['a list', { type: 'array', items: text }, 'one object'],
    ['a choice at the root', { ...closed({}), anyOf: [closed({})] }, 'one object'],
    ['an open object', { type: 'object', properties: { a: text }, required: ['a'] }, 'additionalProperties'],
    ['a property that is not required', { ...closed({ a: text, b: text }), required: ['a'] }, '"b"'],
    ['an open object inside', closed({ a: { type: 'array', items: { type: 'object' } } }), 'additionalProperties'],
    ['an object of no type', closed({ a: { properties: { b: text } } }), 'no type'],
    ['anything', closed({ a: {} }), 'no type'],
    ['a schema that is a word', closed({ a: true }), 'no object'],
    ['allOf', closed({ a: { allOf: [text] } }), 'allOf'],
    ['defaults', closed({ a: { ...text, default: 'x' } }), 'default'],
    ['a reference beside others', closed({ a: { $ref: '#/$defs/b', description: 'B' } }, { $defs: { b: text } }), '$ref'],
    ['a reference to elsewhere', closed({ a: { $ref: 'https://a.test/schema' } }), '$ref'],
    ['an open definition', closed({ a: { $ref: '#/$defs/b' } }, { $defs: { b: { type: 'object' } } }), 'additionalProperties'],
    ['a format of another kind', closed({ a: { ...text, format: 'uri' } }), 'format'],
    ['many values', closed({ a: { enum: Array.from({ length: 1001 }, (__, at) => at) } }), 'values'],
    ['many levels', Array.from({ length: 11 }).reduce<Json>((inner) => closed({ a: inner }), closed({})), 'deeper'],
  ])('does not take %s', (_, schema, why) => {
    expect(strictProblem(schema, 'all')).toContain(why)
  })

  it.each<[string, Json]>([
    ['pattern', { ...text, pattern: '^a' }],
    ['format', { ...text, format: 'date' }],
    ['minimum', { type: 'integer', minimum: 1 }],
    ['maxItems', { type: 'array', items: text, maxItems: 3 }],
  ])('takes %s at OpenAI alone', (keyword, schema) => {
    expect(strictProblem(closed({ a: schema }), 'all')).toBeUndefined()
    expect(strictProblem(closed({ a: schema }), 'common')).toContain(keyword)
  })
})

describe('a schema for an answer', () => {
  const base: MessageRequest = { model: 'x/m', messages: [{ role: 'user', content: 'Hi.' }] }
  const loose = { type: 'object' as const, properties: { a: text } }

  function fate(dialect: ChatDialect, model: string, output: Partial<MessageRequest>): unknown {
    const request = { ...base, model: `x/${model}`, ...output }
    const told = createOpenAiChat(dialect).warnings?.(request, model) ?? []
    const format = Object(encode(request, model, false, dialect).response_format)
    return { strict: format.json_schema.strict, told: told.map(({ param, code }) => [param, code]) }
  }
  const asked = (schema: Json, strict?: boolean): Partial<MessageRequest> => ({
    output_format: { type: 'json_schema', json_schema: schema, ...(strict !== undefined && { strict }) },
  })
  const told = [['output_format', 'not_guaranteed']]

  it.each<[string, ChatDialect, string, Partial<MessageRequest>, unknown]>([
    ['is kept to where it can be', openaiDialect, 'gpt-5', asked(closed({ a: text })), { strict: true, told: [] }],
    ['is kept to by others', cerebrasDialect, 'gpt-oss-120b', asked(closed({ a: text })), { strict: true, told: [] }],
    ['is told where it is not', openaiDialect, 'gpt-5', asked(loose), { strict: undefined, told }],
    ['is told where there is no such mode', groqDialect, 'qwen/qwen3-32b', asked(closed({})), { strict: undefined, told }],
    ['is kept to by gpt-oss', groqDialect, 'openai/gpt-oss-20b', asked(closed({})), { strict: true, told: [] }],
    ['is left as the caller says', openaiDialect, 'gpt-5', asked(closed({}), false), { strict: false, told: [] }],
    ['is sent as strict if the caller says so', openaiDialect, 'gpt-5', asked(loose, true), { strict: true, told: [] }],
    [
      "is kept to in Anthropic's field, too",
      openaiDialect,
      'gpt-5',
      { output_config: { format: { type: 'json_schema', schema: closed({ a: text }) } } },
      { strict: true, told: [] },
    ],
    [
      "is told of in Anthropic's field, too",
      openaiDialect,
      'ft:gpt-4.1:acme::1',
      { output_config: { format: { type: 'json_schema', schema: closed({ a: { ...text, pattern: '^a' } }) } } },
      { strict: undefined, told: [['output_config.format', 'not_guaranteed']] },
    ],
  ])('%s', (_, dialect, model, output, expected) => {
    expect(fate(dialect, model, output)).toEqual(expected)
  })

  it('is kept to over the Responses API', () => {
    const strict = (output: Partial<MessageRequest>): unknown =>
      Object(encodeResponses({ ...base, ...output }, 'gpt-5', false, openaiResponsesDialect).text).format.strict
    expect(strict(asked(closed({ a: text })))).toBe(true)
    expect(strict(asked(loose))).toBeUndefined()
    expect(strict(asked(closed({}), false))).toBe(false)
    expect(openaiResponses.warnings?.({ ...base, ...asked(loose) }, 'gpt-5')).toMatchObject([{ code: 'not_guaranteed' }])
  })
})
