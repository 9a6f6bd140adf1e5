import type { VoiceEffect } from '../effects.ts'
import type { LiveSpeaking } from '../plan.ts'
import { type Served, ServedTotals } from '../served.ts'
import { isResampled } from './converter.ts'
import type { Mouth, Piece } from './mouth.ts'
import type { MouthParts } from './parts.ts'
import { Sentence, type SentenceParts } from './sentence.ts'
import { TurnVoice } from './turn-voice.ts'
import { Ways } from './ways.ts'

/** What speaks in one session. The line to its voice is opened at once. */
export function createMouth(parts: MouthParts): Mouth {
  return new SpeakingMouth(parts)
}

class SpeakingMouth implements Mouth {
  readonly #parts: MouthParts
  readonly #sentenceParts: SentenceParts
  #ways: Ways
  /** Who speaks in the turn that is to come, where that is another. */
  #next: Ways | undefined
  #preparedFor = 0
  /** How those speak of whom the newest is; and how it is wanted from the next turn on. */
  #speaking: LiveSpeaking
  #wanted: LiveSpeaking
  /** The turn that spoke last, or speaks. */
  #turn: TurnVoice | undefined
  readonly #given = new ServedTotals()
  #isOver = false
  /** What runs, and connections that are being closed. */
  readonly #running = new Set<Promise<void>>()

  constructor(parts: MouthParts) {
    this.#parts = parts
    this.#sentenceParts = {
      ...parts,
      given: (voice, characters) => this.#given.add(voice, characters),
      failed: (way) => this.#ways.failed(way),
    }
    this.#speaking = parts.speaking
    this.#wanted = parts.speaking
    this.#ways = this.#waysOf(parts.speaking)
  }

  get served(): readonly Served[] {
    return this.#given.all
  }

  speak({ turn: number, attempt, voice, sentence, text }: Extract<VoiceEffect, { type: 'speak' }>): void {
    const turn = this.#turnFor(number)
    if (!turn) return
    const asked = { attempt, index: sentence, text, ways: this.#ways.of(voice) }
    turn.add(new Sentence(asked, this.#sentenceParts, () => turn.changed()))
  }

  finish(turn: number): void {
    this.#known(turn)?.finish()
  }

  close(turn: number): void {
    this.#known(turn)?.close()
  }

  hold(turn: number): void {
    this.#turnFor(turn)?.hold()
  }

  release(turn: number): void {
    this.#known(turn)?.release()
  }

  giveOut(turn: number): Piece | undefined {
    return this.#known(turn)?.giveOut()
  }

  rewind(turn: number, fromMs: number): void {
    this.#known(turn)?.rewind(fromMs)
  }

  change(speaking: LiveSpeaking): void {
    this.#wanted = speaking
  }

  prepare(turn: number): void {
    if (this.#isOver || (this.#turn && turn <= this.#turn.number)) return
    this.#preparedFor = turn
    if (this.#wanted === this.#speaking) return
    this.#speaking = this.#wanted
    if (this.#next) this.#run(this.#next.close())
    this.#next = this.#waysOf(this.#wanted)
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#turn?.close()
    this.#turn = undefined
    this.#run(this.#ways.close())
    if (this.#next) this.#run(this.#next.close())
    await Promise.all(this.#running)
  }

  #known(number: number): TurnVoice | undefined {
    return this.#turn?.number === number ? this.#turn : undefined
  }

  /** Turns have numbers that grow: with a new one the sound of the one before is forgotten. Undefined for one that is over. */
  #turnFor(number: number): TurnVoice | undefined {
    if (this.#isOver || (this.#turn && number < this.#turn.number)) return undefined
    if (this.#turn?.number === number) return this.#turn
    if (this.#preparedFor < number) this.prepare(number)
    this.#turn?.close()
    if (this.#next) {
      this.#run(this.#ways.close())
      this.#ways = this.#next
      this.#next = undefined
    }
    const { audioOut, alignment, listener } = this.#parts
    this.#turn = new TurnVoice({
      number,
      format: audioOut,
      wantsTimes: alignment,
      tell: (event) => listener(number, event),
      runs: (run) => this.#run(run),
    })
    return this.#turn
  }

  #waysOf(speaking: LiveSpeaking): Ways {
    const { audioOut, resampling, log } = this.#parts
    const ways = new Ways(speaking, audioOut, this.#parts)
    ways.warm()
    // It takes a while to start, and the first sentence is not to wait for it.
    if (ways.of('own').some(({ options }) => isResampled(options.format, audioOut)))
      resampling().catch((err: unknown) => log.error({ err }, 'sound cannot be resampled'))
    return ways
  }

  #run(run: Promise<void>): void {
    const running = run.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}
