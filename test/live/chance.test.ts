import { afterEach, describe, expect, it } from 'vitest'
import type { SocketConnection } from '../upstreams/sockets.ts'
import { speechMs } from '../upstreams/spoken-words.ts'
import type { ModelKind } from './models.ts'
import { type Stage, startStage, type TalkOptions } from './stage.ts'

/**
 * Conversations in which chance decides, by a seed, who says what and when, and what goes wrong. However it went: each word of the user is in
 * the conversation once and in its place, the model sees nothing that was not played, and nothing is left of it all.
 */
let stage: Stage
afterEach(async () => {
  await stage.close()
})

const said =
  'apple bridge candle dragon engine forest garden hammer island jungle kettle ladder magnet napkin orange pencil quiver rabbit saddle temple umbrella valley window yellow zipper anchor basket carpet desert emerald feather glacier harbour insect jacket kitchen lantern meadow necklace ocean'.split(
    ' ',
  )
const answered =
  'Certainly we could think about numbers first. Seventeen of them look promising. Perhaps choosing slowly helps everybody here. Nobody should hurry over such questions. Afterwards things become clear.'.match(
    /[^.]+\./g,
  ) ?? []

const seeds = Number(process.env.VAI_LIVE_SEEDS ?? 3)

describe('whatever happens', () => {
  it.each(Array.from({ length: seeds }, (_, index) => index + Number(process.env.VAI_LIVE_SEED ?? 1)))(
    'seed %i',
    converse,
    60_000,
  )
})

async function converse(seed: number): Promise<void> {
  const chance = chanceOf(seed)
  let lose: ((connection: SocketConnection) => void) | undefined
  const sentences = (): string => Array.from({ length: 1 + chance.below(3) }, () => chance.one(answered).trim()).join(' ')
  stage = await startStage({
    model: chance.one<ModelKind>(['openai', 'anthropic']),
    answers: Array.from({ length: 60 }, () => ({ say: sentences() })),
    hears: {
      disturb: (connection) => {
        const act = lose
        lose = undefined
        act?.(connection)
        return act !== undefined
      },
    },
    seed,
  })
  const talk = await stage.talk(optionsOf(chance))
  const spoken: string[] = []
  const words = [...said]
  const { time, network } = stage
  const { person } = talk
  while (words.length > 3) {
    switch (chance.below(12)) {
      case 0:
        talk.client.send({ type: 'control', op: 'interrupt' })
        break
      case 1:
        person.cough(100 + chance.below(400))
        break
      case 2:
        lose = chance.one<(connection: SocketConnection) => void>([
          (each) => each.drop(),
          (each) => each.close(),
          (each) => each.close(1011),
        ])
        break
      case 3:
        network.delayMs = chance.below(120)
        network.jitterMs = chance.below(80)
        break
      case 4:
        if (person.isSpeaking) break
        network.drop()
        await time.until(() => talk.client.closed !== undefined)
        await time.run(chance.below(2000))
        await talk.comeBack()
        break
      default: {
        const phrase = words.splice(0, 2 + chance.below(4))
        spoken.push(...phrase)
        await talk.says(phrase.join(' '))
        if (chance.below(3) === 0) await time.run(200)
      }
    }
    await time.run(chance.below(chance.one([100, 1500, 6000])))
  }
  await time.until(() => !person.isSpeaking)
  lose = undefined
  // Until the last answer has been played.
  await time.run(25_000)
  const heard = talk.transcript.filter((line) => line.startsWith('user: ')).map((line) => line.slice('user: '.length))
  expect(heard.join(' ').split(' ')).toEqual(spoken)
  for (const turn of talk.turns) {
    if (turn.type !== 'turn_complete' || turn.played_text === '') continue
    const last = turn.played_text.trim().split(' ').at(-1) ?? ''
    // Of a word with a mark behind it all letters were heard, where the vendor tells of characters.
    const letters = last.replace(/\p{P}$/u, '').length
    if (talk.player.cutOff.some(({ text, fromMs, toMs }) => text === last && toMs - fromMs >= speechMs(' ') * letters)) continue
    expect(talk.player.textOf(turn.turn_id).split(' '), turn.played_text).toContain(last)
  }
  const whole = talk.transcript
  for (const lines of stage.model.asked) {
    // What waits to be asked is not in the transcript yet, and what was taken back is longer there.
    const known = lines.slice(0, lines.findLastIndex((line) => !line.startsWith('user: ')) + 1)
    expect(whole.slice(0, known.length)).toEqual(known)
  }
  expect(await stage.leftovers()).toEqual([])
}

function optionsOf(chance: Chance): TalkOptions {
  const turn = { grace_ms: chance.one([0, 1500, 5000]), interruption: chance.one(['words', 'energy'] as const) }
  const semantic = { ...turn, mode: 'semantic', speculation: chance.below(2) === 0 } as const
  return {
    ...chance.one([
      { hears: 'nova', turn },
      { hears: 'whisper', turn },
      { hears: 'flux', turn: semantic },
      { hears: 'ink', turn: semantic },
    ] as const),
    speaks: chance.one(['sonic', 'eleven', 'aura']),
    isMsgpack: chance.below(2) === 0,
    bufferMs: chance.one([0, 200]),
  }
}

interface Chance {
  below(limit: number): number
  one<Item>(items: readonly Item[]): Item
}

function chanceOf(seed: number): Chance {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const one = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)]
    if (item === undefined) throw new RangeError('nothing to choose from')
    return item
  }
  return { below, one }
}
