import type { Asked } from './answer.ts'
import { AbortedError, BrokenStreamError, ConnectionError } from './errors.ts'
import type { Patience } from './patience.ts'
import type { OpenStream } from './transport.ts'

export interface BodyText {
  readonly text: string
  /** Whether there was more than may be read; the rest is left. */
  readonly isCut: boolean
}

/** The body of an answer as text, so many bytes of it at most. Throws a `VAIError` where it breaks off, or takes too long. */
export async function readText({ body }: Response, mostBytes: number, patience: Patience): Promise<BodyText> {
  if (!body) return { text: '', isCut: false }
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const parts: string[] = []
  let left = mostBytes
  try {
    for (;;) {
      const { done, value } = await patience.wait(reader.read())
      if (done) return { text: parts.join('') + decoder.decode(), isCut: false }
      parts.push(decoder.decode(value.subarray(0, left), { stream: true }))
      left -= value.length
      if (left < 0) return { text: parts.join(''), isCut: true }
    }
  } catch (cause) {
    const { ended, requestId: request_id } = patience
    throw ended ?? new ConnectionError('The connection broke in the middle of the answer.', { request_id, cause })
  } finally {
    discard(reader)
  }
}

/** The body of an answer as a stream that may be quiet for so many milliseconds at most. */
export function streamOf(
  body: ReadableStream<Uint8Array>,
  quietMs: number,
  { patience, mask }: Pick<Asked, 'patience' | 'mask'>,
): OpenStream {
  const reader = body.getReader()
  const { requestId: request_id } = patience
  patience.unlimit()

  return {
    request_id,
    mask,
    bytes: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
    abort: close,
  }

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    patience.limit(quietMs, 'send more of the stream')
    try {
      const { done, value } = await patience.wait(reader.read())
      if (!done) {
        patience.unlimit()
        return { done, value }
      }
      patience.release()
      return { done, value: undefined }
    } catch (cause) {
      patience.release()
      discard(reader)
      throw patience.ended ?? new BrokenStreamError('The connection broke in the middle of the stream.', { request_id, cause })
    }
  }

  async function leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    close()
    return { done: true, value: undefined }
  }

  function close(): void {
    patience.end(new AbortedError('The stream was aborted.', { request_id }))
    discard(reader)
  }
}

/** Leaves what there still is, which closes the connection unless all has come. */
function discard(body: Pick<ReadableStreamDefaultReader, 'cancel'>): void {
  // Nobody waits for it, and a body that has failed already says so again.
  body.cancel().catch(() => undefined)
}
