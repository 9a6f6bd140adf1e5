import type { Clock, Timer } from '../../api/clock.ts'
import { hasWords, isPronounced } from '../../text/pronounced.ts'
import { disconnected, type FailureSource } from '../failure.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { closedEarly, type SpeechSocket } from '../speech-socket.ts'
import type { SourceReader } from '../speech-source.ts'
import { closeContext, flushContext, inactivitySeconds, keepContext, openContext, sayText } from './encode.ts'
import { codeOfWords } from './error.ts'
import type { SocketNews } from './messages.ts'
import { newsOf } from './news.ts'
import { Timeline, withoutLeadingSpace } from './timeline.ts'
import { speakable } from './words.ts'

/**
 * One context of a socket: `write` sends a text into it while `hear` gives what comes of it. The vendor's rules:
 *
 * - Settings stand in the context's first message alone, so that this one comes before any other, and keeping alive and flushing
 *   mean a context that is there.
 * - A flush alone is never answered by an end; closing the context is. A context that is closed before its text is being spoken
 *   ends in silence, so it is closed only once sound of the last flush has come, or is not going to. Sound of an earlier one may be late;
 *   which it is of is told by its times.
 * - A context that is left idle for too long is given up by the vendor: while the text pauses, it is told that there will be more.
 */
export class SpeechContext {
  readonly #socket: SpeechSocket
  readonly #options: TtsOptions
  readonly #source: FailureSource
  readonly #clock: Clock
  readonly #timeouts: SpeechCall['timeouts']
  readonly #guard: SoundGuard
  readonly #timeline: Timeline
  #state: 'open' | 'ended' | 'closed' | 'left' = 'open'
  /** What was written and is not sent, because it may end within a word. */
  #held = ''
  /** Whether there was something to be spoken at all, and whether there is since the last flush. */
  #hasText = false
  #isUnflushed = false
  /** Whether there has to be sound of it. */
  #hasWords = false
  /** Whether sound is to come after a flush, or the end. */
  #isOwed = false
  /** Characters that were sent in all, before the last flush, and before the one before that; and those of which sound has come. */
  #sent = 1
  #flushed = 0
  #flushedBefore = 0
  #heard = 0
  #keepAlive: Timer | undefined
  #settling: Timer | undefined
  #isFirstStretch = true

  constructor(socket: SpeechSocket, options: TtsOptions, call: SpeechCall, source: FailureSource) {
    this.#socket = socket
    this.#options = options
    this.#source = source
    this.#clock = call.clock
    this.#timeouts = call.timeouts
    this.#guard = new SoundGuard(options.format, source)
    this.#timeline = new Timeline(options.format)
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends the text as it comes, until it ends or the context is left. Never rejects: a failure ends the call. */
  async write(text: SourceReader<string | Flush>): Promise<void> {
    try {
      await this.#socket.send(openContext(contextId, this.#options))
      if (this.#state === 'left') return
      this.#stayAlive()
      const isWhole = await text.read((piece) => (typeof piece === 'string' ? this.#say(piece) : this.#flush()))
      if (isWhole) await this.#end()
    } catch (reason) {
      this.#socket.fail(reason)
    }
  }

  #stayAlive(): void {
    const timer = this.#clock.after(keepAliveMs, () => {
      // Where it fails, receiving tells why.
      this.#socket.send(keepContext(contextId)).catch(() => undefined)
      timer.restart()
    })
    this.#keepAlive = timer
  }

  async #say(piece: string): Promise<void> {
    const [text, rest] = speakable(this.#held + piece)
    this.#held = rest
    if (text === '') return
    this.#count(text)
    await this.#socket.send(sayText(contextId, text))
  }

  async #flush(): Promise<void> {
    // A text is to end with a space, by which the last word is known to be whole.
    const text = this.#held === '' || /\s$/.test(this.#held) ? this.#held : `${this.#held} `
    this.#held = ''
    this.#count(text)
    if (!this.#isUnflushed) return
    this.#isUnflushed = false
    this.#flushedBefore = this.#flushed
    this.#flushed = this.#sent
    this.#owe(this.#guard.isEmpty ? this.#timeouts.firstByteMs : this.#timeouts.idleMs)
    await this.#socket.send(flushContext(contextId, text))
  }

  #count(text: string): void {
    this.#guard.expect(text.length)
    this.#sent += [...text].length
    if (!isPronounced(text)) return
    this.#isUnflushed = true
    this.#hasText = true
    this.#hasWords ||= hasWords(text)
  }

  async #end(): Promise<void> {
    await this.#flush()
    this.#state = 'ended'
    // Nothing is to be heard, and the vendor may not say that it is over either.
    if (!this.#hasText) return this.#socket.fail(nothingSaid)
    if (!this.#isOwed) return await this.#close()
    // The end of the text may have been spoken already, without a flush; nothing is owed for it then.
    if (!this.#guard.isEmpty) this.#settling = this.#clock.after(settleMs, () => void this.#close())
  }

  /** At once where sound of the last flush has come; else once no more comes of those before it. */
  #closeWhenHeard(): void {
    if (this.#state !== 'ended') return
    this.#settling?.cancel()
    if (this.#flushedBefore === 0 || this.#heard > this.#flushedBefore) void this.#close()
    else this.#settling = this.#clock.after(settleMs, () => void this.#close())
  }

  /** Never rejects. */
  async #close(): Promise<void> {
    if (this.#state !== 'ended') return
    this.#state = 'closed'
    this.#quiet()
    this.#owe(this.#timeouts.idleMs)
    await this.#socket.send(closeContext(contextId)).catch((reason: unknown) => this.#socket.fail(reason))
  }

  // ── Hearing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The sound and its times, and the end. */
  async *hear(): AsyncGenerator<TtsEvent> {
    try {
      for (let isFinal = false; !isFinal; ) {
        const news = await this.#news()
        if (news.type !== 'speech' || news.context !== contextId) continue
        yield* this.#speech(news)
        isFinal = news.isFinal
      }
      if (this.#state === 'open') throw disconnected(this.#source)
      this.#state = 'left'
      if (this.#hasWords) this.#guard.end()
      else this.#guard.pause()
    } catch (reason) {
      if (reason !== nothingSaid) throw reason
    }
    yield { type: 'done' }
  }

  *#speech({ sound, stretch }: SocketNews & { type: 'speech' }): Generator<TtsEvent> {
    const before = sound && this.#guard.ms
    if (sound) {
      this.#guard.take(sound)
      this.#heard += stretch?.characters.length ?? 0
      if (this.#state === 'open') this.#settle()
      else this.#closeWhenHeard()
      yield { type: 'audio', bytes: sound }
    }
    if (!stretch || !this.#options.alignment) return
    // The space that the context was opened with is told of as well.
    const own = this.#isFirstStretch ? withoutLeadingSpace(stretch) : stretch
    if (!own) return
    this.#isFirstStretch = false
    yield { type: 'alignment', ...this.#timeline.place(own, before) }
  }

  async #news(): Promise<SocketNews> {
    const message = await this.#socket.receive()
    if (message.type === 'closed') throw closedEarly(this.#source, message, codeOfWords)
    return newsOf(message, this.#source)
  }

  #owe(ms: number): void {
    this.#isOwed = true
    this.#socket.owe(ms)
  }

  /** While the text pauses nothing is owed, and whoever writes it is the one to end the call. */
  #settle(): void {
    this.#isOwed = false
    this.#socket.settle()
  }

  // ── Leaving ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** To be called in any case. A context that is not over is closed, lest it goes on speaking to nobody. */
  leave(): void {
    const isOver = this.#state === 'left' || this.#state === 'closed'
    this.#state = 'left'
    this.#quiet()
    if (!isOver) this.#socket.send(closeContext(contextId)).catch(() => undefined)
  }

  #quiet(): void {
    this.#keepAlive?.cancel()
    this.#settling?.cancel()
  }
}

/** Why the call ends where the text had nothing to be spoken. */
const nothingSaid = Symbol('nothing was said')
/** The only one of its socket. */
const contextId = 'speech'
const keepAliveMs = (inactivitySeconds * 1000) / 3
/** How long sound is waited for at the end of a text of which some has been spoken. */
const settleMs = 2000
