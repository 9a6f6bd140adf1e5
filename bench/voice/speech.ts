import { blankName } from './control.ts'

/** What the mock model says, and how the mock vendor sounds. */

/** One answer, in the pieces in which it comes. Each sentence has the exchange's name in it, so that no two answers are alike. */
export function piecesOf(name: string): readonly string[] {
  return text.replaceAll(blankName, name).match(/\s?\S+/g) ?? []
}

const text =
  `The answer to ${blankName} begins here, and it goes on for ${blankName} a little while so that it can be heard. ` +
  `A second sentence for ${blankName} tells of the capital of France, which is Paris. ` +
  `The third one for ${blankName} has nothing new to say at all. And that was all of it, ${blankName}.`

/** As people speak, by and large. */
export const charactersPerSecond = 15
/** Hertz, of 16-bit samples: what the vendor makes. */
export const vendorRate = 24_000
const bytesPerSecond = vendorRate * 2

/** How much sound a text has: whole samples. */
export function soundBytesOf(spoken: string): number {
  return Math.round((spoken.length / charactersPerSecond) * vendorRate) * 2
}

export function secondsOf(soundBytes: number): number {
  return soundBytes / bytesPerSecond
}

/** A minute of a quiet tone, of which every text takes the beginning. */
export function tone(): Buffer {
  const samples = new Int16Array(60 * vendorRate)
  for (let at = 0; at < samples.length; at++) samples[at] = Math.round(8000 * Math.sin((2 * Math.PI * 220 * at) / vendorRate))
  return Buffer.from(samples.buffer)
}
