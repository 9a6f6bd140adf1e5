import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KnownSecrets } from '../../api/known-secrets.ts'
import { mask, Secret } from '../../api/secret.ts'

function knowing(...values: readonly string[]): KnownSecrets {
  return new KnownSecrets(values.map((value) => new Secret(value)))
}

describe('known secrets', () => {
  it('are masked wherever they stand, and nothing else is', () => {
    // Few letters, so that they stand in one another and overlap.
    const word = (least: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: least, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(word(6), { maxLength: 8 }), fc.array(word(0), { maxLength: 8 }), (values, parts) => {
        const text = parts.flatMap((part, index) => [part, values[index] ?? '']).join('')
        // Letter by letter: is it in any secret that stands here?
        const hidden = [...text].map((_, at) =>
          values.some((value) =>
            Array.from(value, (_, back) => at - back).some((start) => start >= 0 && text.startsWith(value, start)),
          ),
        )
        const shown = [...text].map((letter, at) => (hidden[at] ? '#' : letter)).join('')
        const masked = knowing(...values).mask(text)
        expect(masked.replaceAll('[redacted]', '#').replace(/#+/g, '#')).toBe(shown.replace(/#+/g, '#'))
      }),
      { numRuns: 500 },
    )
  })

  it('are masked as one at a time would be, where they do not overlap', () => {
    const values = Array.from({ length: 300 }, (_, index) => `key-of-a-tenant-${index + 100}`)
    const text = `first ${values.join(' and ')}, but not key-of-a-tenant-999`
    expect(knowing(...values).mask(text)).toBe(
      mask(
        text,
        values.map((value) => new Secret(value)),
      ),
    )
  })

  it('are none where they are words of a few letters', () => {
    expect(knowing('key', '').mask('the key is key')).toBe('the key is key')
  })

  it('are replaced by others', () => {
    const known = knowing('the-first-key')
    known.replace([new Secret('the-second-key')])
    expect(known.mask('the-first-key, the-second-key')).toBe('the-first-key, [redacted]')
  })
})
