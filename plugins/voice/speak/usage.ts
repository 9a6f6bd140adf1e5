import type { VoiceUsage } from '../../../api/schemas.gen.ts'
import type { SpeakingVoice } from '../plan.ts'

/** What speaking an answer took. */
export interface SpokenUsage {
  /** As the contract tells it, but for its price: the characters of sentences that a vendor completed, and the seconds that were given out. */
  readonly voice: Required<Pick<VoiceUsage, 'spoken_characters' | 'spoken_seconds'>>
  /** What vendors were asked to speak, by the id of the model; what came from the cache is not in it. */
  readonly models: readonly ModelUsage[]
  /** Whose voices were heard, as `provider/voice`, in the order in which each was heard first. */
  readonly voices: readonly string[]
}

/**
 * What a vendor charges for, as far as anybody can tell: a call that broke off, or that was given up because the caller left, counts with
 * all its characters, for the vendor has had them. A call that the vendor refused counts nothing.
 */
export interface ModelUsage {
  /** `provider/model`. */
  readonly id: string
  readonly characters: number
  /** Of sound that it made for calls it completed, as far as that is known. */
  readonly seconds: number
}

/** Adds up what speaking an answer takes, and can be read at any time. */
export class UsageMeter {
  readonly #sentences = new Set<SentenceUsage>()
  readonly #voices = new Set<string>()

  /** A sentence is about to be spoken. */
  begin(): SentenceUsage {
    const sentence = new SentenceUsage()
    this.#sentences.add(sentence)
    return sentence
  }

  /** All of it is thrown away, because the answer has gone over to another voice, which speaks it too: nobody is to pay for both. */
  discard(sentence: SentenceUsage): void {
    this.#sentences.delete(sentence)
  }

  /** Sound of the sentence was given out, of so many seconds; undefined where only the whole sentence tells how long it is. */
  heard(sentence: SentenceUsage, { provider, voice }: SpeakingVoice, seconds: number | undefined): void {
    this.#voices.add(`${provider.id}/${voice}`)
    sentence.heard(seconds)
  }

  /** Nothing of what was given out has reached anybody. */
  unheard(): void {
    this.#voices.clear()
    for (const sentence of this.#sentences) sentence.unheard()
  }

  get usage(): SpokenUsage {
    const models = new Map<string, ModelUsage>()
    let spokenCharacters = 0
    let spokenSeconds = 0
    for (const sentence of this.#sentences) {
      spokenCharacters += sentence.spokenCharacters
      spokenSeconds += sentence.heardSeconds
      for (const { id, characters, seconds } of sentence.calls) {
        const before = models.get(id)
        models.set(id, {
          id,
          characters: (before?.characters ?? 0) + characters,
          seconds: (before?.seconds ?? 0) + seconds,
        })
      }
    }
    return {
      voice: { spoken_characters: spokenCharacters, spoken_seconds: Math.round(spokenSeconds * 1000) / 1000 },
      models: [...models.values()],
      voices: [...this.#voices],
    }
  }
}

/** What one sentence takes: perhaps several calls, of which the last may complete it. */
export class SentenceUsage {
  readonly #calls: ModelUsage[] = []
  #spokenCharacters = 0
  #spokenSeconds: number | undefined
  #isHeard = false
  /** As far as it is told while it is given out. */
  #heardSeconds: number | undefined

  get calls(): readonly ModelUsage[] {
    return this.#calls
  }

  get spokenCharacters(): number {
    return this.#spokenCharacters
  }

  get heardSeconds(): number {
    return this.#heardSeconds ?? (this.#isHeard ? (this.#spokenSeconds ?? 0) : 0)
  }

  /** A vendor is asked to speak so many characters. */
  asked({ id }: SpeakingVoice, characters: number): void {
    this.#calls.push({ id, characters, seconds: 0 })
  }

  /** The vendor that was asked last did nothing for it. */
  refused(): void {
    this.#calls.pop()
  }

  /** The vendor that was asked last has completed the sentence, and charges for so many characters. `seconds` is undefined where nothing tells. */
  spoken({ id }: SpeakingVoice, characters: number, seconds: number | undefined): void {
    this.#calls.pop()
    this.#calls.push({ id, characters, seconds: seconds ?? 0 })
    this.#spokenCharacters = characters
    this.#spokenSeconds = seconds
  }

  /** It came from the cache. */
  cached(seconds: number | undefined): void {
    this.#spokenSeconds = seconds
  }

  heard(seconds: number | undefined): void {
    this.#isHeard = true
    if (seconds !== undefined) this.#heardSeconds = (this.#heardSeconds ?? 0) + seconds
  }

  unheard(): void {
    this.#isHeard = false
    this.#heardSeconds = undefined
  }
}
