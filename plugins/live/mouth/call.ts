import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { RawFormat, SpeakingLine, TtsEvent } from '../../../providers/speech.ts'
import { checkWholeSound, speechFault } from '../../../providers/speech-fault.ts'
import { bytesPerSecond } from '../../../providers/speech-format.ts'
import { hasWords } from '../../../text/pronounced.ts'
import type { VoiceOutcome } from '../../metrics/voice.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import type { RawOptions } from './format.ts'
import type { SpeakingParts } from './parts.ts'
import { patient } from './patience.ts'

/** One text for a vendor: on a line, or by a call of its own. */
export interface TextCall {
  readonly voice: SpeakingVoice
  readonly options: RawOptions
  readonly line: SpeakingLine | undefined
  readonly text: string
  readonly follows: boolean
  readonly signal: AbortSignal
  /** Called when the vendor is given the text. */
  readonly given: () => void
}

/**
 * The vendor's events, held to what a vendor owes: some sound, no more than can be, whole samples, and an end. None at all where the text is of
 * signs alone, with which the vendor does not know what to do. Throws a `GatewayError` where the vendor fails, and the signal's reason once
 * that has aborted.
 */
export async function* eventsOf(asked: TextCall, parts: SpeakingParts): AsyncGenerator<TtsEvent> {
  const { voice, options, line, text, follows, signal, given } = asked
  const { clock, metrics } = parts
  signal.throwIfAborted()
  const { id } = voice.provider
  const base = patient(parts.call(voice, signal))
  const admission = parts.enter(voice)
  const startedAt = clock.now()
  const traced = parts.trace?.speech({ operation: 'speak', provider: voice.provider, model: voice.name, baseURL: base.baseURL })
  const call = traced ? { ...base, trace: traced.headers } : base
  const watch = new Watch(voice, text, options.format)
  let outcome: VoiceOutcome = 'cancelled'
  try {
    given()
    const events = line ? line.speak(text, { follows, signal }) : voice.tts.synthesize(text, options, call)
    for await (const event of events) {
      signal.throwIfAborted()
      if (watch.take(event)) {
        metrics.sentenceBegan(id, (clock.now() - startedAt) / 1000)
        traced?.firstSound(clock.now() - startedAt)
        admission.succeeded()
      }
      yield event
    }
    signal.throwIfAborted()
    watch.end()
    outcome = 'ok'
  } catch (error) {
    if (!signal.aborted && watch.bytes === 0 && !hasWords(text) && isNothing(error)) {
      outcome = 'ok'
      return
    }
    if (!signal.aborted) outcome = error instanceof GatewayError ? error : new GatewayError('internal_error')
    throw signal.aborted ? signal.reason : error
  } finally {
    const isOk = outcome === 'ok'
    if (!isOk) admission.failed(outcome === 'cancelled' ? new Cancelled() : outcome)
    else if (watch.bytes === 0) admission.succeeded()
    metrics.sentenceOver(id, outcome, isOk ? text.length : 0, watch.seconds)
    traced?.end(outcome, { seconds: watch.seconds, ...(isOk && { characters: text.length }) })
  }
}

/** Whether the vendor has merely nothing to say. A fault that has another reason shows with the next words. */
function isNothing(reason: unknown): boolean {
  return reason instanceof GatewayError && (reason.code === 'provider_protocol' || reason.code === 'provider_rejected')
}

/** The sound of one text as it passes. */
class Watch {
  readonly #voice: SpeakingVoice
  readonly #text: string
  readonly #format: RawFormat
  readonly #most: number
  bytes = 0
  #isDone = false

  constructor(voice: SpeakingVoice, text: string, format: RawFormat) {
    this.#voice = voice
    this.#text = text
    this.#format = format
    // A minute and a second a character, and ten minutes: no voice is as slow.
    this.#most = Math.min(600, 60 + text.length) * bytesPerSecond(format)
  }

  get seconds(): number {
    return this.bytes / bytesPerSecond(this.#format)
  }

  /** Whether the event is the first of the sound. */
  take(event: TtsEvent): boolean {
    this.#isDone ||= event.type === 'done'
    if (event.type !== 'audio' || event.bytes.length === 0) return false
    const isFirst = this.bytes === 0
    this.bytes += event.bytes.length
    if (this.bytes > this.#most) throw speechFault(this.#voice.provider, 'it sent more sound than the text can last.')
    return isFirst
  }

  end(): void {
    const { bytes } = this
    checkWholeSound(this.#voice.provider, { text: this.#text, format: this.#format, bytes, isDone: this.#isDone })
  }
}
