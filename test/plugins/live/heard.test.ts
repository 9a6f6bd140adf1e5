import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heardText, type SpokenSentence } from '../../../plugins/live/heard.ts'
import type { Alignment } from '../../../providers/speech.ts'

const marks = { marks: true }

/** Sentences one behind the other, each of so many milliseconds. */
function segmentOf(...parts: readonly (readonly [text: string, lengthMs: number | undefined, alignment?: Alignment])[]) {
  let startMs = 0
  const sentences = parts.map(([text, lengthMs, alignment]): SpokenSentence => {
    const sentence = { text, startMs, lengthMs, alignment }
    startMs += lengthMs ?? 0
    return sentence
  })
  return { sentences }
}

/** Each token takes 100 ms. */
function timed(kind: Alignment['kind'], tokens: readonly string[]): Alignment {
  return { kind, tokens, startMs: tokens.map((_, index) => index * 100), durationMs: tokens.map(() => 100) }
}

const words = (text: string): Alignment => timed('word', text.split(' '))
const letters = (text: string): Alignment => timed('char', [...text])

describe('what was heard, through the alignment', () => {
  const text = 'The weather is nice today. '
  it.each<[string, Alignment, number, string]>([
    ['nothing of a word that was playing', words(text.trim()), 199, 'The'],
    ['a word that was over', words(text.trim()), 200, 'The weather'],
    ['the last word with its stop', words(text.trim()), 500, 'The weather is nice today.'],
    ['words without punctuation', words('the weather is nice today'), 500, 'The weather is nice today.'],
    ['characters to the last whole word', letters(text), 1150, 'The weather'],
    ['characters in the middle of a word', letters(text), 1050, 'The'],
    ['characters, with those of the end', letters(text), 2600, 'The weather is nice today.'],
    ['no more than the times tell that still come', words('The weather'), 900, 'The weather'],
    ['nothing before the first word is over', words(text.trim()), 99, ''],
  ])('is %s', (_, alignment, playedMs, expected) => {
    expect(heardText(segmentOf([text, 5000, alignment]), playedMs, marks)).toBe(expected)
  })

  it.each<[string, string, Alignment, number, string]>([
    ['numbers that a vendor reads', 'It costs $5 in all, sir.', words('it costs five dollars in all sir'), 399, 'It costs'],
    [
      'numbers, once the next word is over',
      'It costs $5 in all, sir.',
      words('it costs five dollars in all sir'),
      600,
      'It costs $5 in all,',
    ],
    ['a repeated word no sooner than it is said', 'the cat and the dog', words('the feline and the dog'), 100, 'the'],
    ['a hyphened word only in whole', 'A well-known fact.', words('A well known fact'), 200, 'A'],
    ['Chinese', '我想打电话给你。', letters('我想打电话给你。'), 400, '我想'],
    [
      'Chinese words that the vendor parts in its own way',
      '我想打电话给你。',
      timed('word', ['我想打', '电话', '给你']),
      200,
      '我想打电话',
    ],
    ['Japanese without quotes', '「はい」と言いました。', letters('はいと言いました'), 200, '「はい」'],
    ['Thai', 'สวัสดีครับผม', letters('สวัสดีครับผม'), 700, 'สวัสดี'],
    ['letters written in two ways', 'Cafe\u0301 ole\u0301 bitte', words('Caf\u00e9 ol\u00e9 bitte'), 200, 'Cafe\u0301 ole\u0301'],
    ['emoji behind a word', 'Nice 👍🏽 work', words('Nice work'), 100, 'Nice'],
    ['pairs of surrogates', '𝒳𝒴 𝒵', letters('𝒳𝒴 𝒵'), 250, '𝒳𝒴'],
  ])('reads %s', (_, text, alignment, playedMs, expected) => {
    expect(heardText(segmentOf([text, 9000, alignment]), playedMs, marks)).toBe(expected)
  })

  it('is by the share of sound where the times are of another text', () => {
    const alignment = words('pinyin of something else entirely')
    expect(heardText(segmentOf(['one two three four', 1000, alignment]), 500, marks)).toBe('one two')
  })

  it('is nothing behind times that make no sense', () => {
    const alignment: Alignment = { kind: 'word', tokens: ['one', 'two', 'three'], startMs: [0, Number.NaN], durationMs: [100] }
    expect(heardText(segmentOf(['one two three', 1000, alignment]), 900, marks)).toBe('one')
  })
})

describe('what was heard, by the share of sound', () => {
  it.each<[number, string]>([
    [0, ''],
    [150, ''],
    [300, 'one'],
    [380, 'one'],
    [500, 'one two'],
    [999, 'one two three'],
    [1000, 'one two three four'],
  ])('after %d ms is %j', (playedMs, expected) => {
    expect(heardText(segmentOf(['one two three four', 1000]), playedMs, marks)).toBe(expected)
  })

  it.each<[number, string]>([
    [900, 'First.'],
    [1500, 'First. Second'],
    [1900, 'First. Second one'],
    [60_000, 'First. Second one of'],
  ])('is rather less of a sentence whose sound still comes: after %d ms %j', (playedMs, expected) => {
    expect(heardText(segmentOf(['First. ', 500], ['Second one of them.', undefined]), playedMs, marks)).toBe(expected)
  })

  it('is less yet where the voice was slow before', () => {
    const slow = segmentOf(['First of all. ', 5000], ['Second one of them.', undefined])
    expect(heardText(slow, 6500, marks)).toBe('First of all.')
  })

  it('is less of signs that are read as words', () => {
    const spelled = segmentOf(['1234 5678 9012', undefined])
    expect(heardText(spelled, 1500, marks)).toBe('')
    expect(heardText(segmentOf(['Well now and there', undefined]), 1500, marks)).toBe('Well now')
  })

  it('counts whole milliseconds as they are told', () => {
    expect(heardText(segmentOf(['One. ', 500.3], ['Two.', 400.4]), 900, marks)).toBe('One. Two.')
  })
})

describe('what was heard, where nobody tells what was played', () => {
  it.each<[number, string]>([
    [0, ''],
    [999, ''],
    [1000, 'First.'],
    [1999, 'First.'],
    [2000, 'First. Second.'],
  ])('after %d ms is %j', (playedMs, expected) => {
    const segment = segmentOf(['First. ', 1000, words('First.')], ['Second.', 1000, words('Second.')])
    expect(heardText(segment, playedMs, { marks: false })).toBe(expected)
  })
})

describe('what broke for others', () => {
  it('a reply that was queued and not played was not heard', () => {
    expect(heardText(segmentOf(['A whole reply.', 2000, words('A whole reply.')]), 0, marks)).toBe('')
    expect(heardText(segmentOf(['', 0], ['A whole reply.', 2000]), 0, marks)).toBe('')
  })

  it('what makes no sound was not heard by itself, but with what stands beside it', () => {
    expect(heardText(segmentOf(['***', 0]), Number.POSITIVE_INFINITY, marks)).toBe('')
    expect(heardText(segmentOf(['*** ', 0], ['A whole reply. ', 2000], ['***', 0]), 10, marks)).toBe('')
    expect(heardText(segmentOf(['*** ', 0], ['A whole reply. ', 2000], ['***', 0]), 1000, marks)).toBe('*** A whole')
    expect(heardText(segmentOf(['*** ', 0], ['A whole reply. ', 2000], ['***', 0]), 2000, marks)).toBe('*** A whole reply. ***')
  })

  it('a reply that was played to its end was heard in whole', () => {
    expect(heardText(segmentOf(['A whole reply. ', 2000], ['👍', 0]), 2000, marks)).toBe('A whole reply. 👍')
  })

  it.each([Number.NaN, -5, Number.NEGATIVE_INFINITY])('%d milliseconds are none', (playedMs) => {
    expect(heardText(segmentOf(['A reply.', 2000]), playedMs, marks)).toBe('')
  })
})

describe('whatever is said and however its sound comes', () => {
  const piece = fc.constantFrom(
    'Hello',
    'well-known',
    ' ',
    ', ',
    '. ',
    '我想',
    '打电话',
    'ครับ',
    '👩‍👩‍👧‍👦',
    'e\u0301',
    '$5',
    '—',
    '\ud83d\ude00',
    '한글',
  )
  const text = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''))
  const alignment = (of: string): fc.Arbitrary<Alignment | undefined> =>
    fc
      .record({
        kind: fc.constantFrom('char' as const, 'word' as const),
        other: fc.option(text, { nil: undefined, freq: 3 }),
        share: fc.nat(20),
        durations: fc.array(fc.integer({ min: -20, max: 400 }), { minLength: 1, maxLength: 9 }),
      })
      .map(({ kind, other = of, share, durations }) => {
        const all = kind === 'char' ? [...other] : other.split(' ')
        const tokens = all.slice(0, Math.ceil((all.length * share) / 15))
        const durationMs = tokens.map((_, index) => durations[index % durations.length] ?? 0)
        const startMs = durationMs.map((_, index) => durationMs.slice(0, index).reduce((sum, ms) => sum + ms, 0))
        return { kind, tokens, startMs, durationMs }
      })
  const sentence = text.chain((of) =>
    fc.record({
      text: fc.constant(`${of} `),
      startMs: fc.integer({ min: -50, max: 3000 }),
      lengthMs: fc.option(fc.double({ min: 0, max: 2000, noNaN: true }), { nil: undefined }),
      alignment: fc.option(alignment(of), { nil: undefined }),
    }),
  )
  const segment = fc.record({ sentences: fc.array(sentence, { maxLength: 5 }) })
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

  it('it is a beginning of what is spoken, grows with what was played, and parts no word and no character', () => {
    fc.assert(
      fc.property(
        segment,
        fc.boolean(),
        fc.array(fc.integer({ min: -10, max: 6000 }), { maxLength: 20 }),
        (said, isTold, times) => {
          const spoken = said.sentences.map((each) => each.text).join('')
          const starts = new Set([...graphemes.segment(spoken)].map(({ index }) => index))
          let before = ''
          for (const playedMs of times.sort((a, b) => a - b)) {
            const heard = heardText(said, playedMs, { marks: isTold })
            expect(spoken.startsWith(heard)).toBe(true)
            expect(heard.startsWith(before)).toBe(true)
            if (playedMs <= 0) expect(heard).toBe('')
            before = heard
            if (heard.length < spoken.length) {
              expect(heard === '' || starts.has(heard.length)).toBe(true)
              expect(`${heard.slice(-2)}|${spoken.slice(heard.length)}`).not.toMatch(/[a-z]-?\|-?[a-z]/i)
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
