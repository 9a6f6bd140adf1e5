import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mask } from '../../../api/secret.ts'
import { hashOf, isWhole, newKey, randomWord } from '../../../plugins/auth/key.ts'

it('a key is the prefix, 32 random letters and digits, and 6 of a checksum', () => {
  const key = newKey().reveal()
  expect(key).toMatch(/^vai_sk_[0-9A-Za-z]{38}$/)
  expect(isWhole(key)).toBe(true)
  expect(newKey().reveal()).not.toBe(key)
})

it('a key keeps its checksum for ever', () => {
  // Keys that are out there must stay good.
  expect(isWhole('vai_sk_00000000000000000000000000000000' + '2DFZ5a')).toBe(false)
  expect(isWhole('vai_sk_nM8AiLmqNt35BKwUZuMZyM83k7R2Giq214fMyL')).toBe(true)
})

it('a letter that is wrong, missing or twice is known without looking the key up', () => {
  const key = newKey().reveal()
  fc.assert(
    fc.property(fc.integer({ min: 7, max: key.length - 1 }), fc.constantFrom(...'09azAZ_- '), (at, letter) => {
      const wrong = `${key.slice(0, at)}${letter}${key.slice(at + 1)}`
      return (
        isWhole(wrong) === (wrong === key) &&
        !isWhole(key.slice(0, at)) &&
        !isWhole(key.slice(0, at) + key.slice(at + 1)) &&
        !isWhole(key.slice(0, at) + letter + key.slice(at))
      )
    }),
  )
  expect(isWhole(`${key}\n`)).toBe(false)
  expect(isWhole(key.toLowerCase())).toBe(key === key.toLowerCase())
})

it('what is kept is a SHA-256', () => {
  expect(hashOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

it('a random word has every letter about as often as any other', () => {
  const counts = new Map<string, number>()
  for (const letter of randomWord(62_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect(counts.size).toBe(62)
  // Seven standard deviations from the thousand that each is expected to have.
  expect(Math.min(...counts.values())).toBeGreaterThan(780)
  expect(Math.max(...counts.values())).toBeLessThan(1220)
})

it('a key is masked wherever it is printed', () => {
  const key = newKey()
  expect(String(key)).not.toContain(key.reveal())
  expect(mask(`the key ${key.reveal()} is`)).toBe('the key [redacted] is')
})
