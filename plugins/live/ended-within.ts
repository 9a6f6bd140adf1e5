import type { Clock } from '../../api/clock.ts'

/**
 * Waits for what is about to end, and no longer than it may take. Resolves with the names of what has not ended by then, whatever becomes of it later;
 * rejects as that does.
 */
export async function endedWithin(
  ms: number,
  ending: Readonly<Record<string, Promise<unknown> | undefined>>,
  clock: Clock,
): Promise<readonly string[]> {
  const left = new Set(Object.keys(ending))
  const all = Promise.all(
    Object.entries(ending).map(async ([name, end]) => {
      await end
      left.delete(name)
    }),
  )
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(ms, resolve)
    all.then(() => resolve(), reject).finally(() => timer.cancel())
  })
  return [...left]
}
