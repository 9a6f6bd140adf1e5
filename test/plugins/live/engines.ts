import type { Effect } from '../../../plugins/live/effects.ts'
import type { VoiceEvent } from '../../../plugins/live/inputs.ts'
import type { Leaves } from '../../../plugins/live/move.ts'

export type Chance = (probability: number) => boolean
export type Between = (least: number, most: number) => number

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function randomOf(seed: number): { next: () => number; chance: Chance; between: Between } {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return {
    next,
    chance: (probability) => next() < probability,
    between: (least, most) => Math.floor(least + next() * (most - least + 1)),
  }
}

type Item = VoiceEvent & { readonly isSound?: true }

/**
 * A turn's sound as its owner has it: what the engine made, in order, and what was given out, which is kept so that it can be given out again.
 * It decides nothing: what is not answered by `give-out` waits.
 */
export class VoiceStore {
  isHeld = false
  isOpen = true
  /** Nothing is offered again until something changes. */
  isBlocked = false
  readonly items: Item[] = []
  cursorMs = 0
  givenMs = 0
  /** What really sounds where, as far as it was given out whole. */
  readonly said: { readonly startMs: number; readonly endMs: number }[] = []
  readonly texts: string[] = []
  /** How long the sound of each sentence is, as its engine makes it. */
  readonly lengths: number[] = []
  /** When the engine will have made what it was asked for last. */
  madeAt = 0
  #startMs: number | undefined

  /** What comes next at the cursor; undefined where nothing waits. */
  offer(): VoiceEvent | undefined {
    if (this.isHeld || this.isBlocked) return undefined
    if (this.#isBehind) {
      const ms = Math.min(againMs, this.givenMs - this.cursorMs)
      return { type: 'sound', attempt: 0, sentence: 0, fromMs: this.cursorMs, ms }
    }
    const item = this.items[0]
    return item?.type === 'sound' ? { ...item, fromMs: this.cursorMs } : item
  }

  /** Whether what comes next was given out before. Real sound is counted in samples. */
  get #isBehind(): boolean {
    return this.cursorMs < this.givenMs - 0.001
  }

  /** What became of the offer. */
  answered(event: VoiceEvent, wasGiven: boolean): void {
    if (event.type !== 'sound') {
      this.items.shift()
      if (event.type === 'said') {
        this.said.push({ startMs: this.#startMs ?? this.givenMs, endMs: this.givenMs })
        this.#startMs = undefined
      }
      return
    }
    if (!wasGiven) {
      this.isBlocked = true
      return
    }
    if (!this.#isBehind) {
      this.items.shift()
      this.#startMs ??= this.cursorMs
    }
    this.cursorMs += event.ms
    this.givenMs = Math.max(this.givenMs, this.cursorMs)
  }

  carryOut(effect: Extract<Effect, { type: 'voice-close' | 'voice-hold' | 'voice-release' | 'rewind' | 'speak' }>): void {
    this.isBlocked = false
    if (effect.type === 'voice-close') {
      this.items.length = 0
      this.isOpen = false
      this.madeAt = 0
    } else if (effect.type === 'rewind') this.cursorMs = effect.fromMs
    else if (effect.type === 'speak') {
      // What broke off begins anew; until then it is still what was heard last.
      if (!this.isOpen) this.#startMs = undefined
      this.isOpen = true
      this.texts[effect.sentence] = effect.text
    } else this.isHeld = effect.type === 'voice-hold'
  }

  /** How many characters of the turn's text may have been heard where so much of its sound was played. */
  charactersHeard(playedMs: number): number {
    let characters = 0
    for (const [index, { startMs, endMs }] of this.said.entries()) {
      const text = this.texts[index] ?? ''
      if (playedMs >= endMs - 0.5) characters += text.length
      else return characters + charactersIn(text, playedMs - startMs, endMs - startMs)
    }
    const index = this.said.length
    if (this.#startMs === undefined) return characters
    return characters + charactersIn(this.texts[index] ?? '', playedMs - this.#startMs, this.lengths[index] ?? 0)
  }
}

/** Short pieces, which often leave next to nothing for the last of them. */
const againMs = 20

/** A millisecond is given for rounding. */
function charactersIn(text: string, playedMs: number, lengthMs: number): number {
  return Math.max(0, Math.min(text.length, Math.floor(((playedMs + 1) / lengthMs) * text.length)))
}

/** What engines understand of the user: each hears from a place in the sound on, and says again what another said of that before it. */
export class Hearing {
  readonly #said: { readonly word: string; readonly atMs: number }[] = []
  #fromMs = 0
  #settled = 0
  #told = 0
  #flushedMs = 0

  connect(fromMs: number): void {
    this.#fromMs = fromMs
    this.#settled = 0
  }

  /** A word is understood that was said some time ago. */
  say(word: string, atMs: number): void {
    this.#said.push({ word, atMs: Math.max(atMs, this.#flushedMs, this.#said.at(-1)?.atMs ?? 0) })
  }

  /** What it is not certain of yet. */
  pending(): readonly string[] {
    return this.#said.slice(this.#settled).flatMap(({ word, atMs }) => (atMs >= this.#fromMs ? [word] : []))
  }

  /** Whoever was asked for all words up to a place has told them. */
  settle(flushedMs = 0): readonly string[] {
    this.#flushedMs = Math.max(this.#flushedMs, flushedMs)
    const words = this.pending()
    this.#settled = this.#said.length
    return words
  }

  /** The session was told of what it was not certain of. */
  told(): void {
    this.#told = this.#said.length
  }

  /** It has taken that. */
  taken(debt: Faults['debt'], { chance }: { readonly chance: Chance }): void {
    if (debt === 'forgets') this.#settled = Math.max(this.#settled, this.#told)
    if (debt !== 'revises') return
    for (let index = this.#told - 1; index >= this.#settled; index--) {
      const said = this.#said[index]
      if (!said || chance(0.6)) continue
      if (chance(0.5)) {
        this.#said.splice(index, 1)
        this.#told--
      } else this.#said[index] = { ...said, word: said.word.replace('w', 'v') }
    }
  }
}

/** Words of the simulated user: `w12` is speech, `okay` a sign of listening, `hm` nothing. */
export const judge: Leaves['judge'] = ({ text }) => {
  const words = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== 'hm' && word !== '')
  if (words.length === 0) return 'noise'
  return words.every((word) => word === 'okay') ? 'back-channel' : 'speech'
}

/** What goes wrong in a session. */
export interface Faults {
  readonly stt: boolean
  readonly tts: boolean
  readonly line: boolean
  /** What an engine makes of words of which it was not certain when they were taken: it says them again, or never, or others in their place. */
  readonly debt: 'repeats' | 'forgets' | 'revises'
}

/** What is going to happen. */
export type Later = { readonly at: number; readonly run: () => void }
