import type { Recording } from '../upstreams/replay.ts'

/** Where recorded streams are cut, and from where on their providers have said that the answer is complete. */

/** Every offset of a small stream; of a larger one the ends of its lines, what stands beside some of them, and a fixed stride. */
export function offsetsOf(bytes: Uint8Array): number[] {
  const offsets = new Set<number>()
  const step = bytes.length <= everyOffsetUpTo ? 1 : stride
  for (let at = 1; at < bytes.length; at += step) offsets.add(at)
  let edges = 0
  for (const end of lineEnds(bytes)) {
    offsets.add(end)
    if (edges++ % 8 === 0) offsets.add(end - 1).add(end + 1)
  }
  return [...offsets].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b)
}

const everyOffsetUpTo = 8200
/** A prime, so that it meets events at ever other places. */
const stride = 997

/** The offsets behind each line feed. */
export function lineEnds(bytes: Uint8Array): number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) ends.push(at + 1)
  return ends
}

const lineFeed = 10

/**
 * The offset before which an answer that ends is a false end: where the mark begins by which the provider says that it is done. Infinite for
 * a stream that ends as a failure.
 *
 * For Chat Completions that is the finish reason, because some servers send no `[DONE]`; where there is none, it is `[DONE]`.
 */
export function completeFrom({ api }: Recording, bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString('latin1')
  const found = text.search(marks[api] ?? /$/)
  if (found >= 0) return found
  const done = text.indexOf('[DONE]')
  return done < 0 ? Number.POSITIVE_INFINITY : done
}

const marks: Readonly<Record<string, RegExp>> = {
  anthropic: /"type":\s*"message_stop"/,
  chat: /"finish_reason":\s*"[a-z_]+"/,
  responses: /"type":\s*"response\.(?:completed|incomplete)"/,
  gemini: /"finishReason":\s*"[A-Z_]+"/,
}
