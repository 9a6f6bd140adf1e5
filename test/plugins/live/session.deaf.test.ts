import { describe, expect, it } from 'vitest'
import { Script } from './script.ts'

/** Somebody speaks for so long, and is silent for as long as the last words are waited for. */
function speaks(talk: Script, ms = 2000): void {
  talk.onset()
  talk.pass(ms)
  talk.offset()
  talk.pass(1500)
}

const opens = (talk: Script): void => void talk.give({ type: 'stt-open', link: talk.state.stt.link })
const warnings = (talk: Script): string[] => talk.frames('warning').map(({ code }) => code)

/** A session that goes on for a while before anybody speaks. */
function quiet(): Script {
  const talk = new Script()
  talk.pass(6000)
  return talk
}

describe('an engine that says nothing when it is asked for the words of a voice', () => {
  it('is replaced by one that hears all of the utterance, whose words are waited for', () => {
    const talk = quiet()
    const begin = talk.state.mic.audioMs
    speaks(talk)
    expect(warnings(talk)).toEqual(['stt_reconnecting'])
    expect(talk.of('stt-connect').at(-1)).toMatchObject({ link: 2 })
    expect(talk.of('stt-connect').at(-1)?.fromMs).toBeLessThanOrEqual(begin)
    opens(talk)
    talk.pass(300)
    talk.stt({ type: 'final', text: 'What is the weather like?', flushed: true })
    expect(talk.asked).toEqual(['What is the weather like?'])
  })

  it('is replaced once more, and then the utterance is given up', () => {
    const talk = quiet()
    speaks(talk)
    opens(talk)
    talk.pass(4000)
    opens(talk)
    talk.pass(5000)
    expect(talk.of('stt-connect').map(({ link }) => link)).toEqual([1, 2, 3])
    expect(warnings(talk)).toEqual(['stt_reconnecting', 'stt_reconnecting'])
    expect(talk.phases).toBe('silent idle')
  })

  it('is left alone for a while then, so that noises do not replace it all day', () => {
    const talk = quiet()
    for (let noise = 0; noise < 10; noise++) {
      speaks(talk)
      opens(talk)
      talk.pass(2000)
      opens(talk)
      talk.pass(2000)
    }
    expect(talk.of('stt-connect').length).toBeLessThanOrEqual(4)
    expect(talk.state.ended).toBeUndefined()
  })

  it.each<[string, number, (talk: Script) => void]>([
    ['answers with nothing', 2000, (talk) => void talk.stt({ type: 'final', text: '', flushed: true })],
    ['has understood something', 2000, (talk) => void talk.partial('Hello')],
    ['heard no more than a cough', 300, () => undefined],
  ])('is not replaced where it %s', (_, ms, tells) => {
    const talk = quiet()
    talk.onset()
    talk.pass(ms)
    talk.offset()
    talk.pass(700)
    tells(talk)
    talk.pass(3000)
    expect(talk.of('stt-connect')).toHaveLength(1)
    expect(warnings(talk)).toEqual([])
  })

  it('is not replaced where it ends turns itself, and has done so', () => {
    const talk = new Script({ turn: { mode: 'semantic' } })
    talk.onset()
    talk.pass(1000)
    talk.final('Hello there')
    talk.stt({ type: 'turn-end', text: 'Hello there' })
    talk.offset()
    talk.pass(6000)
    speaks(talk)
    talk.pass(8000)
    expect(talk.of('stt-connect')).toHaveLength(1)
  })
})

it('an engine that is lost when it was asked is waited for: the next one is asked as well', () => {
  const talk = quiet()
  talk.onset()
  talk.pass(1000)
  talk.partial('What is')
  talk.offset()
  talk.pass(700)
  talk.stt({ type: 'done' })
  talk.pass(1500)
  expect(talk.asked).toEqual([])
  opens(talk)
  expect(talk.of('stt-finalize').map(({ link }) => link)).toEqual([1, 2])
  talk.stt({ type: 'final', text: 'What is the weather like?', flushed: true })
  expect(talk.asked).toEqual(['What is the weather like?'])
})

it('words that were taken long after they were said are known as long as others when they are said again', () => {
  const talk = new Script()
  talk.pass(1000)
  talk.onset()
  talk.pass(500)
  talk.offset()
  talk.stt({ type: 'done' })
  talk.pass(5000)
  opens(talk)
  talk.partial('Hello there')
  talk.pass(3500)
  expect(talk.asked).toEqual(['Hello there'])
  talk.pass(4000)
  talk.asks('Hello there how are you')
  expect(talk.asked).toEqual(['Hello there', 'how are you'])
})
