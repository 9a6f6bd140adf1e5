import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countMembers, findDuplicateKey, pathAt, scanJson } from '../../text/json-text.ts'
import { anyObject, anyValue, space } from './any-json.ts'

describe('scanJson', () => {
  it('knows the depth and the number of members of whatever is written', () => {
    fc.assert(
      fc.property(anyValue, space, space, ({ text, depth }, before, after) => {
        const facts = scanJson(before + text + after)
        expect(facts.depth).toBe(depth)
        expect(facts.infinite).toBeUndefined()
        const duplicate = findDuplicateKey(text)
        const parsed = countMembers(JSON.parse(text))
        if (duplicate) expect(facts.members).toBeGreaterThan(parsed)
        else expect(facts.members).toBe(parsed)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['1', 1],
    ['[]', 2],
    ['[1,2,3]', 4],
    ['{"a":1,"b":[true,null]}', 5],
    ['"[[[,,,"', 1],
  ])('counts about as many values as there are: %s', (text, values) => {
    expect(scanJson(text).values).toBe(values)
  })

  it.each(['1e999', '-1e999', '1E+400', `1${'0'.repeat(400)}`])('finds a number too large to be a number: %s', (number) => {
    expect(scanJson(`{"a": ${number}}`)).toMatchObject({ infinite: 6 })
  })

  it.each(['12345678901234567890', '-12345678901234567891', '9007199254740993', '1234567890123456789012345'])(
    'finds an integer that parsing would round: %s',
    (number) => {
      expect(scanJson(`[0, ${number}, ${number}]`)).toMatchObject({ inexact: 4, infinite: undefined })
    },
  )

  it.each([
    '9007199254740991',
    '9007199254740992',
    '10000000000000000000',
    '-9007199254740992',
    '3.14159265358979323846',
    '0.1',
    '1e20',
    '1.0',
    '-0',
  ])('finds nothing wrong with %s', (number) => {
    expect(scanJson(`[${number}]`)).toMatchObject({ inexact: undefined, infinite: undefined })
  })

  it('does not look for numbers and brackets inside strings', () => {
    expect(scanJson('{"1e999": "\\\\\\"{[12345678901234567890:,"}')).toEqual({
      depth: 1,
      members: 1,
      values: 2,
      infinite: undefined,
      inexact: undefined,
    })
  })

  it.each(['', '{', '"', '"\\', '{"a', '-', ']]]', '{"a":}', '[1,,', '\\', '1e', 'nul'])(
    'reads %j to its end, valid or not',
    (text) => {
      expect(() => scanJson(text)).not.toThrow()
    },
  )
})

describe('findDuplicateKey', () => {
  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"x":[{},{"k":1,"l":{"k":1},"k":2}]}', ['x', 1, 'k']],
    ['{ "a" : {"b":0 , "c" : {"d":"}", "d":1}}}', ['a', 'c', 'd']],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
  ])('gives the path of the second one in %s', (text, path) => {
    expect(findDuplicateKey(text)).toEqual(path)
  })

  it.each(['{}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":"a","b":["a","a"]}', '"a"'])('finds none in %s', (text) => {
    expect(findDuplicateKey(text)).toBeUndefined()
  })
})

describe('pathAt', () => {
  it.each([
    ['{"a": 1, "b": [true, {"c": 1e999}]}', ['b', 1, 'c']],
    ['[[],[0,1e999]]', [1, 1]],
    ['1e999', []],
    ['{"x":"1e999 is written here","y":{"\\u0079":1e999}}', ['y', 'y']],
  ])('names the value that begins where the number stands in %s', (text, path) => {
    expect(pathAt(text, text.lastIndexOf('1e999'))).toEqual(path)
  })

  it('knows nothing where no value begins', () => {
    expect(pathAt('{"a": 12}', 7)).toBeUndefined()
  })

  it('leads to the value that stands there', () => {
    fc.assert(
      fc.property(anyObject, ({ text }) => {
        const { infinite } = scanJson(text.replace('12345678901234567890', '1e999'))
        if (infinite === undefined) return
        const path = pathAt(text, infinite)
        expect(path).toBeDefined()
        // A key that stands twice hides the first value from whoever parses it.
        if (findDuplicateKey(text)) return
        let value: unknown = JSON.parse(text)
        for (const segment of path ?? []) value = Object.entries(Object(value)).find(([name]) => name === String(segment))?.[1]
        expect(value).toBe(Number('12345678901234567890'))
      }),
      { numRuns: 500 },
    )
  })
})
