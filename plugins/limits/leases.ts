import type { Clock, Timer } from '../../api/clock.ts'
import type { LeaseName, LimitStore } from './store.ts'

/**
 * The leases of this process. One timer keeps all of them, and runs only while there are any; where the process dies they end by
 * themselves.
 */
export class HeldLeases {
  readonly #store: LimitStore
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #onError: (error: unknown) => void
  readonly #held = new Set<LeaseName>()
  #timer: Timer | undefined

  constructor(store: LimitStore, clock: Clock, ttlMs: number, onError: (error: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#ttlMs = ttlMs
    this.#onError = onError
  }

  get size(): number {
    return this.#held.size
  }

  /** Keeps leases that were taken until they are given back. */
  keep(leases: readonly LeaseName[]): void {
    for (const lease of leases) this.#held.add(lease)
    this.#timer ??= this.#clock.after(this.#ttlMs / 3, () => this.renew())
  }

  giveBack(leases: readonly LeaseName[]): void {
    for (const lease of leases) this.#held.delete(lease)
    this.#store.release(leases).catch(this.#onError)
  }

  /** Keeps all of them from now on; happens by itself as often as it is needed. */
  renew(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#held.size === 0) return
    this.#store.renew([...this.#held], this.#ttlMs).catch(this.#onError)
    this.#timer = this.#clock.after(this.#ttlMs / 3, () => this.renew())
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    const leases = [...this.#held]
    this.#held.clear()
    if (leases.length > 0) await this.#store.release(leases)
  }
}
