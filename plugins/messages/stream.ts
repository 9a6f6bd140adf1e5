import type { ServerResponse } from 'node:http'
import type { Clock } from '../../api/clock.ts'
import { Cancelled, type GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import type { StreamAnswer } from './answer.ts'
import type { OpenedStream } from './open.ts'
import { SseWriter } from './sse-writer.ts'

export interface StreamOptions {
  readonly requestId: string
  readonly pingIntervalMs: number
  readonly clock: Clock
  /** Aborted when the caller leaves, the stream has taken too long, or the process ends. */
  readonly signal: AbortSignal
  readonly toError: (error: unknown) => GatewayError
}

/** How a stream ended: well, because the caller left, or with an error that the caller was told. */
export type StreamEnd = 'complete' | 'cancelled' | GatewayError

/**
 * Writes a stream whose headers are written to the caller, pulling as fast as the caller reads. A failure becomes a terminal
 * `error` event. Closes the upstream and the response, however it ends.
 */
export async function writeStream(
  response: ServerResponse,
  stream: OpenedStream,
  answer: StreamAnswer,
  options: StreamOptions,
): Promise<StreamEnd> {
  const { signal } = options
  const writer = new SseWriter(response, options.clock, options.pingIntervalMs)
  try {
    for (const item of stream.head) write(item)
    for (let next = await stream.next(); !next.done; next = await stream.next()) {
      write(next.value)
      if (writer.isBlocked) await writer.drained(signal)
    }
    return 'complete'
  } catch (error) {
    if (error instanceof Cancelled) return 'cancelled'
    const known = options.toError(error)
    writer.event(known.toBody(options.requestId))
    return known
  } finally {
    writer.end()
    await stream.close()
  }

  function write(item: StreamItem): void {
    if (item.type === 'wire') writer.frames(item.bytes)
    else writer.event(answer.add(item))
  }
}
