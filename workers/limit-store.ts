import type { Claim, Correction, LeaseName, LimitStore, Verdict } from '../plugins/limits/store.ts'
import type { Calls } from './calls.ts'
import type { PrimaryQuestion, WorkerQuestion } from './messages.ts'

/** The counts of the primary, as a worker sees them. Rejects where the primary does not answer. */
export class PrimaryLimitStore implements LimitStore {
  readonly #primary: Calls<WorkerQuestion, PrimaryQuestion>

  constructor(primary: Calls<WorkerQuestion, PrimaryQuestion>) {
    this.#primary = primary
  }

  async take(claims: readonly Claim[]): Promise<Verdict> {
    try {
      return await this.#primary.ask({ ask: 'take', claims })
    } catch (error) {
      // It may be taken nevertheless; what is asked later is done later.
      const leases = claims.filter((claim) => claim.kind === 'lease')
      if (leases.length > 0) this.release(leases).catch(() => undefined)
      throw error
    }
  }

  settle(corrections: readonly Correction[]): Promise<void> {
    return this.#primary.ask({ ask: 'settle', corrections })
  }

  release(leases: readonly LeaseName[]): Promise<void> {
    return this.#primary.ask({ ask: 'release', leases })
  }

  renew(leases: readonly LeaseName[], ttlMs: number): Promise<void> {
    return this.#primary.ask({ ask: 'renew', leases, ttlMs })
  }

  /** The counts are the primary's, and stay. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
