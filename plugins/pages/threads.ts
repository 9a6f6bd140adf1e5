import type { Piscina } from 'piscina'
import type { Clock } from '../../api/clock.ts'
import { ToolError } from '../../tools/tool.ts'
import type { Extracted, Extraction } from './extract.ts'

/** Makes text of what was fetched, in threads of its own where this is compiled. */
export interface Readers {
  /** Throws a `ToolError` where it takes too long or too much memory, or too many wait; the signal's reason where it aborts. */
  read(task: Extraction, signal: AbortSignal): Promise<Extracted>
  close(): Promise<void>
}

/**
 * There is no thread until the first page comes, and soon none again after the last. A page that takes too long is ended with its
 * thread, because nothing else ends what never waits.
 */
export function openReaders(clock: Clock): Readers {
  let pool: Promise<Piscina<Extraction, Extracted>> | undefined
  return {
    async read(task, signal) {
      signal.throwIfAborted()
      if (!isBuilt) return readHere(task)
      pool ??= openPool()
      const late = new AbortController()
      const timer = clock.after(maxMs, () => late.abort())
      try {
        const threads = await pool
        return await threads.run(task, { signal: AbortSignal.any([signal, late.signal]) })
      } catch (error) {
        signal.throwIfAborted()
        if (late.signal.aborted) throw new ToolError('The page could not be made readable in time.', { cause: error })
        throw failure(error)
      } finally {
        timer.cancel()
      }
    },
    async close() {
      await (await pool)?.destroy()
    },
  }
}

/** The longest that a page may wait for a thread and keep it, in milliseconds. */
const maxMs = 10_000
const maxWaiting = 64
/** A thread cannot run what is not compiled. */
const isBuilt = import.meta.url.endsWith('.js')

async function openPool(): Promise<Piscina<Extraction, Extracted>> {
  // Most gateways never read a page, and need not wait for what starts threads.
  const { Piscina } = await import('piscina')
  return new Piscina<Extraction, Extracted>({
    filename: new URL('thread.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 2,
    maxQueue: maxWaiting,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    // What reads a page has no business with the operator's keys.
    env: {},
    execArgv: [],
    recordTiming: false,
  })
}

async function readHere(task: Extraction): Promise<Extracted> {
  const { extract } = await import('./extract.ts')
  return extract(task)
}

function failure(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new ToolError('The page takes too much memory to be read.', { cause })
  if (cause instanceof Error && cause.message === 'Task queue is at limit') {
    return new ToolError('Too many pages are being read at the moment; try again.', { cause })
  }
  return cause
}
