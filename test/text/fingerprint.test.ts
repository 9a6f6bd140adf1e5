import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../text/fingerprint.ts'

describe('a fingerprint', () => {
  it('is 26 letters and digits, the same for the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fingerprint(text)).toMatch(/^[0-9a-z]{26}$/)
        expect(fingerprint(text)).toBe(fingerprint(text))
      }),
    )
  })

  it('differs for texts that differ little, in its last nine characters already', () => {
    const texts = Array.from({ length: 100_000 }, (_, at) => `call_${at}`)
    expect(new Set(texts.map((text) => fingerprint(text).slice(-9))).size).toBe(texts.length)
  })
})
