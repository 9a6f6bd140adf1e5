import { spells } from '../../audio/bytes.ts'

/** What bytes seem to be that are no sound, in words for whoever sent them. Looks at their beginning alone. */
export function lookOf(bytes: Uint8Array): string {
  const marked = marks.find(([letters, , at]) => spells(bytes, at ?? 0, letters))
  if (marked) return marked[1]
  const text = textIn(bytes.subarray(0, beginningBytes))
  if (text === undefined) return 'nothing that is known'
  const start = text.trimStart().toLowerCase()
  return texts.find(([pattern]) => pattern.test(start))?.[1] ?? 'text'
}

/** The kind of sound that bytes begin like which are too few to be any, as people call it; undefined where they begin like none. */
export function cutFileIn(bytes: Uint8Array): string | undefined {
  if (spells(bytes, 0, 'ID3')) return 'an MP3 file'
  if (isCut(bytes, 'RIFF') || (spells(bytes, 0, 'RIFF') && bytes.length < 12)) return 'a WAV file'
  if (isCut(bytes, 'fLaC')) return 'a FLAC file'
  if (isCut(bytes, 'OggS')) return 'an Ogg file'
  const isFrame = bytes[0] === 0xff && frameSeconds.has(bytes[1] ?? 0) && bytes.length < longestFrame
  return isFrame ? 'a file of MP3 or AAC' : undefined
}

/** The second byte of a frame of MP3 or AAC that somebody uses; it never is that of a byte order mark. */
const frameSeconds: ReadonlySet<number> = new Set([0xe2, 0xe3, 0xf0, 0xf1, 0xf2, 0xf3, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd])
const longestFrame = 8192

function isCut(bytes: Uint8Array, letters: string): boolean {
  return bytes.length > 1 && bytes.length < letters.length && spells(bytes, 0, letters.slice(0, bytes.length))
}

const beginningBytes = 512

/** Letters, what begins with them, and where they stand if not at the very beginning. */
const marks: readonly (readonly [letters: string, name: string, at?: number])[] = [
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['WEBP', 'a WebP picture', 8],
  ['AVI ', 'an AVI film', 8],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'something packed with gzip'],
  ['.snd', 'an AU file, which is not taken; send its sound as audio/basic or as WAV'],
  ['MThd', 'a MIDI file'],
  ['caff', 'a CAF file, which is not taken'],
  ['0&\xb2u', 'a WMA file, which is not taken'],
]

const texts: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^(?:<!doctype html|<html|<head|<body)/, 'an HTML page'],
  [/^<(?:\?xml|svg)/, 'XML'],
  [/^data:/, 'a data URL; send what follows its comma'],
  [/^[{[]/, 'JSON'],
  [/^#extm3u/, 'a playlist'],
]

/** Undefined where it holds what no text does. The last character may be cut. */
function textIn(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes, { stream: true })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return /[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(text) ? undefined : text
}
