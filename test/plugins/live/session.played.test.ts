import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

/** All attempts of the voice fail. */
function failAll(talk: Script): void {
  for (const attempt of [1, 2]) talk.voice({ type: 'failed', attempt, message: 'gone' })
}

const ends = (talk: Script): unknown[] =>
  talk.of('answer-commit').map(({ heard, cut }, index) => {
    const [told] = talk.frames('turn_complete').slice(index)
    return [heard, cut, told?.stop_reason, told?.played_text]
  })

describe('what was never played', () => {
  it('is not heard where nobody could say a word of it', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two.')
    failAll(talk)
    expect(talk.frames('audio_unavailable').map(({ text }) => text)).toEqual(['One. Two.'])
    expect(ends(talk)).toEqual([['', 'unspoken', 'end_turn', '']])
  })

  it('is not heard behind what was', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two.')
    talk.sounds(300)
    failAll(talk)
    talk.mark(300, 'finished')
    expect(ends(talk)).toEqual([['One. ', 'unspoken', 'end_turn', 'One. ']])
  })

  it('is not heard where there was nothing that makes a sound', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('***')
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    expect(ends(talk)).toEqual([['', undefined, 'end_turn', '']])
  })

  it('counts with its neighbours', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('*** ', 'One. ', '***')
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    talk.sounds(300)
    talk.voice({ type: 'said', attempt: 1, sentence: 2 })
    talk.mark(300, 'finished')
    expect(talk.heard).toBe('*** One. ***')
  })
})

describe('why nothing more was heard', () => {
  it.each<[string, string, (talk: Script) => void]>([
    ['the user speaks', 'interrupted', (talk) => void talk.partial('Stop, please')],
    ['the client interrupts', 'interrupted', (talk) => void talk.give({ type: 'control', op: 'interrupt' })],
    ['the user types', 'interrupted', (talk) => void talk.give({ type: 'typed', content: 'No.', isCommitted: true })],
    ['the client cancels', 'stopped', (talk) => void talk.give({ type: 'control', op: 'cancel_turn' })],
    ['the session ends', 'stopped', (talk) => void talk.give({ type: 'control', op: 'end_session' })],
    ['the client plays nothing', 'stopped', (talk) => void talk.pass(12_000)],
    [
      'the client does not come back',
      'stopped',
      (talk) => {
        talk.give({ type: 'lost' })
        talk.pass(31_000, { mic: false })
      },
    ],
  ])('is told as it is where %s', (_, cut, act) => {
    const talk = speaking({ turn: { graceMs: 0 }, limits: { tailMs: 20_000 } })
    act(talk)
    talk.pass(500)
    expect(talk.of('answer-commit')[0]).toMatchObject({ cut, heard: 'It is sunny and warm today. Tomorrow there may' })
  })

  it('is the shutdown where the answer was cut, though the model was done', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two. ', 'Three. ', 'Four.')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 100 })
    talk.give({ type: 'drain' })
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    talk.sounds(300)
    talk.mark(400, 'finished')
    expect(ends(talk)).toEqual([['One. Two. ', 'stopped', 'shutdown', 'One. Two. ']])
  })

  it('is nothing where the answer was spoken to its end during a shutdown', () => {
    const talk = speaking()
    talk.give({ type: 'drain' })
    talk.mark(2000, 'finished')
    expect(ends(talk)).toEqual([[expect.stringMatching(/rain\.$/), undefined, 'end_turn', expect.stringMatching(/rain\.$/)]])
  })
})

describe('a sentence that is interrupted before all of its sound was given out', () => {
  const second = 'Tomorrow there will be rain in the north, and wind.'

  function interrupted(tell: (talk: Script) => void): string | undefined {
    const talk = new Script({ turn: { graceMs: 0 } })
    talk.asks('What is the weather like?')
    talk.answers('The sun is shining today. ', second)
    talk.sounds(1500)
    tell(talk)
    talk.pass(500)
    talk.mark(500)
    for (const fromMs of [1500, 1700, 1900]) talk.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs, ms: 200 })
    talk.pass(1500)
    talk.mark(1950)
    for (const fromMs of [2100, 2300, 2500, 2700]) talk.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs, ms: 200 })
    talk.pass(700)
    talk.mark(2700)
    talk.partial('Stop, please')
    talk.pass(500)
    return talk.heard
  }

  it('was heard by the share of its sound, once the mouth knows how much there is', () => {
    const length = { type: 'made', attempt: 1, sentence: 1, lengthMs: 3000 } as const
    expect(interrupted((talk) => void talk.voice(length))).toBe('The sun is shining today. Tomorrow there will')
  })

  it('was heard by less than that while nobody knows', () => {
    expect(interrupted(() => undefined)).toBe('The sun is shining today. Tomorrow')
  })

  it('is measured by the attempt that speaks it', () => {
    const other = { type: 'made', attempt: 7, sentence: 1, lengthMs: 1000 } as const
    expect(interrupted((talk) => void talk.voice(other))).toBe('The sun is shining today. Tomorrow')
  })
})
