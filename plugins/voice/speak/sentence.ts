import { sleep } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import { bytesPerSample, SampleJoiner } from '../../../audio/pcm.ts'
import { rateFor } from '../../../audio/rate.ts'
import type { Resampler } from '../../../audio/resample.ts'
import { sniffAudio } from '../../../audio/sniff.ts'
import type { Alignment, TtsOptions } from '../../../providers/speech.ts'
import type { CachedSpeech } from '../cache/cache.ts'
import type { SpeakingVoice } from '../plan.ts'
import { shifted, withoutFirst } from './alignment.ts'
import { VendorCall } from './call.ts'
import { isPcm, longestPiece, type SentenceCache, type SpeakingParts, type SpokenAnswer, voicesOf } from './parts.ts'
import type { SentenceUsage } from './usage.ts'

export type SentenceEvent =
  /** Sound as it is to be given out: whole samples at the plan's rate, or the vendor's own bytes; at most `longestPiece` of them. */
  | { readonly type: 'sound'; readonly bytes: Uint8Array }
  /** From the beginning of the sentence's sound, in order. */
  | ({ readonly type: 'alignment' } & Alignment)

/** Who takes the events of a sentence. */
export interface SentenceTaker {
  /** Is told what the sentence takes. */
  readonly usage: SentenceUsage
  /** Another of the plan's voices speaks from here on, for the rest of the answer. */
  moved(voice: number): void
  /** Throws the events so far away, where nobody has heard any of them; whether that was so. */
  discard(): boolean
  /** Resolves when all sentences before this one have been given out; undefined where there are none. */
  turn(): Promise<void> | undefined
}

/**
 * Speaks one sentence: from the cache, or by the plan's voices from the one with the index `voice` on, each as long as none has
 * spoken it. A vendor that fails is asked once more, unless that is of no use. What nobody has heard is thrown away and spoken anew. Where
 * somebody has heard the beginning, PCM goes on at the sample where it broke off: a voice that speaks a sentence twice speaks it a little
 * differently, so that part of a word may be heard twice there, or not at all. A voice that takes the place of another speaks the
 * sentence from its beginning.
 *
 * To the cache goes the sound as it is given out, at the plan's rate, so that it need not be resampled again: what a voice spoke in
 * one go. Throws the failure of the first voice, which is the one that was asked for, and the signal's reason once that has aborted.
 */
export function speakSentence(
  text: string,
  voice: number,
  parts: SpeakingParts,
  answer: SpokenAnswer,
  signal: AbortSignal,
  taker: SentenceTaker,
): AsyncGenerator<SentenceEvent> {
  return new Sentence(text, voice, parts, answer, signal, taker).events()
}

class Sentence {
  readonly #text: string
  readonly #parts: SpeakingParts
  readonly #answer: SpokenAnswer
  readonly #signal: AbortSignal
  readonly #taker: SentenceTaker
  readonly #voices: readonly SpeakingVoice[]
  readonly #isPcm: boolean
  #index: number
  #hasRetried = false
  /** Whether a vendor was really asked, since a voice was last chosen. */
  #wasCalled = false
  /** Whether the vendor that is asked now has sent any sound. */
  #hasBegun = false
  /** Whether the attempt that is under way has asked a vendor. */
  #isAsked = false
  #failure: GatewayError | undefined
  /** What was given out of this sentence: bytes and tokens. Of which a voice before the one that speaks has given the first `#base`. */
  #given = 0
  #base = 0
  #tokens = 0
  #baseMs = 0
  /** Of what the voice says now, what it has said before: bytes and tokens. */
  #heardBytes = 0
  #heardTokens = 0
  /** The sound of the voice that speaks, where it is wanted in whole. */
  #collected: Uint8Array[] = []

  constructor(
    text: string,
    voice: number,
    parts: SpeakingParts,
    answer: SpokenAnswer,
    signal: AbortSignal,
    taker: SentenceTaker,
  ) {
    this.#text = text
    this.#index = voice
    this.#parts = parts
    this.#answer = answer
    this.#signal = signal
    this.#taker = taker
    this.#voices = voicesOf(answer.plan)
    this.#isPcm = isPcm(answer.plan)
  }

  async *events(): AsyncGenerator<SentenceEvent> {
    for (;;) {
      const voice = this.#voices[this.#index]
      if (!voice) throw this.#failure ?? new GatewayError('internal_error')
      this.#collected = []
      this.#isAsked = false
      this.#hasBegun = false
      try {
        yield* this.#spokenBy(voice)
        return
      } catch (error) {
        this.#signal.throwIfAborted()
        if (!(error instanceof GatewayError)) throw error
        this.#failure ??= error
        if (this.#isAsked && !this.#hasBegun && isRefusal(error)) this.#taker.usage.refused()
        this.#log(voice, error)
        if (await this.#hasWaited(error)) continue
        if (!(await this.#mayRetry(error))) this.#next()
      }
    }
  }

  // ── After a failure ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** A vendor that speaks only so many sentences at a time is asked again when those before this one are over, which is no failure. */
  async #hasWaited({ code }: GatewayError): Promise<boolean> {
    const turn = code === 'provider_rate_limit' && this.#given === this.#base ? this.#taker.turn() : undefined
    if (!turn) return false
    await turn
    this.#signal.throwIfAborted()
    this.#wasCalled = false
    return true
  }

  /** Makes ready for the same voice to speak again. False where that is of no use, or was done before. */
  async #mayRetry(error: GatewayError): Promise<boolean> {
    const waitMs = error.retryAfter === undefined ? (pauseMs[error.code] ?? 0) : error.retryAfter * 1000
    if (!this.#wasCalled || this.#hasRetried || error.recovery === 'none' || waitMs > longestRetryWaitMs) return false
    const isAnew = this.#discard() || this.#given === this.#base
    // Nothing tells where in compressed sound it would have to go on.
    if (!isAnew && !this.#isPcm) return false
    this.#hasRetried = true
    this.#heardBytes = this.#given - this.#base
    this.#heardTokens = this.#tokens
    if (waitMs > 0) await sleep(this.#parts.clock, waitMs, this.#signal)
    return true
  }

  #next(): void {
    if (!this.#discard() && this.#given > 0) {
      this.#baseMs += (this.#secondsOf(this.#given - this.#base) ?? 0) * 1000
      this.#base = this.#given
    }
    this.#index++
    this.#wasCalled = false
    this.#tokens = 0
    this.#heardBytes = 0
    this.#heardTokens = 0
    if (this.#index < this.#voices.length) this.#taker.moved(this.#index)
  }

  #discard(): boolean {
    if (!this.#taker.discard()) return false
    this.#given = 0
    this.#base = 0
    this.#baseMs = 0
    this.#tokens = 0
    return true
  }

  #log({ id }: SpeakingVoice, { code, providerError }: GatewayError): void {
    // Not the message: a vendor's words may repeat the text.
    this.#answer.caller.log.info({ model: id, code, upstream_status: providerError?.status }, 'a sentence was not spoken')
  }

  // ── One voice ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async *#spokenBy(voice: SpeakingVoice): AsyncGenerator<SentenceEvent> {
    const { cache } = this.#parts
    const isInOneGo = this.#heardBytes === 0 && this.#heardTokens === 0
    const key = cache && isInOneGo ? this.#keyFor(voice, cache) : undefined
    if (cache && key !== undefined && !this.#wasCalled) {
      const cached = await cache.get(key)
      this.#signal.throwIfAborted()
      this.#parts.metrics.cacheAsked(cached ? 'hit' : 'miss')
      if (cached) return yield* this.#fromCache(cached)
    }
    const alignments: Alignment[] = []
    const characters = yield* this.#called(voice, key !== undefined || !this.#isPcm, alignments)
    const bytes = this.#given - this.#base
    const seconds = this.#secondsOf(bytes)
    if (cache && key !== undefined && bytes > 0) cache.put(key, { bytes: Buffer.concat(this.#collected), alignments, seconds })
    this.#collected = []
    this.#taker.usage.spoken(voice, characters, seconds)
  }

  *#fromCache({ bytes, alignments, seconds }: CachedSpeech): Generator<SentenceEvent> {
    for (const alignment of alignments) yield* this.#timed(alignment)
    yield* this.#sounded(bytes)
    this.#taker.usage.cached(seconds ?? (this.#isPcm ? this.#secondsOf(bytes.length) : sniffAudio(bytes)?.seconds))
  }

  /** Calls the vendor and gives its sound on. Returns for how many characters it charges. */
  async *#called(
    voice: SpeakingVoice,
    isCollected: boolean,
    alignments: Alignment[],
  ): AsyncGenerator<SentenceEvent, number, undefined> {
    const { plan, caller } = this.#answer
    const options = optionsFor(voice, this.#answer)
    const rate = options.format.encoding === 'pcm' ? options.format.rate : plan.rate
    const newResampler = rate === plan.rate ? undefined : await this.#parts.resampling()
    const call = new VendorCall(voice, this.#parts, caller, this.#signal)
    this.#wasCalled = true
    this.#isAsked = true
    this.#taker.usage.asked(voice, this.#text.length)
    let characters = this.#text.length
    const joiner = this.#isPcm ? new SampleJoiner() : undefined
    const resampler: Resampler | undefined = newResampler?.(rate, plan.rate)
    try {
      for await (const event of call.events(this.#text, options)) {
        if (event.type === 'audio') {
          this.#hasBegun ||= event.bytes.length > 0
          const whole = joiner ? joiner.push(event.bytes) : event.bytes
          const sound = resampler ? resampler.push(whole) : whole
          if (isCollected) this.#collected.push(sound)
          yield* this.#sounded(sound)
        } else if (event.type === 'alignment' && plan.alignment) {
          const { kind, tokens, startMs, durationMs } = event
          const alignment = { kind, tokens, startMs, durationMs }
          if (isCollected) alignments.push(alignment)
          yield* this.#timed(alignment)
        } else if (event.type === 'done') characters = event.characters ?? characters
      }
      if (resampler) {
        const tail = resampler.flush()
        if (isCollected) this.#collected.push(tail)
        yield* this.#sounded(tail)
      }
    } finally {
      resampler?.close()
    }
    return characters
  }

  /** Sound, but for what was heard before. */
  *#sounded(bytes: Uint8Array): Generator<SentenceEvent> {
    const left = Math.min(this.#heardBytes, bytes.length)
    this.#heardBytes -= left
    for (let at = left; at < bytes.length; at += longestPiece) {
      const piece = at === 0 && bytes.length <= longestPiece ? bytes : bytes.subarray(at, at + longestPiece)
      this.#given += piece.length
      yield { type: 'sound', bytes: piece }
    }
  }

  /** Times, but for those of what was told before. */
  *#timed(alignment: Alignment): Generator<SentenceEvent> {
    const left = Math.min(this.#heardTokens, alignment.tokens.length)
    this.#heardTokens -= left
    const rest = withoutFirst(alignment, left)
    if (!rest) return
    this.#tokens += rest.tokens.length
    yield { type: 'alignment', ...shifted(rest, this.#baseMs) }
  }

  /** Of so much sound of the voice that speaks. */
  #secondsOf(bytes: number): number | undefined {
    if (this.#isPcm) return bytes / bytesPerSample / this.#answer.plan.rate
    return bytes === 0 ? 0 : sniffAudio(Buffer.concat(this.#collected))?.seconds
  }

  #keyFor({ provider, name, voice }: SpeakingVoice, cache: SentenceCache): string {
    const { plan, scope } = this.#answer
    const { format, rate, speed, volume, emotion, language, alignment } = plan
    return cache.keyOf({
      scope,
      provider: provider.id,
      model: name,
      voice,
      format: format === 'wav' ? 'pcm' : format,
      rate: this.#isPcm ? rate : undefined,
      speed,
      volume,
      emotion,
      language,
      alignment,
      text: this.#text,
    })
  }
}

/** How long a vendor is left alone that does not say how long, by what it failed with. */
const pauseMs: Readonly<Record<string, number>> = { provider_rate_limit: 500 }
/** A vendor that asks for more patience is not asked again. */
const longestRetryWaitMs = 2000

/** Whether the vendor did nothing for it: it said no, or was never reached. */
function isRefusal({ code, providerError }: GatewayError): boolean {
  return providerError?.status !== undefined || code === 'provider_unreachable'
}

function optionsFor({ tts, name, voice }: SpeakingVoice, { plan }: SpokenAnswer): TtsOptions {
  const { format, language, speed, volume, emotion, alignment } = plan
  const { pcmRates } = tts.capabilities(name)
  const encoding =
    format === 'mp3' || format === 'opus'
      ? { encoding: format }
      : { encoding: 'pcm' as const, rate: rateFor(plan.rate, pcmRates) }
  return { voice, format: encoding, language, speed, volume, emotion, alignment }
}
