import type { RawFormat } from '../../../providers/speech.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import type { Voice } from '../effects.ts'
import type { LiveSpeaking } from '../plan.ts'
import { optionsFor, type RawOptions } from './format.ts'
import type { SpeakingParts } from './parts.ts'
import { WarmLine } from './warm-line.ts'

/** A voice, how it is asked, and the line to it; those who only stand in have none. */
export interface Way {
  readonly voice: SpeakingVoice
  readonly options: RawOptions
  readonly line: WarmLine | undefined
}

/** Who speaks, and who where that one fails. */
export class Ways {
  readonly #own: Way & { readonly line: WarmLine }
  readonly #fallbacks: readonly Way[]
  /** Which of the others is asked first: one that failed is asked last from then on. */
  #first = 0

  constructor(speaking: LiveSpeaking, audioOut: RawFormat, parts: SpeakingParts) {
    const { voice, fallbacks } = speaking
    const options = optionsFor(voice, speaking, audioOut)
    this.#own = { voice, options, line: new WarmLine(voice, options, parts) }
    this.#fallbacks = fallbacks.map((each) => ({ voice: each, options: optionsFor(each, speaking, audioOut), line: undefined }))
  }

  /** In the order in which they are asked. */
  of(voice: Voice): readonly Way[] {
    if (voice === 'own') return [this.#own]
    return [...this.#fallbacks.slice(this.#first), ...this.#fallbacks.slice(0, this.#first)]
  }

  failed(way: Way): void {
    const index = this.#fallbacks.indexOf(way)
    if (index >= 0 && index === this.#first) this.#first = (index + 1) % this.#fallbacks.length
  }

  warm(): void {
    this.#own.line.warm()
  }

  /** Resolves once no connection is left. */
  close(): Promise<void> {
    return this.#own.line.close()
  }
}
