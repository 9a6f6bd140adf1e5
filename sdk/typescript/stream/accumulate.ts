import type { Message, StreamEvent } from '../generated/types.gen.ts'
import { unmasked } from '../mask.ts'
import { errorOf } from './event.ts'
import { MessageFold } from './message-fold.ts'

/**
 * Folds a message's events into the message they make, wherever they come from. Throws what the events throw, the error of an `error` event,
 * and a `BrokenStreamError` where they end before `message_stop` or cannot follow each other.
 */
export async function accumulate(events: AsyncIterable<StreamEvent> | Iterable<StreamEvent>): Promise<Message> {
  const fold = new MessageFold()
  for await (const event of events) {
    if (event.type === 'error') throw errorOf(event, unmasked)
    fold.add(event)
  }
  return fold.message()
}
