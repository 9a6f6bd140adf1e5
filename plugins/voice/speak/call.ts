import { Cancelled, GatewayError } from '../../../api/error.ts'
import { bytesOfSamples } from '../../../audio/pcm.ts'
import type { SpeechCall, SpeechFormat, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { checkWholeSound, speechFault } from '../../../providers/speech-fault.ts'
import { hasWords } from '../../../text/pronounced.ts'
import type { Admission } from '../../breaker/index.ts'
import type { VoiceOutcome } from '../../metrics/voice.ts'
import type { SpeechTrace } from '../../tracing/index.ts'
import type { SpeakingVoice, VoiceCaller } from '../plan.ts'
import type { SpeakingParts } from './parts.ts'

/** One call to a vendor for one text, held to what a vendor owes: sound in time, some of it, no more than can be, and an end. */
export class VendorCall {
  readonly #voice: SpeakingVoice
  readonly #parts: SpeakingParts
  readonly #outer: AbortSignal
  readonly #controller = new AbortController()
  readonly #call: SpeechCall
  readonly #trace: SpeechTrace | undefined
  readonly #admission: Admission

  /** Throws where there is no key for the vendor, or it is left alone. `signal` ends the call. */
  constructor(voice: SpeakingVoice, parts: SpeakingParts, caller: VoiceCaller, signal: AbortSignal) {
    signal.throwIfAborted()
    this.#voice = voice
    this.#parts = parts
    this.#outer = signal
    this.#call = parts.calls.to(voice.provider, voice.name, caller, this.#controller.signal)
    this.#admission = parts.calls.enter(voice.provider, 'tts')
    this.#trace = caller.trace
  }

  /**
   * The vendor's events, from its sound to `done`; to be asked for once. None at all where the text is of signs alone, with which the vendor
   * does not know what to do: the words around it are to be heard all the same. Throws a `GatewayError` where the vendor fails, and the
   * signal's reason once that has aborted.
   */
  async *events(text: string, options: TtsOptions): AsyncGenerator<TtsEvent> {
    const { clock, limits, metrics } = this.#parts
    const { provider, name } = this.#voice
    const { id } = provider
    const { signal } = this.#controller
    const startedAt = clock.now()
    const traced = this.#trace?.speech({ operation: 'speak', provider, model: name, baseURL: this.#call.baseURL })
    const call = traced ? { ...this.#call, trace: traced.headers } : this.#call
    const most = mostBytes(text, options.format)
    let outcome: VoiceOutcome = 'cancelled'
    let bytes = 0
    let isDone = false
    const end = (): void => this.#controller.abort(this.#outer.reason)
    this.#outer.addEventListener('abort', end, { once: true })
    if (this.#outer.aborted) end()
    // While whoever asked has an event in hand, nobody waits for the vendor.
    let isWaiting = true
    const waitFor = (ms: number) => clock.after(ms, () => isWaiting && this.#controller.abort(this.#late(bytes > 0)))
    let timer = waitFor(limits.firstAudioMs)
    try {
      for await (const event of this.#voice.tts.synthesize(text, options, call)) {
        signal.throwIfAborted()
        isWaiting = false
        if (event.type === 'audio' && event.bytes.length > 0) {
          if (bytes === 0) {
            timer.cancel()
            timer = waitFor(limits.idleMs)
            metrics.sentenceBegan(id, (clock.now() - startedAt) / 1000)
            traced?.firstSound(clock.now() - startedAt)
            this.#admission.succeeded()
          }
          bytes += event.bytes.length
          if (bytes > most) throw speechFault(this.#voice.provider, 'it sent more sound than the text can last.')
        }
        isDone ||= event.type === 'done'
        yield event
        isWaiting = true
        if (bytes > 0) timer.restart()
        // Whatever else comes before the first sound does not make the wait for it longer.
        else if (clock.now() - startedAt >= limits.firstAudioMs) this.#controller.abort(this.#late(false))
      }
      signal.throwIfAborted()
      checkWholeSound(this.#voice.provider, { text, format: options.format, bytes, isDone })
      outcome = 'ok'
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error
      if (bytes === 0 && !hasWords(text) && isNothing(reason)) {
        outcome = 'ok'
        return
      }
      if (!this.#outer.aborted) outcome = reason instanceof GatewayError ? reason : new GatewayError('internal_error')
      throw reason
    } finally {
      timer.cancel()
      this.#outer.removeEventListener('abort', end)
      if (outcome !== 'ok') {
        this.#controller.abort(new Cancelled())
        this.#admission.failed(outcome === 'cancelled' ? new Cancelled() : outcome)
      }
      const isOk = outcome === 'ok'
      if (isOk && bytes === 0) this.#admission.succeeded()
      const seconds = secondsOfPcm(bytes, options.format)
      metrics.sentenceOver(id, outcome, isOk ? text.length : 0, seconds ?? 0)
      traced?.end(outcome, { seconds, ...(isOk && { characters: text.length }) })
    }
  }

  #late(hasBegun: boolean): GatewayError {
    const { id, name } = this.#voice.provider
    const message = hasBegun ? `${name} stopped in the middle of its sound.` : `${name} did not begin to speak in time.`
    return new GatewayError('provider_timeout', { message, providerError: { provider: id } })
  }
}

/** Whether the vendor has merely nothing to say. A fault that has another reason shows with the next words. */
function isNothing(reason: unknown): boolean {
  return reason instanceof GatewayError && (reason.code === 'provider_protocol' || reason.code === 'provider_rejected')
}

/** A minute and a second a character, and ten minutes: no voice is as slow. Compressed sound of 320 kbit a second is the densest there is. */
function mostBytes(text: string, format: SpeechFormat): number {
  const seconds = Math.min(600, 60 + text.length)
  return seconds * (format.encoding === 'pcm' ? bytesOfSamples(format.rate) : 40_000)
}

function secondsOfPcm(bytes: number, format: SpeechFormat): number | undefined {
  return format.encoding === 'pcm' ? bytes / bytesOfSamples(format.rate) : undefined
}
