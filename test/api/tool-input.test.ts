import { describe, expect, it } from 'vitest'
import { mayBeInexact, parseToolInput } from '../../api/tool-input.ts'

describe('the arguments that a model wrote', () => {
  it.each(['{"id":12345678901234567890}', '{"a":[{"b":-9007199254740993}]}', '{"a":1e999}', '{"a":-1e400}'])(
    '%s are rounded, and say so',
    (text) => {
      expect(parseToolInput(text)).toMatchObject({ input: JSON.parse(text), warning: { code: 'inexact_tool_input' } })
    },
  )

  it.each(['{}', '{"id":"12345678901234567890"}', '{"a":9007199254740992}', '{"a":1e20,"b":0.1,"c":-0.0}'])(
    '%s are what they say',
    (text) => expect(parseToolInput(text)).toEqual({ input: JSON.parse(text) }),
  )
})

describe('arguments that are read and are not to be used', () => {
  it.each([
    ['{"id":1,"id":2}', { id: 2 }],
    ['{"a":{"b":[],"b":1}}', { a: { b: 1 } }],
    [`{"a":${'['.repeat(120)}${']'.repeat(120)}}`, {}],
  ])('are %s', (text, input) => {
    expect(parseToolInput(text)).toMatchObject({ input, warning: { code: 'invalid_tool_input' } })
  })
})

describe('arguments whose text is not at hand', () => {
  it.each([[{ a: [{ b: 9007199254740992 }] }], [{ a: -1.5e300 }], [{ a: Infinity }], [2 ** 60]])(
    'may be rounded: %j',
    (value) => {
      expect(mayBeInexact(value)).toBe(true)
    },
  )

  it.each([[{ a: [9007199254740991, -0.1, '12345678901234567890', null, true] }], [undefined], [null]])(
    'are what they say: %j',
    (value) => expect(mayBeInexact(value)).toBe(false),
  )
})
