import { UsageError } from '../errors.ts'

/** Who reads a stream. */
export interface Reader<Event> {
  readonly name: string
  /** Whether there is something that he has not had yet. */
  readonly isBehind: boolean
  /** An event, which was so many characters. Throws a `UsageError` where too much of it waits. */
  give(event: Event, size: number): void
  /** He gets the error in place of what he has not had yet; where he has had everything, this changes nothing. */
  cut(error: Error): void
}

/** The stream itself, where it is asked for what comes of it and nobody reads. */
export const alone: Reader<unknown> = {
  name: 'finalMessage(), or another that needs all of it',
  isBehind: false,
  give: () => undefined,
  cut: () => undefined,
}

/** What one who reads picks of the events, in a queue until he takes it. */
export class Reading<Event, Item> implements Reader<Event> {
  readonly name: string
  readonly #pick: (event: Event) => Item | undefined
  readonly #mostWaiting: number
  /** Characters of the events whose items wait. */
  #size = 0
  #coming: Waiting<Item>[] = []
  /** The first last, so that each is taken at once. */
  #going: Waiting<Item>[] = []
  #error: Error | undefined

  constructor(name: string, pick: (event: Event) => Item | undefined, mostWaiting: number) {
    this.name = name
    this.#pick = pick
    this.#mostWaiting = mostWaiting
  }

  get isBehind(): boolean {
    return this.#coming.length + this.#going.length > 0
  }

  give(event: Event, size: number): void {
    const item = this.#pick(event)
    if (item === undefined) return
    this.#coming.push({ item, size })
    this.#size += size
    if (this.#size > this.#mostWaiting) throw tooMuch(this)
  }

  /** What has waited longest; undefined where nothing has. Throws the error that stands in its place. */
  take(): Item | undefined {
    if (this.#error) throw this.#error
    if (this.#going.length === 0) {
      this.#going = this.#coming.reverse()
      this.#coming = []
    }
    const next = this.#going.pop()
    this.#size -= next?.size ?? 0
    return next?.item
  }

  cut(error: Error): void {
    if (!this.isBehind) return
    this.#coming = []
    this.#going = []
    this.#error = error
  }
}

interface Waiting<Item> {
  readonly item: Item
  readonly size: number
}

function tooMuch({ name }: { readonly name: string }): UsageError {
  return new UsageError(
    `More came than can wait for ${name} to go on, while all of it was asked for. Read on, or ask once it is read.`,
  )
}
