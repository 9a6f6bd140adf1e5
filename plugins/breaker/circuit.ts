/**
 * Whether calls to one provider are worth making, by how the last ones went. Time comes in; nothing here waits or asks a clock.
 *
 *   closed      Calls go through and are counted. Where enough of the window's calls have failed, the circuit opens.
 *   open        Calls are refused, until the pause is over.
 *   half-open   One call has been let through as a probe, the others are refused. Where it succeeds, the circuit closes; where it
 *               fails, the circuit opens for another pause. A probe that says nothing in a pause's time, such as a long answer in one
 *               piece, makes room for the next one, lest it keeps everybody out; should it succeed later, the circuit closes all the
 *               same.
 *
 * How a call ended that began before the circuit last opened or closed says nothing of the time since, and is passed over.
 */
export class Circuit {
  readonly #rule: CircuitRule
  readonly #onChange: (change: CircuitChange) => void
  #state: State
  /** Counts the times that the circuit opened out of closed, or closed. */
  #period = 0

  constructor(rule: CircuitRule, onChange: (change: CircuitChange) => void) {
    this.#rule = rule
    this.#onChange = onChange
    this.#state = { name: 'closed', window: new RollingWindow(rule.windowMs) }
  }

  get state(): CircuitState {
    return this.#state.name
  }

  /** The calls of the window; none unless the circuit is closed. Times are in milliseconds, and never go back. */
  counts(now: number): Counts {
    return this.#state.name === 'closed' ? this.#state.window.counts(now) : noCalls
  }

  /** Lets a call through, or says for how many milliseconds none will be. */
  enter(now: number): Pass | Refusal {
    const pass: Pass = { period: this.#period, slot: undefined }
    if (this.#state.name === 'closed') return pass
    const { until } = this.#state
    if (now < until) return { waitMs: until - now }
    this.#change({ name: 'half-open', until: now + this.#rule.openMs, probe: pass }, noCalls)
    return pass
  }

  /**
   * Tells how a call went. A stream is told of twice where it breaks: as a success when it begins, and then as a failure, which
   * takes the place of the success.
   */
  settle(pass: Pass, outcome: Outcome, now: number): void {
    if (pass.period !== this.#period) return
    const state = this.#state
    if (state.name === 'closed') this.#count(state.window, pass, outcome, now)
    else if (outcome === 'success') this.#close(pass, now)
    else if (state.name === 'half-open' && state.probe === pass) this.#probeFailed(outcome, now)
    if (outcome === 'failure') pass.period = spent
  }

  #count(window: RollingWindow, pass: Pass, outcome: Outcome, now: number): void {
    if (outcome === 'success') pass.slot = window.add(now)
    if (outcome !== 'failure') return
    window.fail(pass.slot ?? window.add(now), now)
    const counts = window.counts(now)
    if (counts.calls < this.#rule.leastCalls || counts.failures < counts.calls * this.#rule.failureShare) return
    this.#period++
    this.#change({ name: 'open', until: now + this.#rule.openMs }, counts)
  }

  #close(pass: Pass, now: number): void {
    const window = new RollingWindow(this.#rule.windowMs)
    // Should it break later, that counts.
    pass.period = ++this.#period
    pass.slot = window.add(now)
    this.#change({ name: 'closed', window }, noCalls)
  }

  #probeFailed(outcome: Outcome, now: number): void {
    if (outcome === 'failure') this.#change({ name: 'open', until: now + this.#rule.openMs }, noCalls)
    // Nothing was learned: the next call is the probe.
    else this.#state = { name: 'half-open', until: now, probe: undefined }
  }

  #change(state: State, counts: Counts): void {
    const from = this.#state.name
    this.#state = state
    if (from !== state.name) this.#onChange({ from, to: state.name, ...counts })
  }
}

export interface CircuitRule {
  /** How far back calls count, in milliseconds; to a tenth of it. */
  readonly windowMs: number
  /** The circuit stays closed while the window has fewer calls. */
  readonly leastCalls: number
  /** The share of failed calls that opens the circuit, above 0 and at most 1. */
  readonly failureShare: number
  /** How long the circuit stays open before it lets a probe through, in milliseconds. */
  readonly openMs: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/** How a call went: `unknown` where that says nothing of the provider, as when the caller left. */
export type Outcome = 'success' | 'failure' | 'unknown'

/** A call that was let through. Only to be handed back. */
export interface Pass {
  period: number
  /** Where in the window the call was counted as a success. */
  slot: number | undefined
}

export interface Refusal {
  /** Above 0. */
  readonly waitMs: number
}

export interface Counts {
  readonly calls: number
  readonly failures: number
}

/** `calls` and `failures` are those that opened the circuit. */
export interface CircuitChange extends Counts {
  readonly from: CircuitState
  readonly to: CircuitState
}

export function isRefusal(entered: Pass | Refusal): entered is Refusal {
  return 'waitMs' in entered
}

type State =
  | { readonly name: 'closed'; readonly window: RollingWindow }
  | { readonly name: 'open'; readonly until: number }
  /** `until` is when the probe makes room for another. */
  | { readonly name: 'half-open'; readonly until: number; readonly probe: Pass | undefined }

const noCalls: Counts = { calls: 0, failures: 0 }

/** No period has this number. */
const spent = -1

const slotCount = 10

/** Counts of the last calls, in slots of time of which the oldest is forgotten when a new one begins. */
class RollingWindow {
  readonly #slotMs: number
  readonly #slots: { slot: number; calls: number; failures: number }[] = []

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slotCount
  }

  /** Counts a call, and says where. */
  add(now: number): number {
    const slot = this.#slotAt(now)
    this.#current(slot).calls++
    return slot
  }

  /** Counts a call as failed that was counted at this slot, or counts it anew where that slot has been forgotten. */
  fail(slot: number, now: number): void {
    const kept = this.#slots.find((each) => each.slot === slot)
    if (kept && slot > this.#slotAt(now) - slotCount) {
      kept.failures++
      return
    }
    const current = this.#current(this.#slotAt(now))
    current.calls++
    current.failures++
  }

  counts(now: number): Counts {
    const oldest = this.#slotAt(now) - slotCount + 1
    let calls = 0
    let failures = 0
    for (const each of this.#slots) {
      if (each.slot < oldest) continue
      calls += each.calls
      failures += each.failures
    }
    return { calls, failures }
  }

  #slotAt(now: number): number {
    return Math.floor(now / this.#slotMs)
  }

  #current(slot: number): { calls: number; failures: number } {
    const last = this.#slots.at(-1)
    if (last?.slot === slot) return last
    const current = { slot, calls: 0, failures: 0 }
    this.#slots.push(current)
    while ((this.#slots[0]?.slot ?? slot) <= slot - slotCount) this.#slots.shift()
    return current
  }
}
