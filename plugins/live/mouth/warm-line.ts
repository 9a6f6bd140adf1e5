import type { Timer } from '../../../api/clock.ts'
import { Cancelled } from '../../../api/error.ts'
import type { SpeakingLine } from '../../../providers/speech.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import type { RawOptions } from './format.ts'
import type { SpeakingParts } from './parts.ts'
import { patient } from './patience.ts'

/**
 * A line to the voice that is there before it is needed: opened at once, and again whenever it went away. A vendor that does not want it
 * open is left alone for longer and longer, until somebody is to speak.
 */
export class WarmLine {
  readonly #voice: SpeakingVoice
  readonly #options: RawOptions
  readonly #parts: SpeakingParts
  readonly #over = new AbortController()
  #line: SpeakingLine | undefined
  #opening: Promise<SpeakingLine | undefined> | undefined
  /** Whether the vendor has no lines for this. */
  #isAbsent = false
  /** How often in a row it could not be opened, or was closed unused. */
  #failures = 0
  #again: Timer | undefined
  /** The connections that are left, also of lines that are over. */
  readonly #left = new Set<Promise<void>>()

  constructor(voice: SpeakingVoice, options: RawOptions, parts: SpeakingParts) {
    this.#voice = voice
    this.#options = options
    this.#parts = parts
    this.#isAbsent = voice.tts.connect === undefined
  }

  get isAbsent(): boolean {
    return this.#isAbsent
  }

  /** Sees to it that there is a line. */
  warm(): void {
    // Who needs it is told why there is none; until then nobody is.
    this.#opened().catch(() => undefined)
  }

  /** An open line; undefined where there is no such thing. Throws why it cannot be opened, and the signal's reason. */
  async ready(signal: AbortSignal): Promise<SpeakingLine | undefined> {
    signal.throwIfAborted()
    return await unlessAborted(this.#opened(), signal)
  }

  /** Ends it. Resolves once no connection is left. */
  async close(): Promise<void> {
    this.#again?.cancel()
    this.#line?.close()
    this.#line = undefined
    this.#over.abort(new Cancelled())
    await this.#opening?.catch(() => undefined)
    await Promise.all(this.#left)
  }

  async #opened(): Promise<SpeakingLine | undefined> {
    this.#over.signal.throwIfAborted()
    if (this.#isAbsent) return undefined
    if (this.#line?.isOpen) return this.#line
    this.#opening ??= this.#open()
    return await this.#opening
  }

  async #open(): Promise<SpeakingLine | undefined> {
    this.#again?.cancel()
    try {
      const line = await this.#connected()
      this.#line = line
      if (line) this.#watch(line)
      return line
    } catch (error) {
      this.#tryLater()
      throw error
    } finally {
      this.#opening = undefined
    }
  }

  /** The vendor's circuit is told how it went. */
  async #connected(): Promise<SpeakingLine | undefined> {
    const { signal } = this.#over
    const call = patient(this.#parts.call(this.#voice, signal))
    const admission = this.#parts.enter(this.#voice)
    try {
      const line = await this.#voice.tts.connect?.(this.#options, call)
      if (!line) {
        this.#isAbsent = true
        admission.failed(new Cancelled())
        return undefined
      }
      admission.succeeded()
      if (!signal.aborted) return line
      line.close()
      await line.closed
    } catch (error) {
      admission.failed(signal.aborted ? new Cancelled() : error)
      throw error
    }
    throw signal.reason
  }

  #watch(line: SpeakingLine): void {
    const openedAt = this.#parts.clock.now()
    const closed = line.closed.then(() => {
      this.#left.delete(closed)
      if (this.#line !== line) return
      this.#line = undefined
      if (this.#parts.clock.now() - openedAt < shortMs) this.#tryLater()
      else this.warm()
    })
    this.#left.add(closed)
    if (this.#failures === 0) return
    // It counts as open once it has been so for a while.
    this.#again = this.#parts.clock.after(shortMs, () => {
      this.#failures = 0
    })
  }

  #tryLater(): void {
    if (this.#over.signal.aborted) return
    const waitMs = backoffMs[this.#failures++]
    if (waitMs === undefined) return
    this.#again?.cancel()
    this.#again = this.#parts.clock.after(waitMs, () => this.warm())
  }
}

/** A line that lives less long than this is not wanted. */
const shortMs = 10_000
/** After the last of them it is opened when it is needed, and not before. */
const backoffMs: readonly number[] = [500, 2000, 8000, 30_000]

function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
