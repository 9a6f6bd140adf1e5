import { describe, expect, it } from 'vitest'
import type { Effect } from '../../../plugins/live/effects.ts'
import { openSession } from '../../../plugins/live/state.ts'
import { interleavings, live, tryPart } from './live.ts'
import { reduce } from './world.ts'

describe('whatever happens in whatever order', () => {
  it('history is what was heard, nothing follows its reset, every turn ends once, and nothing is left', () => tryPart(0), 300_000)

  it('the same inputs have the same effects, from a state that was written down, and however late a tick comes', () => {
    for (let seed = 0; seed < interleavings / 100; seed++) {
      const { inputs, effects, rules, state } = live(seed)
      const again: Effect[] = []
      let late = openSession(rules)
      for (const input of inputs) {
        if (input.type === 'tick' && input !== inputs.at(-1)) continue
        const step = reduce(structuredClone(late), input)
        late = step.state
        again.push(...step.effects)
      }
      expect(again, `seed ${seed}`).toEqual(effects)
      expect(late, `seed ${seed}`).toEqual(state)
    }
  }, 60_000)
})
