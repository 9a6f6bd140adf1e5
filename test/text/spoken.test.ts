import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSpoken } from '../../text/spoken.ts'
import { spokenCases } from './spoken-cases.ts'

describe('what a person would say of written text', () => {
  for (const [phenomenon, cases] of Object.entries(spokenCases)) {
    describe(phenomenon, () => {
      for (const [index, [written, spoken, locale]] of cases.entries()) {
        it(`${index + 1}: ${JSON.stringify(written)}`, () => {
          expect(sayWhole(written, locale)).toBe(spoken)
          expect(sayPieces([...written.split('')], locale)).toBe(spoken)
        })
      }
    })
  }

  it('has cases enough', () => {
    expect(Object.values(spokenCases).flat().length).toBeGreaterThanOrEqual(150)
  })
})

describe('for any chunking', () => {
  const written = Object.values(spokenCases).flatMap((cases) => cases.map(([text]) => text))
  const signs = '*_`~[](){}<>|#-+=:.!?\\$&@^°\n\n\n  >1x2hw/C👍é中ि\u200d，।"\'→अ'
  const soup = fc.array(fc.oneof(fc.constantFrom(...signs), fc.constantFrom(...written, 'https://', '```', '|--|', '$$', '<!--')))

  it('says the same', () => {
    fc.assert(
      fc.property(soup, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (parts, sizes) => {
        const text = parts.join('')
        const pieces: string[] = []
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          pieces.push(text.slice(at, at + size))
          at += size
        }
        expect(sayPieces(pieces)).toBe(sayWhole(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('leaves no white space to tidy and no control characters', () => {
    fc.assert(
      fc.property(soup, (parts) => {
        const spoken = sayWhole(parts.join(''))
        expect(spoken).not.toMatch(/ {2}|\n\n|^\s|[ ]\n|\t|\p{Cc}(?<!\n)|\p{Emoji_Presentation}/u)
      }),
    )
  })
})

describe('early', () => {
  it('says words as they come', () => {
    const spoken = createSpoken()
    expect(spoken.push('This is **very')).toBe('This is very')
    expect(spoken.push('** good, see [the')).toBe(' good, see')
    expect(spoken.push(' docs](https://exam')).toBe('')
    expect(spoken.push('ple.com). And')).toBe(' the docs. And')
    expect(spoken.push('\n\n')).toBe('.\n')
    expect(spoken.end()).toBe('')
  })

  it('says a row of a table at its end', () => {
    const spoken = createSpoken()
    expect(spoken.push('| Name | Age |\n|---|---|\n| Ada')).toBe('')
    expect(spoken.push(' | 36 |\n')).toBe('Name: Ada, Age: 36.\n')
  })
})

describe('hostile text', () => {
  it.each([
    '*',
    '[',
    '`',
    '|',
    '#',
    '>',
    '<',
    '$',
    '~',
    '_',
    '-',
    '!',
    '&',
    '\\',
    '![',
    '[a](',
    '`a``b',
    '<a',
    '$a',
    '~~a',
    '- ',
    '&a',
    '1. ',
    '|\n',
    'h',
    '😀',
    '→',
    '<script>',
    '==a',
    '!=',
  ])(
    'hundreds of thousands of %j are read in linear time',
    (sign) => {
      expect(sayWhole(sign.repeat(300_000 / sign.length))).toBeDefined()
      const text = sign.repeat(100_000 / sign.length)
      expect(sayPieces(text.match(/[\s\S]{1,50}/g) ?? [])).toBe(sayWhole(text))
    },
    20_000,
  )

  it('gives out as text what never ends', () => {
    const spoken = createSpoken()
    expect(spoken.push(`[never ${'ended '.repeat(60)}`)).toMatch(/^\[never ended/)
    expect(createSpoken().push(`| never ${'ended '.repeat(400)}`)).toMatch(/^never ended/)
    expect(createSpoken().push(`\`never ${'ended '.repeat(60)}`)).toMatch(/^never ended/)
  })

  it('leaves out an address that is too long to wait for', () => {
    expect(sayPieces([`![a cat](data:image/png;base64,${'A'.repeat(5000)}`, `${'A'.repeat(5000)}) sleeps`])).toBe('a cat sleeps')
    expect(sayWhole(`See https://example.com/${'a'.repeat(5000)} now`)).toBe('See example.com now')
  })
})

function sayWhole(text: string, locale?: string): string {
  const spoken = createSpoken({ locale })
  return spoken.push(text) + spoken.end()
}

function sayPieces(pieces: readonly string[], locale?: string): string {
  const spoken = createSpoken({ locale })
  let said = ''
  for (const piece of pieces) said += spoken.push(piece)
  return said + spoken.end()
}
