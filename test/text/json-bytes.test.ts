import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editItems, editMembers, itemOf, jsonBytes, memberOf, withItems } from '../../text/json-bytes.ts'
import { anyObject, anyValue, key, space } from './any-json.ts'

function edit(text: string, changes: Readonly<Record<string, string | undefined>>): string {
  return editMembers(Buffer.from(text), changes).toString()
}

describe('jsonBytes', () => {
  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()), (object) => {
        expect(jsonBytes(object).toString()).toBe(JSON.stringify(object))
      }),
    )
  })

  it('cuts no character where it puts pieces together', () => {
    const long = { list: Array.from({ length: 50 }, (_, index) => '狐🦊é'.repeat(index * 20)), text: '🦊'.repeat(20_000) }
    expect(jsonBytes(long).toString()).toBe(JSON.stringify(long))
  })

  it.each([{}, { a: undefined }, { a: [], b: [undefined, null], c: undefined, d: [[1], { e: 2 }] }])('writes %j', (object) => {
    expect(jsonBytes(object).toString()).toBe(JSON.stringify(object))
  })
})

describe('editMembers', () => {
  const changes = fc.dictionary(
    fc.constantFrom('a', 'b', 'model', '"', '\\x', 'new', '0'),
    fc.option(
      anyValue.map(({ text }) => text),
      { nil: undefined },
    ),
    { noNullPrototype: true },
  )

  it('makes the changes and no others, whatever the object', () => {
    fc.assert(
      fc.property(anyObject, changes, space, space, ({ text }, edits, before, after) => {
        const expected = new Map(Object.entries(JSON.parse(text)))
        for (const [name, value] of Object.entries(edits)) {
          if (value === undefined) expected.delete(name)
          else expected.set(name, JSON.parse(value))
        }
        const edited = edit(before + text + after, edits)
        expect(new Map(Object.entries(JSON.parse(edited)))).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps the exact text of every member that is not touched, in its order', () => {
    const member = fc.tuple(key, space, space, anyValue).map(([name, a, b, { text }]) => `${name}${a}:${b}${text}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(space, member, space)), changes, (members, edits) => {
        const text = `{${members.map(([a, own, b]) => a + own + b).join(',')}}`
        const edited = edit(text, edits)
        let from = 0
        for (const [, own] of members) {
          const name = Object.keys(JSON.parse(`{${own}}`))[0] ?? ''
          if (Object.hasOwn(edits, name)) continue
          const at = edited.indexOf(own, from)
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + own.length
        }
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['{}', { a: '1' }, '{"a":1}'],
    [' { } ', { a: undefined }, '{}'],
    ['{"a":1.0, "b" : 1e2 ,"c":[ 1 ]}', { b: '2' }, '{"a":1.0,"b" : 2,"c":[ 1 ]}'],
    ['{"a":1,"b":2}', { a: undefined, b: undefined }, '{}'],
    ['{"a":"}","b":"\\"}","model":"x"}', { model: '"y"' }, '{"a":"}","b":"\\"}","model":"y"}'],
    ['{"mod\\u0065l":"x"}', { model: '"y"' }, '{"mod\\u0065l":"y"}'],
    ['{"größe":"狐","model":"x"}', { größe: '"é"' }, '{"größe":"é","model":"x"}'],
    ['{"gr\\u00f6ße":"狐"}', { größe: undefined, 狐: '"é"' }, '{"狐":"é"}'],
    ['{"x":{"model":"inner"}}', { model: '"y"' }, '{"x":{"model":"inner"},"model":"y"}'],
  ])('edits %s', (text, edits, expected) => {
    expect(edit(text, edits)).toBe(expected)
  })
})

describe('memberOf', () => {
  it.each([
    ['{"a": [1, 2] , "b": "}"}', 'a', '[1, 2]'],
    ['{"a": [1, 2] , "b": "}"}', 'b', '"}"'],
    ['{"b": {"a": 1}}', 'a', undefined],
    ['{}', 'a', undefined],
    ['{"\\u0061":1e2}', 'a', '1e2'],
  ])('of %s, %s, is %s', (json, key, value) => {
    expect(memberOf(Buffer.from(json), key)?.toString()).toBe(value)
  })
})

describe('withItems', () => {
  it.each([
    ['[]', ['1'], '[1]'],
    ['[ \n ]', ['1', '"]"'], '[ \n 1,"]"]'],
    ['[1.0, {"a": "]"} ]', ['2'], '[1.0, {"a": "]"} ,2]'],
    ['[1.0]', [], '[1.0]'],
  ])('of %s with %j is %s', (array, items, result) => {
    expect(withItems(Buffer.from(array), items).toString()).toBe(result)
  })
})

describe('editItems', () => {
  const items = fc.array(anyValue, { maxLength: 6 })
  const changes = fc.dictionary(
    fc.constantFrom('0', '1', '2', '5', '9'),
    fc.option(
      anyValue.map(({ text }) => text),
      { nil: undefined },
    ),
    { noNullPrototype: true },
  )
  const asMap = (edits: Readonly<Record<string, string | undefined>>): Map<number, string | undefined> =>
    new Map(Object.entries(edits).map(([index, json]) => [Number(index), json]))

  it('changes and leaves out what it is told, and keeps the exact text of the rest, whatever the array', () => {
    fc.assert(
      fc.property(items, changes, space, space, space, (all, edits, before, between, after) => {
        const text = `${before}[${before}${all.map((item) => item.text).join(`${between},${after}`)}${after}]${between}`
        const edited = editItems(Buffer.from(text), asMap(edits)).toString()
        const kept = all.flatMap((item, index): string[] => {
          if (!Object.hasOwn(edits, String(index))) return [item.text]
          const json = edits[String(index)]
          return json === undefined ? [] : [json]
        })
        expect(edited).toBe(`[${kept.join(',')}]`)
        expect(JSON.parse(edited)).toEqual(kept.map((each) => JSON.parse(each)))
      }),
      { numRuns: 1000 },
    )
  })

  it('takes bytes as well as text, and cuts no character', () => {
    const array = Buffer.from('["狐", "🦊,]", {"a":["]"]}]')
    const changes = new Map<number, Buffer | string>([
      [0, Buffer.from('"é"')],
      [2, '"[,"'],
    ])
    expect(editItems(array, changes).toString()).toBe('["é","🦊,]","[,"]')
  })
})

describe('itemOf', () => {
  it('finds the exact text of an item, and none where there is none', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 6 }), space, space, (all, before, after) => {
        const array = Buffer.from(`${before}[${all.map(({ text }) => before + text + after).join(',')}${after}]`)
        for (const [index, { text }] of all.entries()) expect(itemOf(array, index)?.toString()).toBe(text)
        expect(itemOf(array, all.length)).toBeUndefined()
        expect(itemOf(array, -1)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})
