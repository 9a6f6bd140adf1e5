import type { VoiceUsage } from '../../../api/schemas.gen.ts'
import type { SentenceSpoken } from './sentence.ts'

/** What speaking an answer took. */
export interface SpokenUsage {
  /** As the contract tells it, but for its price. */
  readonly voice: Required<Pick<VoiceUsage, 'spoken_characters' | 'spoken_seconds'>>
  /** What vendors were asked to speak, by the id of the model; what came from the cache is not in it. */
  readonly models: readonly ModelUsage[]
  /** Whose voices were heard, as `provider/voice`, in the order in which they began. */
  readonly voices: readonly string[]
}

export interface ModelUsage {
  /** `provider/model`. */
  readonly id: string
  readonly characters: number
  /** Of sound that it made, as far as that is known. */
  readonly seconds: number
}

/** Adds up what voices have spoken. A sentence that a vendor did not complete is not counted, one that nobody heard is. */
export class UsageMeter {
  readonly #models = new Map<string, ModelUsage>()
  readonly #voices = new Set<string>()
  #characters = 0

  add({ voice: { id, provider, voice }, characters, seconds = 0, isCached }: SentenceSpoken): void {
    this.#voices.add(`${provider.id}/${voice}`)
    if (isCached) return
    this.#characters += characters
    const before = this.#models.get(id)
    this.#models.set(id, {
      id,
      characters: (before?.characters ?? 0) + characters,
      seconds: (before?.seconds ?? 0) + seconds,
    })
  }

  /** With so many seconds of sound, all that was given out. */
  usage(seconds: number): SpokenUsage {
    return {
      voice: { spoken_characters: this.#characters, spoken_seconds: Math.round(seconds * 1000) / 1000 },
      models: [...this.#models.values()],
      voices: [...this.#voices],
    }
  }
}
