import { areKeys, type Check, check, hasMethods, isDuration, isFunction, isSignal } from '../checks.ts'
import { UsageError } from '../errors.ts'
import { isRecord } from '../generated/json.gen.ts'
import type { LiveConnectOptions } from './session.ts'

/** Throws a `UsageError` where an option is none, or cannot be what it is. */
export function checkLiveOptions(options: LiveConnectOptions): void {
  check(options, liveOptions, 'The options of the live session')
}

/** Throws a `UsageError` where nobody has said what the session is to be. What is wrong within is the gateway's to say. */
export function checkLiveParams(params: unknown): void {
  if (!isRecord(params)) throw new UsageError(noParams)
}

const noParams = 'What the live session is to be is no object: `live.connect({ model, tts: { voice } })`.'

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
