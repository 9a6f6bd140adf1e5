import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LivePlan } from '../../../plugins/live/plan.ts'
import { type Planning, startPlanning } from './door/planning.ts'
import { Driven } from './driven.ts'
import { randomOf } from './engines.ts'
import { JoiningClient, type TestLine } from './joining-client.ts'

let planning: Planning
const plans: LivePlan[] = []
beforeAll(async () => {
  planning = await startPlanning()
  for (const marks of [true, false]) plans.push(await planning.plan({ features: { send_playback_marks: marks } }))
})
afterAll(() => planning.close())

/** A client that types, interrupts and loses its line again and again, in a process that is late at times. What came of it at the end. */
async function live(seed: number): Promise<Driven> {
  const { chance, between } = randomOf(seed)
  const plan = plans[seed % 2]
  if (!plan) throw new Error('no plan')
  const answers = (turn: number): string[] =>
    Array.from({ length: (turn * 7 + seed) % 4 }, (_, index) => `Turn ${turn}, ${index}. `)
  const driven = new Driven(planning, plan, { answers })
  const client = new JoiningClient()
  let line: TestLine | undefined = driven.begin(client)
  line.deliver(1)
  const lose = (): void => {
    line?.deliver(between(0, 5))
    line?.break()
    // Or nobody has noticed.
    if (chance(0.6)) line?.into?.lost()
    line = undefined
  }
  for (let step = between(10, 60); step > 0; step--) {
    driven.clock.advance(between(0, 600))
    if (chance(0.2)) driven.clock.holdUp(between(0, 2000))
    if (!line) {
      if (chance(0.5)) line = await driven.resume(client)
      continue
    }
    // Whoever sends something before says that it has the token.
    if (!line.isAnswered) {
      if (chance(0.5)) line.deliver(1)
      else lose()
      continue
    }
    const acts: (() => void)[] = [
      () => line?.deliver(),
      () => line?.deliver(between(0, 4)),
      () => line?.into?.receive({ type: 'input_text', content: `Typed in step ${step}.` }),
      () => line?.into?.receive({ type: 'input_text', content: `Beside it in step ${step}.`, commit: false }),
      () => line?.into?.receive({ type: 'control', op: chance(0.5) ? 'interrupt' : 'cancel_turn' }),
      () => client.mark((mark) => line?.into?.receive(mark), chance(0.3)),
      lose,
    ]
    acts[between(0, acts.length - 1)]?.()
  }
  line ??= await driven.resume(client)
  // The last turn is over by then, whatever the client tells of it, and the session is not.
  driven.clock.advance(40_000)
  line.deliver()
  expect(client.messages).toEqual(driven.history)
  line.into?.receive({ type: 'control', op: 'end_session' })
  line.deliver()
  expect(client.types.filter((type) => type === 'session_end')).toHaveLength(1)
  expect(client.types.at(-1)).toBe('session_end')
  expect(driven.errors).toEqual([])
  return driven
}

describe('a client that keeps the conversation by what it is told', () => {
  it('has the same as the gateway, whatever becomes of its lines', async () => {
    let turns = 0
    for (let seed = 0; seed < 500; seed++) {
      const driven = await live(seed).catch((error: unknown) => {
        expect.fail(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`)
      })
      turns += driven.driver.state.turns
    }
    expect(turns).toBeGreaterThan(1000)
  })
})
