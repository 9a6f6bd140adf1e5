/** Resolves with the first answer that is neither `undefined` nor `false`, asked for again and again; rejects after a long while. */
export async function until<T>(ask: () => Promise<T | undefined | false> | T | undefined | false, longMs = 15_000): Promise<T> {
  const end = performance.now() + longMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`not within ${longMs} ms: ${ask}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
