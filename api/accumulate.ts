import { Accumulator } from './accumulator.ts'
import { eventsOf, type StreamItem } from './events.ts'
import type { Message } from './schemas.gen.ts'

/** Folds a whole stream into the message it tells. Throws what the stream throws, and where it ends before `message_stop`. */
export async function accumulate(items: AsyncIterable<StreamItem>): Promise<Message> {
  const accumulator = new Accumulator()
  for await (const item of items) for (const event of eventsOf(item)) accumulator.add(event)
  return accumulator.message()
}
