import { afterEach, describe, expect, it } from 'vitest'
import type { RawFormat } from '../../providers/speech.ts'
import { msPerCharacter, quiet, speechMs, speechOf } from '../upstreams/spoken-words.ts'
import { type Stage, startStage } from './stage.ts'

let stage: Stage
afterEach(async () => {
  await stage.close()
})

const first = 'This is the first one.'
const second = 'The second one follows.'

/** The sentence, and silence until it is so much longer than pieces that are given out again. */
function soundOf(text: string, format: RawFormat, restMs: number): Buffer {
  const pieces = Math.ceil(speechMs(text) / 200)
  return Buffer.concat([speechOf(text, format), quiet(pieces * 200 + restMs - speechMs(text), format)])
}

describe('an answer that a loss of the line cuts through', () => {
  it.each([0, 0.25, 0.875, 1])(
    'is spoken to its end, also where %s ms of its sound are behind the last whole piece',
    async (restMs) => {
      let goOn = (): void => undefined
      const more = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const voice = { soundOf: (text: string, format: RawFormat) => soundOf(text, format, restMs), msPerCharacter }
      const sonic = { voice, pace: (half: number) => (half === 2 ? more : undefined) }
      stage = await startStage({ answers: [{ say: `${first} ${second}` }], sonic })
      const talk = await stage.talk({ bufferMs: 1450 })
      talk.client.send({ type: 'input_text', content: 'Say two sentences.' })
      await stage.time.until(() => (talk.player.current?.gotMs ?? 0) > speechMs(first))
      await stage.time.run(100)
      const before = talk.player.current?.gotMs
      expect(before).toBeCloseTo(Math.ceil(speechMs(first) / 200) * 200 + restMs)
      stage.network.drop()
      await stage.time.until(() => talk.client.closed !== undefined)
      await talk.comeBack()
      await stage.time.until(() => talk.player.current?.gotMs === before)
      goOn()
      expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', played_text: `${first} ${second}` })
      expect(talk.player.textOf()).toBe(`${first} ${second}`)
      expect(talk.client.of('warning')).toEqual([])
      expect(talk.client.of('audio_unavailable')).toEqual([])
      expect(await stage.leftovers()).toEqual([])
    },
  )
})
