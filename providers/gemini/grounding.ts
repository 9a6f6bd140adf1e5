import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { BlockSequencer } from '../blocks.ts'
import { foreignCitation } from '../sealed.ts'

/**
 * What an answer rests on: web pages and files that Gemini's own tools found.
 *
 * It is told at the end, when the text has been written. Citations are attached to the text that is still open, and the search
 * itself follows the text. Nothing of it goes back to Gemini, which keeps no record of it in the conversation either.
 */
export class Grounding {
  readonly #sequencer: BlockSequencer
  /** Makes the id of a call of a server's tool. */
  readonly #newId: () => string
  readonly #queries = new Set<string>()
  #chunks: readonly unknown[] = []
  // Supports may be told again with each chunk of a stream.
  readonly #cited = new Set<string>()
  // Characters of queries and of citations that may still be kept, and that may still be looked through for them.
  #queriesLeft = 256 * 1024
  #citationsLeft = 1024 * 1024
  #searchLeft = 64 * 1024 * 1024
  #isWarned = false

  constructor(sequencer: BlockSequencer, newId: () => string) {
    this.#sequencer = sequencer
    this.#newId = newId
  }

  /** How often the web was searched. */
  get searches(): number {
    return this.#queries.size
  }

  /** A candidate's `groundingMetadata`. `text` is that of the open block of text, empty where none is open. */
  add(metadata: unknown, text: string): void {
    if (!isRecord(metadata)) return
    for (const query of arrayOf(metadata.webSearchQueries)) if (typeof query === 'string') this.#asked(query)
    const chunks = arrayOf(metadata.groundingChunks)
    if (chunks.length > 0) this.#chunks = chunks
    if (text === '') return
    for (const support of arrayOf(metadata.groundingSupports)) if (isRecord(support)) this.#cite(support, text)
  }

  /** Tells of the searches, once everything else has been said. */
  finish(): void {
    const sources = this.#chunks.filter(isRecord)
    const queries = [...this.#queries]
    if (queries.length > 0) {
      const id = this.#call('web_search', queries)
      const pages = sources.flatMap(({ web, maps }) => (isRecord(web) ? [web] : isRecord(maps) ? [maps] : []))
      const content = pages.map(({ uri, title }) => ({
        type: 'web_search_result',
        url: stringOf(uri),
        title: stringOf(title),
        encrypted_content: '',
        page_age: null,
      }))
      this.#sequencer.block({ type: 'web_search_tool_result', tool_use_id: id, content })
    }
    const files = sources.flatMap(({ retrievedContext: file }) => (isRecord(file) ? [file] : []))
    if (files.length === 0) return
    const id = this.#call('file_search', [])
    const results = files.map(({ uri, title, text }) => ({ title: stringOf(title), uri: stringOf(uri), text: stringOf(text) }))
    const content = { type: 'file_search_result', results }
    this.#sequencer.block({ type: 'file_search_tool_result', tool_use_id: id, content })
  }

  #asked(query: string): void {
    const cost = query.length + costOfEach
    if (this.#queries.has(query) || cost > this.#queriesLeft) return
    this.#queriesLeft -= cost
    this.#queries.add(query)
  }

  #call(name: string, queries: readonly string[]): string {
    const id = this.#newId()
    const input = this.#sequencer.tool({ type: 'server_tool_use', id, name, input: {} })
    const [query] = queries
    input.write(JSON.stringify({ ...(query !== undefined && { query }), ...(queries.length > 1 && { queries }) }))
    return id
  }

  /** The segment's text is the answer's own: Gemini does not quote its sources. */
  #cite(support: Readonly<Record<string, unknown>>, text: string): void {
    const segment = isRecord(support.segment) ? support.segment : {}
    const [start, end] = [offsetOf(segment.startIndex), offsetOf(segment.endIndex)]
    const cited = stringOf(segment.text)
    let isFound = false
    for (const index of arrayOf(support.groundingChunkIndices)) {
      const chunk = typeof index === 'number' ? this.#chunks[index] : undefined
      const source = isRecord(chunk) ? (chunk.web ?? chunk.maps ?? chunk.retrievedContext) : undefined
      if (!isRecord(source) || stringOf(source.uri) === '') continue
      const url = stringOf(source.uri)
      if (!this.#maySearch(url.length + costOfEach)) return
      const key = JSON.stringify([start, end, url])
      if (this.#cited.has(key)) continue
      isFound ||= this.#isIn(text, cited, start)
      if (!isFound) return
      const title = stringOf(source.title)
      const cost = cited.length + title.length + key.length + costOfEach
      if (cost > this.#citationsLeft) {
        this.#warn()
        return
      }
      this.#citationsLeft -= cost
      this.#cited.add(key)
      this.#sequencer.citation(foreignCitation(url, title, cited))
    }
  }

  /** Whether the text holds what is cited. Gemini counts bytes: where all is ASCII, it stands just there. */
  #isIn(text: string, cited: string, start: number): boolean {
    return text.startsWith(cited, start) || (this.#maySearch(text.length) && text.includes(cited))
  }

  #maySearch(length: number): boolean {
    if (length > this.#searchLeft) this.#warn()
    else this.#searchLeft -= length
    return !this.#isWarned
  }

  #warn(): void {
    if (this.#isWarned) return
    this.#isWarned = true
    const message = 'The provider cited more than this gateway keeps of one answer: some citations are left out.'
    this.#sequencer.warn({ code: 'citations_left_out', message })
  }
}

/** Beside its characters. */
const costOfEach = 32

function offsetOf(index: unknown): number {
  return typeof index === 'number' ? index : 0
}
