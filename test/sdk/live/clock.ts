import type { Clock } from '../../../sdk/typescript/clock.ts'
import type { ManualClock } from '../../manual-clock.ts'

/** The clock that tests are the masters of, as the SDK takes one. */
export function clockOf(manual: ManualClock): Pick<Clock, 'now' | 'after'> {
  return {
    now: () => manual.now(),
    after(ms, callback) {
      const timer = manual.after(ms, callback)
      return () => timer.cancel()
    },
  }
}
