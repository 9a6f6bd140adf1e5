import { GatewayError } from './error.ts'

/** The error of a stream whose events do not make a message: `what` says why. */
export function brokenStream(what: string): GatewayError {
  return new GatewayError('provider_protocol', { message: `The stream is not what the contract says: ${what}.` })
}
