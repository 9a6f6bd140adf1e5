import { ManualClock } from '../manual-clock.ts'

/** What goes on as time goes on: a player plays, a microphone hears. */
export interface Goes {
  step(ms: number): void
}

/**
 * The time of a conversation: the gateway's clock, and whoever takes part in it. It goes on in steps of 20 ms, and between two of them all that
 * was sent arrives; so it takes no longer than it has to, and a busy machine makes nobody late.
 */
export class LiveTime {
  readonly clock = new ManualClock()
  readonly #parts = new Set<Goes>()

  get now(): number {
    return this.clock.now()
  }

  join(part: Goes): void {
    this.#parts.add(part)
  }

  leave(part: Goes): void {
    this.#parts.delete(part)
  }

  async run(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) await this.#step()
  }

  /** Goes on until something is so; rejects after a long while, with what `describe` has to say. */
  async until<Found>(
    find: () => Found | undefined | false,
    { withinMs = 20_000, describe = () => String(find) }: { withinMs?: number; describe?: () => string } = {},
  ): Promise<Found> {
    const end = this.now + withinMs
    for (;;) {
      const found = find()
      if (found !== undefined && found !== false) return found
      if (this.now >= end) throw new Error(`not within ${withinMs} ms: ${describe()}`)
      await this.#step()
    }
  }

  async #step(): Promise<void> {
    this.clock.advance(stepMs)
    for (const part of this.#parts) part.step(stepMs)
    await arrived()
  }
}

export const stepMs = 20

/** All parties live in this process, and what one writes the next turn of the loop reads; a word goes through a few hands. */
async function arrived(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setTimeout(resolve, 1))
}
