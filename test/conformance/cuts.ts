import type { Recording } from '../upstreams/replay.ts'

/** Where recorded streams are cut, and from where on their providers have said that the answer is complete. */

/**
 * Every offset of a small stream. Of a larger one what stands around the ends of its events, and a fixed stride; of a very large one as many of
 * both, evenly spread, as can be tried in the time there is, which grows with the square of its size.
 */
export function offsetsOf(bytes: Uint8Array): number[] {
  const { length } = bytes
  if (length <= everyOffsetUpTo) return Array.from({ length: length - 1 }, (_, index) => index + 1)
  const offsets = new Set<number>()
  const many = Math.max(1, (length * length) / stride / budget)
  for (let at = 1; at < length; at += Math.ceil(stride * many)) offsets.add(at)
  const ends = eventEnds(bytes)
  const few = Math.max(1, Math.ceil((3 * ends.length * length) / budget))
  for (const [index, end] of ends.entries())
    if (index % few === 0)
      offsets
        .add(end - 1)
        .add(end)
        .add(end + 1)
  return [...offsets].filter((at) => at > 0 && at < length).sort((a, b) => a - b)
}

const everyOffsetUpTo = 8200
/** A prime, so that it meets events at ever other places. */
const stride = 997
/** Bytes to be decoded for one stream, by the stride and by the ends of events each. */
const budget = 12_000_000

/** The line feeds that are the second of two lines' ends. */
function eventEnds(bytes: Uint8Array): number[] {
  return lineEnds(bytes).filter((end, index, ends) => end - (ends[index - 1] ?? 0) <= 2)
}

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
