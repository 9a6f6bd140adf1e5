import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wordCut } from '../../text/word-cut.ts'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

describe('wordCut', () => {
  it.each<[string, number, string]>([
    ['The weather is nice', 19, 'The weather is nice'],
    ['The weather is nice', 18, 'The weather is'],
    ['The weather is nice', 11, 'The weather'],
    ['The weather is nice', 10, 'The'],
    ['The weather is nice', 2, ''],
    ['Yes, of course. ', 4, 'Yes,'],
    ['Yes, of course. ', 3, ''],
    ['Yes, of course. ', 99, 'Yes, of course.'],
    ['a well-known fact', 10, 'a'],
    ['it is 3.14 or so', 8, 'it is'],
    ['wait—what is it', 5, 'wait—'],
    ['Grüße aus Köln', 13, 'Grüße aus'],
    ['a 👩‍👩‍👧‍👦 b', 6, 'a'],
    ['a 👩‍👩‍👧‍👦 b', 13, 'a 👩‍👩‍👧‍👦'],
    ['我想打电话给你。', 4, '我想'],
    ['我想打电话给你。', 6, '我想打电话给'],
    ['我想打电话给你。', 8, '我想打电话给你。'],
    ['今日は、「いい天気」ですね', 5, '今日は、'],
    ['สวัสดีครับผมชื่อสมชาย', 9, 'สวัสดี'],
    ['안녕하세요 여러분', 8, '안녕하세요'],
    ['नमस्ते दुनिया', 9, 'नमस्ते'],
    ['   ', 2, ''],
    ['', 0, ''],
    ['some words', Number.NaN, ''],
    ['some words', -1, ''],
    ['some words', Number.POSITIVE_INFINITY, 'some words'],
  ])('of %j at %d is %j', (text, at, expected) => {
    expect(text.slice(0, wordCut(text, at))).toBe(expected)
  })

  it('never lies behind the place asked for, before an earlier one, or within a character', () => {
    const pieces = fc.constantFrom(
      'a',
      'Ab',
      ' ',
      '  ',
      '我',
      '打电话',
      'ไทย',
      'ครับ',
      '👩‍👩‍👧‍👦',
      '🇫🇷',
      'e\u0301',
      '-',
      '—',
      '「',
      '」',
      '。',
      '\n',
      '한글',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces).map((all) => all.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const starts = new Set([...graphemes.segment(text)].map(({ index }) => index))
          let before = 0
          for (let at = 0; at <= text.length; at++) {
            const cut = wordCut(text, at)
            expect(cut).toBeGreaterThanOrEqual(before)
            expect(cut).toBeLessThanOrEqual(at)
            expect(cut === text.length || starts.has(cut)).toBe(true)
            expect(text.slice(0, cut)).not.toMatch(/\s$/)
            before = cut
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('never parts a word between spaces', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zäö'.,-]{1,9}$/), { minLength: 1 }), fc.nat(200), (words, at) => {
        const cut = words.join(' ').slice(0, wordCut(words.join(' '), at))
        expect(words.join(' ').startsWith(cut)).toBe(true)
        const own = cut === '' ? [] : cut.split(' ')
        expect(own).toEqual(words.slice(0, own.length))
      }),
    )
  })
})
