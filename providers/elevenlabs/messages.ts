import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import type { Transcript, Word } from '../speech.ts'
import { bytesOfBase64, secondsOf, wordOf } from '../speech-messages.ts'
import { languageCode } from './language.ts'

/** What came is not what the vendor's protocol has. The message is half a sentence about it, for people. */
export class NotProtocol extends Error {
  override readonly name = 'NotProtocol'
}

/** Characters and their times in milliseconds, from wherever the vendor counts. */
export interface Stretch {
  readonly characters: readonly string[]
  readonly startMs: readonly number[]
  readonly durationMs: readonly number[]
}

/** A piece of speech, of a stream or a socket. */
export interface SpeechPiece {
  readonly sound: Uint8Array | undefined
  readonly stretch: Stretch | undefined
}

// ── Streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One line of a stream with times. Throws `NotProtocol`. */
export function readLine(line: string): SpeechPiece | 'failure' {
  const chunk = parseJson(line)
  if (!isRecord(chunk)) throw new NotProtocol('a chunk is no JSON.')
  if (chunk.detail !== undefined || chunk.error !== undefined) return 'failure'
  return { sound: soundOf(chunk.audio_base64), stretch: stretchOfSeconds(chunk.alignment) }
}

function stretchOfSeconds(value: unknown): Stretch | undefined {
  if (!isRecord(value)) return undefined
  const startMs = numbersOf(value.character_start_times_seconds).map((seconds) => seconds * 1000)
  const durationMs = numbersOf(value.character_end_times_seconds).map((seconds, at) => seconds * 1000 - (startMs[at] ?? 0))
  return stretch(value.characters, startMs, durationMs)
}

// ── Sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type SocketNews =
  | (SpeechPiece & { readonly type: 'speech'; readonly context: string; readonly isFinal: boolean })
  /** The vendor's own code and words, or what is of no interest. */
  | { readonly type: 'failure' | 'other' }

/** One message of the socket. Throws `NotProtocol`. */
export function readMessage(text: string): SocketNews {
  const message = parseJson(text)
  if (!isRecord(message)) throw new NotProtocol('a message is no JSON.')
  if (typeof message.error === 'string') return { type: 'failure' }
  const isFinal = message.isFinal === true || message.is_final === true
  if (!isFinal && message.audio === undefined && message.alignment === undefined) return { type: 'other' }
  return {
    type: 'speech',
    context: stringOf(message.contextId ?? message.context_id),
    isFinal,
    sound: soundOf(message.audio),
    stretch: stretchOfMs(message.alignment),
  }
}

function stretchOfMs(value: unknown): Stretch | undefined {
  if (!isRecord(value)) return undefined
  // The names differ between the vendor's specification and its SDK.
  const durations = value.charDurationsMs ?? value.charsDurationsMs
  return stretch(value.chars, numbersOf(value.charStartTimesMs), numbersOf(durations))
}

// ── Both ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Undefined where there is none. */
function soundOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new NotProtocol('sound is not Base64.')
  const bytes = bytesOfBase64(value)
  if (!bytes) throw new NotProtocol('sound is not Base64.')
  return bytes
}

function numbersOf(value: unknown): readonly number[] {
  const list = arrayOf(value)
  const numbers = list.filter((each): each is number => typeof each === 'number' && Number.isFinite(each))
  if (numbers.length !== list.length) throw new NotProtocol('a time is not a number.')
  return numbers
}

function stretch(value: unknown, startMs: readonly number[], durationMs: readonly number[]): Stretch | undefined {
  const characters = arrayOf(value).map(stringOf)
  if (characters.length !== startMs.length || characters.length !== durationMs.length) {
    throw new NotProtocol('there are not as many times as characters.')
  }
  return characters.length === 0 ? undefined : { characters, startMs, durationMs }
}

// ── Transcripts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Throws `NotProtocol` where it is none. */
export function readTranscript(answer: unknown): Transcript {
  if (!isRecord(answer) || typeof answer.text !== 'string') throw new NotProtocol('the answer is no transcript.')
  const words = arrayOf(answer.words).flatMap((each) => spokenWord(each) ?? [])
  const language = languageCode(stringOf(answer.language_code))
  const seconds = secondsOf(answer.audio_duration_secs)
  const confidences = words.flatMap(({ confidence }) => (confidence === undefined ? [] : [confidence]))
  const confidence = confidences.reduce((sum, each) => sum + each, 0) / confidences.length
  return {
    text: answer.text.trim(),
    ...(language !== undefined && { language }),
    ...(seconds !== undefined && { seconds }),
    ...(confidences.length > 0 && { confidence }),
    words,
  }
}

/** What lies between words is listed as well. */
function spokenWord(value: unknown): Word | undefined {
  if (!isRecord(value) || value.type !== 'word') return undefined
  const { text, start, end, logprob } = value
  return wordOf(stringOf(text), start, end, typeof logprob === 'number' ? Math.exp(logprob) : undefined)
}
