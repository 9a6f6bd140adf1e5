import { hasWords } from '../text/pronounced.ts'
import { disconnected, type FailureSource } from './failure.ts'
import type { SocketClosed, SocketMessage } from './socket.ts'
import type { Alignment, LineTextOptions, SpeakingLine, TtsEvent, TtsOptions } from './speech.ts'
import { SoundGuard } from './speech-guard.ts'
import type { SpeechSocket } from './speech-socket.ts'

/** What a vendor's messages are on a line: they are made and read here, and the rest is the same for all. */
export interface LineProtocol {
  /** Whether another text may be spoken on this socket; once it may not, it never may again. */
  readonly canSpeak: boolean
  /** Sends what has a text spoken, and says what is owed for it. */
  begin(text: string, follows: boolean): void
  /** Sends what has the text stopped that was begun last. From now on what comes of it is to be dropped. */
  stop(): void
  /** A message has come; between texts as well. What it throws ends the line. */
  take(message: SocketMessage): void
}

/** What a protocol has of its line. */
export interface LineSide extends Pick<SpeechSocket, 'owe' | 'settle'> {
  /** The text that is being spoken; undefined where none is. */
  readonly text: LineText | undefined
  send(message: string): void
}

/** Where the protocol tells what comes of a text. */
export interface LineText {
  /** Whether any sound of it has come. */
  readonly hasSound: boolean
  /** All its sound so far, in milliseconds that are not rounded. */
  readonly ms: number
  sound(bytes: Uint8Array): void
  /** From the beginning of this text's sound. */
  times(alignment: Alignment): void
  /** All of it has come; `characters` is what the vendor charges for. */
  end(characters?: number): void
}

/**
 * A line over a socket. All that comes is read as soon as it is wanted: at any time between texts, so that a vendor that closes is noticed,
 * and no faster than the text that is spoken is taken.
 */
export class SocketLine implements SpeakingLine {
  readonly closed: Promise<void>
  readonly #socket: SpeechSocket
  readonly #source: FailureSource
  readonly #options: TtsOptions
  readonly #protocol: LineProtocol
  readonly #closedEarly: (how: SocketClosed) => Error
  #text: Text | undefined
  #isOver = false

  constructor(
    socket: SpeechSocket,
    source: FailureSource,
    options: TtsOptions,
    protocol: (side: LineSide) => LineProtocol,
    closedEarly: (how: SocketClosed) => Error,
  ) {
    this.#socket = socket
    this.#source = source
    this.#options = options
    this.#closedEarly = closedEarly
    this.#protocol = protocol(this.#side())
    this.closed = this.#read()
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#protocol.canSpeak
  }

  close(): void {
    this.#end(disconnected(this.#source))
  }

  async *speak(text: string, { follows, signal }: LineTextOptions): AsyncGenerator<TtsEvent> {
    signal.throwIfAborted()
    if (this.#text) throw new TypeError('a line speaks one text at a time')
    if (!this.isOpen) throw disconnected(this.#source)
    const spoken = new Text(text, this.#options, this.#source)
    this.#text = spoken
    const onAbort = (): void => this.#leave(spoken, { reason: signal.reason })
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      this.#protocol.begin(text, follows)
      for (let event = await spoken.next(); event; event = await spoken.next()) yield event
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#leave(spoken)
    }
  }

  #leave(spoken: Text, why?: Failure): void {
    if (this.#text !== spoken) return
    this.#text = undefined
    const { state } = spoken
    spoken.leave(why)
    if (this.#isOver) return
    if (state === 'open') this.#protocol.stop()
    if (!this.#protocol.canSpeak) this.close()
  }

  #side(): LineSide {
    const line = this
    const socket = this.#socket
    return {
      get text() {
        return line.#text?.state === 'open' ? line.#text : undefined
      },
      send: (message) => void socket.send(message).catch((reason: unknown) => socket.fail(reason)),
      owe: (ms) => socket.owe(ms),
      settle: () => socket.settle(),
    }
  }

  /** Never rejects: what goes wrong is thrown where a text is being spoken, and is no news to anybody between texts. */
  async #read(): Promise<void> {
    try {
      for (;;) {
        await this.#text?.room()
        const message = await this.#socket.receive()
        if (message.type === 'closed') {
          this.#end(this.#closedEarly(message))
          return
        }
        if (!this.#isOver) this.#protocol.take(message)
      }
    } catch (reason) {
      this.#end(reason)
      // One whose protocol broke is still open, and says goodbye.
      await this.#goodbye()
    }
  }

  async #goodbye(): Promise<void> {
    try {
      while ((await this.#socket.receive()).type !== 'closed');
    } catch {
      // It is gone in any case.
    }
  }

  #end(reason: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#text?.fail(reason)
    this.#socket.settle()
    this.#socket.close()
  }
}

/** How many events may wait to be taken: what is not taken stays with the vendor. */
const mostWaiting = 4

interface Failure {
  readonly reason: unknown
}

/** One text while it is spoken: what comes of it waits here until it is taken. */
class Text implements LineText {
  readonly #guard: SoundGuard
  readonly #hasWords: boolean
  #events: TtsEvent[] = []
  /** Of one that is whole there may be events that are still to be taken. */
  #state: 'open' | 'whole' | 'over' = 'open'
  #failure: Failure | undefined
  #taker: (() => void) | undefined
  #room: (() => void) | undefined

  constructor(text: string, { format }: TtsOptions, source: FailureSource) {
    this.#guard = new SoundGuard(format, source)
    this.#guard.expect(text.length)
    this.#hasWords = hasWords(text)
  }

  get state(): 'open' | 'whole' | 'over' {
    return this.#state
  }

  get hasSound(): boolean {
    return !this.#guard.isEmpty
  }

  get ms(): number {
    return this.#guard.ms
  }

  sound(bytes: Uint8Array): void {
    if (this.#guard.take(bytes)) this.#tell({ type: 'audio', bytes })
  }

  times(alignment: Alignment): void {
    if (alignment.tokens.length > 0) this.#tell({ type: 'alignment', ...alignment })
  }

  end(characters?: number): void {
    if (this.#hasWords) this.#guard.end()
    else this.#guard.pause()
    this.#tell({ type: 'done', ...(characters !== undefined && { characters }) })
    this.#state = 'whole'
  }

  /** The line is gone. What is whole is so all the same. */
  fail(reason: unknown): void {
    if (this.#state === 'open') this.leave({ reason })
  }

  /** Nobody wants anything of it any more; whoever still asks is told why. */
  leave(failure?: Failure): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#failure = failure
    this.#events = []
    this.#wakeTaker()
    this.#makeRoom()
  }

  /** Resolves when more is wanted, or nothing at all. */
  async room(): Promise<void> {
    if (this.#events.length < mostWaiting || this.#state !== 'open') return
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
  }

  /** Undefined after the last. */
  async next(): Promise<TtsEvent | undefined> {
    while (this.#events.length === 0 && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#taker = resolve
      })
    }
    if (this.#failure) throw this.#failure.reason
    const event = this.#events.shift()
    if (this.#events.length < mostWaiting) this.#makeRoom()
    return event
  }

  #tell(event: TtsEvent): void {
    if (this.#state !== 'open') return
    this.#events.push(event)
    this.#wakeTaker()
  }

  #wakeTaker(): void {
    const taker = this.#taker
    this.#taker = undefined
    taker?.()
  }

  #makeRoom(): void {
    const room = this.#room
    this.#room = undefined
    room?.()
  }
}
