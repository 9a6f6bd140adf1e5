import { areKeys, type Check, check, hasMethods, isDuration, isFunction, isSignal } from '../checks.ts'
import type { LiveConnectOptions } from './session.ts'

/** Throws a `UsageError` where an option is none, or cannot be what it is. */
export function checkLiveOptions(options: LiveConnectOptions): void {
  check(options, liveOptions, 'The options of the live session')
}

/** Complete by its type. */
const liveOptions: Readonly<Record<keyof LiveConnectOptions, Check>> = {
  player: hasMethods('open', 'begin', 'give', 'end', 'reset', 'hold', 'go', 'close'),
  microphone: hasMethods('start', 'stop'),
  signal: isSignal,
  timeout: isDuration,
  providerKeys: areKeys,
  dial: isFunction,
  prepare: isFunction,
}
