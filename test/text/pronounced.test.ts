import { describe, expect, it } from 'vitest'
import { hasWords, isPronounced } from '../../text/pronounced.ts'

describe('a text', () => {
  it.each(['Hi', '7', '%', '€', '+', '§', '°', '你'])('is pronounced where it is %j', (text) =>
    expect(isPronounced(text)).toBe(true),
  )
  it.each(['', ' \n', '…', '?!', '—', '“”'])('is not where it is %j', (text) => expect(isPronounced(text)).toBe(false))
  it.each(['Hi', '7 %', '你'])('has words where it is %j', (text) => expect(hasWords(text)).toBe(true))
  it.each(['', '%', '€', '+', '§', '°', '…'])('has none where it is %j', (text) => expect(hasWords(text)).toBe(false))
})
