import type { Clock } from '../../api/clock.ts'
import type { KeyStore } from './store.ts'

/** Whoever holds it stops it. */
export interface Watch {
  /** Resolves once nothing is read any more. */
  close(): Promise<void>
}

/**
 * Looks again and again whether the file of keys has changed. It is asked what it is like, and not the system for news of it: a
 * mounted file of Kubernetes changes by a link far above it, and an editor puts a new file in the place of the old.
 */
export function watchKeys(store: KeyStore, clock: Clock, onRead: () => void): Watch {
  let isClosed = false
  let looking = Promise.resolve()
  let timer = clock.after(pollMs, look)

  function look(): void {
    looking = store.refresh(clock.now()).then((isNew) => {
      if (isClosed) return
      if (isNew) onRead()
      timer = clock.after(pollMs, look)
    })
  }

  return {
    close() {
      isClosed = true
      timer.cancel()
      return looking
    },
  }
}

const pollMs = 1000
