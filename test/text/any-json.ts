import fc from 'fast-check'

export const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1.0', '1e2', '-12.50E-3', '12345678901234567890'),
  // Everything that could be taken for the end of something.
  fc.constantFrom('"}"', '"]"', '","', '":"', '"{\\"a\\":[1,2]}"', '"\\\\"', '"\\\\\\""', '"\\u007d"'),
)
export const key = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 4 })
    .filter((text) => !text.endsWith('\\'))
    .map((text) => JSON.stringify(text)),
  // The same few keys again and again, also spelled with escapes. None ends in a backslash: V8 13 takes the key `\"` for such a
  // one where it has just parsed an object that has it (Node 24), which is JSON.parse's fault and not what is tested here.
  fc.constantFrom('"a"', '"\\u0061"', '"b"', '"model"', '"m\\u006fdel"', '"\\""', '"\\\\x"', '"__proto__"', '"0"'),
)

interface Written {
  readonly text: string
  readonly depth: number
}

/** JSON as nobody would write it, with white space wherever it may stand. */
export const { value: anyValue, object: anyObject } = fc.letrec<{ value: Written; object: Written; array: Written }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'json' },
    scalar.map((text) => ({ text, depth: 0 })),
    tie('object'),
    tie('array'),
  ),
  object: fc
    .tuple(space, fc.array(fc.tuple(space, key, space, space, tie('value'), space), { maxLength: 4, depthIdentifier: 'json' }))
    .map(([inner, members]) => ({
      text: `{${inner}${members.map(([a, name, b, c, { text }, d]) => `${a}${name}${b}:${c}${text}${d}`).join(',')}}`,
      depth: 1 + Math.max(0, ...members.map(([, , , , { depth }]) => depth)),
    })),
  array: fc
    .tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 4, depthIdentifier: 'json' }))
    .map(([inner, items]) => ({
      text: `[${inner}${items.map(([a, { text }, b]) => `${a}${text}${b}`).join(',')}]`,
      depth: 1 + Math.max(0, ...items.map(([, { depth }]) => depth)),
    })),
}))
