import type { Piscina } from 'piscina'
import type { Clock } from '../../api/clock.ts'
import { within } from '../../api/deadline.ts'
import { ToolError } from '../../tools/tool.ts'
import type { Extracted, Extraction } from './extract.ts'
import { type Asker, Places } from './places.ts'

/** Makes text of what was fetched, in threads of its own where this is compiled. */
export interface Readers {
  /** Throws a `ToolError` where it takes too long or too much memory, or too many wait; the signal's reason where it aborts. */
  read(task: Extraction, asker: Asker): Promise<Extracted>
  close(): Promise<void>
}

/**
 * There is no thread until the first page comes, and soon none again after the last. A page that takes too long is ended with its
 * thread, because nothing else ends what never waits.
 */
export function openReaders(clock: Clock): Readers {
  const places = new Places({ places: maxThreads, each: maxThreads, waiting: maxWaiting, eachWaiting: maxWaiting })
  let pool: Promise<Piscina<Extraction, Extracted>> | undefined

  return {
    async read(task, asker) {
      // Whoever waits does so here: the pool forgets the length of its queue where tasks can be aborted.
      const leave = await places.take(asker)
      if (!leave) throw new ToolError('Too many pages are being read at the moment; try again.')
      try {
        if (!isBuilt) return await readHere(task)
        pool ??= openPool()
        return await readInThread(await pool, task, asker.signal)
      } finally {
        leave()
      }
    },
    async close() {
      await (await pool)?.destroy()
    },
  }

  async function readInThread(
    threads: Piscina<Extraction, Extracted>,
    task: Extraction,
    signal: AbortSignal,
  ): Promise<Extracted> {
    const late = (): ToolError => new ToolError('The page could not be made readable in time.')
    return within(clock, maxMs, signal, late, async (end) => {
      try {
        return await threads.run(task, { signal: end })
      } catch (cause) {
        throw isOutOfMemory(cause) ? new ToolError('The page takes too much memory to be read.', { cause }) : cause
      }
    })
  }
}

/** The longest that a page may keep a thread, in milliseconds. */
const maxMs = 10_000
const maxThreads = 2
const maxWaiting = 64
/** A thread cannot run what is not compiled. */
const isBuilt = import.meta.url.endsWith('.js')

async function openPool(): Promise<Piscina<Extraction, Extracted>> {
  // Most gateways never read a page, and need not wait for what starts threads.
  const { Piscina } = await import('piscina')
  return new Piscina<Extraction, Extracted>({
    filename: new URL('thread.js', import.meta.url).href,
    minThreads: 0,
    maxThreads,
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

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}
