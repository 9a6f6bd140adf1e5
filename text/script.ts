import { isPronounced } from './pronounced.ts'
import { createSentences, type Sentences } from './sentences.ts'
import { createSpoken, type Spoken } from './spoken.ts'

/** One sentence as it is said, or part of a long one. */
export interface Line {
  /** What is spoken, white space with it: the texts of all lines, put together, are the transcript. */
  readonly text: string
  /** What a vendor is given; empty where there is nothing in it that anybody would say. */
  readonly say: string
}

export interface ScriptOptions {
  /** BCP 47; what is no such tag is passed over. */
  readonly language: string | undefined
  /** The longest line, in UTF-16 units; at least `leastLine`. */
  readonly maxCharacters: number
  /** Whether the first line may be a clause, so that speech begins early. */
  readonly firstClause: boolean
}

/** Makes lines of an answer's text while it is written: the same for any chunking of the same text. */
export class Script {
  readonly #locale: string | undefined
  readonly #options: ScriptOptions
  #spoken: Spoken
  #sentences: Sentences
  /** Whether anything was said since the last pause. */
  #hasText = false

  constructor(options: ScriptOptions) {
    this.#locale = localeOf(options.language)
    this.#options = options
    this.#spoken = createSpoken({ locale: this.#locale })
    this.#sentences = this.#newSentences(options.firstClause)
  }

  push(text: string): readonly Line[] {
    return this.#read(this.#spoken.push(text))
  }

  /** The end of a paragraph: what came so far is said without waiting for more. */
  pause(): readonly Line[] {
    const rest = this.#read(this.#spoken.end())
    if (this.#hasText) {
      const lines = [...rest, ...this.#sentences.push('\n').map(lineOf), ...this.#sentences.end().map(lineOf)]
      this.#sentences = this.#newSentences(false)
      this.#spoken = createSpoken({ locale: this.#locale })
      this.#hasText = false
      return lines
    }
    this.#spoken = createSpoken({ locale: this.#locale })
    return rest
  }

  /** What is left. Nothing may be pushed after it. */
  end(): readonly Line[] {
    return [...this.#read(this.#spoken.end()), ...this.#sentences.end().map(lineOf)]
  }

  #read(spoken: string): readonly Line[] {
    if (spoken === '') return nothing
    this.#hasText = true
    return this.#sentences.push(spoken).map(lineOf)
  }

  #newSentences(firstClause: boolean): Sentences {
    const { maxCharacters } = this.#options
    return createSentences({
      firstClause,
      minCharacters,
      maxCharacters,
      ...(this.#locale !== undefined && { locale: this.#locale }),
    })
  }
}

const nothing: readonly Line[] = []
/** Voices sound odd where they are given a word at a time. */
const minCharacters = 10
/** What sentences can be parted into at all, in UTF-16 units. */
export const leastLine = 20

function lineOf(text: string): Line {
  return { text, say: isPronounced(text) ? text.trim() : '' }
}

function localeOf(language: string | undefined): string | undefined {
  if (language === undefined) return undefined
  try {
    return Intl.getCanonicalLocales(language)[0]
  } catch {
    return undefined
  }
}
