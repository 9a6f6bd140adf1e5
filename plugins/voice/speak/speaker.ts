import { Cancelled, type GatewayError } from '../../../api/error.ts'
import type { AudioChunkEvent, AudioUnavailableEvent } from '../../../api/schemas.gen.ts'
import { bytesOfSamples } from '../../../audio/pcm.ts'
import { wavHeader } from '../../../audio/wav.ts'
import { type Line, Script } from '../../../text/script.ts'
import { told } from './alignment.ts'
import { longestLine } from './longest-line.ts'
import { isPcm, type SpeakingParts, type SpokenAnswer } from './parts.ts'
import { Playback } from './playback.ts'
import { type Portion, Sequence } from './sequence.ts'
import { tooLong, unavailable } from './unavailable.ts'
import { type SpokenUsage, UsageMeter } from './usage.ts'

/**
 * Speaks one answer while it is being written: text in, chunks of sound out, in order. The texts of all chunks, put together, are
 * what is spoken; their sound, put together, is one file: a WAV begins with a header that leaves its length open, also where nothing is said.
 *
 * The last event is a chunk with `is_final`, which has no sound and the text behind the last word, or `audio_unavailable`.
 */
export class Speaker {
  readonly #parts: SpeakingParts
  readonly #answer: SpokenAnswer
  readonly #script: Script
  readonly #sequence: Sequence
  readonly #meter = new UsageMeter()
  readonly #playback = new Playback()
  /** Whether text is still taken in. */
  #isListening = true
  #isOver = false
  /** Text that nobody would say, which goes out with what comes next. */
  #silent = ''
  /** How much has been taken in to be spoken, in UTF-16 units. */
  #characters = 0
  #chunks = 0
  /** Whose voice was heard first; undefined before any sound. */
  #firstVoice: string | undefined
  #firstAudioMs: number | undefined

  constructor(parts: SpeakingParts, answer: SpokenAnswer) {
    this.#parts = parts
    this.#answer = answer
    const { plan } = answer
    this.#script = new Script({
      language: plan.textLanguage,
      maxCharacters: longestLine(plan, longestSentence),
      firstClause: true,
    })
    this.#sequence = new Sequence(parts, answer, this.#meter, 'at once')
  }

  /** More of the answer's text, as it is written: in Markdown. */
  push(text: string): void {
    if (this.#isListening) this.#read(this.#script.push(text))
  }

  /** Something that is not text comes between: what was said so far is spoken as it is. */
  pause(): void {
    if (this.#isListening) this.#read(this.#script.pause())
  }

  /** The text is complete. */
  end(): void {
    if (!this.#isListening) return
    this.#read(this.#script.end())
    this.#isListening = false
    this.#sequence.end()
  }

  /** The rest of the text cannot be read: what came so far is spoken, and then the failure is told. */
  fail(error: GatewayError): void {
    this.#isListening = false
    this.#sequence.end(error)
  }

  /**
   * The next event; undefined behind the last one, and after `close`. Throws the reason of the caller's signal once that has aborted. To be asked
   * by one at a time.
   */
  async next(): Promise<AudioChunkEvent | AudioUnavailableEvent | undefined> {
    if (this.#isOver) return undefined
    try {
      const portion = await this.#sequence.next()
      if (portion) return this.#chunk(portion)
      if (this.#isOver) return undefined
      this.#finish()
      return this.#event(this.#header(), this.#silent, true)
    } catch (error) {
      if (this.#isOver) return undefined
      this.#finish()
      this.#answer.caller.signal.throwIfAborted()
      return { type: 'audio_unavailable', seq: this.#chunks, error: unavailable(error, this.#answer.caller) }
    }
  }

  /** Ends every call at once. Does nothing a second time. */
  close(): void {
    this.#finish()
  }

  /** From the arrival of the request to the first sound that was given out; undefined before. */
  get firstAudioMs(): number | undefined {
    return this.#firstAudioMs
  }

  /** What was spoken so far. */
  get usage(): SpokenUsage {
    return this.#meter.usage
  }

  #read(lines: readonly Line[]): void {
    for (const { text, say } of lines) {
      if (say === '') {
        this.#silent += text
        continue
      }
      this.#characters += say.length
      const { maxCharacters } = this.#parts.limits
      if (this.#characters > maxCharacters) {
        this.fail(tooLong(`${maxCharacters} characters`))
        return
      }
      this.#sequence.push({ text: this.#silent + text, say })
      this.#silent = ''
    }
  }

  #chunk({ text, sound, alignment, provider }: Portion): AudioChunkEvent {
    const { plan, requestStartedAt } = this.#answer
    const { metrics, clock } = this.#parts
    if (sound.length > 0 && this.#firstVoice === undefined) {
      this.#firstVoice = provider
      this.#firstAudioMs = clock.now() - requestStartedAt
      metrics.firstAudio(provider, this.#firstAudioMs / 1000)
    }
    const pieces: Uint8Array[] = this.#header()
    for (const { bytes, cameAt } of sound) {
      pieces.push(bytes)
      if (isPcm(plan)) this.#playback.add(cameAt, (bytes.length * 1000) / bytesOfSamples(plan.rate))
    }
    const event = this.#event(pieces, text, false)
    return alignment ? { ...event, alignment: told(alignment) } : event
  }

  /** What stands before the first sound. */
  #header(): Uint8Array[] {
    const { format, rate } = this.#answer.plan
    return this.#chunks === 0 && format === 'wav' ? [wavHeader(rate)] : []
  }

  #event(pieces: readonly Uint8Array[], text: string, isFinal: boolean): AudioChunkEvent {
    const { plan } = this.#answer
    return {
      type: 'audio_chunk',
      format: plan.format,
      audio: base64Of(pieces),
      ...(isPcm(plan) && { sample_rate_hz: plan.rate }),
      text,
      seq: this.#chunks++,
      is_final: isFinal,
    }
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#isListening = false
    this.#sequence.close(new Cancelled())
    const { gaps, waitedSeconds } = this.#playback
    if (this.#firstVoice !== undefined && isPcm(this.#answer.plan)) {
      this.#parts.metrics.gaps(this.#firstVoice, gaps, waitedSeconds)
    }
  }
}

function base64Of(pieces: readonly Uint8Array[]): string {
  const [first, ...others] = pieces
  if (!first || others.length > 0) return Buffer.concat(pieces).toString('base64')
  return Buffer.from(first.buffer, first.byteOffset, first.length).toString('base64')
}

/** In UTF-16 units: long enough for a voice to find its tone, short enough to be spoken soon. */
const longestSentence = 300
