import { GatewayError } from '../../api/error.ts'
import { hasWords } from '../../text/pronounced.ts'
import { type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import type { SocketClosed } from '../socket.ts'
import { type Flush, flush, type SpeechCall, type TtsEvent, type TtsOptions } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { SoundGuard } from '../speech-guard.ts'
import { closedEarly, openSpeechSocket, type SpeechSocket } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { headersOf, sourceOf } from './connection.ts'
import { type Conversation, conversation, type Listener } from './conversation.ts'
import { speechRequest } from './encode.ts'
import { type SpeechMessage, speechMessage } from './messages.ts'

/** A text that is still being written. The socket belongs to this call; it is opened before the first word is there. */
export function speak(text: AsyncIterable<string | Flush>, options: TtsOptions, call: SpeechCall): AsyncIterable<TtsEvent> {
  return conversation<TtsEvent>(call, (listener) => new Speaker(text, options, call, listener))
}

/**
 * What the vendor makes one piece of speech of. It is over a second after its last sound, of which the vendor tells by `done`; text that
 * comes later begins another, on the same socket.
 */
interface Context {
  readonly id: string
  /** What stands in each of its messages. Nothing in it may change. */
  readonly base: Readonly<Record<string, unknown>>
  /** The sound before it. */
  readonly startMs: number
  /** What was sent and not yet answered by sound, in order. */
  unheard: Piece[]
}

/** Text, or all before it to be spoken. What was said again is not said a third time. */
type Piece = { readonly type: 'text'; readonly text: string; readonly isRepeat: boolean } | Flush

class Speaker implements Conversation {
  readonly #call: SpeechCall
  readonly #listener: Listener<TtsEvent>
  readonly #source: FailureSource
  readonly #text: SourceReader<string | Flush>
  readonly #base: Readonly<Record<string, unknown>>
  readonly #guard: SoundGuard
  readonly #isRaw: boolean
  #socket: SpeechSocket | undefined
  #context: Context | undefined
  #contexts = 0
  #isInputOver = false
  /** Whether there is something in the text that has a sound. */
  #hasWords = false
  #isFinished = false

  constructor(text: AsyncIterable<string | Flush>, options: TtsOptions, call: SpeechCall, listener: Listener<TtsEvent>) {
    this.#call = call
    this.#listener = listener
    this.#source = sourceOf(call)
    this.#text = new SourceReader(text)
    this.#base = { ...speechRequest(options, call.model), ...(options.alignment && { add_timestamps: true }) }
    this.#guard = new SoundGuard(options.format, this.#source)
    this.#isRaw = isRaw(options.format)
  }

  async run(): Promise<void> {
    if (!this.#isRaw) {
      throw new GatewayError('unsupported_parameter', {
        message: 'Cartesia streams PCM and µ-law alone; others come of whole texts.',
      })
    }
    await this.#open()
    const isWhole = await this.#text.read((piece) => (typeof piece === 'string' ? this.#say(piece) : this.#flush()))
    if (!isWhole) return
    this.#isInputOver = true
    if (this.#context) await this.#send(this.#context, { transcript: '', continue: false })
    else await this.#finish()
  }

  leave(): void {
    this.#text.stop()
    const [socket, context] = [this.#socket, this.#context]
    // Work that has begun may go on for a moment; what it gives goes to a socket that is closed.
    if (socket && context) socket.send(JSON.stringify({ context_id: context.id, cancel: true })).catch(() => undefined)
    socket?.close()
  }

  // ── Sending ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #open(): Promise<SpeechSocket> {
    const { signal } = this.#listener
    const request = { path: '/tts/websocket', query: [], headers: headersOf(this.#call) }
    const socket = await openSpeechSocket({ ...this.#call, signal }, this.#source, request)
    if (signal.aborted) socket.close()
    signal.throwIfAborted()
    this.#socket = socket
    this.#receive(socket).catch((reason: unknown) => this.#listener.fail(reason))
    return socket
  }

  async #say(piece: string): Promise<void> {
    const isBlank = piece.trim() === ''
    // Nothing begins with what has no sound.
    if (piece === '' || (isBlank && !this.#context)) return
    this.#hasWords ||= hasWords(piece)
    this.#guard.expect(piece.length)
    if (!this.#socket) await this.#open()
    this.#context ??= this.#begin(piece)
    await this.#sendPiece(this.#context, { type: 'text', text: piece, isRepeat: false })
  }

  async #flush(): Promise<void> {
    // Where there is no context, all has been spoken.
    if (this.#context) await this.#sendPiece(this.#context, flush)
    else await this.#listener.tell({ type: 'flushed' })
  }

  async #sendPiece(context: Context, piece: Piece): Promise<void> {
    context.unheard.push(piece)
    if (piece.type === 'flush') await this.#send(context, { transcript: '', continue: true, flush: true })
    else await this.#send(context, { transcript: piece.text, continue: true })
  }

  async #send(context: Context, what: Readonly<Record<string, unknown>>): Promise<void> {
    this.#socket?.owe(Math.min(this.#call.timeouts.idleMs, mostIdleMs))
    await this.#socket?.send(JSON.stringify({ ...context.base, ...what }))
  }

  /** Text that comes in whole sentences is spoken as it comes; otherwise the vendor waits until there is enough of it. */
  #begin(first: string): Context {
    const id = `${this.#call.requestId}-${++this.#contexts}`
    const base = { ...this.#base, context_id: id, ...(endsSentence.test(first) && { max_buffer_delay_ms: 0 }) }
    return { id, base, startMs: Math.round(this.#guard.ms), unheard: [] }
  }

  // ── Receiving ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #receive(socket: SpeechSocket): Promise<void> {
    for (;;) {
      const message = await socket.receive()
      if (message.type === 'closed') return this.#closed(message)
      if (message.type === 'binary') throw protocolFailure(this.#source, 'it sent bytes where text was expected.')
      await this.#take(speechMessage(message.text, this.#source))
    }
  }

  /** A socket that nothing was said on for long is closed by the vendor; the next text opens another. */
  #closed(how: SocketClosed): void {
    if (this.#context || this.#isInputOver) throw closedEarly(this.#source, how)
    this.#socket?.close()
    this.#socket = undefined
  }

  async #take(message: SpeechMessage): Promise<void> {
    const context = this.#context
    // Of a context that is over, or not ours; an error may be about the connection.
    if (message.context === undefined ? message.type !== 'error' : message.context !== context?.id) return
    if (message.type === 'error') throw streamFailure(this.#source, message.body)
    if (!context) return
    switch (message.type) {
      case 'chunk':
        if (context.unheard.length > 0) context.unheard = context.unheard.filter((piece) => piece.type === 'flush')
        if (!this.#guard.take(message.bytes)) return
        return this.#listener.tell({ type: 'audio', bytes: message.bytes })
      case 'words': {
        const { alignment } = message
        const startMs = alignment.startMs.map((ms) => ms + context.startMs)
        return this.#listener.tell({ type: 'alignment', ...alignment, startMs })
      }
      case 'flushed':
        return this.#flushed(context)
      case 'done':
        return this.#done(context)
    }
  }

  #flushed(context: Context): Promise<void> {
    const at = context.unheard.findIndex(({ type }) => type === 'flush')
    if (at < 0) return Promise.resolve()
    context.unheard.splice(0, at + 1)
    if (context.unheard.length === 0 && !this.#isInputOver) this.#socket?.settle()
    return this.#listener.tell({ type: 'flushed' })
  }

  /** Text that crossed with the context's end on the way was not spoken, and is said again. */
  async #done(context: Context): Promise<void> {
    this.#guard.pause()
    this.#context = undefined
    this.#socket?.settle()
    const missing = context.unheard.filter((piece) => piece.type === 'text' && !piece.isRepeat && piece.text.trim() !== '')
    if (missing.length > 0) return this.#repeat(context.unheard)
    const flushes = context.unheard.filter((piece) => piece.type === 'flush')
    await Promise.all(flushes.map(() => this.#listener.tell({ type: 'flushed' })))
    if (this.#isInputOver) await this.#finish()
  }

  /** All is sent in one turn, lest newer text come in between. */
  async #repeat(unheard: readonly Piece[]): Promise<void> {
    const text = unheard.map((piece) => (piece.type === 'flush' ? '' : piece.text)).join('')
    const context = this.#begin(text)
    this.#context = context
    const sent = unheard.map((piece) => this.#sendPiece(context, piece.type === 'flush' ? piece : { ...piece, isRepeat: true }))
    if (this.#isInputOver) sent.push(this.#send(context, { transcript: '', continue: false }))
    await Promise.all(sent)
  }

  async #finish(): Promise<void> {
    if (this.#isFinished) return
    this.#isFinished = true
    if (this.#hasWords) this.#guard.end()
    await this.#listener.tell({ type: 'done' })
    this.#listener.end()
  }
}

const endsSentence = /[.!?…。！？।؟]["'”’»)\]]*\s*$/u

/** A context that is limited in its rate may stop without a word, and nobody listens to silence for longer than this, in milliseconds. */
const mostIdleMs = 10_000
