import type { Word } from './speech.ts'

/** What vendors of speech write alike in their messages. */

/** The bytes of Base64; undefined where it is none. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  const letters = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
  // What is none is passed over in decoding, so that too little comes out.
  return bytes.length === Math.floor((letters * 3) / 4) && letters % 4 !== 1 ? bytes : undefined
}

/** A time or a length in seconds; undefined where it is none. */
export function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

/** Whole milliseconds of what is written in seconds; undefined where that is none. */
export function msOfSeconds(value: unknown): number | undefined {
  const seconds = secondsOf(value)
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}

/** A word whose times are written in seconds; undefined where it has no letters, or not both its times. */
export function wordOf(text: string, start: unknown, end: unknown, confidence?: unknown): Word | undefined {
  const [startMs, endMs] = [msOfSeconds(start), msOfSeconds(end)]
  const bare = text.trim()
  if (bare === '' || startMs === undefined || endMs === undefined) return undefined
  const isLikelihood = typeof confidence === 'number' && confidence >= 0 && confidence <= 1
  return { text: bare, startMs, endMs: Math.max(startMs, endMs), ...(isLikelihood && { confidence }) }
}

/** What stands between two stretches of a transcript of which each was written for itself. */
export function gap(before: string, after: string): '' | ' ' {
  if (before === '' || after === '') return ''
  const [last, next] = [[...before.slice(-2)].at(-1) ?? '', [...after.slice(0, 2)][0] ?? '']
  if (wideMark.test(last) || wideMark.test(next)) return ''
  return unspaced.test(last) && unspaced.test(next) ? '' : ' '
}

/** These marks have their space in them. */
const wideMark = /[\u3000-\u303f\uff00-\uffef]/
/** Writings without spaces between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
