import { type ErrorContext, VAIError } from '../errors.ts'
import { wordsOf } from '../thrown.ts'

/**
 * Why nothing can be heard or played in this browser:
 *
 * | `code`              | Meaning |
 * | ------------------- | ------- |
 * | `permission_denied` | The user, or the page's policy, lets it use no microphone. |
 * | `no_device`         | There is no microphone, or none that fits the constraints. |
 * | `device_in_use`     | There is one, but it cannot be read: another program may have it. |
 * | `device_lost`       | The microphone was unplugged or taken away while it was used, or was stopped. |
 * | `not_started`       | The browser keeps the `AudioContext` suspended until the user has done something on the page. |
 * | `context_closed`    | Somebody has closed the `AudioContext`, or the player. |
 * | `worklet_failed`    | The module of the AudioWorklet could not be loaded, or broke. |
 * | `overrun`           | Far more sound was given than was played. |
 * | `unsupported`       | There is no AudioWorklet or no microphone to be asked for: pages have them on HTTPS and `localhost` alone. |
 */
export class SoundError extends VAIError {
  override readonly name = 'SoundError'
  readonly code: SoundErrorCode

  constructor(code: SoundErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context)
    this.code = code
  }
}

export type SoundErrorCode =
  | 'permission_denied'
  | 'no_device'
  | 'device_in_use'
  | 'device_lost'
  | 'not_started'
  | 'context_closed'
  | 'worklet_failed'
  | 'overrun'
  | 'unsupported'

/** The error of whatever was thrown; `code` is for what is none of ours. */
export function soundErrorOf(error: unknown, code: SoundErrorCode): SoundError {
  if (error instanceof SoundError) return error
  return new SoundError(code, wordsOf(error), { cause: error })
}
