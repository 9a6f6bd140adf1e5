import { crc32 } from 'node:zlib'
import { isRecord, parseJson } from '../../../api/json.ts'
import type { Alignment } from '../../../providers/speech.ts'
import type { CachedSpeech } from './cache.ts'

/**
 * Speech as bytes, to be kept elsewhere:
 *
 *     0   4  the letters VAIS
 *     4   4  the version of what follows, 1
 *     8   4  the CRC-32 of all from 12 on
 *     12  4  how long the facts are, in bytes
 *     16     the facts, as JSON: {"seconds": 1.2, "alignments": […]}
 *            the sound
 *
 * Numbers are little-endian.
 */
export function entryOf({ bytes, alignments, seconds }: CachedSpeech): Buffer {
  const facts = Buffer.from(JSON.stringify({ seconds, alignments }))
  const entry = Buffer.allocUnsafe(headBytes + facts.length + bytes.length)
  entry.write(letters, 0, 'latin1')
  entry.writeUInt32LE(version, 4)
  entry.writeUInt32LE(facts.length, 12)
  entry.set(facts, headBytes)
  entry.set(bytes, headBytes + facts.length)
  entry.writeUInt32LE(crc32(entry.subarray(12)), 8)
  return entry
}

/** Undefined where the bytes are no such entry, are damaged, or are of another version. The sound is a view of them. */
export function speechOf(entry: Buffer): CachedSpeech | undefined {
  if (entry.length < headBytes || entry.toString('latin1', 0, 4) !== letters) return undefined
  if (entry.readUInt32LE(4) !== version || entry.readUInt32LE(8) !== crc32(entry.subarray(12))) return undefined
  const start = headBytes + entry.readUInt32LE(12)
  if (start > entry.length) return undefined
  const facts = parseJson(entry.toString('utf8', headBytes, start))
  if (!isRecord(facts) || !isSeconds(facts.seconds)) return undefined
  const { seconds, alignments } = facts
  if (!Array.isArray(alignments) || !alignments.every(isAlignment)) return undefined
  return { bytes: new Uint8Array(entry.buffer, entry.byteOffset + start, entry.length - start), alignments, seconds }
}

const letters = 'VAIS'
const version = 1
const headBytes = 16

function isSeconds(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number'
}

function isAlignment(value: unknown): value is Alignment {
  if (!isRecord(value) || (value.kind !== 'char' && value.kind !== 'word')) return false
  const { tokens, startMs, durationMs } = value
  if (!Array.isArray(tokens) || !tokens.every((token) => typeof token === 'string')) return false
  return [startMs, durationMs].every(
    (times) => Array.isArray(times) && times.length === tokens.length && times.every((time) => typeof time === 'number'),
  )
}
