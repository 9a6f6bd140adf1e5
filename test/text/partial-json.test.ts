import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePartialJson } from '../../text/partial-json.ts'

const object = fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }), {
  noNullPrototype: true,
})

/** The same value as text in several ways: dense, spread out, every character escaped. */
const written = fc.tuple(object, fc.constantFrom(undefined, 1, '\t'), fc.boolean()).map(([value, indent, escaped]) => {
  const text = JSON.stringify(value, null, indent)
  return escaped ? text.replaceAll(/[^ -~\n\t]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : text
})

describe('parsePartialJson', () => {
  it('gives the whole value for the whole text', () => {
    fc.assert(fc.property(written, (text) => void expect(parsePartialJson(text)).toEqual(JSON.parse(text))))
  })

  it('gives nothing but a beginning of the value for every beginning of its text', () => {
    fc.assert(
      fc.property(written, (text) => {
        const whole: unknown = JSON.parse(text)
        const invented = beginningsOf(text).find((beginning) => {
          const partial = parsePartialJson(beginning)
          return partial !== undefined && !isBeginning(partial, whole)
        })
        expect(invented).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('never has less than it had for a shorter beginning', () => {
    fc.assert(
      fc.property(written, (text) => {
        const partials = beginningsOf(text).map((beginning) => parsePartialJson(beginning))
        const lost = partials.findIndex(
          (partial, at) => at > 0 && partials[at - 1] !== undefined && !isBeginning(partials[at - 1], partial),
        )
        expect(text.slice(0, Math.max(lost, 0))).toBe('')
      }),
      { numRuns: 200 },
    )
  })

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[{}[\],:"\\utrue0-9.eE+-]{0,20}$/)), (text) => {
        expect(() => parsePartialJson(text)).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['{"path":"/tmp/a', { path: '/tmp/a' }],
    ['{"path":"a\\', { path: 'a' }],
    ['{"path":"a\\u00e', { path: 'a' }],
    ['{"path":"a\\\\', { path: 'a\\' }],
    ['{"path":"a\\\\\\', { path: 'a\\' }],
    ['{"a":1,"b', { a: 1 }],
    ['{"a":1,"b"', { a: 1 }],
    ['{"a":1,"b":', { a: 1 }],
    ['{"a":1', {}],
    ['{"a":1,', { a: 1 }],
    ['{"a":tru', {}],
    ['{"a":true', { a: true }],
    ['{"a":[1,{"b":"c', { a: [1, { b: 'c' }] }],
    ['{', {}],
    ['[', []],
    ['"cut', 'cut'],
  ])('reads %s as far as it goes', (text, expected) => {
    expect(parsePartialJson(text)).toEqual(expected)
  })

  it.each(['', '   ', 'I will call the tool', '}', '{]', '{"a":1}}', 'tru', '{a:1}'])('%j is no beginning of a value', (text) => {
    expect(parsePartialJson(text)).toBeUndefined()
  })

  it('reads 128 levels of nesting and no more', () => {
    let innermost: unknown = parsePartialJson('[{"a":'.repeat(64))
    for (let level = 0; level < 126; level += 2) innermost = Object(innermost)[0].a
    expect(innermost).toEqual([{}])
    expect(parsePartialJson('['.repeat(129))).toBeUndefined()
  })

  it.each([
    ['brackets', '['.repeat(200_000)],
    ['backslashes in a string that was cut', `{"a":"${'\\'.repeat(200_000)}x\\u12`],
    ['backslashes at the end', `{"a":"${'\\'.repeat(400_001)}`],
    ['values in nested lists', `${'['.repeat(128)}${'0,'.repeat(200_000)}`],
  ])('takes no longer for many %s than for as much of anything', (_, text) => {
    parsePartialJson(text)
  })
})

function beginningsOf(text: string): string[] {
  return Array.from({ length: text.length }, (_, end) => text.slice(0, end))
}

/** Whether a value is another one cut short: strings may end early, lists and objects may lack what comes last. */
function isBeginning(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return Object.is(part, whole)
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole)) return false
  const others = new Map(Object.entries(whole))
  return Object.entries(part).every(([name, value]) => others.has(name) && isBeginning(value, others.get(name)))
}
