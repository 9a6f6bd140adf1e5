import { causeOf, GatewayError } from '../../../api/error.ts'
import type { AudioUnavailableEvent } from '../../../api/schemas.gen.ts'
import type { VoiceCaller } from '../plan.ts'

/** Why the answer, or the rest of it, is not spoken. */
export type Unavailable = AudioUnavailableEvent['error']

/** What the caller is told of a failure; the operator reads the same in the log, and what lies beneath it. */
export function unavailable(error: unknown, { log }: VoiceCaller): Unavailable {
  const known = error instanceof GatewayError ? error : new GatewayError('internal_error', { cause: error })
  const facts = { code: known.code, cause: causeOf(known), upstream_status: known.providerError?.status }
  log.warn({ ...facts, ...(known !== error && { err: error }) }, 'a text could not be spoken to its end')
  return { type: known.type, code: known.code, message: known.message }
}

/** More is to be said than the operator allows. */
export function tooLong(what: string): GatewayError {
  return new GatewayError('invalid_request', {
    code: 'speech_too_long',
    message: `The answer is longer than what is spoken of one: ${what}.`,
  })
}
