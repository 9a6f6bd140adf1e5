import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

describe('a client that does not read', () => {
  it('21: is given no sound, and the reset does not wait behind any', () => {
    const talk = new Script({ turn: { graceMs: 0 } })
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 200 })
    talk.since()
    talk.give({ type: 'stalled' })
    expect(talk.kinds()).toEqual(['voice-hold'])
    expect(talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 200, ms: 200 })).toEqual([])
    talk.partial('Stop, please')
    expect(talk.frames('audio_reset')).toHaveLength(1)
  })

  it('is given more once it reads again', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.give({ type: 'stalled' })
    talk.answers('Once.')
    talk.pass(5000)
    expect(talk.of('speak')).toEqual([])
    talk.give({ type: 'flowing' })
    expect(talk.of('speak')).toHaveLength(1)
    talk.sounds(300)
    expect(talk.of('give-out')).toHaveLength(1)
  })

  it('is given up after ten seconds, with what it had played', () => {
    const talk = speaking()
    talk.give({ type: 'stalled' })
    talk.pass(5000)
    talk.mark(1600)
    talk.pass(4999)
    expect(talk.frames('audio_reset')).toEqual([])
    talk.pass(1)
    expect(talk.frames('audio_reset')[0]?.reason).toBe('backpressure')
    talk.pass(500)
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may be')
  })

  it('is given up in a turn that began meanwhile, ten seconds after that', () => {
    const talk = new Script()
    talk.give({ type: 'stalled' })
    talk.pass(8000)
    talk.give({ type: 'typed', content: 'Tell me a story', isCommitted: true })
    talk.answers('Once.')
    talk.pass(9999)
    expect(talk.frames('turn_cancelled')).toEqual([])
    talk.pass(1)
    expect(talk.frames('turn_cancelled').map(({ reason }) => reason)).toEqual(['backpressure'])
  })

  it('is not supposed to play what waits to be sent', () => {
    const talk = new Script({ marks: false, turn: { graceMs: 0 } })
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two.')
    talk.sounds(500)
    talk.sounds(500)
    talk.pass(900)
    talk.give({ type: 'stalled' })
    talk.pass(3000)
    expect(talk.phases).toBe('silent draining')
    talk.give({ type: 'flowing' })
    talk.pass(600)
    talk.partial('Stop, please')
    expect(talk.heard).toBe('One.')
  })

  it('is heard of again by its marks, and has the time to end playing', () => {
    const talk = speaking()
    talk.give({ type: 'stalled' })
    talk.pass(5000)
    talk.give({ type: 'flowing' })
    talk.pass(1000)
    expect(talk.phases).toBe('silent draining')
    talk.mark(2000, 'finished')
    expect(talk.of('answer-commit')[0]).toHaveProperty('cut', undefined)
  })

  it('and is gone does not count as that any more', () => {
    const talk = speaking()
    talk.give({ type: 'stalled' })
    talk.give({ type: 'lost' })
    talk.pass(15_000, { mic: false })
    talk.since()
    talk.give({ type: 'resumed', lastServerSeq: 1 })
    expect(talk.of('voice-release')).toHaveLength(1)
    expect(talk.state.stalledAt).toBeUndefined()
  })
})

describe('sound that is given out again', () => {
  /** Of a sentence that goes on, so much was given out, and the client was gone before it played so much of it. */
  function backAfter(givenMs: number, playedMs: number): Script {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: givenMs })
    talk.mark(playedMs)
    talk.give({ type: 'lost' })
    talk.pass(1000, { mic: false })
    talk.since()
    talk.give({ type: 'resumed', lastServerSeq: 1 })
    return talk
  }

  it.each([1 / 48, 0.5, 0.875, 1, 5])('is all of it, also the last %s ms', (restMs) => {
    const talk = backAfter(200 + restMs, 0)
    talk.voice({ type: 'sound', attempt: 0, sentence: 0, fromMs: 0, ms: 200 })
    talk.voice({ type: 'sound', attempt: 0, sentence: 0, fromMs: 200, ms: restMs })
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 200 + restMs, ms: 100 })
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    expect(talk.of('give-out').map(({ ms }) => ms)).toEqual([200, restMs, 100])
    talk.pass(300)
    talk.mark(300 + restMs, 'finished')
    expect(talk.heard).toBe('Once upon a time.')
    expect(talk.frames('warning')).toEqual([])
  })

  it('is none where less than a millisecond was not played', () => {
    const talk = backAfter(200, 199.5)
    expect(talk.of('rewind').map(({ fromMs }) => fromMs)).toEqual([200])
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 200, ms: 100 })
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    talk.mark(100, 'finished')
    expect(talk.heard).toBe('Once upon a time.')
  })

  it('ends before the client is told of its end', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.sounds(200.5)
    talk.give({ type: 'lost' })
    talk.since()
    talk.give({ type: 'resumed', lastServerSeq: 1 })
    talk.voice({ type: 'sound', attempt: 0, sentence: 0, fromMs: 0, ms: 200 })
    expect(talk.frames('assistant_audio_end')).toEqual([])
    talk.voice({ type: 'sound', attempt: 0, sentence: 0, fromMs: 200, ms: 0.5 })
    expect(talk.kinds().slice(-2)).toEqual(['give-out', 'assistant_audio_end'])
  })
})
