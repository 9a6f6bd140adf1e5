import type { Clock, Timer } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import type { Claim, Correction, LeaseName, LimitStore, Verdict } from '../store.ts'

export interface ResilientStoreOptions {
  /** Counts for all; may be lost. */
  readonly shared: LimitStore
  /** Counts for this process alone while the other is lost; without it, what claims something is refused then. */
  readonly local: LimitStore | undefined
  readonly clock: Clock
  /** Told when the shared store is lost, with the error, and when it is back. */
  readonly onLost: (error: unknown) => void
  readonly onBack: () => void
  /** How often a lost store is looked for, in milliseconds. */
  readonly probeMs?: number
}

/**
 * A shared store that may be lost. The first operation that fails shows it; from then on nobody waits for it, until a look now and
 * then finds it again.
 *
 * Leases that were taken locally move to the shared store when they are next renewed after it is back.
 */
export class ResilientLimitStore implements LimitStore {
  readonly #options: ResilientStoreOptions
  /** The holders of leases that were taken locally, by name and holder. */
  readonly #local = new Set<string>()
  /**
   * Leases that the shared store may hold though nobody here does any more: they were given back while it was lost, or it was asked for
   * them and did not answer. Never more than there were when it was lost. They are given back there once it is found.
   */
  readonly #owed = new Map<string, LeaseName>()
  #probe: Timer | undefined
  #isClosed = false

  constructor(options: ResilientStoreOptions) {
    this.#options = options
  }

  get isLost(): boolean {
    return this.#probe !== undefined
  }

  /** Throws `limits_unavailable` where the shared store is lost and there is no other. */
  async take(claims: readonly Claim[]): Promise<Verdict> {
    if (!this.isLost) {
      try {
        return await this.#options.shared.take(claims)
      } catch (error) {
        for (const claim of claims) if (claim.kind === 'lease') this.#owed.set(keyOf(claim), claim)
        this.#lose(error)
      }
    }
    const { local } = this.#options
    if (!local) throw new GatewayError('limits_unavailable', { retryAfter: 1 })
    const verdict = await local.take(claims)
    if (verdict.refused === undefined) {
      for (const claim of claims) if (claim.kind === 'lease') this.#local.add(keyOf(claim))
    }
    return verdict
  }

  async settle(corrections: readonly Correction[]): Promise<void> {
    if (await this.#tell((store) => store.settle(corrections))) return
    await this.#options.local?.settle(corrections)
  }

  async release(leases: readonly LeaseName[]): Promise<void> {
    const shared = leases.filter((lease) => !this.#local.has(keyOf(lease)))
    const mine = leases.filter((lease) => this.#local.delete(keyOf(lease)))
    if (mine.length > 0) await this.#options.local?.release(mine)
    // Those as well that were taken locally: they may be on their way there.
    if (await this.#tell((store) => store.release(leases))) return
    for (const lease of shared) this.#owed.set(keyOf(lease), lease)
  }

  async renew(leases: readonly LeaseName[], ttlMs: number): Promise<void> {
    const isShared = await this.#tell((store) => store.renew(leases, ttlMs))
    const mine = leases.filter((lease) => this.#local.has(keyOf(lease)))
    if (mine.length === 0) return
    if (!isShared) return this.#options.local?.renew(mine, ttlMs)
    for (const lease of mine) this.#local.delete(keyOf(lease))
    await this.#options.local?.release(mine)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#probe?.cancel()
    await Promise.all([this.#options.shared.close(), this.#options.local?.close()])
  }

  /** Whether the shared store could be told. Where not, leases end by themselves there. */
  async #tell(what: (store: LimitStore) => Promise<void>): Promise<boolean> {
    if (this.isLost) return false
    try {
      await what(this.#options.shared)
      return true
    } catch (error) {
      this.#lose(error)
      return false
    }
  }

  #lose(error: unknown): void {
    if (this.isLost || this.#isClosed) return
    this.#lookLater()
    this.#options.onLost(error)
  }

  #lookLater(): void {
    this.#probe = this.#options.clock.after(this.#options.probeMs ?? usualProbeMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    try {
      await this.#options.shared.take([])
      await this.#giveBackOwed()
    } catch {
      if (!this.#isClosed) this.#lookLater()
      return
    }
    if (this.#isClosed) return
    this.#probe = undefined
    this.#options.onBack()
  }

  /** Without those that were taken locally meanwhile and are still held: they are to be there. */
  async #giveBackOwed(): Promise<void> {
    while (this.#owed.size > 0) {
      const owed = [...this.#owed]
      await this.#options.shared.release(owed.flatMap(([key, lease]) => (this.#local.has(key) ? [] : [lease])))
      for (const [key] of owed) this.#owed.delete(key)
    }
  }
}

const usualProbeMs = 500

function keyOf({ name, holder }: LeaseName): string {
  return `${holder} ${name}`
}
