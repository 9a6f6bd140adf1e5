import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSpokenArgument } from '../../text/spoken-argument.ts'

function read(...chunks: readonly string[]) {
  const argument = createSpokenArgument()
  const text = chunks.map((chunk) => argument.push(chunk)).join('')
  return { text, state: argument.state }
}

const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 })
const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('texts', 'tex', 't\\ext', 'Text', '__proto__'))
const others = fc.array(fc.tuple(key, value), { maxLength: 4 }).map((all) => all.filter(([name]) => name !== 'text'))
const spoken = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('"', '\\', '\n', '😀', '\ud83d', '{', '}', '\u0007')).map((all) => all.join('')),
)
/** Members in any order, as models write them: dense or spread out, with none or every character escaped. */
const call = fc
  .record({ text: spoken, before: others, after: others, space: fc.constantFrom('', ' ', '\n\t'), escaped: fc.boolean() })
  .map(({ text, before, after, space, escaped }) => {
    const members = [...before, ['text', text] as const, ...after].map(
      ([name, member]) => `${json(name, escaped)}${space}:${space}${json(member, escaped)}`,
    )
    return { text, json: `${space}{${space}${members.join(`${space},${space}`)}${space}}` }
  })

function json(of: unknown, escaped: boolean): string {
  const text = JSON.stringify(of)
  return escaped ? text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : text
}

function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd')
}

describe('the text of a call', () => {
  it('is what JSON says, wherever it stands', () => {
    fc.assert(
      fc.property(call, ({ text, json }) => {
        expect(read(json)).toEqual({ text: wellFormed(text), state: 'whole' })
      }),
      { numRuns: 300 },
    )
  })

  it('is the same for any chunking', () => {
    fc.assert(
      fc.property(call, fc.array(fc.nat(), { maxLength: 12 }), ({ json }, places) => {
        const at = [0, ...places.map((place) => place % (json.length + 1)).sort((a, b) => a - b), json.length]
        expect(read(...at.slice(1).map((end, index) => json.slice(at[index], end)))).toEqual(read(json))
        expect(read(...json.split(''))).toEqual(read(json))
      }),
      { numRuns: 200 },
    )
  })

  it('is a beginning of the text for every beginning of the JSON, and never half a character', () => {
    fc.assert(
      fc.property(call, ({ text, json }) => {
        const argument = createSpokenArgument()
        let before = ''
        const wrong = json.split('').find((unit) => {
          const more = argument.push(unit)
          before += more
          return !wellFormed(text).startsWith(before) || /\p{Surrogate}/u.test(more)
        })
        expect(wrong).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })

  it('comes as soon as it is certain', () => {
    const argument = createSpokenArgument()
    expect(['{"te', 'xt"', ': "He', 'llo\\', 'n', '\\ud83d', '\\ude', '00!', '"'].map((chunk) => argument.push(chunk))).toEqual([
      '',
      '',
      'He',
      'llo',
      '\n',
      '',
      '',
      '😀!',
      '',
    ])
    expect(argument.state).toBe('whole')
  })

  it.each<[string, string, string]>([
    ['{"text":""}', '', 'whole'],
    ['{"text":"cut of', 'cut of', 'reading'],
    ['{"text":"cut\\u00', 'cut', 'reading'],
    ['{"t\\u0065xt":"a key may be escaped"}', 'a key may be escaped', 'whole'],
    ['{"tone":{"text":"no","b":[{"text":"no"},"}]"]},"text":"yes"}', 'yes', 'whole'],
    ['{"n":-1.5e3,"b":true,"z":null,"text":"yes"}', 'yes', 'whole'],
    ['{"text":"first","text":"second"}', 'first', 'whole'],
    ['{"text":"a raw\nline"}', 'a raw\nline', 'whole'],
    ['{"text":"half \\ud83d pair"}', 'half \ufffd pair', 'whole'],
    ['{"text":"half \\ud83d"}', 'half \ufffd', 'whole'],
    ['{"text":"\\ude00\\ud83d\\ud83d\\ude00"}', '\ufffd\ufffd😀', 'whole'],
    ['{}', '', 'absent'],
    ['{"emotion":"calm"}', '', 'absent'],
    ['{"emotion":1}', '', 'absent'],
    ['{"text":null}', '', 'absent'],
    ['{"text":["no"]}', '', 'absent'],
    ['{"text":"good \\x bad"}', 'good ', 'absent'],
    ['{"text":"good \\u00zz bad"}', 'good ', 'absent'],
    ['"text"', '', 'absent'],
    ['[{"text":"no"}]', '', 'absent'],
    ['I say "text": "no"', '', 'absent'],
    ['{text:"no"}', '', 'absent'],
    ['{"a" "text":"no"}', '', 'absent'],
    ['{"a":"b" "text":"no"}', '', 'absent'],
    ['{"a":1 "text":"no"}', '', 'absent'],
    ['', '', 'reading'],
    ['   ', '', 'reading'],
  ])('of %s is %j', (json, text, state) => {
    expect(read(json)).toEqual({ text, state })
  })

  it('is never a throw, and nothing after the end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[{}[\],:"\\utex0-9.-]{0,20}$/))),
        (chunks) => {
          const { state } = read(...chunks)
          expect(read(...chunks, ...(state === 'reading' ? [] : ['","text":"more"}'])).text).toBe(read(...chunks).text)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('may have another name', () => {
    const argument = createSpokenArgument('say')
    expect(argument.push('{"text":"no","say":"yes"}')).toBe('yes')
  })

  it.each([
    ['braces', `{"a":${'['.repeat(500_000)}`],
    ['backslashes', `{"a":"${'\\\\'.repeat(500_000)}`],
    ['a long key', `{"${'k'.repeat(1_000_000)}`],
    ['escapes of the text', `{"text":"${'\\n'.repeat(300_000)}`],
  ])('takes no longer for many %s than for as much of anything', (_, json) => {
    read(json)
    const argument = createSpokenArgument()
    for (const unit of json) argument.push(unit)
  })
})
