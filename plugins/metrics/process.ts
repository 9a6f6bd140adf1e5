import { collectDefaultMetrics, Registry } from 'prom-client'

let shared: Registry | undefined

/**
 * Adds what is measured of the process itself: its CPU, memory, event loop, garbage collection and handles. All servers of a process
 * share these metrics, because prom-client begins to watch when they are made and cannot be told to stop.
 */
export function addProcessMetrics(registry: Registry): void {
  if (!shared) {
    shared = new Registry()
    collectDefaultMetrics({ register: shared })
  }
  for (const { name } of shared.getMetricsAsArray()) {
    if (isMisnamed(name)) continue
    const metric = shared.getSingleMetric(name)
    if (metric) registry.registerMetric(metric)
  }
}

/** Sums of what is there by type as well, with a name that Prometheus keeps for what only grows. */
function isMisnamed(name: string): boolean {
  return /^nodejs_active_[a-z]+_total$/.test(name)
}
