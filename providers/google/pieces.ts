import { createSentences, type Sentences } from '../../text/sentences.ts'
import type { Flush } from '../speech.ts'

/**
 * Whole sentences of a text that is still being written, the first of them as soon as a clause is complete; before a `flush`, all there is.
 * `locale` is in BCP 47. Throws what the writer throws, and the signal's reason while the writer is waited for.
 */
export async function* pieces(text: AsyncIterable<string | Flush>, locale: string, signal: AbortSignal): AsyncGenerator<string> {
  let isFirst = true
  let sentences: Sentences | undefined
  for await (const item of heeding(text, signal)) {
    sentences ??= createSentences({ firstClause: isFirst, locale })
    const found = typeof item === 'string' ? sentences.push(item) : sentences.end()
    if (typeof item !== 'string') sentences = undefined
    for (const piece of found) {
      if (piece.trim() === '') continue
      isFirst = false
      yield piece
    }
  }
  for (const piece of sentences?.end() ?? []) if (piece.trim() !== '') yield piece
}

async function* heeding<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const result = await nextOf(iterator, signal)
      if (result.done) {
        isOver = true
        return
      }
      yield result.value
    }
  } finally {
    // Not waited for: a writer that is at work hears of it when it has written.
    if (!isOver) void iterator.return?.().catch(() => undefined)
  }
}

function nextOf<Item>(iterator: AsyncIterator<Item>, signal: AbortSignal): Promise<IteratorResult<Item>> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const settled = (): void => signal.removeEventListener('abort', onAbort)
    iterator.next().then(resolve, reject).finally(settled)
  })
}
