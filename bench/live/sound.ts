/** What is said in the live benchmark, by whom, and how that sounds. */

export const frameMs = 20
/** Hertz, of 16-bit samples: what the mock voice makes. */
export const voiceRate = 24_000
export const voiceBytesPerMs = (voiceRate * 2) / 1000
/** As people speak, by and large. */
const charactersPerSecond = 15

/** A second of somebody who speaks, whole frames of it: a loud tone. */
export function loud(rate: number): Buffer {
  return tone(rate, 8000)
}

/** A second of a quiet room: not silence, which would be a microphone that is off. */
export function quiet(rate: number): Buffer {
  const samples = new Int16Array(rate)
  // The same in every run.
  let seed = 1
  for (let at = 0; at < samples.length; at++) {
    seed = (seed * 48_271) % 2_147_483_647
    samples[at] = (seed % 31) - 15
  }
  return Buffer.from(samples.buffer)
}

function tone(rate: number, level: number): Buffer {
  const samples = new Int16Array(rate)
  for (let at = 0; at < samples.length; at++) samples[at] = Math.round(level * Math.sin((2 * Math.PI * 220 * at) / rate))
  return Buffer.from(samples.buffer)
}

/** Whether somebody speaks in a piece of sound. */
export function isLoud(pcm: Buffer): boolean {
  for (let at = 0; at + 1 < pcm.length; at += 16) if (Math.abs(pcm.readInt16LE(at)) > 2000) return true
  return false
}

/** What is understood of somebody who speaks. */
export const words = 'Please stop that now and tell me something else instead.'

/** What the model says, in the pieces in which it writes. */
export function answerOf(name: string, sentences: number): readonly string[] {
  const more = Array.from(
    { length: sentences - 1 },
    (_, at) => ` Sentence ${numerals[at % 10]} for ${name} goes on for a little while.`,
  )
  return `${opening} for ${name} is this.${more.join('')}`.match(/\s?\S+/g) ?? []
}

const opening = 'The answer'
const numerals = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** Whether an answer begins with the text. */
export function isOpening(text: string): boolean {
  return text.trimStart().startsWith(opening)
}

/** How much sound a text has: whole samples. */
export function soundBytesOf(text: string): number {
  return Math.round((text.length / charactersPerSecond) * voiceRate) * 2
}

/** A minute of it; the voice is softer than whoever speaks to it, so that it can be told from that. */
export function voiceSound(): Buffer {
  return Buffer.concat(Array.from({ length: 60 }, () => tone(voiceRate, 1500)))
}
