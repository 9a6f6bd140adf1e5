import type { LeaseName, LimitStore, Verdict } from '../plugins/limits/store.ts'
import type { WorkerQuestion } from './messages.ts'

export type LimitQuestion = Extract<WorkerQuestion, { ask: 'take' | 'settle' | 'release' | 'renew' }>

/** What one worker does with the counts that all share. The leases that it holds are given back when it is gone, however it went. */
export class Tenancy {
  readonly #store: LimitStore
  readonly #held = new Map<string, LeaseName>()
  #isGone = false

  constructor(store: LimitStore) {
    this.#store = store
  }

  async answer(question: LimitQuestion): Promise<Verdict | undefined> {
    switch (question.ask) {
      case 'take': {
        const verdict = await this.#store.take(question.claims)
        if (verdict.refused === undefined) await this.#hold(question.claims.filter((claim) => claim.kind === 'lease'))
        return verdict
      }
      case 'settle':
        await this.#store.settle(question.corrections)
        return undefined
      case 'release':
        for (const lease of question.leases) this.#held.delete(keyOf(lease))
        await this.#store.release(question.leases)
        return undefined
      case 'renew':
        await this.#store.renew(question.leases, question.ttlMs)
        await this.#hold(question.leases)
        return undefined
    }
  }

  /** The worker is gone. */
  async end(): Promise<void> {
    this.#isGone = true
    const leases = [...this.#held.values()]
    this.#held.clear()
    if (leases.length > 0) await this.#store.release(leases)
  }

  async #hold(leases: readonly LeaseName[]): Promise<void> {
    // What a worker asked last may be read after its end.
    if (this.#isGone) return this.#store.release(leases)
    for (const { name, holder } of leases) this.#held.set(keyOf({ name, holder }), { name, holder })
  }
}

function keyOf({ name, holder }: LeaseName): string {
  return JSON.stringify([name, holder])
}
