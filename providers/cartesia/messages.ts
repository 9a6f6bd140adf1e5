import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import { type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import type { Alignment, Transcript, Word } from '../speech.ts'
import { bytesOfBase64, msOfSeconds, secondsOf, wordOf } from '../speech-messages.ts'

/** A message about one text that is spoken. `context` is absent where the message does not name one. */
export type SpeechMessage = { readonly context: string | undefined } & (
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  /** From the beginning of the context's sound. */
  | { readonly type: 'words'; readonly alignment: Alignment }
  | { readonly type: 'flushed' }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly body: unknown }
  | { readonly type: 'other' }
)

/** Throws `provider_protocol` where the text is no message, or its sound is not what it says. */
export function speechMessage(text: string, source: FailureSource): SpeechMessage {
  const message = parsed(text, source)
  const context = typeof message.context_id === 'string' ? message.context_id : undefined
  switch (message.type) {
    case 'chunk':
      return { context, type: 'chunk', bytes: soundOf(message.data, source) }
    case 'timestamps':
      return { context, type: 'words', alignment: alignmentOf(message.word_timestamps) }
    case 'flush_done':
      return { context, type: 'flushed' }
    case 'done':
      return { context, type: 'done' }
    case 'error':
      return { context, type: 'error', body: message }
    default:
      return { context, type: 'other' }
  }
}

/** What is heard of one stretch of sound, or of one turn. */
export type HearingMessage =
  | {
      readonly type: 'transcript'
      readonly isFinal: boolean
      readonly text: string
      readonly language?: string
      readonly words?: readonly Word[]
    }
  | { readonly type: 'flushed' }
  | { readonly type: 'done' }
  | { readonly type: 'turn-start' | 'turn-resumed' }
  /** `text` is that of the whole turn so far. */
  | { readonly type: 'turn-update' | 'turn-eager-end' | 'turn-end'; readonly text: string }
  | { readonly type: 'other' }

/** Throws `provider_protocol` where the text is no message, and the failure that an error tells. */
export function hearingMessage(text: string, source: FailureSource): HearingMessage {
  const message = parsed(text, source)
  switch (message.type) {
    case 'transcript':
      return { type: 'transcript', isFinal: message.is_final === true, ...heardIn(message) }
    case 'flush_done':
      return { type: 'flushed' }
    case 'done':
      return { type: 'done' }
    case 'turn.start':
      return { type: 'turn-start' }
    case 'turn.update':
      return { type: 'turn-update', text: stringOf(message.transcript) }
    case 'turn.eager_end':
      return { type: 'turn-eager-end', text: stringOf(message.transcript) }
    case 'turn.resume':
      return { type: 'turn-resumed' }
    case 'turn.end':
      return { type: 'turn-end', text: stringOf(message.transcript) }
    case 'error':
      throw streamFailure(source, message)
    default:
      return { type: 'other' }
  }
}

/** The answer about a whole file. */
export function transcriptOf(answer: unknown, source: FailureSource): Transcript {
  if (!isRecord(answer) || typeof answer.text !== 'string') throw protocolFailure(source, 'the answer holds no transcript.')
  const seconds = secondsOf(answer.duration)
  return { ...heardIn(answer), ...(seconds !== undefined && { seconds }) }
}

function parsed(text: string, source: FailureSource): Record<string, unknown> {
  const message = parseJson(text)
  if (!isRecord(message)) throw protocolFailure(source, 'a message is no JSON object.', text)
  return message
}

function soundOf(data: unknown, source: FailureSource): Uint8Array {
  if (typeof data !== 'string') throw protocolFailure(source, 'a piece of sound has no data.')
  const bytes = bytesOfBase64(data)
  if (bytes) return bytes
  throw protocolFailure(source, 'a piece of sound is not base64.', data.slice(0, 200))
}

function alignmentOf(value: unknown): Alignment {
  const { words, start, end } = isRecord(value) ? value : {}
  const [starts, ends] = [arrayOf(start), arrayOf(end)]
  const tokens = arrayOf(words).map(stringOf)
  const startMs = tokens.map((_, index) => msOfSeconds(starts[index]) ?? 0)
  const durationMs = startMs.map((from, index) => Math.max(0, (msOfSeconds(ends[index]) ?? 0) - from))
  return { kind: 'word', tokens, startMs, durationMs }
}

function heardIn(message: Record<string, unknown>): Pick<Transcript, 'text' | 'language' | 'words'> {
  const { text, language, words } = message
  return {
    text: stringOf(text),
    ...(typeof language === 'string' && language !== '' && { language }),
    ...(Array.isArray(words) && words.length > 0 && { words: words.filter(isRecord).flatMap(wordsIn) }),
  }
}

/** One word, or lists of them side by side: the vendor writes both. */
function wordsIn(value: Record<string, unknown>): Word[] {
  const { word, words, start, end } = value
  if (typeof word === 'string') return [wordOf(word, start, end)].filter((each) => each !== undefined)
  const [starts, ends] = [arrayOf(start), arrayOf(end)]
  return arrayOf(words).flatMap((each, index) => wordOf(stringOf(each), starts[index], ends[index]) ?? [])
}
