import type { StreamEvent } from '../api/schemas.gen.ts'

/**
 * What an adapter yields once when its provider has sent something and nothing of the answer, such as a comment or an empty chunk:
 * whoever waits for the answer then knows that the provider is there.
 */
export const ping: StreamEvent = { type: 'ping' }
