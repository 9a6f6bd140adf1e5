/**
 * The items of a source for as long as the signal has not aborted; once it has, its reason is thrown, also while the source is being waited
 * for. Whoever leaves does not wait until the source has noticed.
 */
export async function* heeding<Item>(source: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = source[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal)
      if (next.done === true) {
        isOver = true
        return
      }
      yield next.value
    }
  } finally {
    // What a source says that nobody wants any more is no news.
    if (!isOver) iterator.return?.().catch(() => undefined)
  }
}

/** Lets everybody else have a turn, and looks whether the caller is still there. */
export async function turn(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
  signal.throwIfAborted()
}

function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    const settle = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(
      (result) => {
        settle()
        resolve(result)
      },
      (reason: unknown) => {
        settle()
        reject(reason)
      },
    )
    if (signal.aborted) onAbort()
  })
}
