import type { RawFormat } from '../../providers/speech.ts'
import { isObject } from './json.ts'

/**
 * Simulated speech: ten milliseconds for each UTF-16 unit, whose samples all have its number for a value, so that what was said can be read
 * off the sound, and whatever is missing, double or out of order shows. Zero is silence.
 */
export function soundOf(text: string, format: RawFormat): Buffer {
  const { encoding, rate } = format
  const length = Math.floor(rate / 100)
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  if (encoding === 'mulaw') return Buffer.concat(units.map((unit) => Buffer.alloc(length, unit === 0 ? 0xff : unit)))
  const sound = Buffer.alloc(text.length * length * 2)
  units.forEach((unit, index) => {
    for (let at = 0; at < length; at++) sound.writeUInt16LE(unit, (index * length + at) * 2)
  })
  return sound
}

/** So many milliseconds of nothing. */
export function silenceOf(ms: number, format: RawFormat): Buffer {
  return soundOf('\0'.repeat(ms / 10), format)
}

/** Throws where the sound is not made of such pieces. Silence is read as the character 0. */
export function textOf(sound: Uint8Array, format: RawFormat): string {
  const bytes = Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength)
  const [width, length] = [format.encoding === 'pcm' ? 2 : 1, Math.floor(format.rate / 100)]
  if (bytes.length % (width * length) !== 0) throw new Error(`${bytes.length} bytes are no whole number of characters`)
  let text = ''
  for (let at = 0; at < bytes.length; at += width * length) {
    const unit = unitAt(bytes, at, width)
    for (let sample = 1; sample < length; sample++) {
      if (unitAt(bytes, at + sample * width, width) !== unit) throw new Error(`a seam at byte ${at + sample * width}`)
    }
    text += String.fromCharCode(unit)
  }
  return text
}

function unitAt(bytes: Buffer, at: number, width: number): number {
  if (width === 2) return bytes.readUInt16LE(at)
  return bytes[at] === 0xff ? 0 : (bytes[at] ?? 0)
}

/** The format that a vendor's words mean. */
export function formatOf(format: unknown): RawFormat {
  if (isObject(format) && format.encoding === 'pcm_mulaw') return { encoding: 'mulaw', rate: 8000 }
  return { encoding: 'pcm', rate: isObject(format) ? Number(format.sample_rate) : 0 }
}

/** The times of the words of a text that begins so many characters into the sound, in seconds. */
export function wordTimes(text: string, from = 0, msPerCharacter = 10): { words: string[]; start: number[]; end: number[] } {
  const found = [...text.matchAll(/\S+/g)]
  return {
    words: found.map(([word]) => word),
    start: found.map(({ index }) => ((from + index) * msPerCharacter) / 1000),
    end: found.map(({ index, 0: word }) => ((from + index + word.length) * msPerCharacter) / 1000),
  }
}
