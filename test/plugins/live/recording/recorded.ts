import type { LiveFeatures } from '../../../../api/schemas.gen.ts'
import type { Effect } from '../../../../plugins/live/effects.ts'
import type { Input } from '../../../../plugins/live/inputs.ts'
import { effectsLine, endLine, headerLine, inputLine, type TracedSession } from '../../../../plugins/live/recording/trace.ts'
import { reduceLive } from '../../../../plugins/live/reduce.ts'
import { defaultRules, defaultTurnRules, type Rules } from '../../../../plugins/live/rules.ts'
import { openSession } from '../../../../plugins/live/state.ts'
import { demoSpeech } from '../../../../providers/demo/speech.ts'
import { randomOf } from '../engines.ts'
import { World } from '../world.ts'

/** A session that was lived through, step by step. */
export interface Lived {
  readonly session: TracedSession
  readonly steps: readonly { readonly input: Input; readonly effects: readonly Effect[] }[]
}

/** Some seconds in which everybody does something; all of it is made of the seed. What is done about it is as the rules of sessions have it. */
export function live(seed: number): Lived {
  const { chance, between } = randomOf(seed ^ 0x7ace)
  const rules: Rules = {
    ...defaultRules,
    marks: chance(0.7),
    hasFallbackVoice: chance(0.5),
    turn: { ...defaultTurnRules, interruption: chance(0.5) ? 'energy' : 'words', speculation: chance(0.5) },
  }
  const world = new World(seed, rules, { stt: chance(0.3), tts: chance(0.4), line: chance(0.4), debt: 'repeats' })
  const until = between(3000, 8000)
  world.take({ type: 'stream', at: 0, isOn: true })
  world.later(0, () => world.frames())
  for (let index = 0; index < 6; index++) world.later(between(0, until), () => act(world))
  world.run(until)
  if (world.state.ended === undefined) world.take({ type: 'control', at: world.now, op: 'end_session' })
  return { session: tracedSession(rules), steps: stepsOf(rules, world.inputs) }
}

function act(world: World): void {
  const { chance, next } = world.random
  const what = next()
  if (what < 0.6) world.speak()
  else if (what < 0.75)
    world.client({ type: 'typed', content: 'Ein Wort\u2028 und "noch" eines 🦜 \ud800', isCommitted: chance(0.7) })
  else if (what < 0.85) world.client({ type: 'control', op: 'interrupt' })
  else if (what < 0.95) world.client({ type: 'update', turn: { silenceMs: 300 } })
  else if (world.faults.line) world.loseLine()
}

function stepsOf(rules: Rules, inputs: readonly Input[]): Lived['steps'] {
  let state = openSession(rules)
  return inputs.map((input) => {
    const step = reduceLive(state, input)
    state = step.state
    return { input, effects: step.effects }
  })
}

/** What a recorder writes of it. */
export function linesOf({ session, steps }: Lived): string[] {
  const lines = steps.flatMap(({ input, effects }) => [inputLine(input), ...(effects.length > 0 ? [effectsLine(effects)] : [])])
  return [headerLine(session), ...lines, endLine]
}

export function tracedSession(rules: Rules = defaultRules): TracedSession {
  const { stt, tts } = demoSpeech
  if (!stt || !tts) throw new Error('the demo hears and speaks')
  return {
    session: 'live_01TEST',
    gateway: '1.2.3',
    beganAt: Date.UTC(2026, 11, 31, 23, 59, 58),
    plan: {
      rules,
      features,
      audioIn: { encoding: 'pcm', rate: 16_000 },
      audioOut: { encoding: 'pcm', rate: 24_000 },
      hearing: {
        model: { provider: demoSpeech, stt, name: 'meter', id: 'demo/meter' },
        format: { encoding: 'pcm', rate: 16_000 },
        options: { hints: [] },
        energy: {},
      },
      asking: { model: 'demo/echo' },
      speaking: { voice: { provider: demoSpeech, tts, name: 'tones', id: 'demo/tones', voice: 'tones' } },
    },
  }
}

const features: Required<LiveFeatures> = {
  audio_transport: 'binary',
  send_playback_marks: true,
  want_partial_transcripts: true,
  want_assistant_text: true,
  want_alignment: false,
  want_metrics: false,
  want_run_events: false,
  client_has_aec: true,
}
