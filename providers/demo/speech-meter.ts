import { samplesIn } from '../../audio/pcm.ts'

/** What is told while sound is being listened to. Positions are samples from its beginning. */
export type Metered =
  /** Somebody began to speak. */
  | { readonly type: 'start'; readonly at: number }
  /** Another second of the same speech is over. */
  | { readonly type: 'going'; readonly span: Span }
  /** A stretch of speech that will not change any more. */
  | { readonly type: 'span'; readonly span: Span }
  /** It has been silent for long enough. */
  | { readonly type: 'end' }

export interface Span {
  readonly start: number
  readonly end: number
}

/** Decibels below full scale. What is softer than this is never speech. */
const softest = -50
/** How far speech stands out from what else there is to be heard, in decibels. */
const margin = 12
/** Between these lies what is taken for the noise of the room at first. */
const [leastNoise, mostNoise] = [-70, -45]
/** How fast a room is believed to become louder, in decibels a frame: one a second. */
const noiseRise = 0.02
/** Fewer frames than this, one after the other, are a click. */
const fewestFrames = 2

/** Tells speech by its energy, in frames of 20 ms. The same samples say the same, however they are cut. */
export class SpeechMeter {
  readonly #rate: number
  readonly #frame: number
  readonly #silence: number
  /** Samples of frames that are whole. */
  #position = 0
  /** Of the frame that is not. */
  #squares = 0
  #count = 0
  #noise: number | undefined
  /** Frames of sound, one after the other. */
  #loud = 0
  /** Whether somebody is speaking, and until where they were heard. */
  #isSpeaking = false
  #heardUntil = 0
  /** The stretch that has not been told yet. */
  #span: { start: number; end: number } | undefined
  /** Whole seconds of it that have. */
  #seconds = 0

  /** `rate` is in hertz; speech is over after `silenceMs` milliseconds of silence. */
  constructor(rate: number, silenceMs: number) {
    this.#rate = rate
    this.#frame = Math.round(rate / 50)
    this.#silence = (rate * silenceMs) / 1000
  }

  /** How many samples have come. */
  get samples(): number {
    return this.#position + this.#count
  }

  /** PCM of whole samples. */
  *push(pcm: Uint8Array): Generator<Metered> {
    const samples = samplesIn(pcm)
    for (let at = 0; at < samples.length; at++) {
      const sample = samples[at] ?? 0
      this.#squares += sample * sample
      this.#count++
      if (this.#count === this.#frame) yield* this.#take()
    }
  }

  /** The stretch that is open becomes one that is over; whoever speaks on begins another. */
  cut(): Span | undefined {
    const span = this.#span
    this.#span = undefined
    this.#seconds = 0
    return span
  }

  *#take(): Generator<Metered> {
    const level = 10 * Math.log10(this.#squares / this.#frame / 32_768 ** 2)
    const start = this.#position
    this.#position += this.#frame
    this.#squares = 0
    this.#count = 0
    if (this.#isLoud(level)) yield* this.#speech(start)
    else yield* this.#quiet()
  }

  #isLoud(level: number): boolean {
    const before = this.#noise ?? Math.min(Math.max(level, leastNoise), mostNoise)
    this.#noise = Math.max(Math.min(level, before + noiseRise), leastNoise)
    return level > Math.max(before + margin, softest)
  }

  *#speech(start: number): Generator<Metered> {
    this.#loud++
    this.#heardUntil = this.#position
    if (!this.#isSpeaking && this.#loud < fewestFrames) return
    const from = this.#isSpeaking ? start : start - (fewestFrames - 1) * this.#frame
    if (!this.#isSpeaking) yield { type: 'start', at: from }
    this.#isSpeaking = true
    this.#span ??= { start: from, end: from }
    this.#span.end = this.#position
    const seconds = Math.floor((this.#span.end - this.#span.start) / this.#rate)
    if (seconds > this.#seconds) yield { type: 'going', span: { ...this.#span } }
    this.#seconds = seconds
  }

  *#quiet(): Generator<Metered> {
    this.#loud = 0
    if (!this.#isSpeaking || this.#position - this.#heardUntil < this.#silence) return
    this.#isSpeaking = false
    const span = this.cut()
    if (span) yield { type: 'span', span }
    yield { type: 'end' }
  }
}
