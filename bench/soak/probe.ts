import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/**
 * Loaded into each process of the gateway before its own code: whoever connects to `<folder>/<pid>` has it collect its garbage and
 * is told what is left. The gateway knows nothing of it, and its event loop does not stay alive for it.
 */
export interface Reading {
  readonly heapUsed: number
  /** Buffers and what else lies outside the heap but belongs to it. */
  readonly external: number
  /** What keeps the event loop busy: sockets, timers, requests on their way. */
  readonly handles: number
}

const folder = process.env.SOAK_PROBES
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  const server = createServer((socket) => {
    // Twice, as finalizers free more.
    globalThis.gc?.()
    setImmediate(() => {
      globalThis.gc?.()
      const { heapUsed, external } = process.memoryUsage()
      const reading: Reading = { heapUsed, external, handles: process.getActiveResourcesInfo().length }
      socket.end(JSON.stringify(reading))
    })
  })
  server.listen(join(folder, String(process.pid)))
  server.unref()
}
