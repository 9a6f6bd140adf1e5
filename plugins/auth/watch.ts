import type { Clock } from '../../api/clock.ts'
import type { KeyStore } from './store.ts'

/** Whoever holds it stops it. */
export interface Watch {
  /** Resolves once nothing is read any more, or soon, where a file does not answer. */
  close(): Promise<void>
}

/**
 * Looks again and again whether the file of keys has changed. It is asked what it is like, and not the system for news of it: a
 * mounted file of Kubernetes changes by a link far above it, and an editor puts a new file in the place of the old. `onRead` is
 * called where there is something new, also that the file does not answer, as on a mount whose server is gone. It is not asked again
 * before it has, since each question would hold a thread of the process.
 */
export function watchKeys(store: KeyStore, clock: Clock, onRead: () => void): Watch {
  let isClosed = false
  let looking = Promise.resolve()
  let timer = clock.after(pollMs, look)

  function look(): void {
    timer = clock.after(patienceMs, () => {
      store.miss()
      onRead()
    })
    looking = store.refresh(clock.now()).then((isNew) => {
      if (isClosed) return
      timer.cancel()
      if (isNew) onRead()
      timer = clock.after(pollMs, look)
    })
  }

  return {
    async close() {
      isClosed = true
      timer.cancel()
      const limit = new Promise<void>((resolve) => {
        timer = clock.after(closeMs, resolve)
      })
      await Promise.race([looking, limit])
      timer.cancel()
    },
  }
}

const pollMs = 1000
/** Milliseconds that the file may take to answer and to be read. */
const patienceMs = 10_000
/** Milliseconds that what is being read is waited for at the end. */
const closeMs = 500
