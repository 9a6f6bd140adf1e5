import { AggregatorRegistry } from 'prom-client'
import type { Measurements } from './messages.ts'

/**
 * The metrics of all workers as one. What only ever grows goes on growing when a worker ends or does not answer, so that nobody takes
 * it for a new start of the gateway: what was counted last stays in the sum.
 */
export class Totals<Worker> {
  readonly #last = new Map<Worker, Measurements>()
  #ended: Promise<Measurements> = Promise.resolve([])

  /** What a worker that runs has measured so far. */
  keep(worker: Worker, measurements: Measurements): void {
    this.#last.set(worker, measurements)
  }

  /** The worker is gone. */
  end(worker: Worker): void {
    const last = this.#last.get(worker)
    if (!last) return
    this.#last.delete(worker)
    this.#ended = this.#ended.then((ended) => AggregatorRegistry.aggregate([ended, last.filter(grows)]).getMetricsAsJSON())
  }

  /** As Prometheus reads it: all of those who have answered now, and what grows of all others. */
  async text(answered: ReadonlySet<Worker>): Promise<string> {
    const last = [...this.#last].map(([worker, measurements]) =>
      answered.has(worker) ? measurements : measurements.filter(grows),
    )
    return AggregatorRegistry.aggregate([...last, await this.#ended]).metrics()
  }
}

function grows({ type }: Measurements[number]): boolean {
  // The package's types number the kinds, which it names.
  const kind: unknown = type
  return kind === 'counter' || kind === 'histogram' || kind === 'summary'
}
