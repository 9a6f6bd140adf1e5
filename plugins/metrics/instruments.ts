import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { MetricDefinition } from './definitions.ts'

/** Makes the metrics of one registry from their definitions. */
export function instrumentsIn(registry: Registry): Instruments {
  const registers = [registry]
  return {
    counter: ({ name, help, labels }) => new Counter({ name, help, labelNames: [...labels], registers }),
    gauge: ({ name, help, labels, over }, read) =>
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers,
        ...(over && { aggregator: over }),
        ...(read && {
          collect() {
            this.set(read())
          },
        }),
      }),
    histogram: ({ name, help, labels, buckets = [] }) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
  }
}

export interface Instruments {
  counter<Label extends string>(definition: MetricDefinition<Label>): Counter<Label>
  /** Where `read` is given, it is asked whenever somebody looks. */
  gauge<Label extends string>(definition: MetricDefinition<Label>, read?: () => number): Gauge<Label>
  histogram<Label extends string>(definition: MetricDefinition<Label>): Histogram<Label>
}
