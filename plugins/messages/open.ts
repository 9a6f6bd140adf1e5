import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { eventsOf, type StreamItem } from '../../api/events.ts'
import type { StreamEvent } from '../../api/schemas.gen.ts'

/** A stream that has begun for good: its first content is there, so that the headers may be written. */
export interface OpenedStream {
  /** What has come already. */
  readonly head: readonly StreamItem[]
  /** When the first of it came, by the clock. */
  readonly firstAt: number
  /** The item after the head; another is asked for only once this one was taken. */
  next(): Promise<IteratorResult<StreamItem>>
  /** Closes the upstream socket. To be called however the stream ends. */
  close(): Promise<void>
}

/**
 * Pulls a stream up to its first content. A provider that is overloaded may say so after its 200 and its `message_start`; until
 * content has come, such a failure is thrown here, and can still be tried again or keep its status.
 *
 * A provider that has shown that it is there, by `message_start` or by a `ping`, and then thinks for long is not waited for longer
 * than `holdMs`.
 */
export async function openStream(items: AsyncIterable<StreamItem>, holdMs: number, clock: Clock): Promise<OpenedStream> {
  const iterator = items[Symbol.asyncIterator]()
  const head: StreamItem[] = []
  let pending: Promise<IteratorResult<StreamItem>> | undefined
  let hold: Hold | undefined
  let firstAt: number | undefined
  try {
    for (;;) {
      pending = iterator.next()
      const next: IteratorResult<StreamItem> | undefined = hold ? await Promise.race([pending, hold.over]) : await pending
      if (!next) break
      pending = undefined
      if (next.done) throw new GatewayError('provider_protocol', { message: 'The provider sent an empty answer.' })
      firstAt ??= clock.now()
      // A ping is news only as long as nothing else is.
      if (head.every(({ type }) => type === 'ping')) head.length = 0
      head.push(next.value)
      if (!isPreamble(next.value)) break
      hold ??= startHold(holdMs, clock)
    }
  } finally {
    hold?.cancel()
  }
  return {
    head,
    firstAt: firstAt ?? clock.now(),
    next() {
      const first = pending
      pending = undefined
      return first ?? iterator.next()
    },
    async close() {
      // A pull that nobody waits for any more fails when the stream is closed; that is no news.
      pending?.catch(() => undefined)
      await iterator.return?.()
    },
  }
}

interface Hold {
  readonly over: Promise<undefined>
  cancel(): void
}

function startHold(holdMs: number, clock: Clock): Hold {
  let cancel = (): void => undefined
  const over = new Promise<undefined>((resolve) => {
    const timer = clock.after(holdMs, () => resolve(undefined))
    cancel = timer.cancel
  })
  return { over, cancel }
}

/** Whether nothing of the answer has been said with it. */
function isPreamble(item: StreamItem): boolean {
  if (item.type !== 'wire') return isEmpty(item)
  // Deltas are forwarded unread; every other frame has been parsed before.
  return (
    !Buffer.from(item.bytes.buffer, item.bytes.byteOffset, item.bytes.byteLength).includes(delta) && eventsOf(item).every(isEmpty)
  )
}

const delta = 'event: content_block_delta'

function isEmpty(event: StreamEvent): boolean {
  switch (event.type) {
    case 'message_start':
    case 'ping':
    case 'content_block_stop':
      return true
    case 'content_block_start': {
      const { content_block: block } = event
      return (block.type === 'text' && block.text === '') || (block.type === 'thinking' && block.thinking === '')
    }
    default:
      return false
  }
}
