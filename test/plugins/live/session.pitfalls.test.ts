import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

/**
 * What has broken for others, and does not break here. By number:
 *   1 queued counts as heard · 2 nothing counts as heard · 3 no reset behind the model · 4 the client plays on · 5 marks after a reset ·
 *   6 cut where it was queued · 8 sound of the turn before · 9 a voice that stalls · 10 wedged before the first sound · 11 two answers ·
 *   12 an engine that is lost or deaf, a microphone that is muted · 13 first words · 14 memory · 15 echo · 16 a voice held across a call ·
 *   17 a false interruption · 18 the end of the sound · 19 words twice · 20 heard twice · 21 a client that does not read
 * The seventh is of one vendor's connection, and is tested with it.
 */

const atOnce = { turn: { graceMs: 0 } }

describe('what counts as heard', () => {
  it('1: nothing, where the answer was interrupted with sound on its way and none of it played', () => {
    const talk = new Script(atOnce)
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.sounds(1000)
    talk.partial('Stop, please')
    talk.mark(0, 'stopped')
    expect(talk.heard).toBe('')
    expect(talk.frames('turn_cancelled').map(({ reason }) => reason)).toEqual(['barge_in'])
  })

  it('2: all of it, where a client that promised marks sends none and is not interrupted', () => {
    const talk = new Script(atOnce)
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.sounds(1000)
    talk.pass(2000)
    expect(talk.heard).toBe('Once upon a time.')
  })

  it('5: no mark that comes back after a reset, but that the player has stopped', () => {
    const talk = speaking(atOnce)
    talk.partial('Stop, please')
    talk.mark(1990, 'playing')
    talk.mark(2000, 'finished')
    talk.pass(500)
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may')
  })

  it('6: what was played, not what was given out', () => {
    const talk = new Script(atOnce)
    talk.asks('Tell me a story')
    talk.answers('One two three four.')
    talk.sounds(1400)
    talk.pass(700)
    talk.mark(700)
    talk.partial('Stop, please')
    talk.pass(500)
    expect(talk.heard).toBe('One two')
  })

  it.each([
    ['that goes backward', [1500, 200]],
    ['from the future', [1500, 99_000]],
    ['that is no number', [1500, Number.NaN]],
  ])('no mark %s', (_, [first = 0, second = 0]) => {
    const talk = speaking(atOnce)
    talk.mark(first)
    talk.mark(second)
    talk.partial('Stop, please')
    talk.pass(500)
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may')
  })

  it('no mark of sound that does not exist', () => {
    const talk = speaking()
    talk.mark(10, 'finished', 7)
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['mark_invalid'])
    expect(talk.phases).toBe('silent draining')
  })
})

describe('an interruption', () => {
  it('3: resets the sound when the model is done and the client still plays', () => {
    const talk = speaking(atOnce)
    expect(talk.phases).toBe('silent draining')
    talk.partial('Stop, please')
    expect(talk.frames('audio_reset')).toHaveLength(1)
  })

  it.each<[string, (talk: Script) => readonly unknown[]]>([
    ['speech', (talk) => talk.final('Stop, please')],
    ['a typed turn', (talk) => talk.give({ type: 'typed', content: 'Stop', isCommitted: true })],
    ['the client', (talk) => talk.give({ type: 'control', op: 'interrupt' })],
  ])('4: by %s resets the sound before anything else is done', (_, interrupt) => {
    const effects = interrupt(speaking(atOnce)).filter((effect) => !JSON.stringify(effect).includes('transcript_delta'))
    expect(effects[0]).toMatchObject({ type: 'frame', frame: { type: 'audio_reset' } })
  })

  it('10: before anything was played does not wedge the session', () => {
    const talk = new Script(atOnce)
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'Once.' })
    talk.asks('Another one, please')
    talk.answers('Twice.')
    talk.sounds(300)
    talk.mark(300, 'finished')
    expect(talk.heard).toBe('Twice.')
  })

  it('8: lets go of the voice, and what it still says is not heard in the next turn', () => {
    const talk = new Script(atOnce)
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'Once.' })
    talk.asks('Another one, please')
    expect(talk.of('voice-close')).toEqual([{ type: 'voice-close', turn: 1 }])
    talk.model({ type: 'say', text: 'Twice.' })
    expect(talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 100 }, 1)).toEqual([])
    expect(talk.voice({ type: 'failed', attempt: 1, message: 'closed' }, 1)).toEqual([])
    expect(talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 100 }, 2)).toContainEqual(
      expect.objectContaining({ type: 'give-out', turn: 2 }),
    )
  })

  it('15: is not made by the echo of the assistant in a loudspeaker', () => {
    const talk = speaking({ ...atOnce, hasAec: false })
    talk.onset()
    talk.final('Tomorrow there may be')
    expect(talk.frames('audio_reset')).toEqual([])
  })
})

describe('the voice', () => {
  it('9: that stalls is not waited for', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.pass(5000)
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['tts_retry'])
    talk.pass(5000)
    expect(talk.frames('audio_unavailable').map(({ text }) => text)).toEqual(['Once upon a time.'])
    expect(talk.phases).toBe('silent idle')
  })

  it('16: is not held open across a call of a tool', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'Let me see. ' })
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 9000 })
    expect(talk.of('voice-finish')).toHaveLength(1)
    talk.sounds(300)
    talk.model({ type: 'tool-ended', id: 'a' })
    talk.answers('Found it.')
    expect(talk.of('speak').map(({ text }) => text)).toEqual(['Let me see. ', 'Found it.'])
  })

  it('8: is closed before it is asked again, so that no two are open', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.since()
    talk.voice({ type: 'failed', attempt: 1, message: 'gone' })
    expect(talk.kinds()).toEqual(['warning', 'voice-close', 'speak', 'voice-finish'])
  })

  it('18: is not taken as done before the last of its sound was given out', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 200 })
    talk.mark(200)
    talk.pass(2000)
    expect(talk.phases).toBe('silent speaking')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 200, ms: 7 })
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    expect(talk.of('give-out').map(({ ms }) => ms)).toEqual([200, 7])
  })
})

describe('a false interruption', () => {
  it('17: goes on although the noise goes on, and does not stop for it again', () => {
    const talk = speaking({ turn: { interruption: 'energy', graceMs: 0 } })
    talk.onset()
    talk.pass(2000)
    expect(talk.of('rewind')).toHaveLength(1)
    talk.pass(1000)
    expect(talk.frames('audio_reset')).toHaveLength(1)
  })

  it('17: a noise before the answer does not lose it', () => {
    const talk = new Script({ turn: { interruption: 'energy' } })
    talk.asks('Tell me a story')
    talk.onset()
    talk.pass(300)
    talk.answers('Once.')
    talk.sounds(300)
    expect(talk.of('give-out')).toHaveLength(1)
    talk.mark(300, 'finished')
    expect(talk.heard).toBe('Once.')
  })
})

describe('speculation', () => {
  it('11: makes one answer, however often the end is foretold', () => {
    const talk = new Script({ turn: { mode: 'semantic', speculation: true } })
    talk.partial('Tell me a story')
    for (let times = 0; times < 3; times++) talk.stt({ type: 'turn-eager-end', text: 'Tell me a story' })
    talk.final('Tell me a story')
    talk.stt({ type: 'turn-end', text: 'Tell me a story' })
    expect(talk.of('run-start')).toHaveLength(1)
    expect(talk.of('run-confirm')).toHaveLength(1)
  })
})

describe('the engine that hears', () => {
  it('12: is connected again where it ends as if all were well', () => {
    const talk = new Script()
    talk.stt({ type: 'done' })
    talk.pass(100)
    expect(talk.of('stt-connect').map(({ link }) => link)).toEqual([1, 2])
    expect(talk.state.ended).toBeUndefined()
  })

  it('12: is connected again where it is open but tells nothing while somebody speaks', () => {
    const talk = new Script()
    talk.pass(1000)
    talk.onset()
    talk.pass(5100)
    expect(talk.of('stt-connect').at(-1)).toEqual({ type: 'stt-connect', link: 2, fromMs: 0 })
  })

  it('12: a turn that is open when the microphone is muted is closed', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('Hello there')
    talk.give({ type: 'control', op: 'mute' })
    talk.pass(3000)
    expect(talk.asked).toEqual(['Hello there'])
    talk.onset()
    expect(talk.phases).toBe('silent thinking')
  })

  it('13: hears the first words, which were said while it was being connected', () => {
    const talk = new Script()
    talk.give({ type: 'stt-failed', link: 1, isRetryable: true, message: 'gone' })
    talk.onset()
    talk.pass(1000)
    expect(talk.of('stt-connect').map(({ fromMs }) => fromMs)).toEqual([0, 0])
  })

  it('13: a question that nobody heard yet waits for it', () => {
    const talk = new Script()
    talk.pass(1000)
    talk.onset()
    talk.give({ type: 'stt-failed', link: 1, isRetryable: true, message: 'gone' })
    talk.pass(500)
    talk.offset()
    talk.pass(2000)
    expect(talk.asked).toEqual([])
    talk.give({ type: 'stt-open', link: 2 })
    expect(talk.of('stt-finalize').at(-1)).toEqual({ type: 'stt-finalize', link: 2 })
    talk.stt({ type: 'final', text: 'Is anybody there?', flushed: true })
    expect(talk.asked).toEqual(['Is anybody there?'])
  })

  it('13: keeps the words whose sound is too old to be heard again, and has those that are heard again once', () => {
    const talk = new Script()
    talk.pass(1000)
    talk.onset()
    talk.partial('One two three four')
    talk.pass(8000)
    talk.give({ type: 'stt-failed', link: 1, isRetryable: true, message: 'gone' })
    // The next one hears nothing, until the sound of the first words is not kept any more.
    talk.pass(6000)
    const { link, fromMs } = talk.of('stt-connect').at(-1) ?? { link: 0, fromMs: 0 }
    expect(fromMs).toBeGreaterThan(1000)
    talk.give({ type: 'stt-open', link })
    talk.partial('three four five')
    talk.offset()
    talk.pass(2000)
    talk.stt({ type: 'final', text: 'three four five', flushed: true })
    expect(talk.asked.map((text) => text.split(/\s+/))).toEqual([['One', 'two', 'three', 'four', 'five']])
  })

  it('20: is not asked to hear the turn a second time when it is over', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    expect(talk.of('stt-connect')).toHaveLength(1)
  })
})

describe("the user's words", () => {
  it('19: are there once, although the turn was taken back and asked again', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.partial('about a cat')
    talk.final('about a cat')
    talk.pass(1000)
    expect(talk.asked).toEqual(['Tell me a story', '+about a cat'])
    expect(talk.of('answer-drop')).toHaveLength(1)
  })

  it('19: are there once, although the engine tells them again after they were taken', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('Tell me a story')
    talk.offset()
    talk.pass(1400)
    expect(talk.asked).toEqual(['Tell me a story'])
    talk.partial('Tell me a story please')
    talk.final('Tell me a story')
    talk.pass(2000)
    expect(talk.asked.join(' ')).toBe('Tell me a story +')
  })

  it.each<[string, (talk: Script) => void, string]>([
    [
      'never says them again',
      (talk) => {
        talk.partial('please book me')
        talk.final('please book me a table for two tonight')
      },
      'please book me a table for two tonight',
    ],
    [
      'says them again one by one',
      (talk) => {
        talk.final('What is')
        talk.final(' the weather? Please')
        talk.final(' book a table')
      },
      'Please book a table',
    ],
    [
      'answers with more words than it had understood',
      (talk) => {
        talk.stt({ type: 'final', text: 'What is in the weather', flushed: true })
        talk.final(' Please book a table')
      },
      'Please book a table',
    ],
    [
      'answers with fewer',
      (talk) => {
        talk.stt({ type: 'final', text: "What's the weather", flushed: true })
        talk.final(' Please book a table')
      },
      'Please book a table',
    ],
    [
      'answers with nothing, whatever they begin with',
      (talk) => {
        talk.stt({ type: 'final', text: '', flushed: true })
        talk.final('What is the time?')
      },
      'What is the time?',
    ],
    [
      'tells that they were said later',
      (talk) => {
        const startMs = talk.state.mic.audioMs
        const words = ['What', 'is'].map((text) => ({ text, startMs, endMs: startMs + 100 }))
        talk.stt({ type: 'final', text: 'What is', words })
      },
      'What is',
    ],
  ])('19: are neither lost nor doubled where they were taken, and the engine %s', (_, say, asked) => {
    const talk = new Script({ turn: { graceMs: 0 } })
    talk.onset()
    talk.partial('What is the weather')
    talk.offset()
    talk.pass(1400)
    expect(talk.asked).toEqual(['What is the weather'])
    talk.answers()
    talk.pass(500)
    talk.onset()
    say(talk)
    talk.offset()
    talk.pass(2000)
    expect(talk.asked.slice(1)).toEqual([asked])
  })

  it('19: are not waited for again for ever', () => {
    const talk = new Script({ turn: { graceMs: 0 } })
    talk.onset()
    talk.partial('Yes, please')
    talk.offset()
    talk.pass(1400)
    talk.answers()
    talk.pass(12_000)
    talk.asks('Yes, please')
    expect(talk.asked).toEqual(['Yes, please', 'Yes, please'])
  })
})

describe('what comes too late', () => {
  it.each<[string, (talk: Script) => readonly unknown[]]>([
    ['of a turn that is over', (talk) => talk.model({ type: 'say', text: 'Late.' }, 1)],
    ['of a turn that is still to come', (talk) => talk.model({ type: 'say', text: 'Early.' }, 9)],
    ['of a connection that was given up', (talk) => talk.give({ type: 'stt', link: 0, event: { type: 'final', text: 'Late.' } })],
    ['of an attempt to connect that was given up', (talk) => talk.give({ type: 'stt-open', link: 0 })],
    ['of a voice that was let go', (talk) => talk.voice({ type: 'said', attempt: 1, sentence: 0 }, 1)],
    ['of a call that was cancelled', (talk) => talk.model({ type: 'tool-ended', id: 'a' }, 1)],
  ])('%s is nothing', (_, late) => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.give({ type: 'control', op: 'cancel_turn' })
    const { state } = talk
    expect(late(talk)).toEqual([])
    expect(talk.state).toEqual({ ...state, at: talk.now })
  })
})

it('14: a session of a thousand turns is no larger than one of ten', () => {
  const talk = new Script({ ...atOnce, limits: { totalMs: 1e9 } })
  const sizes: number[] = []
  for (let turn = 0; turn < 1000; turn++) {
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.sounds(500)
    talk.mark(500, 'finished')
    talk.since()
    sizes.push(JSON.stringify(talk.state).length)
  }
  expect(Math.max(...sizes.slice(100))).toBeLessThan(Math.max(...sizes.slice(0, 100)) + 50)
})
