/**
 * Runs something for each item, so many at a time, and gives the results in the order of the items. The first that fails ends the others by
 * their signal and is thrown, and so does `outer`, whose reason is thrown then.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  most: number,
  outer: AbortSignal,
  run: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  outer.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer.reason)
  outer.addEventListener('abort', onAbort, { once: true })
  const results: Result[] = []
  // Shared: each worker takes the next item that none has taken.
  const waiting = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      controller.signal.throwIfAborted()
      results[index] = await run(item, controller.signal)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(most, items.length) }, work))
    return results
  } catch (error) {
    outer.throwIfAborted()
    controller.abort(new Error('another of them failed'))
    throw error
  } finally {
    outer.removeEventListener('abort', onAbort)
  }
}
