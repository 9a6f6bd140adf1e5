import { mulawToPcm, pcmToMulaw } from '../../audio/g711.ts'
import { samplesIn } from '../../audio/pcm.ts'
import type { RawFormat } from '../../providers/speech.ts'

/**
 * Simulated speech from which its words can be read again, also after it was resampled, companded, cut or played: each word sounds as two
 * tones of its own, for as long as it has characters, and between words it is silent. It is as loud as a voice, and noise says nothing.
 */
export const msPerCharacter = 60

/** A word that was heard. Times are of the sound that was read. */
export interface HeardWord {
  readonly text: string
  readonly fromMs: number
  readonly toMs: number
  /** How much of it was there: from 0 to 1. */
  readonly share: number
}

/** What a text sounds like; characters of white space are the silence of a room. */
export function speechOf(text: string, format: RawFormat): Buffer {
  const { rate } = format
  const samples = hiss(samplesAt(text.length, rate), roomLoudness)
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    const [low, high] = tonesOf(word)
    const from = samplesAt(index, rate)
    const to = samplesAt(index + word.length, rate)
    const ramp = Math.round(rate * 0.003)
    for (let at = from; at < to; at++) {
      const loudness = Math.min(1, (at - from) / ramp, (to - 1 - at) / ramp)
      const angle = (2 * Math.PI * (at - from)) / rate
      samples[at] = Math.round(amplitude * loudness * (Math.sin(angle * low) + Math.sin(angle * high)))
    }
  }
  return bytesOf(samples, format)
}

/** How long a text sounds. */
export function speechMs(text: string): number {
  return text.length * msPerCharacter
}

/** So many milliseconds of nothing, as a microphone gives it. */
export function quiet(ms: number, format: RawFormat): Buffer {
  return noise(ms, format, roomLoudness)
}

/** A cough, a door: loud, and without a word in it. The same every time. */
export function noise(ms: number, format: RawFormat, loudness = 3000): Buffer {
  return bytesOf(hiss(Math.round((ms * format.rate) / 1000), loudness), format)
}

function hiss(length: number, loudness: number): Int16Array {
  const samples = new Int16Array(length)
  let seed = 12_345
  for (let at = 0; at < length; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    samples[at] = Math.round(((seed / 2 ** 32) * 2 - 1) * loudness)
  }
  return samples
}

/** Reads words off sound while it comes. */
export class WordReader {
  readonly #encoding: RawFormat['encoding']
  readonly #block: Float64Array
  readonly #rate: number
  #filled = 0
  #blocks = 0
  #half: number | undefined
  #run: { readonly word: string; readonly from: number; blocks: number } | undefined
  /** When the last block ended in which there was a word. */
  lastVoiceMs = 0

  constructor({ encoding, rate }: RawFormat) {
    this.#encoding = encoding
    this.#rate = rate
    this.#block = new Float64Array(Math.round((rate * blockMs) / 1000))
  }

  /** How much was read, in whole blocks. */
  get ms(): number {
    return this.#blocks * blockMs
  }

  /** The words that were over by then. */
  push(bytes: Uint8Array): HeardWord[] {
    const words: HeardWord[] = []
    for (const sample of this.#samplesOf(bytes)) {
      this.#block[this.#filled++] = sample
      if (this.#filled < this.#block.length) continue
      this.#filled = 0
      const word = this.#look()
      if (word) words.push(word)
    }
    return words
  }

  /** The word that is being said, as far as it came. */
  get current(): HeardWord | undefined {
    const run = this.#run
    if (!run || run.blocks < fewestBlocks) return undefined
    const { word, from, blocks } = run
    const share = Math.min(1, (blocks * blockMs) / (word.length * msPerCharacter))
    return { text: word, fromMs: from * blockMs, toMs: (from + blocks) * blockMs, share }
  }

  /** Messages may end within a sample. */
  #samplesOf(bytes: Uint8Array): Iterable<number> {
    if (this.#encoding === 'mulaw') return samplesIn(mulawToPcm(bytes))
    const whole = this.#half === undefined ? Uint8Array.from(bytes) : Uint8Array.from([this.#half, ...bytes])
    this.#half = whole.length % 2 === 1 ? whole.at(-1) : undefined
    return samplesIn(whole.subarray(0, whole.length - (whole.length % 2)))
  }

  #look(): HeardWord | undefined {
    const word = this.#wordInBlock()
    const before = this.#run
    this.#blocks++
    if (word !== undefined) this.lastVoiceMs = this.ms
    if (before && before.word === word) {
      before.blocks++
      return undefined
    }
    const over = this.current
    this.#run = word === undefined ? undefined : { word, from: this.#blocks - 1, blocks: 1 }
    return over
  }

  #wordInBlock(): string | undefined {
    const energy = this.#block.reduce((sum, sample) => sum + sample * sample, 0)
    if (energy / this.#block.length < leastSquare) return undefined
    const [low, high] = [lows, highs].map((tones) => this.#loudest(tones))
    if (!low || !high || low.energy + high.energy < energy * leastPurity) return undefined
    if (Math.min(low.energy, high.energy) * 8 < Math.max(low.energy, high.energy)) return undefined
    return [...known].find(([, code]) => code === low.index * highs.length + high.index)?.[0]
  }

  #loudest(tones: readonly number[]): { readonly index: number; readonly energy: number } | undefined {
    let loudest: { readonly index: number; readonly energy: number } | undefined
    for (const [index, hertz] of tones.entries()) {
      const energy = energyAt(this.#block, hertz / this.#rate)
      if (!loudest || energy > loudest.energy) loudest = { index, energy }
    }
    return loudest
  }
}

/** Goertzel's: how much of a block's energy lies at a frequency, in cycles a sample. */
function energyAt(block: Float64Array, frequency: number): number {
  const factor = 2 * Math.cos(2 * Math.PI * frequency)
  let [one, two] = [0, 0]
  for (const sample of block) [one, two] = [sample + factor * one - two, one]
  return ((one * one + two * two - factor * one * two) * 2) / block.length
}

const amplitude = 3000
/** Sound without any noise at all is that of a microphone that is off. */
const roomLoudness = 4
const blockMs = 20
const fewestBlocks = 2
/** Far softer than speech, and louder than the echo of an echo. */
const leastSquare = 60 ** 2
const leastPurity = 0.35

const lows = Array.from({ length: 12 }, (_, index) => 400 + index * 100)
const highs = Array.from({ length: 17 }, (_, index) => 1600 + index * 100)

/** The words that were said, each with a number. */
const known = new Map<string, number>()

/** From now on other words may be said, for which there would be no tones left. Sound of before says something else now. */
export function forgetWords(): void {
  known.clear()
}

function tonesOf(word: string): [low: number, high: number] {
  const code = known.get(word) ?? known.size
  if (code >= lows.length * highs.length) throw new RangeError('there are no tones left for another word')
  known.set(word, code)
  return [lows[Math.floor(code / highs.length)] ?? 0, highs[code % highs.length] ?? 0]
}

function samplesAt(characters: number, rate: number): number {
  return Math.round((characters * msPerCharacter * rate) / 1000)
}

function bytesOf(samples: Int16Array, { encoding }: RawFormat): Buffer {
  const pcm = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  return Buffer.from(encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm)
}
