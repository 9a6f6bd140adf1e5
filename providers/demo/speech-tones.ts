/** A word's share of the sound, in samples: where it begins and how long it is. */
export interface Slot {
  readonly start: number
  readonly samples: number
}

/** How fast words are spoken where nothing else is asked for, in words a minute. */
const usualPace = 170

/**
 * The slot of the nth word, from 0. Each bound is taken from the beginning of the sound and none is added up, so that n words last
 * what n words last at this pace, to the nearest sample.
 */
export function slotOf(index: number, rate: number, speed: number): Slot {
  const start = boundary(index, rate, speed)
  return { start, samples: boundary(index + 1, rate, speed) - start }
}

function boundary(words: number, rate: number, speed: number): number {
  return Math.round((words * 60 * rate) / (usualPace * speed))
}

/** The tone that stands for a word: a sine that swells and fades, and silence to the end of the slot. */
export interface Tone {
  readonly hertz: number
  /** Of the sine, in steps of 16-bit samples. */
  readonly amplitude: number
  readonly rate: number
  /** How long it sounds, how long it swells and how long it fades, in samples. */
  readonly samples: number
  readonly attack: number
  readonly decay: number
}

/** The hertz of each voice's lowest tone. */
const lowest = { soft: 262, low: 131, bright: 523 } as const

export type DemoVoice = keyof typeof lowest

export const demoVoices: readonly [DemoVoice, ...DemoVoice[]] = ['soft', 'low', 'bright']

/** The same word has the same pitch wherever it stands. `volume` is a factor of the amplitude. */
export function toneOf(word: string, slot: Slot, rate: number, voice: DemoVoice, volume: number): Tone {
  const samples = Math.round(slot.samples * (sentenceEnd.test(word) ? 0.5 : clauseEnd.test(word) ? 0.65 : 0.85))
  const step = steps[hashOf(word) % steps.length] ?? 1
  return {
    hertz: lowest[voice] * step,
    amplitude: usualAmplitude * volume,
    rate,
    samples,
    attack: Math.min(Math.round(rate * 0.01), Math.floor(samples / 4)),
    decay: Math.min(Math.round(rate * 0.03), Math.floor(samples / 3)),
  }
}

/** 18 decibels below the loudest sine that there can be. */
const usualAmplitude = 32_767 * 10 ** (-18 / 20)
/** Two octaves of a scale in which any two tones sound well one after the other. */
const steps = [1, 9 / 8, 5 / 4, 3 / 2, 5 / 3, 2, 9 / 4, 5 / 2, 3, 10 / 3]
const sentenceEnd = /[.!?…。！？।؟]["'”’»)\]」』]*$/u
const clauseEnd = /[,;:–—，、；：،]["'”’»)\]」』]*$/u

/** FNV-1a of the letters and digits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (const letter of word.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? []) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash
}

/** Samples of a slot, from one up to another; each is what it is however the slot is cut. */
export function samplesOf(tone: Tone, from: number, to: number): Int16Array {
  const samples = new Int16Array(to - from)
  const { amplitude, attack, decay } = tone
  const angle = (2 * Math.PI * tone.hertz) / tone.rate
  const end = Math.min(to, tone.samples)
  const fadeFrom = tone.samples - decay
  for (let at = from; at < end; at++) {
    const loudness = at < attack ? swell(at / attack) : at >= fadeFrom ? swell((tone.samples - at) / decay) : 1
    samples[at - from] = Math.round(amplitude * loudness * Math.sin(angle * at))
  }
  return samples
}

/** From 0 to 1 without a corner. */
function swell(share: number): number {
  return 0.5 - 0.5 * Math.cos(Math.PI * share)
}
