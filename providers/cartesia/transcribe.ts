import { disconnected, type FailureSource, protocolFailure } from '../failure.ts'
import type { SocketClosed } from '../socket.ts'
import type { Flush, RawFormat, SpeechCall, SttEvent, SttOptions, TurnOptions } from '../speech.ts'
import { closedEarly, openSpeechSocket, type SpeechSocket } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { VoiceWatch } from '../speech-watch.ts'
import { headersOf, sourceOf } from './connection.ts'
import { type Conversation, conversation, type Listener } from './conversation.ts'
import { manualQuery, turnsQuery, wantsTurns } from './encode.ts'
import { type HearingMessage, hearingMessage } from './messages.ts'
import { Silence } from './silence.ts'

type Sound = AsyncIterable<Uint8Array | Flush>
type Options = SttOptions & TurnOptions

/** Sound while it comes. The vendor has one address where it is told when to write down what it heard, and one where it tells turns. */
export function transcribe(audio: Sound, format: RawFormat, options: Options, call: SpeechCall): AsyncIterable<SttEvent> {
  const dialect = wantsTurns(call.model, options) ? turnDialect(options, format, call) : manualDialect(options, format, call)
  return conversation<SttEvent>(call, (listener) => new Hearing(audio, format, dialect, call, listener))
}

/** What is different at the two addresses. */
interface Dialect {
  readonly path: string
  readonly query: Iterable<readonly [name: string, value: string]>
  /** Asks for what is certain to be told at once; absent where nothing does. */
  readonly finalize?: string
  readonly close: string
  /** Whether the end is said before the socket is closed. */
  readonly saysDone: boolean
  /** The events that a message comes to. */
  read(message: HearingMessage): readonly SttEvent[]
  /** What is left to tell where the socket was closed. */
  rest(): readonly SttEvent[]
}

function manualDialect(options: Options, format: RawFormat, { model }: SpeechCall): Dialect {
  return {
    path: '/stt/websocket',
    query: manualQuery(model, format, options),
    finalize: 'finalize',
    close: 'close',
    saysDone: true,
    read: (message) => (message.type === 'transcript' ? [heard(message)] : []),
    rest: () => [],
  }
}

/** Each text is that of all since the last `final`, and stands as the vendor wrote it: its spaces belong to it. */
function heard({ isFinal, text, language, words }: Extract<HearingMessage, { type: 'transcript' }>): SttEvent {
  if (!isFinal) return { type: 'partial', text }
  return { type: 'final', text, ...(language !== undefined && { language }), ...(words && { words }) }
}

function turnDialect(options: Options, format: RawFormat, { model }: SpeechCall): Dialect {
  const foretells = options.eagerThreshold !== undefined
  /** What was said in the turn that is open. */
  let open: string | undefined
  const ended = (text: string): SttEvent[] => {
    open = undefined
    return [...(text === '' ? [] : [{ type: 'final', text } as const]), { type: 'turn-end', text }]
  }
  return {
    path: '/stt/turns/websocket',
    query: turnsQuery(model, format, options),
    close: JSON.stringify({ type: 'close' }),
    saysDone: false,
    read: (message) => {
      switch (message.type) {
        case 'turn-start':
          open = ''
          return [{ type: 'speech-start' }]
        case 'turn-update':
          open = message.text
          return [{ type: 'partial', text: message.text }]
        case 'turn-eager-end':
          open = message.text
          return foretells ? [{ type: 'turn-eager-end', text: message.text }] : []
        case 'turn-resumed':
          return foretells ? [{ type: 'turn-resumed' }] : []
        case 'turn-end':
          return ended(message.text)
        default:
          return []
      }
    },
    // The vendor takes nothing back, so that the last it told of a turn is what was said.
    rest: () => (open === undefined ? [] : ended(open)),
  }
}

class Hearing implements Conversation {
  readonly #call: SpeechCall
  readonly #dialect: Dialect
  readonly #format: RawFormat
  readonly #listener: Listener<SttEvent>
  readonly #source: FailureSource
  readonly #audio: SourceReader<Uint8Array | Flush>
  #socket: SpeechSocket | undefined
  #silence: Silence | undefined
  #watch: VoiceWatch | undefined
  #isInTurn = false
  /** How many of the caller's flushes have not been answered. */
  #flushes = 0
  #isInputOver = false

  constructor(audio: Sound, format: RawFormat, dialect: Dialect, call: SpeechCall, listener: Listener<SttEvent>) {
    this.#call = call
    this.#dialect = dialect
    this.#format = format
    this.#listener = listener
    this.#source = sourceOf(call)
    this.#audio = new SourceReader(audio)
  }

  async run(): Promise<void> {
    const { signal } = this.#listener
    const { path, query } = this.#dialect
    const request = { path, query, headers: headersOf(this.#call) }
    const socket = await openSpeechSocket({ ...this.#call, signal }, this.#source, request)
    this.#socket = socket
    if (signal.aborted) return socket.close()
    const fail = (reason: unknown): void => this.#listener.fail(reason)
    const silence = new Silence(this.#call.clock, this.#format, (piece) => void socket.send(piece).catch(fail))
    this.#silence = silence
    const watch = new VoiceWatch(socket, this.#format, this.#call)
    this.#watch = watch
    await this.#listener.tell({ type: 'open' })
    this.#receive(socket).catch(fail)
    const isWhole = await this.#audio.read(async (piece) => {
      if (!(piece instanceof Uint8Array)) return this.#flush(socket)
      silence.heard()
      watch.sent(piece, this.#isInTurn)
      await socket.send(piece)
    })
    if (isWhole) await this.#finish(socket)
  }

  leave(): void {
    this.#audio.stop()
    this.#silence?.close()
    this.#socket?.close()
  }

  async #flush(socket: SpeechSocket): Promise<void> {
    const { finalize } = this.#dialect
    if (finalize === undefined) return
    this.#flushes++
    socket.owe()
    await socket.send(finalize)
  }

  async #finish(socket: SpeechSocket): Promise<void> {
    this.#isInputOver = true
    this.#silence?.close()
    socket.owe()
    const { finalize, close } = this.#dialect
    if (finalize !== undefined) await socket.send(finalize)
    await socket.send(close)
  }

  async #receive(socket: SpeechSocket): Promise<void> {
    for (;;) {
      const message = await socket.receive()
      if (message.type === 'closed') return this.#closed(message)
      if (message.type === 'binary') throw protocolFailure(this.#source, 'it sent bytes where text was expected.')
      if (await this.#take(hearingMessage(message.text, this.#source))) return
    }
  }

  /** Resolves with whether it was the last. */
  async #take(message: HearingMessage): Promise<boolean> {
    if (message.type === 'done') {
      if (!this.#isInputOver) throw disconnected(this.#source)
      await this.#end()
      return true
    }
    this.#watch?.answered()
    if (message.type === 'turn-start') this.#turn(true)
    if (message.type === 'turn-end') this.#turn(false)
    const answersFlush = message.type === 'flushed' && this.#flushes > 0
    if (answersFlush) this.#flushes--
    this.#settle(message)
    for (const event of this.#dialect.read(message)) await this.#listener.tell(event)
    if (answersFlush) await this.#listener.tell({ type: 'final', text: '', flushed: true })
    return false
  }

  #turn(isOpen: boolean): void {
    this.#isInTurn = isOpen
    this.#silence?.turn(isOpen)
  }

  async #closed(how: SocketClosed): Promise<void> {
    const isGoodbye = how.code === 1000 || how.code === 1005
    if (this.#dialect.saysDone || !this.#isInputOver || !isGoodbye) throw closedEarly(this.#source, how)
    for (const event of this.#dialect.rest()) await this.#listener.tell(event)
    await this.#end()
  }

  async #end(): Promise<void> {
    await this.#listener.tell({ type: 'done' })
    this.#listener.end()
  }

  /** A message is a sign of life. Nothing is owed where nobody speaks, unless it was asked for. */
  #settle({ type }: HearingMessage): void {
    const isInTurn = type === 'turn-start' || type === 'turn-update' || type === 'turn-eager-end' || type === 'turn-resumed'
    if (isInTurn && !this.#isInputOver) this.#socket?.owe(Math.max(this.#call.timeouts.idleMs, longestPauseMs))
    else if (this.#isInputOver || this.#flushes > 0) this.#socket?.owe()
    else this.#socket?.settle()
  }
}

/** A turn that is open is ended by silence at the latest after 11.2 seconds; in milliseconds. */
const longestPauseMs = 15_000
