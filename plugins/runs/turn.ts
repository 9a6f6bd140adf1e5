import { Accumulator } from '../../api/accumulator.ts'
import { type StreamItem, writtenEventsOf } from '../../api/events.ts'
import type { Message, RunEvent, RunStreamEvent, StreamEvent } from '../../api/schemas.gen.ts'
import type { SseSource } from '../sse/index.ts'

/** What a run tells while it happens. */
export type RunItem = Exclude<RunEvent, RunStreamEvent> | ToldStreamEvent

export interface ToldStreamEvent extends RunStreamEvent {
  /** The event within as its provider wrote it, where it is told as it came; for whoever sends it on. */
  readonly json?: string
}

/** An answer as far as it came. */
export interface Answer {
  /** Undefined where not even its beginning came. */
  readonly message: Message | undefined
  /** What broke it off; undefined where it is complete. */
  readonly failure: unknown
}

/**
 * Passes one answer on as it comes, and returns it as a message. `map` adds what the gateway has to say to each event. Does not
 * throw: what breaks the answer off stands in what is returned. The source is left open.
 */
export async function* tellAnswer(
  source: SseSource<StreamEvent>,
  index: number,
  map: (event: StreamEvent) => StreamEvent,
): AsyncGenerator<RunItem, Answer> {
  const accumulator = new Accumulator()
  try {
    for (const item of source.head) yield* told(item, index, map, accumulator)
    for (let next = await source.next(); !next.done; next = await source.next()) yield* told(next.value, index, map, accumulator)
    return { message: accumulator.message(), failure: undefined }
  } catch (failure) {
    return { message: accumulator.partial(), failure }
  }
}

function* told(
  item: StreamItem,
  index: number,
  map: (event: StreamEvent) => StreamEvent,
  accumulator: Accumulator,
): Generator<RunItem> {
  if (item.type !== 'wire') {
    yield toldEvent(item, undefined, index, map, accumulator)
    return
  }
  for (const { event, json } of writtenEventsOf(item)) yield toldEvent(event, json, index, map, accumulator)
}

function toldEvent(
  came: StreamEvent,
  json: string | undefined,
  index: number,
  map: (event: StreamEvent) => StreamEvent,
  accumulator: Accumulator,
): RunItem {
  // A sign of life is one wherever it stands.
  if (came.type === 'ping') return came
  const event = map(came)
  accumulator.add(event)
  return json !== undefined && event === came
    ? { type: 'stream_event', index, event, json }
    : { type: 'stream_event', index, event }
}
