import { GatewayError } from '../../../api/error.ts'
import { eventsOf, type StreamItem } from '../../../api/events.ts'
import type { StreamEvent } from '../../../api/schemas.gen.ts'
import type { OpenedStream } from '../../messages/open.ts'
import type { Speaker } from './speaker.ts'

/**
 * A stream together with what is spoken of it. Its own items are as they were, in their order, and never wait for sound: whatever
 * of them is there goes out first. `message_delta` and `message_stop` wait for the last sound, so that what it took is known by then.
 *
 * The source is read a few items ahead of whoever takes them, so that speaking begins also where they are taken slowly. A source that fails
 * ends the sound. `close` ends all calls that speak in the same turn.
 */
export function voiced(source: OpenedStream, speaker: Speaker): OpenedStream {
  return new VoicedStream(source, speaker)
}

type SoundEvent = NonNullable<Awaited<ReturnType<Speaker['next']>>>

class VoicedStream implements OpenedStream {
  readonly head: readonly StreamItem[]
  readonly firstAt: number
  readonly #source: OpenedStream
  readonly #speaker: Speaker
  /** Items of the source that nobody has taken. */
  readonly #items: StreamItem[] = []
  /** The end of the message, which waits for the sound. */
  readonly #held: StreamEvent[] = []
  #sound: SoundEvent | undefined
  #reading: Reading = 'ready'
  #hearing: Reading = 'ready'
  #failure: { readonly error: unknown } | undefined
  #isClosed = false
  #waiter: (() => void) | undefined

  constructor(source: OpenedStream, speaker: Speaker) {
    this.#source = source
    this.#speaker = speaker
    this.firstAt = source.firstAt
    for (const item of source.head) this.#take(item)
    this.head = this.#items.splice(0)
  }

  async next(): Promise<IteratorResult<StreamItem>> {
    for (;;) {
      if (this.#isClosed) return end
      const item = this.#items.shift()
      this.#read()
      this.#hear()
      if (item) return { done: false, value: item }
      if (this.#failure) throw this.#failure.error
      const sound = this.#sound
      if (sound) {
        this.#sound = undefined
        this.#hear()
        return { done: false, value: sound }
      }
      if (this.#reading === 'over' && this.#hearing === 'over') {
        const held = this.#held.shift()
        return held ? { done: false, value: held } : end
      }
      await new Promise<void>((resolve) => {
        this.#waiter = resolve
      })
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#speaker.close()
    this.#items.length = 0
    this.#sound = undefined
    this.#wake()
    return this.#source.close()
  }

  // ── The source ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #read(): void {
    if (this.#reading !== 'ready' || this.#items.length >= mostAhead || this.#isClosed) return
    this.#reading = 'busy'
    this.#source
      .next()
      .then(({ done, value }) => {
        if (this.#isClosed || this.#failure) return
        this.#reading = done ? 'over' : 'ready'
        if (done) this.#speaker.end()
        else this.#take(value)
        this.#read()
        this.#wake()
      })
      // Also what is thrown above: otherwise nobody would be told, and everybody would wait.
      .catch((error: unknown) => this.#fail(error))
  }

  #take(item: StreamItem): void {
    this.#listen(item)
    if (item.type === 'message_delta' || item.type === 'message_stop') this.#held.push(item)
    else if (this.#held.length > 0 && item.type !== 'ping' && item.type !== 'wire') this.#held.push(item)
    else this.#items.push(item)
  }

  #listen(item: StreamItem): void {
    if (this.#isClosed) return
    for (const event of eventsIn(item, this.#speaker)) {
      switch (event.type) {
        case 'content_block_start':
          if (event.content_block.type !== 'text') this.#speaker.pause()
          else if (event.content_block.text !== '') this.#speaker.push(event.content_block.text)
          break
        case 'content_block_delta':
          // Nothing but a block of text has such deltas.
          if (event.delta.type === 'text_delta') this.#speaker.push(event.delta.text)
          break
        case 'message_delta':
        case 'message_stop':
          this.#speaker.end()
      }
    }
  }

  // ── The sound ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hear(): void {
    if (this.#hearing !== 'ready' || this.#sound || this.#isClosed) return
    this.#hearing = 'busy'
    this.#speaker
      .next()
      .then((event) => {
        if (this.#isClosed || this.#failure) return
        this.#hearing = event ? 'ready' : 'over'
        this.#sound = event
        this.#wake()
      })
      .catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#reading = 'over'
    this.#hearing = 'over'
    this.#sound = undefined
    this.#speaker.close()
    this.#wake()
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.()
  }
}

/** Whether the next may be asked for, is being waited for, or will never come. */
type Reading = 'ready' | 'busy' | 'over'

const end: IteratorResult<StreamItem> = { done: true, value: undefined }
/** Items of the source that wait here. */
const mostAhead = 16

/** Frames are forwarded unread, so that they may hold what is no JSON: that cannot be spoken. */
function eventsIn(item: StreamItem, speaker: Speaker): readonly StreamEvent[] {
  try {
    return eventsOf(item)
  } catch (cause) {
    speaker.fail(new GatewayError('provider_protocol', { message: 'The provider sent an event that cannot be read.', cause }))
    return []
  }
}
