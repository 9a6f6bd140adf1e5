import { AbortedError } from '@vai/sdk'
import type { SseEvent } from '../../../api/sse.ts'
import { sseFrame } from '../../../api/sse.ts'
import { unmasked } from '../../../sdk/typescript/mask.ts'
import type { OpenStream } from '../../../sdk/typescript/transport.ts'

/** An answer's bytes in the hands of a test, as a transport gives them. What was not read yet waits. */
export class Source implements OpenStream {
  request_id: string | undefined = 'req_test'
  mask = unmasked
  /** How often the request was sent. */
  opened = 0
  /** How often bytes were asked for. */
  reads = 0
  /** Whether the connection was closed by whoever reads. */
  isClosed = false
  readonly #pieces: (Uint8Array | Error)[] = []
  #isEnded = false
  #reader: { resolve(result: IteratorResult<Uint8Array, undefined>): void; reject(error: Error): void } | undefined

  readonly open = async (): Promise<OpenStream> => {
    this.opened++
    return this
  }

  readonly bytes: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        this.reads++
        return new Promise((resolve, reject) => {
          this.#reader = { resolve, reject }
          this.#settle()
        })
      },
      return: async () => {
        if (!this.#isEnded || this.#pieces.length > 0) this.abort()
        return { done: true, value: undefined }
      },
    }),
  }

  /** The bytes of one read each. */
  push(...pieces: readonly (string | Uint8Array | Error)[]): this {
    for (const piece of pieces) this.#pieces.push(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
    this.#settle()
    return this
  }

  /** Events that come in one piece. */
  events(...events: readonly SseEvent[]): this {
    return this.push(events.map(sseFrame).join(''))
  }

  end(): this {
    this.#isEnded = true
    this.#settle()
    return this
  }

  abort(): void {
    this.isClosed = true
    this.#reader?.reject(new AbortedError('The connection was closed.'))
  }

  #settle(): void {
    const reader = this.#reader
    if (!reader || (this.#pieces.length === 0 && !this.#isEnded && !this.isClosed)) return
    this.#reader = undefined
    const piece = this.#pieces.shift()
    if (this.isClosed) reader.reject(new AbortedError('The connection was closed.'))
    else if (piece instanceof Error) reader.reject(piece)
    else reader.resolve(piece ? { done: false, value: piece } : { done: true, value: undefined })
  }
}

/** Everything that an iteration gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const given: Item[] = []
  for await (const item of items) given.push(item)
  return given
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing')
  const failure = await promise.then(
    () => nothing,
    (error: unknown) => error,
  )
  if (failure === nothing) throw new Error('it was not rejected')
  return failure
}
