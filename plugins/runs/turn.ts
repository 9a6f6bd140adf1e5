import { Accumulator } from '../../api/accumulate.ts'
import type { StreamItem, WireFrames } from '../../api/events.ts'
import type { Message, RunEvent, StreamEvent } from '../../api/schemas.gen.ts'
import type { SseSource } from '../sse/index.ts'

/** What a run tells while it happens: events, or events that are written already. */
export type RunItem = RunEvent | WireFrames

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
  if (item.type === 'wire') {
    yield wrapped(item, index, accumulator)
  } else if (item.type === 'ping') {
    // A sign of life is one wherever it stands.
    yield item
  } else {
    const event = map(item)
    accumulator.add(event)
    yield { type: 'stream_event', index, event }
  }
}

/** Frames that a provider wrote in the contract's form, each within an event of the run, with their data as they were written. */
function wrapped({ bytes }: WireFrames, index: number, accumulator: Accumulator): RunItem {
  let frames = ''
  for (const line of decoder.decode(bytes).split('\n')) {
    if (!line.startsWith('data:')) continue
    const data = line.slice('data:'.length).trim()
    const event: StreamEvent = JSON.parse(data)
    accumulator.add(event)
    frames +=
      event.type === 'ping'
        ? pingFrame
        : `event: stream_event\ndata: {"type":"stream_event","index":${index},"event":${data}}\n\n`
  }
  return { type: 'wire', bytes: Buffer.from(frames) }
}

const decoder = new TextDecoder()
const pingFrame = 'event: ping\ndata: {"type":"ping"}\n\n'
