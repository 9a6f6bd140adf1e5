import { describe, expect, it } from 'vitest'
import { deadline } from '../../../plugins/live/session.ts'
import { turnOf } from '../../../plugins/live/state.ts'
import { Script, speaking } from './script.ts'

describe('7. backpressure', () => {
  it('holds the voice while too much is unplayed, and lets it go on by marks', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two. ', 'Three.')
    for (let at = 0; at < 1600; at += 200) talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: at, ms: 200 })
    expect(talk.of('give-out')).toHaveLength(8)
    expect(talk.of('voice-hold')).toHaveLength(1)
    expect(talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 1600, ms: 200 })).toEqual([])
    talk.pass(300)
    talk.mark(300)
    expect(talk.of('voice-release')).toEqual([])
    talk.pass(300)
    talk.mark(600)
    expect(talk.of('voice-release')).toHaveLength(1)
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 1600, ms: 200 })
    expect(talk.of('give-out')).toHaveLength(9)
  })

  it('goes by the clock where no marks come', () => {
    const talk = new Script({ marks: false })
    talk.asks('Tell me a story')
    talk.answers('One.')
    for (let at = 0; at < 1600; at += 200) talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: at, ms: 200 })
    talk.pass(899)
    expect(talk.of('voice-release')).toEqual([])
    talk.pass(1)
    expect(talk.of('voice-release')).toHaveLength(1)
  })

  it('gives up on a client that plays nothing for ten seconds', () => {
    const talk = speaking()
    talk.mark(1500, 'paused')
    talk.pass(9999)
    expect(talk.frames('audio_reset')).toEqual([])
    talk.pass(1)
    expect(talk.frames('audio_reset')[0]?.reason).toBe('backpressure')
    talk.pass(500)
    expect(talk.frames('turn_complete')[0]?.stop_reason).toBe('backpressure')
    expect(talk.phases).toBe('silent idle')
  })
})

describe('8. limits of the microphone', () => {
  it('drops a frame that is too large, with one warning', () => {
    const talk = new Script()
    expect(talk.give({ type: 'frame', bytes: 8193, ms: 20 }).map(({ type }) => type)).toEqual(['frame'])
    expect(talk.give({ type: 'frame', bytes: 8193, ms: 20 })).toEqual([])
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['mic_overrun'])
    expect(talk.give({ type: 'frame', bytes: 8192, ms: 20 }).map(({ type }) => type)).toEqual(['hear'])
  })

  it('takes what a network held up, and drops what is lastingly too fast', () => {
    const talk = new Script()
    for (let sent = 0; sent < 10_000; sent += 100) talk.give({ type: 'frame', bytes: 3200, ms: 100 })
    expect(talk.frames('warning')).toEqual([])
    talk.give({ type: 'frame', bytes: 3200, ms: 100 })
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['mic_overrun'])
  })

  it('ends a session whose stream is off as well, and hears none of it', () => {
    const talk = new Script()
    talk.give({ type: 'stream', isOn: false })
    for (let passed = 0; passed <= 4000 && talk.state.ended === undefined; passed += 20) {
      for (let frame = 0; frame < 10; frame++) talk.give({ type: 'frame', bytes: 3200, ms: 100 })
      talk.pass(20, { mic: false })
    }
    expect([talk.state.ended, talk.state.mic.audioMs]).toEqual(['error', 0])
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['mic_overrun'])
    expect(talk.of('close')[0]?.code).toBe(1008)
  })

  it('ends a session that goes on so for two seconds', () => {
    const talk = new Script()
    for (let passed = 0; passed < 2000; passed += 100) {
      talk.give({ type: 'frame', bytes: 9000, ms: 100 })
      talk.pass(100, { mic: false })
    }
    expect(talk.state.ended).toBeUndefined()
    talk.give({ type: 'frame', bytes: 9000, ms: 100 })
    expect(talk.kinds().slice(-3)).toEqual(['stt-close', 'session_end', 'close'])
    expect(talk.of('close')[0]?.code).toBe(1008)
  })

  it('begins anew after a calm second', () => {
    const talk = new Script()
    talk.give({ type: 'frame', bytes: 9000, ms: 100 })
    talk.pass(3000)
    talk.give({ type: 'frame', bytes: 9000, ms: 100 })
    expect(talk.state.ended).toBeUndefined()
  })
})

describe('9. failures', () => {
  it('an engine that was lost is tried again, slower and slower, and hears what was kept', () => {
    const talk = new Script()
    talk.pass(15_000)
    talk.onset()
    talk.pass(500)
    talk.partial('What is')
    talk.since()
    const waits: number[] = []
    for (let link = 1; link <= 4; link++) {
      const from = talk.now
      talk.give({ type: 'stt-failed', link, isRetryable: true, message: 'gone' })
      while (talk.state.stt.phase === 'waiting') talk.pass(10)
      waits.push(talk.now - from)
    }
    expect(waits).toEqual([100, 200, 400, 800])
    expect(talk.of('stt-connect')[0]).toEqual({ type: 'stt-connect', link: 2, fromMs: 14_000 })
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['stt_reconnecting'])
    talk.give({ type: 'stt-open', link: 5 })
    talk.partial('What is the time')
    talk.offset()
    talk.final('What is the time?')
    talk.pass(600)
    expect(talk.asked).toEqual(['What is the time?'])
  })

  describe('an engine that gives no times and is lost in the middle', () => {
    function lost(): Script {
      const talk = new Script()
      talk.pass(15_000)
      talk.onset()
      talk.pass(3000)
      talk.final('What is the weather')
      talk.pass(500)
      talk.stt({ type: 'done' })
      talk.pass(200)
      talk.give({ type: 'stt-open', link: 2 })
      return talk
    }

    it('is replaced by one that hears again what it may not have told', () => {
      expect(lost().of('stt-connect').at(-1)).toEqual({ type: 'stt-connect', link: 2, fromMs: 16_500 })
    })

    it('has its words once, where the next one tells them again', () => {
      const talk = lost()
      talk.partial(' the weather')
      talk.partial(' the weather in Paris')
      talk.offset()
      talk.final(' the weather in Paris?')
      talk.pass(600)
      expect(talk.asked).toEqual(['What is the weather in Paris?'])
    })

    it('has its words once, also where the turn was over just before', () => {
      const talk = new Script()
      talk.pass(15_000)
      talk.asks('What is the weather?')
      talk.stt({ type: 'done' })
      talk.pass(100)
      talk.give({ type: 'stt-open', link: 2 })
      talk.final(' is the weather?')
      talk.pass(2000)
      expect(talk.asked).toEqual(['What is the weather?'])
    })
  })

  it('an engine that gives times is replaced by one that hears what comes behind them', () => {
    const talk = new Script()
    talk.pass(15_000)
    talk.onset()
    talk.pass(3000)
    talk.stt({ type: 'final', text: 'What is', words: [{ text: 'is', startMs: 17_000, endMs: 17_200 }] })
    talk.stt({ type: 'done' })
    talk.pass(100)
    talk.give({ type: 'stt-open', link: 2 })
    expect(talk.of('stt-connect').at(-1)?.fromMs).toBe(17_200)
    talk.offset()
    talk.final(' is not to be said')
    talk.pass(600)
    expect(talk.asked).toEqual(['What is is not to be said'])
  })

  it('an engine that refuses for good ends the session', () => {
    const talk = new Script()
    talk.give({ type: 'stt-failed', link: 1, isRetryable: false, message: 'bad key' })
    expect(talk.frames('error').map(({ code, close }) => [code, close])).toEqual([['stt_unavailable', true]])
    expect(talk.of('close')[0]?.code).toBe(1011)
  })

  it.each<[boolean, (string | undefined)[]]>([
    [false, ['own', undefined]],
    [true, ['own', 'fallback', undefined]],
  ])('a voice that fails is tried again from the sentence that broke off (another voice: %s)', (hasFallbackVoice, voices) => {
    const talk = new Script({ hasFallbackVoice })
    talk.asks('Tell me a story')
    talk.answers('One. ', 'Two.')
    talk.sounds(300)
    talk.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs: 300, ms: 100 })
    for (const [index, voice] of voices.entries()) {
      talk.since()
      talk.voice({ type: 'failed', attempt: index + 1, message: 'gone' })
      expect(talk.of('speak').map((speak) => [speak.sentence, speak.voice])).toEqual(voice ? [[1, voice]] : [])
      expect(talk.frames('audio_unavailable').map(({ text }) => text)).toEqual(voice ? [] : ['Two.'])
    }
    talk.mark(400, 'finished')
    expect(talk.heard).toBe('One. ')
  })

  it('what was cut off counts from where it was said again', () => {
    const talk = new Script({ turn: { graceMs: 0 } })
    talk.asks('Tell me a story')
    talk.answers('One two three four.')
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 1000 })
    talk.voice({ type: 'failed', attempt: 1, message: 'gone' })
    talk.voice({ type: 'sound', attempt: 2, sentence: 0, fromMs: 1000, ms: 200 })
    talk.voice({ type: 'said', attempt: 2, sentence: 0 })
    talk.pass(1000)
    talk.mark(1100, 'playing')
    talk.partial('Stop, please')
    talk.pass(500)
    expect(talk.heard).toBe('One two')
  })

  it('a model that fails ends its turn, and the session listens on', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.model({ type: 'failed', errorType: 'overloaded_error', code: 'overloaded', message: 'busy', isRetryable: true })
    expect(talk.frames('error')).toMatchObject([{ scope: 'turn', error_type: 'overloaded_error', code: 'overloaded' }])
    expect(talk.frames('turn_complete').map(({ stop_reason: reason }) => reason)).toEqual(['error'])
    talk.asks('Again, please')
    expect(talk.asked).toHaveLength(2)
  })

  it('a model that fails after it spoke keeps what was heard, and ends its turn once', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'Once upon a time.' })
    talk.sounds(1000)
    talk.model({ type: 'failed', errorType: 'provider_error', code: 'speech_not_explicit', message: 'text', isRetryable: false })
    talk.model({ type: 'done', stopReason: 'end_turn' })
    talk.mark(1000, 'finished')
    expect(talk.heard).toBe('Once upon a time.')
    expect(talk.frames('turn_complete').map(({ stop_reason: reason }) => reason)).toEqual(['error'])
  })

  it('a tool that takes too long is cancelled, and its late result refused', () => {
    const talk = new Script()
    talk.asks('Look it up')
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 3000, call: { name: 'look', input: {} } })
    expect(talk.frames('tool_call')).toHaveLength(1)
    talk.pass(3000)
    expect(talk.of('tool-cancel')).toEqual([{ type: 'tool-cancel', turn: 1, id: 'a' }])
    talk.give({ type: 'tool-result', id: 'a', content: 'late', isError: false })
    expect(talk.of('tool-answer')).toEqual([])
    expect(talk.frames('error').map(({ code }) => code)).toEqual(['unknown_tool_use'])
  })

  it("a client's result goes to the model once", () => {
    const talk = new Script()
    talk.asks('Look it up')
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 3000, call: { name: 'look', input: {} } })
    talk.give({ type: 'tool-result', id: 'a', content: 'found', isError: false })
    talk.give({ type: 'tool-result', id: 'a', content: 'found', isError: false })
    expect(talk.of('tool-answer')).toHaveLength(1)
    expect(talk.frames('error')).toHaveLength(1)
  })
})

describe('10. speculation', () => {
  const semantic = { mode: 'semantic', speculation: true } as const

  function foretold(): Script {
    const talk = new Script({ turn: semantic })
    talk.onset()
    talk.partial('Tell me a story')
    talk.stt({ type: 'turn-eager-end', text: 'Tell me a story' })
    talk.model({ type: 'say', text: 'Once.' })
    talk.model({ type: 'done', stopReason: 'end_turn' })
    return talk
  }

  it('shows nothing before the turn is confirmed', () => {
    const talk = foretold()
    expect(talk.of('run-start')).toEqual([{ type: 'run-start', turn: 1, speculation: 'Tell me a story' }])
    expect(talk.kinds()).toEqual(['stt-connect', 'run-start'])
    talk.since()
    talk.final('Tell me a story')
    talk.stt({ type: 'turn-end', text: 'Tell me a story' })
    expect(talk.kinds()).toEqual([
      'utterance_final',
      'user-append',
      'run-confirm',
      'assistant_text_delta',
      'speak',
      'voice-finish',
    ])
  })

  it.each<[string, (talk: Script) => void]>([
    ['is resumed', (talk) => void talk.stt({ type: 'turn-resumed' })],
    ['ends in other words', (talk) => void [talk.final('Tell me a joke'), talk.stt({ type: 'turn-end', text: '' })]],
    ['is overtaken by a typed one', (talk) => void talk.give({ type: 'typed', content: 'Hi', isCommitted: true })],
    ['gets a picture with it', (talk) => void talk.give({ type: 'typed', content: 'See', isCommitted: false })],
    ['is to be asked otherwise', (talk) => void talk.give({ type: 'update' })],
  ])('leaves no trace of a turn that %s', (_, then) => {
    const talk = foretold()
    then(talk)
    expect(talk.of('run-cancel')).toEqual([{ type: 'run-cancel', turn: 1 }])
    expect([...talk.of('answer-commit'), ...talk.of('answer-drop'), ...talk.frames('turn_cancelled')]).toEqual([])
    talk.model({ type: 'say', text: 'Too late.' }, 1)
    expect(talk.of('speak')).toEqual([])
  })

  it('leaves no trace of a turn in which the model would call a tool', () => {
    const talk = new Script({ turn: semantic })
    talk.partial('Tell me a story')
    talk.stt({ type: 'turn-eager-end', text: 'Tell me a story' })
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 1000, call: { name: 'x', input: {} } })
    expect(talk.kinds()).toEqual(['stt-connect', 'run-start', 'run-cancel'])
  })

  it('does not begin where it is switched off', () => {
    const talk = new Script({ turn: { mode: 'semantic' } })
    talk.partial('Tell me a story')
    talk.stt({ type: 'turn-eager-end', text: 'Tell me a story' })
    expect(talk.of('run-start')).toEqual([])
  })
})

describe('11. resuming', () => {
  it('sends what was missed, and the sound again from the last mark under a new number', () => {
    const talk = speaking()
    talk.since()
    talk.give({ type: 'lost' })
    talk.pass(20_000, { mic: false })
    expect(talk.phases).toBe('silent draining')
    talk.since()
    talk.give({ type: 'resumed', lastServerSeq: 17 })
    expect(talk.kinds().slice(0, 4)).toEqual(['replay', 'audio_reset', 'rewind', 'assistant_audio_start'])
    expect(talk.of('rewind')[0]?.fromMs).toBe(1500)
    talk.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs: 1500, ms: 500 })
    talk.mark(500, 'finished')
    expect(talk.of('answer-commit')[0]).toHaveProperty('cut', undefined)
  })

  it('ends a session whose client does not come back, with what was heard', () => {
    const talk = speaking()
    talk.give({ type: 'lost' })
    talk.pass(30_000, { mic: false })
    expect(talk.frames('session_end').map(({ reason }) => reason)).toEqual(['resume_expired'])
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may')
  })
})

describe('12. the end', () => {
  it.each<[string, (talk: Script) => void, number]>([
    ['end_session', (talk) => void talk.give({ type: 'control', op: 'end_session' }), 1000],
    ['idle', (talk) => void talk.pass(300_000, { mic: false }), 1000],
    ['restart', (talk) => void talk.give({ type: 'drain' }), 1012],
  ])('comes for %s', (reason, then, code) => {
    const talk = new Script()
    then(talk)
    expect(talk.frames('session_end')).toEqual([{ type: 'session_end', reason }])
    expect(talk.of('close')).toEqual([{ type: 'close', code }])
    expect(deadline(talk.state)).toBeUndefined()
    expect(talk.give({ type: 'typed', content: 'Hi', isCommitted: true })).toEqual([])
  })

  it('comes when the session has had its time, whatever goes on', () => {
    const talk = new Script({ limits: { totalMs: 10_000 } })
    talk.asks('Tell me a story')
    talk.pass(10_000)
    expect(talk.state.ended).toBe('limit')
    expect(talk.of('run-cancel')).toHaveLength(1)
  })

  it('lets the sentence be finished when the server goes down, and nothing begin', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    for (const text of ['One. ', 'Two. ', 'Three. ']) talk.model({ type: 'say', text })
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 100 })
    talk.give({ type: 'drain' })
    expect(talk.of('run-cancel')).toHaveLength(1)
    expect(turnOf(talk.state)?.voice.sentences).toHaveLength(2)
    talk.give({ type: 'typed', content: 'Hi', isCommitted: false })
    talk.voice({ type: 'said', attempt: 1, sentence: 0 })
    talk.sounds(300)
    talk.mark(400, 'finished')
    expect(talk.heard).toBe('One. Two. ')
    expect(talk.of('close')).toEqual([{ type: 'close', code: 1012 }])
  })

  it('does not wait for that sentence longer than it may', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'One. ' })
    talk.voice({ type: 'sound', attempt: 1, sentence: 0, fromMs: 0, ms: 100 })
    talk.give({ type: 'drain' })
    talk.pass(10_000)
    expect(talk.state.ended).toBe('restart')
  })
})

describe('what the client asks for', () => {
  it('interrupting keeps what was heard, without anything being said', () => {
    const talk = speaking()
    talk.give({ type: 'control', op: 'interrupt' })
    talk.mark(1500, 'stopped')
    expect(talk.frames('turn_complete')[0]?.stop_reason).toBe('interrupted')
  })

  it('cancelling a turn of which nothing was heard leaves nothing', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.give({ type: 'control', op: 'cancel_turn' })
    expect(talk.frames('turn_cancelled').map(({ reason }) => reason)).toEqual(['cancelled'])
  })

  it('a player that is stopped by hand ends the turn where it stopped', () => {
    const talk = speaking()
    talk.mark(1500, 'stopped')
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may')
    expect(talk.phases).toBe('silent idle')
  })

  it('what goes with the next turn is bounded', () => {
    const talk = new Script({ limits: { maxAttachments: 2 } })
    for (let index = 0; index < 3; index++) talk.give({ type: 'typed', content: 'x', isCommitted: false })
    expect(talk.of('attach')).toHaveLength(2)
    expect(talk.frames('warning').map(({ code }) => code)).toEqual(['too_many_attachments'])
  })

  it('a greeting is spoken unasked, and can be interrupted but not gone on with', () => {
    const talk = new Script()
    talk.give({ type: 'greeting', sentences: ['Hello. ', 'How are you?'] })
    expect(talk.of('run-start')).toEqual([])
    talk.sounds(500)
    talk.pass(200)
    talk.partial('I have a question')
    expect(talk.frames('audio_reset')[0]?.reason).toBe('barge_in')
  })
})
