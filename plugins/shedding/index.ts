import { totalmem } from 'node:os'
import type { Readable } from 'node:stream'
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../../api/error.ts'
import { BodyBudget, type BodyCount } from './bodies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route still answers while the process has too much to do. */
    duringOverload?: boolean
  }
}

export interface SheddingOptions {
  /** Milliseconds that the event loop may be late; 0 for any. */
  readonly eventLoopDelayMs: number
  /** The share of the memory that may be in use, in percent; 0 for all. */
  readonly memoryPercent: number
  /** What all bodies that are being received may have, in bytes. */
  readonly bodiesBytes: number
  /** How many connections callers may have. */
  readonly connections: number
  /** How many processes like this one share the machine's or the container's memory. */
  readonly processes: number
}

/**
 * Refuses new requests with `overloaded` before the process has so much to do that it fails those it has, and before their bodies are
 * read. What runs goes on.
 */
export const shedding = fp(
  async (app: FastifyInstance, { eventLoopDelayMs, memoryPercent, bodiesBytes, connections, processes }: SheddingOptions) => {
    app.server.maxConnections = connections
    app.server.on('drop', () => app.metrics.shed('connections'))

    if (eventLoopDelayMs > 0 || memoryPercent > 0) {
      await app.register(underPressure, {
        maxEventLoopDelay: eventLoopDelayMs,
        maxHeapUsedBytes: (getHeapStatistics().heap_size_limit * memoryPercent) / 100,
        maxRssBytes: ((memory() / processes) * memoryPercent) / 100,
        pressureHandler: ({ routeOptions }, _reply, type) => {
          if (routeOptions.config.duringOverload) return
          const reason = type === underPressure.TYPE_EVENT_LOOP_DELAY ? 'event_loop' : 'memory'
          app.metrics.shed(reason)
          throw new GatewayError('overloaded', { retryAfter: retryAfter[reason] })
        },
      })
      app.readiness.add('load', () => (app.isUnderPressure() ? 'overloaded' : 'ok'))
    }

    const budget = new BodyBudget(bodiesBytes, () => app.metrics.shed('bodies'))
    app.addHook('preParsing', ({ headers }, reply, payload, done) => {
      const length = headers['content-length']
      if (headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')) {
        const count = budget.begin(length === undefined ? undefined : Number(length))
        reply.raw.once('close', count.release)
        countBody(payload, count)
      }
      done()
    })
  },
  { name: 'shedding', dependencies: ['errors', 'metrics', 'readiness'] },
)

/** Seconds. The event loop is measured every second; memory takes longer to come free. */
const retryAfter = { event_loop: 1, memory: 5 }

/** What the container has, or else the machine, in bytes. */
function memory(): number {
  const constrained = process.constrainedMemory() ?? 0
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** Counts a body while somebody else reads it. Where it becomes too much, the reader is told as if it had broken off. */
function countBody(payload: Readable, count: BodyCount): void {
  const onData = (chunk: Buffer): void => {
    try {
      count.add(chunk.byteLength)
    } catch (error) {
      payload.off('data', onData)
      count.release()
      // Where nobody reads there is nobody to be told, and nothing is kept.
      if (payload.listenerCount('error') > 0) payload.emit('error', error)
    }
  }
  // To listen alone would make it flow, past whoever is to read it.
  payload.pause()
  payload.on('data', onData)
  payload.once('end', count.release)
}
