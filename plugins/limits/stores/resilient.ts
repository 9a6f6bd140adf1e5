import type { Clock, Timer } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import { BrokenCounts, type Claim, type Correction, type LeaseName, type LimitStore, type Verdict } from '../store.ts'

export interface ResilientStoreOptions {
  /** Counts for all; may be lost. */
  readonly shared: LimitStore
  /** Counts for this process alone while the other is lost; without it, what claims something is refused then. */
  readonly local: LimitStore | undefined
  readonly clock: Clock
  /** Told when the shared store is lost, with the error, and when it is back. */
  readonly onLost: (error: unknown) => void
  readonly onBack: () => void
  /** Told of each operation that found broken counts. The store is not lost by that: others are counted as ever. */
  readonly onBroken: (error: BrokenCounts) => void
  /** How often a lost store is looked for, in milliseconds. */
  readonly probeMs?: number
}

/**
 * A shared store that may be lost. The first operation that fails shows it; from then on nobody waits for it, until a look now and
 * then finds it again.
 *
 * Leases that were taken locally move to the shared store when they are next renewed after it is back. Amounts stay where they were
 * taken, and are corrected there.
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
  /** Corrections of what the shared store counted before it was lost; of no more calls than ran then. They are sent once it is found. */
  #corrections: Correction[] = []
  #probe: Timer | undefined
  #isClosed = false

  constructor(options: ResilientStoreOptions) {
    this.#options = options
  }

  get isLost(): boolean {
    return this.#probe !== undefined
  }

  /** Throws `limits_unavailable` where the shared store cannot count these and there is no other. */
  async take(claims: readonly Claim[]): Promise<Verdict> {
    if (!this.isLost) {
      try {
        return await this.#options.shared.take(claims)
      } catch (error) {
        if (error instanceof BrokenCounts) this.#options.onBroken(error)
        else {
          for (const claim of claims) if (claim.kind === 'lease') this.#owed.set(keyOf(claim), claim)
          this.#lose(error)
        }
      }
    }
    const { local } = this.#options
    if (!local) throw new GatewayError('limits_unavailable', { retryAfter: 1 })
    const verdict = await local.take(claims)
    if (verdict.refused === undefined) {
      for (const claim of claims) if (claim.kind === 'lease') this.#local.add(keyOf(claim))
    }
    return { ...verdict, isLocal: true }
  }

  /** What the shared store knows nothing of is not told there: it would give back what it never took. */
  async settle(corrections: readonly Correction[]): Promise<void> {
    const mine = corrections.filter(({ isLocal }) => isLocal)
    const shared = corrections.filter(({ isLocal }) => !isLocal)
    if (mine.length > 0) await this.#options.local?.settle(mine)
    if (shared.length === 0) return
    if (this.isLost) this.#corrections.push(...shared.filter(isWorthKeeping))
    // Where it does not answer this, it may have done it; so it is not told again.
    else await this.#tell((store) => store.settle(shared))
  }

  async release(leases: readonly LeaseName[]): Promise<void> {
    const shared = leases.filter((lease) => !this.#local.has(keyOf(lease)))
    const mine = leases.filter((lease) => this.#local.delete(keyOf(lease)))
    if (mine.length > 0) await this.#options.local?.release(mine)
    // Those as well that were taken locally: they may be on their way there.
    if ((await this.#tell((store) => store.release(leases))) !== 'lost') return
    for (const lease of shared) this.#owed.set(keyOf(lease), lease)
  }

  async renew(leases: readonly LeaseName[], ttlMs: number): Promise<void> {
    const told = await this.#tell((store) => store.renew(leases, ttlMs))
    const mine = leases.filter((lease) => this.#local.has(keyOf(lease)))
    if (mine.length === 0) return
    if (told !== 'all') return this.#options.local?.renew(mine, ttlMs)
    for (const lease of mine) this.#local.delete(keyOf(lease))
    await this.#options.local?.release(mine)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#probe?.cancel()
    await Promise.all([this.#options.shared.close(), this.#options.local?.close()])
  }

  /** What the shared store could be told. Where it is lost, leases end by themselves there. */
  async #tell(what: (store: LimitStore) => Promise<void>): Promise<'all' | 'but for broken counts' | 'lost'> {
    if (this.isLost) return 'lost'
    try {
      await what(this.#options.shared)
      return 'all'
    } catch (error) {
      if (error instanceof BrokenCounts) {
        this.#options.onBroken(error)
        return 'but for broken counts'
      }
      this.#lose(error)
      return 'lost'
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
      // Nothing comes between finding that nothing is owed and being back.
      while (this.#owed.size + this.#corrections.length > 0) await this.#payBack()
    } catch {
      if (!this.#isClosed) this.#lookLater()
      return
    }
    if (this.#isClosed) return
    this.#probe = undefined
    this.#options.onBack()
  }

  async #payBack(): Promise<void> {
    const corrections = this.#corrections
    // First, and once at the most, since it may be done though no answer comes.
    this.#corrections = []
    await this.#payWith((store) => store.settle(corrections))
    const owed = [...this.#owed]
    // Without those that were taken locally meanwhile and are still held: they are to be there.
    const leases = owed.flatMap(([key, lease]) => (this.#local.has(key) ? [] : [lease]))
    await this.#payWith((store) => store.release(leases))
    for (const [key] of owed) this.#owed.delete(key)
  }

  async #payWith(what: (store: LimitStore) => Promise<void>): Promise<void> {
    try {
      await what(this.#options.shared)
    } catch (error) {
      if (!(error instanceof BrokenCounts)) throw error
      this.#options.onBroken(error)
    }
  }
}

const usualProbeMs = 500

/** A bucket fills by itself meanwhile. */
function isWorthKeeping({ kind, by }: Correction): boolean {
  return kind === 'quota' || by > 0
}

function keyOf({ name, holder }: LeaseName): string {
  return `${holder} ${name}`
}
