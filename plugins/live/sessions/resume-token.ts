import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Opens a session to whoever has it; kept as its hash alone, so that it cannot be read where it is kept. */
export interface ResumeToken {
  /** For the client, this once. */
  readonly text: string
  readonly hash: TokenHash
}

export type TokenHash = Buffer

/** 256 random bits, in 43 letters. */
export function newResumeToken(): ResumeToken {
  const text = randomBytes(32).toString('base64url')
  return { text, hash: hashOf(text) }
}

/** Takes as long whichever it is. */
export function isToken(text: string, hash: TokenHash): boolean {
  return timingSafeEqual(hashOf(text), hash)
}

function hashOf(text: string): TokenHash {
  return createHash('sha256').update(text).digest()
}
