import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Circuit,
  type CircuitChange,
  type CircuitRule,
  type CircuitState,
  isRefusal,
  type Outcome,
  type Pass,
} from '../../../plugins/breaker/circuit.ts'

const rule: CircuitRule = { windowMs: 1000, leastCalls: 4, failureShare: 0.5, openMs: 100 }

/** A circuit with the time that is told to it. */
class Bench {
  now = 0
  readonly changes: CircuitChange[] = []
  readonly circuit: Circuit

  constructor(changes: Partial<CircuitRule> = {}) {
    this.circuit = new Circuit({ ...rule, ...changes }, (change) => this.changes.push(change))
  }

  pass(): Pass {
    const entered = this.circuit.enter(this.now)
    if (isRefusal(entered)) throw new Error(`refused for ${entered.waitMs} ms`)
    return entered
  }

  get refusedForMs(): number | undefined {
    const entered = this.circuit.enter(this.now)
    return isRefusal(entered) ? entered.waitMs : undefined
  }

  settle(pass: Pass, outcome: Outcome): void {
    this.circuit.settle(pass, outcome, this.now)
  }

  calls(...outcomes: Outcome[]): void {
    for (const outcome of outcomes) this.settle(this.pass(), outcome)
  }

  get states(): string[] {
    return this.changes.map(({ from, to }) => `${from} → ${to}`)
  }
}

function opened(changes: Partial<CircuitRule> = {}): Bench {
  const bench = new Bench(changes)
  bench.calls('failure', 'failure', 'failure', 'failure')
  expect(bench.circuit.state).toBe('open')
  return bench
}

describe('a closed circuit', () => {
  it('opens with the failure that makes the share full', () => {
    const bench = new Bench()
    bench.calls('success', 'failure', 'success')
    expect(bench.circuit.state).toBe('closed')
    bench.calls('failure')
    expect(bench.changes).toEqual([{ from: 'closed', to: 'open', calls: 4, failures: 2 }])
  })

  it('stays closed while there are too few calls', () => {
    const bench = new Bench()
    bench.calls('failure', 'failure', 'failure')
    expect(bench.circuit.state).toBe('closed')
    expect(bench.circuit.counts(0)).toEqual({ calls: 3, failures: 3 })
  })

  it('stays closed while too few of many calls fail', () => {
    const bench = new Bench()
    for (let round = 0; round < 100; round++) bench.calls('success', 'success', 'failure')
    expect(bench.changes).toEqual([])
  })

  it('forgets what is older than its window', () => {
    const bench = new Bench()
    bench.calls('failure', 'failure', 'failure')
    bench.now += 1000
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 0, failures: 0 })
    bench.calls('failure', 'failure', 'failure')
    expect(bench.circuit.state).toBe('closed')
  })

  it('counts nothing where nothing was learned', () => {
    const bench = new Bench()
    bench.calls('failure', 'failure', 'failure', ...Array.from({ length: 20 }, () => 'unknown' as const))
    expect(bench.circuit.counts(0)).toEqual({ calls: 3, failures: 3 })
  })

  it('counts a stream that breaks as one failed call', () => {
    const bench = new Bench()
    const stream = bench.pass()
    bench.settle(stream, 'success')
    bench.now += 300
    bench.settle(stream, 'failure')
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 1, failures: 1 })
  })

  it('counts a stream that breaks when its beginning is forgotten', () => {
    const bench = new Bench()
    const stream = bench.pass()
    bench.settle(stream, 'success')
    bench.now += 60_000
    bench.settle(stream, 'failure')
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 1, failures: 1 })
  })

  it('opens for streams that all begin and all break', () => {
    const bench = new Bench({ failureShare: 1 })
    const streams = Array.from({ length: 4 }, () => bench.pass())
    for (const stream of streams) bench.settle(stream, 'success')
    for (const stream of streams) bench.settle(stream, 'failure')
    expect(bench.circuit.state).toBe('open')
  })
})

describe('an open circuit', () => {
  it('refuses calls until the pause is over, and says for how long', () => {
    const bench = opened()
    expect(bench.refusedForMs).toBe(100)
    bench.now += 99
    expect(bench.refusedForMs).toBe(1)
    bench.now += 1
    expect(bench.refusedForMs).toBeUndefined()
    expect(bench.circuit.state).toBe('half-open')
  })

  it('is not moved by calls that began before it opened', () => {
    const bench = new Bench()
    const [early, late] = [bench.pass(), bench.pass()]
    bench.calls('failure', 'failure', 'failure', 'failure')
    bench.settle(early, 'success')
    bench.settle(late, 'failure')
    expect(bench.states).toEqual(['closed → open'])
    bench.now += 100
    bench.calls('success')
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 1, failures: 0 })
  })
})

describe('a half-open circuit', () => {
  it('lets one probe through and refuses the others', () => {
    const bench = opened()
    bench.now += 100
    bench.pass()
    bench.now += 30
    expect(bench.refusedForMs).toBe(70)
  })

  it('closes when the probe succeeds, with nothing of the past counted', () => {
    const bench = opened()
    bench.now += 100
    bench.calls('success')
    expect(bench.states).toEqual(['closed → open', 'open → half-open', 'half-open → closed'])
    bench.calls('failure')
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 2, failures: 1 })
  })

  it('opens again when the probe fails', () => {
    const bench = opened()
    bench.now += 100
    bench.calls('failure')
    expect(bench.circuit.state).toBe('open')
    expect(bench.refusedForMs).toBe(100)
  })

  it('takes the next call as its probe where nothing was learned of the first', () => {
    const bench = opened()
    bench.now += 100
    bench.calls('unknown')
    expect(bench.circuit.state).toBe('half-open')
    bench.calls('success')
    expect(bench.circuit.state).toBe('closed')
  })

  it('lets another probe through where the first says nothing for as long as a pause', () => {
    const bench = opened()
    bench.now += 100
    const slow = bench.pass()
    bench.now += 100
    const second = bench.pass()
    expect(bench.refusedForMs).toBe(100)
    bench.settle(slow, 'failure')
    expect(bench.circuit.state).toBe('half-open')
    bench.settle(second, 'failure')
    expect(bench.circuit.state).toBe('open')
  })

  it('closes for a slow probe that succeeds after all', () => {
    const bench = opened()
    bench.now += 100
    const slow = bench.pass()
    bench.now += 100
    bench.calls('failure')
    expect(bench.circuit.state).toBe('open')
    bench.settle(slow, 'success')
    expect(bench.circuit.state).toBe('closed')
  })

  it('counts the death of the stream that closed it', () => {
    const bench = opened()
    bench.now += 100
    const stream = bench.pass()
    bench.settle(stream, 'success')
    bench.settle(stream, 'failure')
    expect(bench.circuit.counts(bench.now)).toEqual({ calls: 1, failures: 1 })
  })
})

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'enter' }
  | { readonly kind: 'settle'; readonly which: number; readonly outcome: Outcome }

const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('enter' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        which: fc.nat({ max: 20 }),
        outcome: fc.constantFrom<Outcome>('success', 'failure', 'failure', 'unknown'),
      }),
    },
  ),
  { maxLength: 120 },
)

interface Seen {
  /** The state before the step. */
  readonly before: CircuitState
  readonly entered?: Pass
  readonly settled?: Pass
  readonly outcome?: Outcome
}

/** Carries out the steps, and shows what each did. */
function walk(bench: Bench, all: readonly Step[], look: (seen: Seen) => void): void {
  const running: Pass[] = []
  for (const step of all) {
    const before = bench.circuit.state
    if (step.kind === 'wait') {
      bench.now += step.ms
    } else if (step.kind === 'enter') {
      const entered = bench.circuit.enter(bench.now)
      if (isRefusal(entered)) continue
      running.push(entered)
      look({ before, entered })
    } else {
      const [settled] = running.splice(step.which % Math.max(1, running.length), 1)
      if (!settled) continue
      bench.settle(settled, step.outcome)
      // A stream that has begun may break later.
      if (step.outcome === 'success') running.push(settled)
      look({ before, settled, outcome: step.outcome })
    }
  }
}

describe('whatever happens', () => {
  it('there is never a second probe while the first may still tell, for as long as a pause', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bench = new Bench()
        let probe: { pass: Pass; since: number } | undefined
        walk(bench, all, ({ before, entered, settled }) => {
          if (entered && before !== 'closed') {
            if (probe) expect(bench.now - probe.since).toBeGreaterThanOrEqual(rule.openMs)
            probe = { pass: entered, since: bench.now }
          }
          if (settled && settled === probe?.pass) probe = undefined
          if (bench.circuit.state === 'closed') probe = undefined
        })
      }),
      { numRuns: 1000 },
    )
  })

  it('nobody is let through for a whole pause after it opened', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bench = new Bench()
        let openedAt = Number.NEGATIVE_INFINITY
        walk(bench, all, ({ before, entered }) => {
          if (entered && before === 'open') expect(bench.now - openedAt).toBeGreaterThanOrEqual(rule.openMs)
          if (before !== 'open' && bench.circuit.state === 'open') openedAt = bench.now
        })
      }),
      { numRuns: 1000 },
    )
  })

  it('it opens where the window has enough calls and enough of them failed, and nowhere else', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bench = new Bench()
        walk(bench, all, ({ outcome }) => {
          if (bench.circuit.state !== 'closed' || outcome !== 'failure') return
          const { calls, failures } = bench.circuit.counts(bench.now)
          expect(calls < rule.leastCalls || failures < calls * rule.failureShare).toBe(true)
        })
        for (const { from, to, calls, failures } of bench.changes) {
          if (from !== 'closed') continue
          expect(to).toBe('open')
          expect(calls).toBeGreaterThanOrEqual(rule.leastCalls)
          expect(failures).toBeGreaterThanOrEqual(calls * rule.failureShare)
          expect(failures).toBeLessThanOrEqual(calls)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('it closes with the first call that succeeds a pause later', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bench = new Bench()
        walk(bench, all, () => undefined)
        bench.now += rule.openMs
        bench.calls('success')
        expect(bench.circuit.state).toBe('closed')
      }),
      { numRuns: 1000 },
    )
  })
})
