import { UsageError } from '../errors.ts'

/** One who reads a stream: what he picks of its events, in a queue until he takes it. */
export class Reading<Event, Item> {
  readonly name: string
  readonly #pick: (event: Event) => Item | undefined
  readonly #mostWaiting: number
  /** Characters of the events whose items wait. */
  #size = 0
  /** What he had last, with what waits after it. */
  #had: Link<Item> = {}
  #last = this.#had
  #error: Error | undefined

  constructor(name: string, pick: (event: Event) => Item | undefined, mostWaiting: number) {
    this.name = name
    this.#pick = pick
    this.#mostWaiting = mostWaiting
  }

  /** Whether there is something that he has not had yet. */
  get isBehind(): boolean {
    return this.#had.next !== undefined
  }

  /** An event, which was so many characters. Throws a `UsageError` where too much waits. */
  give(event: Event, size: number): void {
    const item = this.#pick(event)
    if (item === undefined) return
    const link: Waiting<Item> = { item, size }
    this.#last.next = link
    this.#last = link
    this.#size += size
    if (this.#size > this.#mostWaiting) throw tooMuch(this)
  }

  /** What has waited longest; undefined where nothing has. Throws the error that stands in its place. */
  take(): Item | undefined {
    if (this.#error) throw this.#error
    const { next } = this.#had
    if (!next) return undefined
    this.#had = next
    this.#size -= next.size
    return next.item
  }

  /** He gets the error in place of what he has not had yet; where he has had everything, this changes nothing. */
  cut(error: Error): void {
    if (!this.isBehind) return
    this.#had = {}
    this.#error = error
  }
}

interface Link<Item> {
  next?: Waiting<Item>
}

interface Waiting<Item> extends Link<Item> {
  readonly item: Item
  readonly size: number
}

function tooMuch({ name }: { readonly name: string }): UsageError {
  return new UsageError(`More came than can wait for ${name}: read on, or ask for the whole afterwards.`)
}
