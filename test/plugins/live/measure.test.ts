import { describe, expect, it } from 'vitest'
import { Script, speaking } from './script.ts'

const measured = (talk: Script) => talk.of('metrics').map(({ metrics }) => metrics)

describe('a turn tells how long it took', () => {
  it('from the end of speech to the first sound', () => {
    const talk = new Script()
    talk.onset()
    talk.pass(500)
    talk.offset()
    talk.pass(200)
    talk.final('Tell me a story')
    talk.pass(400)
    talk.pass(300)
    talk.model({ type: 'say', text: 'Once.' })
    talk.pass(150)
    talk.model({ type: 'done', stopReason: 'end_turn' })
    talk.sounds(300)
    talk.mark(300, 'finished')
    expect(measured(talk)).toEqual([
      { eou_delay_ms: 600, stt_final_ms: 200, llm_ttft_ms: 300, tts_ttfb_ms: 150, voice_to_voice_ms: 1050, characters: 5 },
    ])
  })

  it('by its first call where that comes first, and with what was spoken again', () => {
    const talk = new Script()
    talk.give({ type: 'typed', content: 'Look it up', isCommitted: true })
    talk.pass(100)
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 9000 })
    talk.pass(900)
    talk.model({ type: 'tool-ended', id: 'a' })
    talk.answers('Found.')
    talk.voice({ type: 'failed', attempt: 1, message: 'gone' })
    talk.pass(200)
    talk.sounds(300)
    talk.mark(300, 'finished')
    expect(measured(talk)).toEqual([{ llm_ttft_ms: 100, tts_ttfb_ms: 200, characters: 12 }])
  })

  it('nothing of words that were never final, and of a model that was foretold', () => {
    const talk = new Script({ turn: { mode: 'semantic', speculation: true } })
    talk.onset()
    talk.pass(300)
    talk.partial('Tell me a story')
    talk.offset()
    talk.stt({ type: 'turn-eager-end', text: 'Tell me a story' })
    talk.model({ type: 'say', text: 'Once.' })
    talk.pass(100)
    talk.stt({ type: 'turn-end', text: 'Tell me a story' })
    talk.give({ type: 'control', op: 'end_session' })
    expect(measured(talk)).toEqual([{ eou_delay_ms: 100, llm_ttft_ms: 0, characters: 5 }])
  })

  it.each<[string, 'words' | 'energy', number]>([
    ['its first words', 'words', 300],
    ['a voice', 'energy', 0],
  ])('from the beginning of an interruption to its stop, by %s', (_, interruption, ms) => {
    const talk = speaking({ turn: { graceMs: 0, interruption } })
    talk.onset()
    talk.pass(300)
    talk.partial('Stop, please')
    talk.pass(500)
    expect(measured(talk)[0]?.interruption_stop_ms).toBe(ms)
  })

  it('no interruption where the client asked, or nobody spoke after all', () => {
    const asked = speaking()
    asked.give({ type: 'control', op: 'interrupt' })
    asked.pass(500)
    const coughed = speaking({ turn: { interruption: 'energy', graceMs: 0 } })
    coughed.onset()
    coughed.pass(2000)
    coughed.voice({ type: 'sound', attempt: 1, sentence: 1, fromMs: 1500, ms: 500 })
    coughed.mark(500, 'finished')
    expect([...measured(asked), ...measured(coughed)].map(({ interruption_stop_ms: ms }) => ms)).toEqual([undefined, undefined])
  })

  it('only of its voice where nobody asked', () => {
    const talk = new Script()
    talk.give({ type: 'greeting', sentences: ['Hello.'] })
    talk.pass(250)
    talk.sounds(300)
    talk.mark(300, 'finished')
    expect(measured(talk)).toEqual([{ tts_ttfb_ms: 250, characters: 6 }])
  })

  it('right behind its end', () => {
    const talk = speaking()
    talk.mark(2000, 'finished')
    const kinds = talk.effects.map((effect) => (effect.type === 'frame' ? effect.frame.type : effect.type))
    expect(kinds.slice(kinds.indexOf('answer-commit'), kinds.indexOf('metrics') + 1)).toEqual([
      'answer-commit',
      'turn_complete',
      'metrics',
    ])
  })
})
