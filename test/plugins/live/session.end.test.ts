import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

const told = (talk: Script): unknown[] => talk.frames('turn_cancelled').map(({ turn_id: id, reason }) => `${id} ${reason}`)

describe('what was said when a session ends', () => {
  it.each<[string, (talk: Script) => void]>([
    ['by the client', (talk) => void talk.give({ type: 'control', op: 'end_session' })],
    ['by its limit', (talk) => void talk.pass(19_000, { mic: false })],
    ['because the server goes down', (talk) => void talk.give({ type: 'drain' })],
    [
      'by what may be spent',
      (talk) =>
        void talk.give({ type: 'over-limit', errorType: 'rate_limit_error', code: 'daily_cost_limit', message: 'Enough.' }),
    ],
  ])('is a question without an answer, where it ends %s', (_, end) => {
    const talk = new Script({ limits: { totalMs: 20_000 } })
    talk.pass(1000)
    talk.onset()
    talk.pass(300)
    talk.partial('Could you tell me')
    talk.since()
    end(talk)
    expect(talk.asked).toEqual(['Could you tell me'])
    if (talk.of('run-start').length > 0) return
    expect(talk.kinds()).toEqual([
      ...(talk.state.ended === 'restart' ? ['warning'] : []),
      ...talk.frames('error').map(({ type }) => type),
      'utterance_final',
      'user-append',
      'answer-commit',
      'turn_cancelled',
      'stt-close',
      'session_end',
      'close',
    ])
    expect(told(talk)).toEqual([`turn_1 ${talk.state.ended === 'restart' ? 'shutdown' : 'session_end'}`])
  })

  it('is kept behind the turn that it interrupts', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.partial('Stop, please')
    talk.give({ type: 'control', op: 'end_session' })
    expect(talk.of('answer-commit').map(({ turn, heard }) => [turn, heard])).toEqual([
      [1, 'It is sunny and warm today. Tomorrow there may'],
      [2, ''],
    ])
    expect(talk.asked).toEqual(['What is the weather like?', 'Stop, please'])
  })

  it('is kept where a question waits for the turn before it', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.give({ type: 'typed', content: 'Never mind.', isCommitted: true })
    talk.give({ type: 'control', op: 'end_session' })
    expect(talk.of('user-append').at(-1)?.typed).toEqual(['Never mind.'])
    expect(talk.of('run-start')).toHaveLength(1)
  })

  it('is kept of a turn that was taken back', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.partial('about a cat')
    talk.final('')
    talk.give({ type: 'control', op: 'end_session' })
    expect(talk.asked).toEqual(['Tell me a story', '+'])
    expect(talk.of('answer-commit')).toEqual([{ type: 'answer-commit', turn: 2, heard: '', cut: 'stopped' }])
  })

  it('is kept while the last sentence is spoken', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.give({ type: 'drain' })
    talk.asks('What about Sunday?')
    expect(talk.of('run-start')).toHaveLength(1)
    expect(talk.asked).toEqual(['What is the weather like?', 'What about Sunday?'])
    expect(talk.state.ended).toBe('restart')
  })

  it('is kept where the client does not come back', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('Are you')
    talk.give({ type: 'lost' })
    talk.pass(30_000, { mic: false })
    expect(talk.state.ended).toBe('resume_expired')
    expect(talk.asked).toEqual(['Are you'])
  })

  it('is nothing where it was a noise', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('hm')
    talk.give({ type: 'control', op: 'end_session' })
    expect(talk.asked).toEqual([])
    expect(told(talk)).toEqual([])
  })
})

describe('a client that is lost when the server goes down', () => {
  it.each<[string, (talk: Script) => void]>([
    [
      'before',
      (talk) => {
        talk.give({ type: 'lost' })
        talk.pass(1000, { mic: false })
        talk.give({ type: 'drain' })
      },
    ],
    [
      'meanwhile',
      (talk) => {
        talk.give({ type: 'drain' })
        talk.give({ type: 'lost' })
      },
    ],
  ])('%s, cannot come back: the session ends at once', (_, lose) => {
    const talk = speaking()
    lose(talk)
    expect(talk.state.ended).toBe('restart')
    expect(talk.frames('turn_complete').map(({ stop_reason: reason }) => reason)).toEqual(['shutdown'])
    expect(talk.of('voice-close')).toHaveLength(1)
  })
})

it('a turn that only thinks, or calls a tool, ends by the shutdown', () => {
  const talk = new Script()
  talk.asks('Set a timer')
  talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: true, withinMs: 9000 })
  talk.give({ type: 'drain' })
  expect(talk.frames('turn_complete').map(({ stop_reason: reason }) => reason)).toEqual(['shutdown'])
})

it('clients are told whole milliseconds', () => {
  const talk = new Script()
  talk.now = 12.3
  talk.asks('What is it?')
  talk.onset()
  talk.pass(0.4)
  talk.partial('And what was that')
  talk.give({ type: 'control', op: 'end_session' })
  const times = [
    ...talk.frames('utterance_final').map(({ end_ms: ms }) => ms),
    ...talk.frames('transcript_delta').map(({ timestamp_ms: ms }) => ms),
  ]
  expect(times.length).toBeGreaterThan(3)
  expect(times.filter((ms) => !Number.isInteger(ms))).toEqual([])
})
