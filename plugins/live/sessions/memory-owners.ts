import type { Clock } from '../../../api/clock.ts'
import type { SessionOwners } from './owners.ts'

export interface MemorySessionOwnersOptions {
  readonly clock: Clock
  /** The most sessions that are known; beyond it the one goes of which nothing was said for the longest. */
  readonly most?: number
}

/** Knows it in this process alone: for one that has no others, and for the one whom several ask. */
export class MemorySessionOwners implements SessionOwners {
  readonly #clock: Clock
  readonly #most: number
  /** In the order in which it was said, the last one last. */
  readonly #sessions = new Map<string, { readonly owner: string; readonly until: number }>()

  constructor({ clock, most = 100_000 }: MemorySessionOwnersOptions) {
    this.#clock = clock
    this.#most = most
  }

  /** How many are known. */
  get size(): number {
    return this.#sessions.size
  }

  async own(sessions: readonly string[], owner: string, ttlMs: number): Promise<void> {
    const until = this.#clock.now() + ttlMs
    for (const session of sessions) {
      this.#sessions.delete(session)
      this.#sessions.set(session, { owner, until })
    }
    for (const [session, { until }] of this.#sessions) {
      if (until > this.#clock.now() && this.#sessions.size <= this.#most) break
      this.#sessions.delete(session)
    }
  }

  async disown(sessions: readonly string[]): Promise<void> {
    for (const session of sessions) this.#sessions.delete(session)
  }

  async ownerOf(session: string): Promise<string | undefined> {
    const known = this.#sessions.get(session)
    return known && known.until > this.#clock.now() ? known.owner : undefined
  }

  close(): void {
    this.#sessions.clear()
  }
}
