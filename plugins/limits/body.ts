import type { Readable } from 'node:stream'
import { GatewayError } from '../../api/error.ts'

/** Tells whoever reads a body that it is too large, as if it had broken off. Its length is known only once it has come. */
export function boundBody(payload: Readable, most: number): void {
  let received = 0
  const onData = (chunk: Buffer): void => {
    received += chunk.byteLength
    if (received <= most) return
    payload.off('data', onData)
    if (payload.listenerCount('error') > 0) payload.emit('error', bodyTooLarge(most))
  }
  // To listen alone would make it flow, past whoever is to read it.
  payload.pause()
  payload.on('data', onData)
}

export function bodyTooLarge(most: number): GatewayError {
  return new GatewayError('request_too_large', { message: `The body is larger than the ${most} bytes that this key may send.` })
}
