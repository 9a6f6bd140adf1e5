import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Secret } from '../api/secret.ts'

/** Signatures as the Standard Webhooks specification has them, by which a server knows who calls it. */

/** The headers that sign a body: its id, when it was signed (in milliseconds since 1970), and the proof. */
export function signatureHeaders(key: KeyObject, id: string, signedAt: number, body: Buffer): Record<string, string> {
  const timestamp = String(Math.floor(signedAt / 1000))
  const proof = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${proof}` }
}

/** The key that a text is: `whsec_` and Base64, or else its own characters. Undefined where that is no key, or one that is too short. */
export function signingKeyOf(secret: Secret): KeyObject | undefined {
  const text = secret.reveal()
  const bytes = text.startsWith(prefix) ? decoded(text.slice(prefix.length)) : Buffer.from(text)
  return bytes && bytes.length >= leastKeyBytes ? createSecretKey(bytes) : undefined
}

const prefix = 'whsec_'
/** As the specification wants it. */
export const leastKeyBytes = 24

/** Node passes over what is no Base64, so that a key with a typing error would be another one. */
function decoded(base64: string): Buffer | undefined {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)
    ? Buffer.from(base64, 'base64')
    : undefined
}
