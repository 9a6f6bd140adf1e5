import { afterEach, describe, expect, it } from 'vitest'
import { type Stage, startStage, type Talk, voices } from './stage.ts'

let stage: Stage
afterEach(() => stage.close())

const open = (): number => stage.cartesia.sockets.filter(({ isOpen }) => isOpen).length

/** Somebody with whom a voice waits to speak. */
async function talking(): Promise<Talk> {
  stage = await startStage({ answers: [{ say: 'One.' }, { say: 'Two.' }, { say: 'Three.' }] })
  const talk = await stage.talk()
  await stage.time.until(() => open() === 1)
  return talk
}

describe('a client that changes the session', () => {
  it('opens no other line to the voice where that stays the same', async () => {
    const talk = await talking()
    for (let index = 0; index < 20; index++) {
      talk.client.send({ type: 'session_update', turn: { silence_ms: 500 + index } })
      talk.client.send({ type: 'session_update', tts: { voice: voices.sonic } })
      await stage.time.run(40)
    }
    await talk.says('Say one.')
    await talk.turnOver(1)
    expect(stage.cartesia.sockets).toHaveLength(1)
    expect(await stage.leftovers()).toEqual([])
  })

  it('opens one line to another voice, however often it changes its mind before the next turn', async () => {
    const talk = await talking()
    for (let index = 1; index <= 20; index++) {
      talk.client.send({ type: 'session_update', tts: { voice: voices.sonic, speed: 1 + index / 100 } })
      await stage.time.run(40)
    }
    expect(stage.cartesia.sockets).toHaveLength(1)
    await talk.says('Say one.')
    await talk.turnOver(1)
    expect([stage.cartesia.sockets.length, open()]).toEqual([2, 1])
    talk.client.send({ type: 'session_update', tts: { voice: voices.aura } })
    await stage.time.run(100)
    await talk.says('Say two.')
    await talk.turnOver(2)
    expect([stage.cartesia.sockets.length, open()]).toEqual([2, 0])
    expect(talk.player.textOf()).toContain('Two.')
    expect(await stage.leftovers()).toEqual([])
  })
})
