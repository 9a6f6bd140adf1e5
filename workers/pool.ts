import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../api/clock.ts'
import { type End, type Member, StartError } from './member.ts'

export interface PoolOptions {
  readonly fork: () => Member
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Told when no worker is left and none starts any more. */
  readonly onGivenUp: (error: unknown) => void
}

/**
 * `starting`: none has answered yet, so that what keeps one from starting may keep all. `keeping`: what is missing is started.
 * `replacing`: likewise, but by whoever replaces the workers. `stopping`: none is started any more.
 */
type Phase = 'starting' | 'keeping' | 'replacing' | 'stopping'

/** Keeps as many workers as there are to be. */
export class Pool {
  readonly #fork: () => Member
  readonly #clock: Clock
  readonly #log: FastifyBaseLogger
  readonly #onGivenUp: (error: unknown) => void
  readonly #members = new Set<Member>()
  #target = 0
  /** How many have failed, one after the other, to start or to stay. */
  #failures = 0
  #phase: Phase = 'starting'
  /** While workers are being started that are missing. */
  #filling: Promise<void> | undefined

  constructor({ fork, clock, log, onGivenUp }: PoolOptions) {
    this.#fork = fork
    this.#clock = clock
    this.#log = log
    this.#onGivenUp = onGivenUp
  }

  /** Those that are there, in whatever state. */
  get members(): readonly Member[] {
    return [...this.#members]
  }

  /** Those that answer. */
  get ready(): readonly Member[] {
    return this.members.filter(({ state }) => state === 'ready')
  }

  /** Resolves once as many workers answer; rejects where none can be started. */
  start(count: number): Promise<void> {
    this.#target = count
    return this.#fill()
  }

  /**
   * Replaces every worker by a new one, and makes them as many: each new one answers before an old one hands over, which then may take
   * `drainMs`. Rejects where a new one does not start; the old ones that are left stay.
   */
  async replaceAll(count: number, drainMs: number): Promise<void> {
    // Whether it could be filled or not: what is missing is started here.
    await this.#filling?.catch(() => undefined)
    const [before, old] = [this.#target, this.ready]
    if (this.#isStopping) return
    this.#phase = 'replacing'
    this.#target = count
    try {
      for (let index = 0; index < Math.max(count, old.length) && !this.#isStopping; index++) {
        if (index < count) await this.#startOne()
        const next = old[index]
        if (next) this.handOver(next, drainMs)
      }
    } catch (error) {
      this.#target = before
      throw error
    } finally {
      if (!this.#isStopping) this.#phase = 'keeping'
      this.#refill()
    }
  }

  /** Another worker takes its place, and it ends, in time or by force. */
  handOver(member: Member, drainMs: number): void {
    if (member.state !== 'ready') return
    member.state = 'leaving'
    member.tell({ note: 'hand-over' })
    const limit = this.#clock.after(drainMs + graceMs, () => member.kill())
    void member.ended.then(() => limit.cancel())
    this.#refill()
  }

  /** All drain and end. False where some had not ended in time. */
  async stop(drainMs: number): Promise<boolean> {
    this.#phase = 'stopping'
    for (const member of this.#members) {
      if (member.state === 'starting') member.kill()
      else member.tell({ note: 'drain' })
    }
    const all = Promise.all(this.members.map(({ ended }) => ended)).then(() => true)
    const limit = new Promise<boolean>((resolve) => this.#clock.after(drainMs + graceMs, () => resolve(false)))
    return Promise.race([all, limit])
  }

  kill(): void {
    this.#phase = 'stopping'
    for (const member of this.#members) member.kill()
  }

  #refill(): void {
    if (this.#phase !== 'replacing') this.#fill().catch((error) => this.#onGivenUp(error))
  }

  /** Starts what is missing, unless that is being done already. */
  #fill(): Promise<void> {
    this.#filling ??= this.#fillUp().finally(() => {
      this.#filling = undefined
    })
    return this.#filling
  }

  async #fillUp(): Promise<void> {
    while (!this.#isStopping && this.#missing > 0) {
      if (this.#failures > 0) await pause(waitMs(this.#failures))
      if (this.#isStopping) return
      const started = await Promise.allSettled(Array.from({ length: this.#missing }, () => this.#startOne()))
      const failure = started.find((each) => each.status === 'rejected')
      if (!failure || this.#isStopping) continue
      this.#failures++
      if (this.#isHopeless(failure.reason)) throw failure.reason
      this.#log.error({ reason: String(failure.reason), failures: this.#failures }, 'a worker did not start; trying again')
    }
  }

  async #startOne(): Promise<void> {
    const member = this.#fork()
    this.#members.add(member)
    void member.ended.then((end) => this.#onEnd(member, end))
    const limit = this.#clock.after(startMs, () => member.kill())
    try {
      await member.started
    } catch (error) {
      member.kill()
      throw error
    } finally {
      limit.cancel()
    }
    member.state = 'ready'
    if (this.#phase === 'starting') this.#phase = 'keeping'
    this.#log.info({ worker: member.pid }, 'a worker answers')
    const proof = this.#clock.after(provenMs, () => {
      this.#failures = 0
    })
    void member.ended.then(() => proof.cancel())
  }

  #onEnd(member: Member, { code, signal }: End): void {
    this.#members.delete(member)
    const fields = { worker: member.pid, code, signal }
    // What keeps one from starting is told where it is started.
    if (member.state === 'starting') return
    if (this.#isStopping || member.state === 'leaving') {
      this.#log.info(fields, 'a worker has ended')
      return
    }
    this.#failures++
    this.#log.error(fields, 'a worker ended by itself; another takes its place')
    this.#refill()
  }

  get #isStopping(): boolean {
    return this.#phase === 'stopping'
  }

  get #missing(): number {
    return this.#target - this.members.filter(({ state }) => state !== 'leaving').length
  }

  #isHopeless(error: unknown): boolean {
    if (this.ready.length > 0) return false
    const wouldFailAgain = error instanceof StartError && error.exitCode !== undefined && this.#phase === 'starting'
    return wouldFailAgain || this.#failures >= maxFailures
  }
}

/** The first of a row of failures is made up for at once, the next ones after longer and longer. */
function waitMs(failures: number): number {
  return failures === 1 ? 0 : Math.min(250 * 2 ** (failures - 2), 10_000)
}

const maxFailures = 5
/** Milliseconds after which a worker that stayed is no failure any more. */
const provenMs = 2000
/** Milliseconds that a worker may take to start. */
const startMs = 60_000
/** Milliseconds beyond the time to drain, for what comes after it. */
const graceMs = 5000
