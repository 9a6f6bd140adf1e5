import { createSentences, type Sentences } from '../../text/sentences.ts'
import type { Flush } from '../speech.ts'
import { heeding } from '../speech-source.ts'

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
