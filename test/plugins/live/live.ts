import { expect } from 'vitest'
import { defaultRules, defaultTurnRules, type Rules } from '../../../plugins/live/rules.ts'
import { randomOf } from './engines.ts'
import { World } from './world.ts'

/** How many sessions are tried: fewer where somebody waits for it. */
export const interleavings = Number(process.env.VAI_LIVE_INTERLEAVINGS ?? (process.env.CI ? 100_000 : 20_000))

/** One of two parts of them, which may be tried at the same time. */
export function tryPart(part: 0 | 1): void {
  for (let seed = part; seed < interleavings; seed += 2) {
    try {
      live(seed).checkEnd()
    } catch (error) {
      expect.fail(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** A session of some seconds, of which everything is made of the seed: its rules, its faults, and who does what when. */
export function live(seed: number): World {
  const { chance, between } = randomOf(seed ^ 0x5eed)
  const rules: Rules = {
    ...defaultRules,
    marks: chance(0.7),
    hasFallbackVoice: chance(0.5),
    ...(chance(0.5) && { filler: { afterMs: between(200, 2000), texts: ['One moment, please.', 'Still looking.'] } }),
    turn: {
      ...defaultTurnRules,
      mode: chance(0.3) ? 'semantic' : 'silence',
      silenceMs: between(200, 700),
      graceMs: between(0, 5000),
      interruption: chance(0.5) ? 'energy' : 'words',
      speculation: chance(0.5),
    },
  }
  const world = new World(seed, rules, {
    stt: chance(0.3),
    tts: chance(0.4),
    line: chance(0.4),
    debt: chance(0.5) ? 'repeats' : chance(0.5) ? 'forgets' : 'revises',
  })
  const until = between(3000, 12_000)
  world.take({ type: 'stream', at: 0, isOn: true })
  if (chance(0.3)) world.take({ type: 'greeting', at: 0, sentences: ['Hello there. ', 'How are you?'] })
  world.later(0, () => world.frames())
  const acts = between(2, 9)
  for (let index = 0; index < acts; index++) world.later(between(0, until), () => act(world))
  world.run(until)
  if (world.state.ended === undefined && chance(0.3)) {
    world.take({ type: 'drain', at: world.now })
    world.run(until + 11_000)
  }
  if (world.state.ended === undefined) world.take({ type: 'control', at: world.now, op: 'end_session' })
  return world
}

function act(world: World): void {
  const { chance, next } = world.random
  const what = next()
  if (what < 0.65) world.speak()
  else if (what < 0.72) world.client({ type: 'typed', content: 'typed', isCommitted: chance(0.7) })
  else if (what < 0.78) world.client({ type: 'control', op: chance(0.5) ? 'interrupt' : 'cancel_turn' })
  else if (what < 0.82) world.client({ type: 'control', op: chance(0.5) ? 'mute' : 'unmute' })
  else if (what < 0.86) world.client({ type: 'stream', isOn: chance(0.7) })
  else if (what < 0.9 && world.rules.marks) world.player.isPaused = !world.player.isPaused
  else if (what < 0.92) world.client({ type: 'update', turn: { silenceMs: 300 }, ...(chance(0.3) && { hearing: true }) })
  else if (what < 0.94) world.stall()
  else if (what < 0.97 && world.faults.line) world.loseLine()
  else world.client({ type: 'mark', audio: 3, playedMs: 1e9, state: 'stopped' })
}
