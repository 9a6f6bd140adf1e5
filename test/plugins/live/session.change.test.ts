import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

describe('what the client changes', () => {
  it('counts at once where no turn is under way', () => {
    const talk = new Script()
    talk.give({ type: 'update', turn: { silenceMs: 2000 } })
    talk.asks('Tell me a story')
    expect(talk.asked).toEqual([])
    talk.pass(1300)
    expect(talk.asked).toEqual(['Tell me a story'])
  })

  it('counts for the next turn where one is', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.give({ type: 'update', turn: { silenceMs: 2000 } })
    talk.give({ type: 'update', turn: { graceMs: 0 }, hasFallbackVoice: true })
    talk.partial('about a cat')
    expect(talk.of('answer-drop')).toHaveLength(1)
    expect(talk.state.rules.turn.silenceMs).toBe(600)
    talk.final('about a cat')
    talk.pass(700)
    expect(talk.asked).toEqual(['Tell me a story', '+about a cat'])
    const { turn, hasFallbackVoice } = talk.state.rules
    expect([turn.silenceMs, turn.graceMs, hasFallbackVoice]).toEqual([2000, 0, true])
  })

  it('counts when the turn under way is over', () => {
    const talk = speaking()
    talk.give({ type: 'update', turn: { silenceMs: 2000 } })
    expect(talk.state.rules.turn.silenceMs).toBe(600)
    talk.mark(2000, 'finished')
    expect(talk.state.rules.turn.silenceMs).toBe(2000)
  })

  it('does not count in the middle of words', () => {
    const talk = new Script()
    talk.onset()
    talk.give({ type: 'update', turn: { silenceMs: 2000 } })
    talk.pass(300)
    talk.offset()
    talk.final('Tell me a story')
    talk.pass(600)
    expect(talk.asked).toEqual(['Tell me a story'])
    expect(talk.state.rules.turn.silenceMs).toBe(2000)
  })

  it('may be what is said while a tool takes long, and that nothing is', () => {
    const talk = new Script()
    const filler = { afterMs: 500, texts: ['One moment.'] }
    talk.give({ type: 'update', filler })
    expect(talk.state.rules.filler).toEqual(filler)
    talk.give({ type: 'update', turn: { graceMs: 0 } })
    expect(talk.state.rules.filler).toEqual(filler)
    talk.give({ type: 'update', filler: null })
    expect(talk.state.rules.filler).toBeUndefined()
  })

  it('may be the engine that hears, which is connected anew', () => {
    const talk = new Script()
    talk.pass(5000)
    talk.asks('Tell me a story')
    talk.give({ type: 'update', hearing: true })
    expect(talk.of('stt-connect')).toHaveLength(1)
    talk.give({ type: 'control', op: 'cancel_turn' })
    expect(talk.of('stt-connect').at(-1)).toEqual({ type: 'stt-connect', link: 2, fromMs: 5200 })
  })

  it('is not heard with by a connection that is made anew in the turn under way', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.give({ type: 'update', hearing: true })
    talk.since()
    talk.give({ type: 'stt-failed', link: 1, isRetryable: true, message: 'gone' })
    talk.pass(200)
    expect([talk.of('stt-connect').length, talk.of('stt-adopt').length]).toEqual([1, 0])
    talk.since()
    talk.give({ type: 'control', op: 'cancel_turn' })
    expect(talk.kinds().slice(-2)).toEqual(['stt-adopt', 'stt-connect'])
  })

  it('may be the engine that hears while none is needed yet', () => {
    const talk = new Script()
    talk.state = { ...talk.state, stt: { ...talk.state.stt, phase: 'off' } }
    expect(talk.give({ type: 'update', hearing: true })).toEqual([{ type: 'stt-adopt' }])
  })

  it('is tried at once where the one before it is waited for', () => {
    const talk = new Script()
    talk.give({ type: 'stt-failed', link: 1, isRetryable: true, message: 'gone' })
    talk.since()
    talk.give({ type: 'update', hearing: true })
    expect(talk.of('stt-connect')).toHaveLength(1)
  })
})
