import { describe, expect, it } from 'vitest'
import { deadline } from '../../../plugins/live/session.ts'
import { Script, speaking } from './script.ts'

describe('1. the end of a turn', () => {
  it('is silence on the clock of the sound, with the words final', () => {
    const talk = new Script()
    talk.onset()
    talk.pass(400)
    talk.final('Hello there.')
    talk.offset()
    talk.final(' How are you?')
    talk.pass(500)
    expect(talk.asked).toEqual([])
    talk.pass(100)
    expect(talk.asked).toEqual(['Hello there. How are you?'])
    expect(talk.phases).toBe('silent thinking')
    expect(talk.frames('utterance_final')).toEqual([
      { type: 'utterance_final', utterance_id: 'utterance_1', text: 'Hello there. How are you?', end_ms: 400 },
    ])
  })

  it('is no silence in which somebody goes on', () => {
    const talk = new Script()
    talk.onset()
    talk.final('Hello there.')
    talk.offset()
    talk.pass(500)
    talk.onset()
    talk.pass(500)
    talk.offset()
    talk.final(' And more.')
    talk.pass(600)
    expect(talk.asked).toEqual(['Hello there. And more.'])
  })

  it('asks for words that are not final, and takes those that it has where none come', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('What time is')
    talk.offset()
    talk.pass(600)
    expect(talk.of('stt-finalize')).toEqual([{ type: 'stt-finalize', link: 1 }])
    expect(talk.frames('turn_state').at(-1)?.state).toBe('committing')
    talk.pass(700)
    expect(talk.asked).toEqual([])
    talk.pass(100)
    expect(talk.asked).toEqual(['What time is'])
  })

  it('takes the words that it asked for as soon as they come', () => {
    const talk = new Script()
    talk.onset()
    talk.partial('What time is')
    talk.offset()
    talk.pass(650)
    talk.stt({ type: 'final', text: 'What time is it?', flushed: true })
    expect(talk.asked).toEqual(['What time is it?'])
  })

  it('is what the engine says in semantic mode, whatever the silence', () => {
    const talk = new Script({ turn: { mode: 'semantic' } })
    talk.onset()
    talk.final('I would like')
    talk.offset()
    talk.pass(2000)
    expect(talk.asked).toEqual([])
    talk.final(' a ticket.')
    talk.stt({ type: 'turn-end', text: 'I would like a ticket.' })
    expect(talk.asked).toEqual(['I would like a ticket.'])
  })

  it('comes in semantic mode by a long silence as well', () => {
    const talk = new Script({ turn: { mode: 'semantic' } })
    talk.onset()
    talk.final('I would like a ticket.')
    talk.offset()
    talk.pass(6000)
    expect(talk.asked).toEqual(['I would like a ticket.'])
  })

  it('puts silence in where the client stops sending', () => {
    const talk = new Script()
    talk.onset()
    talk.final('Hello there.')
    talk.pass(1600, { mic: false })
    expect(talk.asked).toEqual(['Hello there.'])
    expect(talk.of('inject-silence').reduce((sum, { ms }) => sum + ms, 0)).toBeGreaterThanOrEqual(600)
  })

  it('is found of words of which no voice was heard', () => {
    const talk = new Script()
    talk.pass(1000)
    talk.final('Barely audible words.')
    talk.pass(1500)
    expect(talk.asked).toEqual(['Barely audible words.'])
  })
})

describe('2. what is no speech', () => {
  it.each(['Mm-hm.', 'okay', '[noise]', '...', 'It is sunny and warm'])('does not interrupt: %s', (text) => {
    const talk = speaking({ hasAec: false, turn: { graceMs: 0 } })
    talk.onset()
    talk.partial(text)
    talk.offset()
    talk.final(text)
    talk.pass(700)
    expect(talk.frames('audio_reset')).toEqual([])
    expect(talk.phases).toBe('silent draining')
    expect(talk.asked).toHaveLength(1)
  })

  it('but "okay" answers where the assistant is silent', () => {
    const talk = new Script()
    talk.asks('Okay.')
    expect(talk.asked).toEqual(['Okay.'])
  })

  it('starts nothing: a cough is forgotten', () => {
    const talk = new Script()
    talk.onset()
    talk.offset()
    talk.pass(3000)
    expect(talk.kinds().filter((kind) => kind !== 'stt-connect')).toEqual(['stt-finalize'])
    expect(talk.phases).toBe('silent idle')
  })

  it('is judged by what the client set', () => {
    const thresholds = { minCharacters: 12, minCharactersInEcho: 20, minConfidence: 0.9 }
    const talk = new Script({ turn: { thresholds } })
    talk.asks('Hello there')
    talk.asks('Is anybody there?')
    expect(talk.asked).toEqual(['Is anybody there?'])
    talk.partial('Go on')
    talk.stt({ type: 'final', text: 'Go on with the story', confidence: 0.8 })
    talk.pass(2000)
    expect(talk.of('answer-drop')).toEqual([])
  })

  it('what it stopped goes on from what was heard, under a new number', () => {
    const talk = speaking({ turn: { interruption: 'energy', graceMs: 0 } })
    talk.since()
    talk.onset()
    expect(talk.kinds()).toEqual(['audio_reset', 'voice-hold'])
    talk.mark(1600, 'stopped')
    talk.pass(1999)
    expect(talk.kinds()).not.toContain('rewind')
    talk.since()
    talk.pass(1)
    expect(talk.kinds().slice(0, 2)).toEqual(['was-echo', 'rewind'])
    expect(talk.of('rewind')).toEqual([{ type: 'rewind', turn: 1, fromMs: 1600 }])
    expect(talk.frames('assistant_audio_start')).toEqual([
      { type: 'assistant_audio_start', assistant_audio_id: 'audio_2', turn_id: 'turn_1' },
    ])
    talk.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs: 1600, ms: 400 })
    talk.mark(400, 'finished')
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may be a little rain.')
  })

  it('goes on at once where the engine is sure that nothing was said', () => {
    const talk = speaking({ turn: { interruption: 'energy', graceMs: 0 } })
    talk.onset()
    talk.pass(100)
    talk.offset()
    talk.pass(600)
    talk.stt({ type: 'final', text: '', flushed: true })
    expect(talk.of('rewind')).toHaveLength(1)
  })

  it('a stop that was speech is an interruption', () => {
    const talk = speaking({ turn: { interruption: 'energy', graceMs: 0 } })
    talk.onset()
    talk.mark(1600, 'stopped')
    talk.partial('Wait, what about Sunday?')
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may be')
    expect(talk.of('rewind')).toEqual([])
  })
})

describe('3. grace', () => {
  it('takes the turn back and asks again with what was said since', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('Once upon a time.')
    talk.sounds(800)
    talk.pass(300)
    talk.since()
    talk.onset()
    talk.partial('about a cat')
    expect(talk.kinds()).toEqual(['audio_reset', 'voice-close', 'answer-drop', 'turn_cancelled'])
    expect(talk.frames('audio_reset')[0]?.reason).toBe('grace')
    talk.offset()
    talk.final('about a cat')
    talk.pass(600)
    expect(talk.asked).toEqual(['+about a cat'])
    expect(talk.of('run-start')).toEqual([{ type: 'run-start', turn: 2, speculation: undefined }])
  })

  it('cancels the run while the model thinks', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.since()
    talk.partial('about a cat')
    expect(talk.kinds()).toEqual(['run-cancel', 'answer-drop', 'turn_cancelled'])
  })

  it.each<[string, (talk: Script) => void]>([
    ['after its time', (talk) => void talk.pass(5000)],
    [
      'once something was done outside',
      (talk) => void talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: true, withinMs: 9e3 }),
    ],
  ])('does not apply %s', (_, before) => {
    const talk = new Script()
    talk.asks('Tell me a story')
    before(talk)
    talk.since()
    talk.asks('about a cat')
    expect(talk.of('answer-drop')).toEqual([])
    expect(talk.asked).toEqual(['about a cat'])
  })

  it('does not apply once the client has played it all', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.answers('No.')
    talk.sounds(300)
    talk.pass(300)
    talk.mark(300, 'finished')
    talk.since()
    talk.asks('about a cat')
    expect(talk.asked).toEqual(['about a cat'])
  })

  it('goes before barge-in inside its time', () => {
    const talk = speaking()
    talk.partial('and on Sunday?')
    expect(talk.frames('audio_reset')[0]?.reason).toBe('grace')
  })

  it('asks the question again where nothing was said after all', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.partial('about something')
    talk.final('')
    talk.pass(2000)
    expect(talk.asked).toEqual(['Tell me a story', '+'])
  })
})

describe('4. barge-in', () => {
  it('is silent at once, and keeps what the last mark says was heard', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.since()
    talk.partial('Stop, please')
    expect(talk.kinds()).toEqual(['audio_reset', 'voice-close'])
    expect(talk.frames('turn_state').at(-1)?.state).toBe('interrupted')
    talk.pass(100)
    talk.mark(1650, 'stopped')
    expect(talk.kinds().slice(2)).toEqual(['answer-commit', 'turn_complete'])
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may be a')
    expect(talk.frames('turn_complete')[0]?.stop_reason).toBe('barge_in')
  })

  it('waits half a second for that mark, and no longer', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.partial('Stop, please')
    talk.pass(499)
    expect(talk.heard).toBeUndefined()
    talk.pass(1)
    expect(talk.heard).toBe('It is sunny and warm today. Tomorrow there may')
  })

  it('keeps whole sentences where the client does not tell', () => {
    const talk = new Script({ marks: false, turn: { graceMs: 0 } })
    talk.asks('What is the weather like?')
    talk.answers('It is sunny today. ', 'Tomorrow there may be a little rain.')
    talk.sounds(500)
    talk.sounds(900)
    talk.pass(1000)
    talk.partial('Stop, please')
    expect(talk.heard).toBe('It is sunny today.')
  })

  it('cancels a run that has nothing to do with grace any more, and keeps its calls', () => {
    const talk = new Script()
    talk.asks('Book a table')
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: true, withinMs: 9000 })
    talk.pass(1000)
    talk.since()
    talk.partial('Wait a moment')
    expect(talk.kinds()).toEqual(['run-cancel', 'answer-commit', 'turn_complete'])
    expect(talk.heard).toBe('')
  })

  it('a question that is complete before that mark waits for it', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    talk.since()
    talk.give({ type: 'typed', content: 'Never mind.', isCommitted: true })
    expect(talk.kinds()).toEqual(['audio_reset', 'voice-close'])
    talk.mark(1500, 'stopped')
    expect(talk.kinds().slice(2)).toEqual(['answer-commit', 'turn_complete', 'user-append', 'run-start'])
  })

  it('is possible until the client has played it all', () => {
    const talk = speaking({ turn: { graceMs: 0 } })
    expect(talk.phases).toBe('silent draining')
    talk.partial('Stop, please')
    expect(talk.frames('audio_reset')).toHaveLength(1)
  })
})

describe('5. and 6. what is spoken and what is kept', () => {
  it('sentences are spoken before the answer is complete, two ahead', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    for (const text of ['One. ', 'Two. ', 'Three. ']) talk.model({ type: 'say', text })
    expect(talk.of('speak').map(({ text }) => text)).toEqual(['One. ', 'Two. '])
    talk.sounds(300)
    expect(talk.of('speak').map(({ text }) => text)).toEqual(['One. ', 'Two. ', 'Three. '])
  })

  it('the call that speaks closes the voice before the model is done', () => {
    const talk = new Script()
    talk.asks('Tell me a story')
    talk.model({ type: 'say', text: 'One.' })
    talk.model({ type: 'terminal' })
    expect(talk.of('voice-finish')).toHaveLength(1)
  })

  it('an answer that was played is kept whole', () => {
    const talk = speaking()
    talk.mark(2000, 'finished')
    expect(talk.of('answer-commit')).toEqual([
      {
        type: 'answer-commit',
        turn: 1,
        heard: 'It is sunny and warm today. Tomorrow there may be a little rain.',
        cut: undefined,
      },
    ])
    expect(talk.phases).toBe('silent idle')
  })

  it('an answer without a word ends as well', () => {
    const talk = new Script()
    talk.asks('Say nothing')
    talk.answers()
    expect(talk.frames('turn_complete')).toHaveLength(1)
    expect(talk.phases).toBe('silent idle')
  })
})

it('nothing is due of a session that is over', () => {
  const talk = speaking()
  talk.give({ type: 'control', op: 'end_session' })
  expect(deadline(talk.state)).toBeUndefined()
})
