import { describe, expect, it } from 'vitest'
import { Script } from './script.ts'

const filler = { afterMs: 1500, texts: ['One moment, please.', 'Still looking.'] }

/** A question was asked, and a tool runs. */
function looking(before: readonly string[] = []): Script {
  const talk = new Script({ filler })
  talk.asks('What is in my calendar?')
  for (const text of before) talk.model({ type: 'say', text })
  talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 20_000 })
  talk.since()
  return talk
}

describe('while a tool takes long', () => {
  it('something is said once, told before its sentence, and is not held open', () => {
    const talk = looking()
    talk.pass(1499)
    expect(talk.kinds()).toEqual([])
    talk.pass(1)
    expect(talk.kinds()).toEqual(['filler', 'assistant_text_delta', 'speak', 'voice-finish'])
    expect(talk.of('filler')).toEqual([{ type: 'filler', turn: 1, text: 'One moment, please. ' }])
    talk.sounds(800)
    talk.mark(800)
    talk.pass(10_000)
    expect(talk.of('filler')).toHaveLength(1)
  })

  it('it belongs with what was spoken and heard', () => {
    const talk = looking(['Let me see.'])
    talk.sounds(500)
    talk.mark(500)
    talk.pass(1500)
    expect(talk.of('filler')[0]?.text).toBe(' One moment, please. ')
    talk.sounds(800)
    talk.mark(1300)
    talk.model({ type: 'tool-ended', id: 'a' })
    talk.answers('You are free.')
    talk.sounds(700)
    talk.mark(2000, 'finished')
    expect(talk.heard).toBe('Let me see. One moment, please. You are free.')
  })

  it.each<[string, (talk: Script) => void]>([
    ['while the assistant is still heard', (talk) => talk.sounds(5000)],
    ['while there is something to say', () => undefined],
  ])('not %s', (_, then) => {
    const talk = looking(['Let me see. '])
    then(talk)
    talk.pass(3000)
    expect(talk.of('filler')).toEqual([])
  })

  it.each<[string, (talk: Script) => void]>([
    ['into the words of somebody', (talk) => talk.onset()],
    ['to a client that is gone', (talk) => talk.give({ type: 'lost' })],
    ['to a client that does not read', (talk) => talk.give({ type: 'stalled' })],
    ['once the tool is done', (talk) => talk.model({ type: 'tool-ended', id: 'a' })],
    ['once the answer is complete', (talk) => talk.model({ type: 'terminal' })],
    ['where the session ends', (talk) => talk.give({ type: 'drain' })],
  ])('not %s', (_, then) => {
    const talk = looking()
    then(talk)
    talk.pass(3000)
    expect(talk.of('filler')).toEqual([])
  })

  it('counts from the first of several calls', () => {
    const talk = looking()
    talk.pass(1000)
    talk.model({ type: 'tool-ended', id: 'a' })
    talk.pass(1000)
    talk.model({ type: 'tool-began', id: 'b', hasOutsideEffect: false, withinMs: 9000 })
    expect(talk.of('filler')).toHaveLength(1)
  })

  it('the next turn has the next text', () => {
    const talk = looking()
    talk.pass(1500)
    talk.give({ type: 'control', op: 'cancel_turn' })
    talk.asks('What is in my mail?')
    talk.model({ type: 'tool-began', id: 'b', hasOutsideEffect: false, withinMs: 9000 })
    talk.pass(1500)
    expect(talk.of('filler').map(({ text }) => text)).toEqual(['One moment, please. ', 'Still looking. '])
  })

  it('nothing is said where nothing is to be', () => {
    const talk = new Script()
    talk.asks('What is in my calendar?')
    talk.model({ type: 'tool-began', id: 'a', hasOutsideEffect: false, withinMs: 20_000 })
    talk.pass(10_000)
    expect(talk.of('filler')).toEqual([])
  })
})
