import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { FailureSource } from '../failure.ts'
import type { SttEvent } from '../speech.ts'
import { gap, msOfSeconds } from '../speech-messages.ts'
import { errorMessage } from './failure.ts'
import { wordsOf } from './stt-words.ts'

type Message = Readonly<Record<string, unknown>>

/**
 * Reads what the socket of `/v1/listen` says. An utterance is made of the pieces that will not change any more; it ends where the vendor
 * hears silence, or where the gap after its last word is long enough, and is told once whichever comes first.
 */
export class NovaDecoder {
  readonly #source: FailureSource
  /** What was told as final so far, as far as the next piece needs it. */
  #before = ''
  /** The utterance so far. */
  #utterance = ''
  #isOver = false
  #isEnding = false

  constructor(source: FailureSource) {
    this.#source = source
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The sound has ended: from now on the vendor's goodbye is one. */
  ending(): void {
    this.#isEnding = true
  }

  take(message: Message): readonly SttEvent[] {
    switch (message.type) {
      case 'Results':
        return this.#results(message)
      case 'SpeechStarted': {
        const atMs = msOfSeconds(message.timestamp)
        return [{ type: 'speech-start', ...(atMs !== undefined && { atMs }) }]
      }
      case 'UtteranceEnd':
        return this.#endOfTurn()
      case 'Metadata':
        return this.#isEnding ? this.end(message.duration) : []
      case 'Error':
        throw errorMessage(this.#source, message)
      default:
        return []
    }
  }

  /** All has been said; `seconds` is what the vendor heard. */
  end(seconds?: unknown): readonly SttEvent[] {
    this.#isOver = true
    return [...this.#endOfTurn(), { type: 'done', ...(typeof seconds === 'number' && { seconds }) }]
  }

  #results(message: Message): readonly SttEvent[] {
    const channel = isRecord(message.channel) ? message.channel : {}
    const [first] = arrayOf(channel.alternatives)
    const alternative = isRecord(first) ? first : {}
    const transcript = stringOf(alternative.transcript)
    const text = gap(this.#before, transcript) + transcript
    const confidence = typeof alternative.confidence === 'number' ? { confidence: alternative.confidence } : {}
    if (message.is_final !== true) return transcript === '' ? [] : [{ type: 'partial', text, ...confidence }]
    const isFlushed = message.from_finalize === true
    const events: SttEvent[] = []
    if (transcript !== '' || isFlushed) {
      const language = stringOf(arrayOf(alternative.languages)[0])
      const words = wordsOf(alternative.words)
      events.push({
        type: 'final',
        text,
        ...(transcript !== '' && confidence),
        ...(language !== '' && { language }),
        ...(words.length > 0 && { words }),
        ...(isFlushed && { flushed: true }),
      })
    }
    if (transcript !== '') {
      this.#utterance += gap(this.#utterance, transcript) + transcript
      this.#before = transcript
    }
    if (message.speech_final === true) events.push(...this.#endOfTurn())
    return events
  }

  #endOfTurn(): readonly SttEvent[] {
    const text = this.#utterance
    this.#utterance = ''
    return text === '' ? [] : [{ type: 'turn-end', text }]
  }
}
