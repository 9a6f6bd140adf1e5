import { BrokenStreamError } from './errors.ts'

/** The error of a stream whose events do not make a message: `what` says why. */
export function brokenStream(what: string): BrokenStreamError {
  return new BrokenStreamError(`The stream is not what the contract says: ${what}.`)
}
