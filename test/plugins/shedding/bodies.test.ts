import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { BodyBudget, type BodyCount } from '../../../plugins/shedding/bodies.ts'

const total = 64 * 1024
const large = (total * 3) / 4
const small = total / 64

describe('the budget of bodies', () => {
  it('counts what has come, not what was announced', () => {
    const budget = new BodyBudget(total)
    for (let i = 0; i < 1000; i++) budget.begin(large / 2).add(1)
    expect(budget.used).toBe(1000)
  })

  it('refuses at once what there is no room for now', () => {
    let shed = 0
    const budget = new BodyBudget(total, () => shed++)
    const first = budget.begin(large)
    first.add(large - small)
    expect(codeOf(() => budget.begin(small + 1))).toBe('overloaded')
    expect(shed).toBe(1)
    first.release()
    budget.begin(small + 1)
    expect(shed).toBe(1)
  })

  it('keeps the last quarter for small bodies', () => {
    const budget = new BodyBudget(total)
    budget.begin(undefined).add(large)
    const body = budget.begin(undefined)
    body.add(small)
    expect(codeOf(() => body.add(1))).toBe('overloaded')
    for (let used = large + small + 1; used + small <= total; used += small) budget.begin(small).add(small)
    expect(codeOf(() => budget.begin(small))).toBe('overloaded')
  })

  it('says of a body that never fits that it is too large, before and while it comes', () => {
    const budget = new BodyBudget(total)
    expect(codeOf(() => budget.begin(large + 1))).toBe('request_too_large')
    const body = budget.begin(undefined)
    body.add(large)
    expect(codeOf(() => body.add(1))).toBe('request_too_large')
  })

  it('takes a body back once, however often it is told', () => {
    const budget = new BodyBudget(total)
    const [one, other] = [budget.begin(undefined), budget.begin(undefined)]
    one.add(100)
    other.add(10)
    one.release()
    one.release()
    expect(budget.used).toBe(10)
  })

  it('never holds more than it may, whoever sends what in which order, and nothing at the end', () => {
    const step = fc.record({ body: fc.nat(7), bytes: fc.nat(large), ends: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = new BodyBudget(total)
        const bodies = new Map<number, BodyCount>()
        for (const { body, bytes, ends } of steps) {
          const count = bodies.get(body) ?? budget.begin(undefined)
          bodies.set(body, count)
          // As the plugin does: what is refused is given up.
          if (codeOf(() => count.add(bytes)) !== undefined || ends) {
            count.release()
            bodies.delete(body)
          }
          expect(budget.used).toBeLessThanOrEqual(total)
        }
        for (const count of bodies.values()) count.release()
        expect(budget.used).toBe(0)
      }),
    )
  })
})

function codeOf(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}
