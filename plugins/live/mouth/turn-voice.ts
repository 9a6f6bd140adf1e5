import { levelDb } from '../../../audio/energy.ts'
import { mulawSilence, mulawToPcm } from '../../../audio/g711.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import { bytesOfMs, msOfBytes } from '../../../providers/speech-format.ts'
import type { VoiceEvent } from '../inputs.ts'
import type { Piece } from './mouth.ts'
import type { Sentence } from './sentence.ts'
import { Tape } from './tape.ts'
import type { Way } from './ways.ts'
import { WordTimes } from './word-times.ts'

export interface TurnVoiceParts {
  readonly number: number
  /** Of the session's sound. */
  readonly format: RawFormat
  /** Whether pieces tell of the words in them. */
  readonly wantsTimes: boolean
  readonly tell: (event: VoiceEvent) => void
  /** Given everything that runs, none of which rejects. */
  readonly runs: (run: Promise<void>) => void
}

/** A piece that may be given out: where in the turn's sound it lies, in bytes. */
interface Cut {
  readonly from: number
  readonly bytes: Uint8Array
  readonly isNew: boolean
  readonly attempt: number
  readonly sentence: number
}

/**
 * The sound of a turn: its sentences one after another, cut into pieces, of which one at a time is told of and waits to be given out. What was
 * given out is kept for a while, and can be told of again from any place.
 *
 * A piece that was cut stays as it is until it is given out, however often it is told of: who answers late answers to the same piece.
 */
export class TurnVoice {
  readonly number: number
  readonly #format: RawFormat
  readonly #wantsTimes: boolean
  readonly #tell: (event: VoiceEvent) => void
  readonly #runs: (run: Promise<void>) => void
  readonly #tape: Tape
  readonly #times = new WordTimes()
  /** Those that are not said yet. */
  #sentences: Sentence[] = []
  /** Where the sound of the first of them begins. */
  #sentenceAt = 0
  /** What is told of next. */
  #cursor = 0
  /** The newest piece, until it is given out; and the one that was told of and waits. */
  #newest: Cut | undefined
  #waiting: Cut | undefined
  /** Whose length was told of. */
  #measured: Sentence | undefined
  #isHeld = false
  #isTelling = false
  /** By whom the sentence before was spoken to its end. */
  #before: Way | undefined
  /** What was said last; and whether that is told once more, since whoever goes back may not have heard of it yet. */
  #said: VoiceEvent | undefined
  #saysAgain = false

  constructor({ number, format, wantsTimes, tell, runs }: TurnVoiceParts) {
    this.number = number
    this.#format = format
    this.#wantsTimes = wantsTimes
    this.#tell = tell
    this.#runs = runs
    this.#tape = new Tape(bytesOfMs(keptMs, format), format.encoding === 'mulaw' ? mulawSilence : 0)
  }

  /** One sentence more. */
  add(sentence: Sentence): void {
    this.#sentences.push(sentence)
    this.changed()
  }

  /** Something came of a sentence, or it is over. */
  changed(): void {
    this.#startNext()
    this.#tellAll()
  }

  /** No sentence follows for a while. */
  finish(): void {
    this.#before = undefined
  }

  /** Nothing comes any more of what was asked; what was given out stays. */
  close(): void {
    for (const sentence of this.#sentences) sentence.stop()
    this.#sentences = []
    this.#times.drop()
    this.#measured = undefined
    this.#newest = undefined
    this.#before = undefined
    this.#said = undefined
    this.#saysAgain = false
    this.#sentenceAt = this.#tape.end
    if (this.#waiting?.isNew) this.#waiting = undefined
  }

  hold(): void {
    this.#isHeld = true
    this.#waiting = undefined
  }

  release(): void {
    this.#isHeld = false
    this.#tellAll()
  }

  giveOut(): Piece | undefined {
    const cut = this.#waiting
    if (!cut) return undefined
    this.#waiting = undefined
    const { from, bytes, isNew } = cut
    const [fromMs, toMs] = [this.#ms(from), this.#ms(from + bytes.length)]
    const alignment = this.#wantsTimes ? (isNew ? this.#times.upTo(toMs) : this.#times.between(fromMs, toMs)) : undefined
    if (isNew) {
      this.#newest = undefined
      this.#tape.push(bytes)
      this.#times.forget(this.#ms(this.#tape.start))
    }
    this.#cursor = from + bytes.length
    const level = levelDb(this.#format.encoding === 'mulaw' ? mulawToPcm(bytes) : bytes)
    this.#tellAll()
    return { bytes, ms: this.#ms(bytes.length), levelDb: level, alignment }
  }

  rewind(fromMs: number): void {
    const to = bytesOfMs(fromMs, this.#format)
    this.#cursor = Math.max(0, Math.min(this.#tape.end, to))
    this.#waiting = undefined
    this.#saysAgain = this.#said !== undefined
    this.#tellAll()
  }

  /** Those of a line are made one after the other, and all others as soon as they are asked for. */
  #startNext(): void {
    for (const sentence of this.#sentences) {
      const { state, way, isInLine } = sentence
      if (state === 'waiting') {
        this.#runs(sentence.start(isInLine && this.#before !== undefined && this.#before === way))
        this.#before = way
      }
      if (isInLine && sentence.state !== 'whole') return
    }
  }

  // ── Telling ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Who is told may answer at once; then it goes on here. */
  #tellAll(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (let event = this.#next(); event; event = this.#next()) this.#tell(event)
    } finally {
      this.#isTelling = false
    }
  }

  /** What is told of next; undefined where that has to wait. */
  #next(): VoiceEvent | undefined {
    const made = this.#madeOf(this.#sentences[0])
    if (made) return made
    if (this.#isHeld || this.#waiting) return undefined
    if (this.#cursor < this.#tape.end) return this.#toldOf(this.#again())
    if (this.#saysAgain) {
      this.#saysAgain = false
      return this.#said
    }
    const [sentence] = this.#sentences
    if (!sentence) return undefined
    const { attempt, index } = sentence
    const alignment = this.#newest ? undefined : sentence.takeTimes()
    if (alignment) {
      this.#times.add(alignment, this.#ms(this.#sentenceAt))
      return { type: 'aligned', attempt, sentence: index, alignment }
    }
    this.#newest ??= this.#cut(sentence)
    if (this.#newest) return this.#toldOf(this.#newest)
    if (sentence.length > 0) return undefined
    if (sentence.state === 'whole') return this.#saidOf(sentence)
    if (sentence.state !== 'failed') return undefined
    for (const each of this.#sentences) each.stop()
    this.#sentences = []
    return { type: 'failed', attempt, message: sentence.why }
  }

  /** How long the sentence is whose turn it is: told as soon as that is certain, since somebody may break in. */
  #madeOf(sentence: Sentence | undefined): VoiceEvent | undefined {
    const length = sentence?.wholeLength
    if (!sentence || !length || this.#measured === sentence) return undefined
    this.#measured = sentence
    return { type: 'made', attempt: sentence.attempt, sentence: sentence.index, lengthMs: this.#ms(length) }
  }

  #saidOf({ attempt, index }: Sentence): VoiceEvent {
    this.#sentences.shift()
    this.#sentenceAt = this.#tape.end
    this.#times.drop()
    this.#said = { type: 'said', attempt, sentence: index }
    return this.#said
  }

  #toldOf(cut: Cut): VoiceEvent {
    this.#waiting = cut
    const { from, bytes, attempt, sentence } = cut
    return { type: 'sound', attempt, sentence, fromMs: this.#ms(from), ms: this.#ms(bytes.length) }
  }

  /** A piece of what was given out before. Its sentence is of no interest any more. */
  #again(): Cut {
    const from = this.#cursor
    const to = Math.min(this.#tape.end, from + bytesOfMs(longestMs, this.#format))
    return { from, bytes: this.#tape.between(from, to), isNew: false, attempt: 0, sentence: 0 }
  }

  /** A new piece; undefined where there is too little for one. The end of a sentence never makes one that is next to nothing. */
  #cut(sentence: Sentence): Cut | undefined {
    const { length, state, attempt, index } = sentence
    const { mostMs, leastMs } = this.#tape.end === 0 ? firstPiece : laterPieces
    const [most, least, rest] = [
      bytesOfMs(mostMs, this.#format),
      bytesOfMs(leastMs, this.#format),
      bytesOfMs(restMs, this.#format),
    ]
    const isWhole = state === 'whole'
    const ready = isWhole ? length : length - rest
    if (ready < (isWhole ? 1 : least)) return undefined
    const isNearEnd = ready > most && ready < most + rest
    const bytes = sentence.takeSound(isNearEnd ? most - rest : Math.min(ready, most))
    return { from: this.#tape.end, bytes, isNew: true, attempt, sentence: index }
  }

  #ms(bytes: number): number {
    return msOfBytes(bytes, this.#format)
  }
}

/** Pieces, in milliseconds: the longest, and the shortest while more may come. The first of a turn is to be heard soon, also of a voice that comes 20 ms at a time. */
const longestMs = 200
const laterPieces = { mostMs: longestMs, leastMs: 20 } as const
const firstPiece = { mostMs: 80, leastMs: 10 } as const
/** So much is held back until it is known whether more comes. */
const restMs = 5
/** What could be on its way unplayed, and half a minute. */
const keptMs = 31_500
