import type { Clock } from '../../../api/clock.ts'
import { Cancelled, causeOf, GatewayError } from '../../../api/error.ts'
import type { SttEvent } from '../../../providers/speech.ts'
import type { Admission } from '../../breaker/index.ts'
import type { VoiceMetrics, VoiceOutcome } from '../../metrics/voice.ts'
import type { SpeechCallTrace } from '../../tracing/index.ts'
import type { Calls } from '../../voice/calls.ts'
import type { VoiceCaller } from '../../voice/plan.ts'
import type { LiveHearing } from '../plan.ts'
import type { EarsListener } from './ears.ts'
import type { SoundFeed } from './sound-feed.ts'

/** What is needed to have sound heard. */
export interface HearingCalls {
  readonly calls: Calls
  /** On whose behalf; its signal is each connection's own. */
  readonly caller: Omit<VoiceCaller, 'signal'>
  readonly metrics: Pick<VoiceMetrics, 'heard'>
  readonly clock: Clock
}

/** Where in a session's hearing a connection stands. */
export interface ConnectionPlace {
  readonly link: number
  readonly feed: SoundFeed
  /** Whether a connection before it has told of words that are certain. */
  readonly isBehindOthers: boolean
}

/** One connection to a model that hears, from when it is opened until it is closed or fails, of which it tells at most once and at last. */
export class Connection {
  readonly link: number
  readonly feed: SoundFeed
  /** Resolves once nothing of it is left. */
  readonly over: Promise<void>
  readonly #parts: HearingCalls
  readonly #hearing: LiveHearing
  readonly #listener: EarsListener
  readonly #controller = new AbortController()
  readonly #startedAt: number
  /** When the vendor opened its ears. */
  #openAt: number | undefined
  /** Whether the session has heard the end of it, or wants to hear no more of it. */
  #isTold = false
  /** Whether the text that it tells of next is the first behind words of another connection. */
  #isBehindOthers: boolean

  constructor(
    { link, feed, isBehindOthers }: ConnectionPlace,
    hearing: LiveHearing,
    parts: HearingCalls,
    listener: EarsListener,
  ) {
    this.link = link
    this.feed = feed
    this.#isBehindOthers = isBehindOthers
    this.#hearing = hearing
    this.#parts = parts
    this.#listener = listener
    this.#startedAt = parts.clock.now()
    // Not before whoever opens it has done so: what goes wrong at once is told in a later turn like all else.
    this.over = Promise.resolve()
      .then(() => this.#run())
      .catch((err: unknown) => parts.caller.log.error({ err, link }, 'a connection that hears could not be ended'))
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isTold = true
    this.#controller.abort(new Cancelled())
  }

  /** Sound has come. A vendor who has not taken it until it is forgotten will not. */
  heard(): void {
    if (this.feed.isLost) this.#controller.abort(tooSlow(this.#hearing))
    else this.feed.heard()
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller
    const { provider, name } = this.#hearing.model
    const { calls, caller, metrics, clock } = this.#parts
    let outcome: VoiceOutcome = 'ok'
    let admission: Admission | undefined
    let traced: SpeechCallTrace | undefined
    try {
      signal.throwIfAborted()
      const call = calls.to(provider, name, { ...caller, signal }, signal)
      admission = calls.enter(provider, 'stt')
      traced = caller.trace?.speech({ operation: 'transcribe', provider, model: name, baseURL: call.baseURL })
      await this.#listen(traced ? { ...call, trace: traced.headers } : call, admission)
    } catch (error) {
      outcome = this.#outcomeOf(signal.aborted ? signal.reason : error)
      admission?.failed(outcome === 'cancelled' || outcome === 'ok' ? new Cancelled() : outcome)
      if (outcome instanceof GatewayError) this.#failed(outcome, error)
    } finally {
      await this.feed.return()
      const { seconds } = this.feed
      metrics.heard(provider.id, outcome, ((this.#openAt ?? clock.now()) - this.#startedAt) / 1000, seconds)
      traced?.end(outcome, { seconds })
    }
  }

  async #listen(call: ReturnType<Calls['to']>, admission: Admission): Promise<void> {
    const { model, format, options } = this.#hearing
    if (!model.stt.transcribe) throw new GatewayError('unsupported_parameter', { message: `${model.id} hears files alone.` })
    let isDone = false
    for await (const event of model.stt.transcribe(this.feed, format, options, call)) {
      call.signal.throwIfAborted()
      isDone = event.type === 'done'
      if (event.type === 'open') {
        this.#openAt = this.#parts.clock.now()
        admission.succeeded()
      }
      this.#tell(event)
    }
    call.signal.throwIfAborted()
    if (!isDone) throw new GatewayError('provider_disconnected', { providerError: { provider: model.provider.id } })
  }

  #tell(event: SttEvent): void {
    if (this.#isTold) return
    const { link } = this
    if (event.type === 'done') this.#isTold = true
    this.#listener(event.type === 'open' ? { type: 'stt-open', link } : { type: 'stt', link, event: this.#apart(event) })
  }

  /** Texts are put together as they are. The first of a later connection knows nothing of those before it, and is not to grow together with them. */
  #apart(event: SttEvent): SttEvent {
    if (!this.#isBehindOthers || (event.type !== 'partial' && event.type !== 'final') || !/\S/.test(event.text)) return event
    this.#isBehindOthers = event.type !== 'final'
    return /^\s/.test(event.text) ? event : { ...event, text: ` ${event.text}` }
  }

  /** What was closed after it had opened has done what it was for. */
  #outcomeOf(reason: unknown): VoiceOutcome {
    if (reason instanceof Cancelled) return this.#openAt === undefined ? 'cancelled' : 'ok'
    return reason instanceof GatewayError ? reason : new GatewayError('internal_error', { cause: reason })
  }

  #failed(error: GatewayError, cause: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    const { link } = this
    const facts = { provider: this.#hearing.model.provider.id, code: error.code, cause: causeOf(error), link }
    const { log } = this.#parts.caller
    if (error.code === 'internal_error') log.error({ ...facts, err: cause }, 'hearing failed for a reason of our own')
    else log.warn(facts, 'who hears a live session has failed')
    this.#listener({ type: 'stt-failed', link, isRetryable: isRetryable(error), message: error.message })
  }
}

/** A key or a request that was refused is refused again; whatever else goes wrong may be well a moment later. */
function isRetryable({ code, recovery }: GatewayError): boolean {
  return recovery === 'again' || code === 'provider_unavailable' || code === 'provider_protocol'
}

function tooSlow({ model: { provider } }: LiveHearing): GatewayError {
  const message = `${provider.name} does not take the sound as fast as it is spoken.`
  return new GatewayError('provider_timeout', { message, providerError: { provider: provider.id } })
}
