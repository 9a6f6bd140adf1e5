import { afterEach, describe, expect, it } from 'vitest'
import { measured } from '../measured.ts'
import { type Stage, startStage, type Talk } from './stage.ts'

let stage: Stage
afterEach(async () => {
  await stage.close()
})

/** The sockets of this process, but for the connections to models that are kept for the next request. */
function sockets(): number {
  const all = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  return all - 2 * stage.model.upstream.connections
}

describe('two hundred sessions', () => {
  it('leave nothing behind, however they end', async () => {
    stage = await startStage({ answers: [{ say: 'This is a sentence. Here is another one, which is longer. And one more.' }] })
    const one = async (index: number): Promise<void> => {
      const speaks = (['sonic', 'eleven', 'aura', 'demo'] as const)[index % 4]
      const hears = (['nova', 'whisper', 'demo/meter'] as const)[index % 3]
      const talk = await stage.talk({ ...(speaks && { speaks }), ...(hears && { hears }), isMsgpack: index % 5 === 0 })
      talk.client.send({ type: 'input_text', content: 'Say something, please.' })
      await endOf(talk, index)
    }
    // The first ones open what is kept open for all that follow.
    for (let index = 0; index < 12; index++) await one(index)
    await stage.time.run(40_000)
    const before = { sockets: sockets(), timers: stage.time.clock.waiting }
    for (let from = 0; from < 200; from += 20) await Promise.all(Array.from({ length: 20 }, (_, index) => one(from + index)))
    await stage.time.run(40_000)
    const { value } = await measured(stage.gateway)
    for (const name of ['vai_live_sessions_open', 'vai_live_sessions_lost', 'vai_live_sockets_open'])
      expect(value(name), name).toBe(0)
    // One connection to ask for the measurements, which has two ends.
    expect(sockets()).toBeLessThanOrEqual(before.sockets + 2)
    expect(stage.time.clock.waiting).toBeLessThanOrEqual(before.timers + 2)
    expect(await stage.leftovers()).toEqual([])
  }, 120_000)

  /** Well, in the middle of speech, without a word, or before anything was said. */
  async function endOf(talk: Talk, index: number): Promise<void> {
    const way = index % 4
    if (way === 0) await talk.turnOver()
    if (way === 1) await talk.told('assistant_audio_start')
    if (way === 2) await stage.time.run(100)
    if (index % 2 === 0) talk.client.send({ type: 'control', op: 'end_session' })
    else talk.client.socket.terminate()
    await stage.time.until(() => talk.client.closed !== undefined)
    talk.leave()
  }
})

describe('a gateway that goes down', () => {
  it('lets sessions finish their sentence, and closes each of them', async () => {
    stage = await startStage({
      answers: [{ say: 'This is a sentence that is being said. This is one that is not said any more.' }],
    })
    const [speaking, silent] = [await stage.talk(), await stage.talk()]
    await speaking.says('Say something, please.')
    await speaking.heard('This is a')
    const drained = stage.gateway.app.drain.start()
    for (const talk of [speaking, silent]) {
      await stage.time.until(() => talk.client.closed !== undefined)
      expect(talk.client.closed?.code).toBe(1012)
      expect(talk.client.of('session_end')).toMatchObject([{ reason: 'restart' }])
    }
    expect(speaking.turns[0]).toMatchObject({ type: 'turn_complete' })
    expect(speaking.player.textOf()).toMatch(/^This is a sentence that is being said\./)
    await drained
  })
})

describe('a line', () => {
  it.each([1, 2, 3])('that is slow and uneven changes nothing of what is heard: seed %i', async (seed) => {
    const answer = 'Every word of this is heard, and none of them twice, however slow the line may be.'
    stage = await startStage({ answers: [{ say: answer }], seed })
    const talk = await stage.talk({ bufferMs: 200 })
    stage.network.delayMs = 80
    stage.network.jitterMs = 150
    await talk.says('Tell me something, please.')
    await talk.heard('Every word')
    stage.network.stall(true)
    await stage.time.run(2500)
    stage.network.stall(false)
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn', played_text: answer })
    expect(talk.player.textOf()).toBe(answer)
    expect(stage.model.asked).toEqual([['user: Tell me something, please.']])
    expect(await stage.leftovers()).toEqual([])
  })
})
