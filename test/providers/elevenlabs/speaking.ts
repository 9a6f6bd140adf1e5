import { GatewayError } from '../../../api/error.ts'
import type { Alignment, Flush, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { elevenLabsKey, knownVoices } from '../../upstreams/elevenlabs.ts'

export const voice = knownVoices[0] ?? ''
export const pcm: TtsOptions = { voice, format: { encoding: 'pcm', rate: 24_000 } }

export function callTo(url: string, model = 'eleven_flash_v2_5', changes: Parameters<typeof speechCall>[3] = {}): TestCall {
  return speechCall(url, elevenLabsKey, model, changes)
}

export function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

export function timesIn(events: readonly TtsEvent[]): Alignment[] {
  return events.flatMap((event) => (event.type === 'alignment' ? [event] : []))
}

/** What an iteration fails with. */
export async function failureOf(events: AsyncIterable<TtsEvent>): Promise<unknown> {
  try {
    for await (const event of events) void event
  } catch (reason) {
    return reason
  }
  return undefined
}

/** The same, where it is one of the gateway's own. */
export async function gatewayErrorOf(events: AsyncIterable<TtsEvent>): Promise<GatewayError> {
  const reason = await failureOf(events)
  if (reason instanceof GatewayError) return reason
  throw new Error(`not a GatewayError: ${String(reason)}`)
}

/** A text that is written while it is being read. */
export class Manuscript implements AsyncIterableIterator<string | Flush> {
  readonly #written: (IteratorResult<string | Flush, undefined> | Error)[] = []
  #reader: (() => void) | undefined
  /** Whether the reader has left it. */
  isLeft = false

  write(...pieces: (string | Flush)[]): void {
    for (const value of pieces) this.#put({ done: false, value })
  }

  end(): void {
    this.#put({ done: true, value: undefined })
  }

  fail(reason: Error): void {
    this.#put(reason)
  }

  async next(): Promise<IteratorResult<string | Flush, undefined>> {
    while (this.#written.length === 0) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve
      })
    }
    const next = this.#written.shift()
    if (next === undefined || next instanceof Error) throw next
    return next
  }

  async return(): Promise<IteratorResult<string | Flush, undefined>> {
    this.isLeft = true
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #put(item: IteratorResult<string | Flush, undefined> | Error): void {
    this.#written.push(item)
    this.#reader?.()
  }
}
