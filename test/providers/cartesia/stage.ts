import { afterEach } from 'vitest'
import type { RawFormat, SpeechCall, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { type CartesiaScript, cartesiaKey, cartesiaVoice, startCartesia } from '../../upstreams/cartesia.ts'
import { textOf } from '../../upstreams/cartesia-sound.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

export const pcm: RawFormat = { encoding: 'pcm', rate: 24_000 }
export const voice: TtsOptions = { voice: cartesiaVoice, format: pcm }

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** A simulated Cartesia and a call to it, both gone after the test. */
export async function staged(
  model: string,
  script: CartesiaScript = {},
  changes: Partial<SpeechCall> = {},
): Promise<TestCall & { readonly upstream: Upstream }> {
  const upstream = await startCartesia(script)
  const test = speechCall(upstream.url, cartesiaKey, model, changes)
  open.push(upstream, test)
  return { ...test, upstream }
}

/** What was said, read off the sound. */
export function spokenIn(events: readonly TtsEvent[], format: RawFormat = pcm): string {
  return textOf(soundIn(events), format)
}

export function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

/** What an iteration throws; and how many items came before. */
export async function failureOf(items: AsyncIterable<unknown>): Promise<{ readonly error: unknown; readonly before: number }> {
  let before = 0
  try {
    for await (const _ of items) before++
  } catch (error) {
    return { error, before }
  }
  throw new Error('nothing was thrown')
}

/** What a test hands out when it pleases. */
export class Hand<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = []
  #waiting: ((result: IteratorResult<Item>) => void) | undefined
  #isOver = false
  /** Whether the reader said that it wants no more. */
  wasLeft = false

  give(...items: readonly Item[]): void {
    this.#items.push(...items)
    this.#serve()
  }

  end(): void {
    this.#isOver = true
    this.#serve()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Item>> {
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<Item>> {
    this.wasLeft = true
    return Promise.resolve({ done: true, value: undefined })
  }

  #serve(): void {
    const waiting = this.#waiting
    if (!waiting) return
    const value = this.#items.shift()
    if (value === undefined && !this.#isOver) return
    this.#waiting = undefined
    waiting(value === undefined ? { done: true, value: undefined } : { done: false, value })
  }
}
