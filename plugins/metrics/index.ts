import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Counter, Gauge, Registry } from 'prom-client'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

/** What is measured. Labels take few values: never a caller's words, never a key. */
export interface Metrics {
  readonly registry: Registry
  /** A request that a limit refused: which limit, and whose. */
  limitRefused(limit: string, scope: 'key' | 'tenant' | 'address'): void
  /** Whether the store that counts limits can be reached. */
  limitStore(isUp: boolean): void
  /** A request that was refused because the process has too much to do. */
  shed(reason: 'event_loop' | 'memory' | 'bodies'): void
  /** Whether the gateway keys could be read when they changed. */
  keysRead(isValid: boolean): void
}

/** Measurements for Prometheus, each server's its own. */
export const metrics = fp(
  async (app: FastifyInstance) => {
    const registry = new Registry()
    const registers = [registry]
    const limitRefusals = new Counter({
      name: 'vai_limit_refusals_total',
      help: 'Requests that a limit refused.',
      labelNames: ['limit', 'scope'],
      registers,
    })
    const storeUp = new Gauge({
      name: 'vai_limit_store_up',
      help: 'Whether the store that counts limits can be reached, 1 or 0.',
      registers,
    })
    const sheds = new Counter({
      name: 'vai_shed_requests_total',
      help: 'Requests that were refused because the process had too much to do.',
      labelNames: ['reason'],
      registers,
    })
    const keyReads = new Counter({
      name: 'vai_keys_reads_total',
      help: 'How often the gateway keys were read.',
      labelNames: ['result'],
      registers,
    })

    app.decorate('metrics', {
      registry,
      limitRefused: (limit, scope) => limitRefusals.inc({ limit, scope }),
      limitStore: (isUp) => storeUp.set(isUp ? 1 : 0),
      shed: (reason) => sheds.inc({ reason }),
      keysRead: (isValid) => keyReads.inc({ result: isValid ? 'ok' : 'failed' }),
    })
  },
  { name: 'metrics' },
)
