import { Agent } from 'undici'
import { systemClock } from '../api/clock.ts'
import { Secret } from '../api/secret.ts'
import { socketDialer } from '../plugins/egress/socket.ts'
import type { SpeechCall } from '../providers/speech.ts'

/** A call to a vendor at an address, over real connections; `abort` is what the caller does who leaves. */
export interface TestCall {
  readonly call: SpeechCall
  abort(): void
  /** Closes the connections that are kept. */
  close(): Promise<void>
}

export function speechCall(url: string, key: string, model: string, changes: Partial<SpeechCall> = {}): TestCall {
  const dispatcher = new Agent()
  const controller = new AbortController()
  const clock = changes.clock ?? systemClock
  return {
    call: {
      model,
      apiKey: new Secret(key),
      baseURL: new URL(url),
      signal: controller.signal,
      dispatcher,
      requestId: 'req_test',
      timeouts: { firstByteMs: 5000, idleMs: 5000 },
      clock,
      log: { debug: () => undefined, warn: () => undefined },
      sockets: socketDialer(clock),
      ...changes,
    },
    abort: () => controller.abort(new Error('the caller left')),
    close: () => dispatcher.destroy(),
  }
}

/** Everything that an iteration gives. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What is given one after the other, as fast as it is taken. */
export async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}
