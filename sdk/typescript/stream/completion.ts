/** A promise that is rejected without anybody having to listen. */
export class Completion {
  readonly #promise: Promise<void>
  readonly #asked: Promise<unknown>[] = []
  #resolve = (): void => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    quiet(this.#promise)
  }

  /** Kept, so that it can be told later whether anybody has to listen to it: to be asked for a few times only. */
  promised<Value>(make: () => Value): Promise<Value> {
    const value = this.#promise.then(make)
    this.#asked.push(value)
    return value
  }

  resolve(): void {
    this.#resolve()
  }

  /** `isKnown` where the error reaches the caller in another way, too: then nobody need listen to what was asked for before. */
  reject(error: unknown, isKnown: boolean): void {
    if (isKnown) for (const value of this.#asked) quiet(value)
    this.#reject(error)
  }
}

/** Keeps a promise that nobody listens to from ending the process; whoever does is told all the same. */
export function quiet(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}
