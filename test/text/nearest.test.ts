import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest } from '../../text/nearest.ts'

describe('nearest', () => {
  it.each([
    ['antropic', ['openai', 'anthropic', 'demo'], 'anthropic'],
    ['VAI_PROT', ['VAI_HOST', 'VAI_PORT'], 'VAI_PORT'],
    ['OpenAI', ['openai'], 'openai'],
    ['tempereture', ['top_p', 'temperature'], 'temperature'],
  ])('finds what %s was meant to be', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it.each([
    ['mistral', ['openai', 'anthropic']],
    ['a', ['abcd']],
    ['anything', []],
  ])('proposes nothing for %s where nothing is like it', (word, candidates) => {
    expect(nearest(word, candidates)).toBeUndefined()
  })

  it('takes the first of those that are as near', () => {
    expect(nearest('cat', ['bat', 'rat'])).toBe('bat')
  })

  it('always finds a word that stands among the candidates', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{0,8}$/)),
        fc.stringMatching(/^[a-z]{0,8}$/),
        fc.nat(),
        (others, word, at) => {
          expect(nearest(word, others.toSpliced(at % (others.length + 1), 0, word))).toBe(word)
        },
      ),
    )
  })

  it('finds a word with one letter changed, left out or doubled', () => {
    const word = 'stop_sequences'
    for (let at = 0; at < word.length; at++) {
      const typos = [
        word.slice(0, at) + word.slice(at + 1),
        word.slice(0, at) + word.slice(at - 1),
        `${word.slice(0, at)}X${word.slice(at + 1)}`,
      ]
      for (const typo of at === 0 ? typos.toSpliced(1, 1) : typos) expect(nearest(typo, ['stream', word, 'system'])).toBe(word)
    }
  })
})
