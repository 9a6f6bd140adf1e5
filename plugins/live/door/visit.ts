import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import type { LiveHello, LiveServerMessage } from '../../../api/schemas.gen.ts'
import type { Transport } from '../transport.ts'
import { type Codec, createCodec, type Incoming } from '../wire/codec.ts'
import { Patience } from '../wire/patience.ts'
import { maxValues, maxValuesLater } from '../wire/refusal.ts'
import { closeCodeOf, toldOf, type Violation, violation } from '../wire/violations.ts'
import { Budget } from './budget.ts'
import type { LiveLine } from './open.ts'
import { watchThreshold } from './threshold.ts'
import { refusalOf } from './told.ts'
import { mostUnknownBytes, type WaitingPlace } from './waiting-room.ts'
import { WebSocketTransport } from './websocket-transport.ts'

export interface VisitParts {
  readonly socket: WebSocket
  /** What carries the socket. */
  readonly connection: Duplex
  readonly isMsgpack: boolean
  readonly limits: VisitLimits
  readonly clock: Clock
  /** Undefined where the upgrade has said whose the socket is. */
  readonly waiting: WaitingPlace | undefined
  /** Says who it is and lets him into a session. Rejects with a `GatewayError`. */
  readonly admit: (hello: LiveHello, transport: Transport) => Promise<LiveLine>
  readonly toGatewayError: (error: unknown) => GatewayError
  /** The client was refused something, or did what it may not. */
  readonly onTrouble: (code: string, cause?: unknown) => void
  /** The socket is gone. `code` is the one it was closed with. */
  readonly onOver: (end: { readonly code: number; readonly turns: number }) => void
}

export interface VisitLimits {
  readonly helloMs: number
  readonly messageBytes: number
  readonly messagesPerSecond: number
}

/**
 * One socket, from the upgrade until it is closed:
 *
 *   greeting ──hello──▶ opening ──the session is there, and hello_ack is sent──▶ open
 *       └────────────────────┴──────────────────────────────────────────────────┴──▶ over
 *
 * While it is opening, what comes is kept in its order; beyond a little of it the client is not read from. Once nothing is sent any more,
 * what still comes is dropped.
 */
export class Visit {
  readonly #parts: VisitParts
  readonly #codec: Codec
  readonly #transport: WebSocketTransport
  readonly #budget: Budget
  readonly #patience = new Patience()
  readonly #helloBound: Timer
  #state: 'greeting' | 'opening' | 'open' | 'over' = 'greeting'
  #line: LiveLine | undefined
  #isAgreed = false
  #kept: Frame[] = []
  #keptBytes = 0

  /** Listens at once: a client may send with its very first packet. */
  constructor(parts: VisitParts) {
    const { socket, connection, isMsgpack, limits, clock, waiting } = parts
    this.#parts = parts
    const maxHelloValues = waiting ? maxValuesLater : maxValues
    this.#codec = createCodec({ isMsgpack, maxBytes: limits.messageBytes, maxHelloValues })
    this.#transport = new WebSocketTransport({
      socket,
      connection,
      codec: this.#codec,
      isMsgpack,
      clock,
      onAgreed: () => {
        this.#isAgreed = true
        this.#goOn()
      },
      onStuck: () => this.#stuck(),
    })
    this.#budget = new Budget(limits)
    this.#helloBound = clock.after(limits.helloMs, () => this.#refuse(violation('hello_timeout')))
    if (waiting) watchThreshold(connection, waiting, (why) => this.#tooMuch(why))
    socket.on('message', (data, isBinary) => this.#take({ data: bytesOf(data), isBinary }))
    socket.on('ping', (data) => this.#answerPing(data))
    socket.on('pong', () => this.#transport.heard())
    socket.on('error', (error) => this.#broken(error))
    socket.on('close', (code) => this.#over(code))
  }

  /** Nobody waits for the session to end by itself any more. */
  close(error: GatewayError): void {
    if (this.#state === 'greeting' || this.#state === 'opening') this.#refuseFor(error)
    else this.#transport.close(refusalOf(error).closeCode, error.code)
  }

  /** Whether it has not said `hello`. */
  get isGreeting(): boolean {
    return this.#state === 'greeting'
  }

  #take(frame: Frame): void {
    this.#transport.heard()
    if (this.#transport.isClosed) return
    switch (this.#state) {
      case 'greeting':
        this.#greet(this.#codec.decode(frame.data, frame.isBinary))
        return
      case 'opening':
        this.#keep(frame)
        return
      case 'open':
        this.#receive(frame)
        return
      case 'over':
        return
    }
  }

  // ── The greeting ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #greet(incoming: Incoming): void {
    if (incoming.type === 'violation') this.#refuse(incoming.violation)
    else if (incoming.type === 'sound' || incoming.message.type !== 'hello') this.#refuse(violation('hello_expected'))
    else this.#open(incoming.message)
  }

  #open(hello: LiveHello): void {
    this.#helloBound.cancel()
    this.#state = 'opening'
    const { admit, toGatewayError } = this.#parts
    admit(hello, this.#transport).then(
      (line) => {
        this.#line = line
        if (this.#state === 'over') line.lost()
        else this.#goOn()
      },
      (error: unknown) => this.#refuseFor(toGatewayError(error)),
    )
  }

  #tooMuch(why: 'message_too_large' | 'overloaded'): void {
    if (why === 'overloaded') this.#refuseFor(new GatewayError('overloaded', { retryAfter: 5 }))
    else this.#refuse(violation('message_too_large', { message: tooMuchUnknown }))
  }

  /** Before there is a session, whatever is wrong ends the socket. */
  #refuse(wrong: Violation): void {
    const told = toldOf(wrong, 1)
    const message = told?.type === 'error' ? { ...told, close: true } : told
    this.#turnAway(wrong.code, message, closeCodeOf(wrong) ?? 1008)
  }

  #refuseFor(error: GatewayError): void {
    const { message, closeCode } = refusalOf(error)
    this.#turnAway(error.code, message, closeCode, error.code === 'internal_error' ? error : undefined)
  }

  #turnAway(code: string, message: LiveServerMessage | undefined, closeCode: number, cause?: unknown): void {
    if (this.#transport.isClosed) return
    this.#helloBound.cancel()
    this.#parts.onTrouble(code, cause)
    if (message) this.#transport.send(message)
    this.#transport.close(closeCode, code)
  }

  // ── Until the session is there ──────────────────────────────────────────────────────────────────────────────────────────

  #keep(frame: Frame): void {
    this.#kept.push(frame)
    this.#keptBytes += frame.data.length
    // What one packet has brought comes nevertheless.
    if (this.#keptBytes > mostKeptBytes || this.#kept.length > mostKept) this.#parts.socket.pause()
  }

  #goOn(): void {
    if (this.#state !== 'opening' || !this.#line || !this.#isAgreed) return
    this.#state = 'open'
    const kept = this.#kept
    this.#forgetKept()
    for (const frame of kept) this.#take(frame)
    this.#parts.socket.resume()
  }

  #forgetKept(): void {
    this.#kept = []
    this.#keptBytes = 0
  }

  // ── The session ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(frame: Frame): void {
    const incoming = this.#admitted(frame)
    // What comes too fast is not looked at, whatever it is.
    if (!incoming) this.#violated(violation('too_many_messages'))
    else if (incoming.type === 'sound') this.#line?.hear(incoming.bytes)
    else if (incoming.type === 'violation') this.#violated(incoming.violation)
    else if (incoming.message.type === 'hello') this.#violated(violation('hello_repeated'))
    else this.#line?.receive(incoming.message)
  }

  /** What a frame holds; undefined where it comes too soon. It is charged first, for to decode it is most of the work. */
  #admitted({ data, isBinary }: Frame): Incoming | undefined {
    const { length } = data
    const now = this.#parts.clock.now()
    const kind = this.#codec.kindOf(isBinary)
    if (kind === 'sound') return this.#budget.takeSound(now, length) ? this.#codec.decode(data, isBinary) : undefined
    if (this.#budget.takeMessage(now, length)) {
      const incoming = this.#codec.decode(data, isBinary)
      if (incoming.type !== 'sound') return incoming
      this.#budget.giveMessageBack(length)
      return this.#budget.takeSound(now, length) ? incoming : undefined
    }
    // Who may send no message for now may speak.
    const maySpeak = kind === 'either' && length <= largestSound && this.#budget.takeSound(now, length)
    const incoming = maySpeak ? this.#codec.decode(data, isBinary) : undefined
    return incoming?.type === 'sound' ? incoming : undefined
  }

  #violated(wrong: Violation): void {
    const isSurvived = closeCodeOf(wrong) === undefined && toldOf(wrong, 1)?.type === 'error'
    const isOneTooMany = isSurvived && this.#patience.isOver(this.#parts.clock.now())
    const told = isOneTooMany ? violation('too_many_errors') : wrong
    this.#parts.onTrouble(told.code)
    this.#line?.violated(told)
    const code = closeCodeOf(told)
    if (code !== undefined) this.#transport.close(code, told.code)
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #answerPing(data: Buffer): void {
    this.#transport.heard()
    if (this.#transport.isClosed) return
    if (this.#budget.takeMessage(this.#parts.clock.now(), data.length)) this.#parts.socket.pong(data)
    else if (this.#state === 'open') this.#violated(violation('too_many_messages'))
    else this.#refuse(violation('too_many_messages'))
  }

  /** It cannot be told what is wrong, as it does not read. */
  #stuck(): void {
    if (this.#transport.isClosed) return
    const wrong = violation('slow_consumer')
    this.#parts.onTrouble(wrong.code)
    this.#transport.close(closeCodeOf(wrong) ?? 1008, wrong.code)
  }

  /** What came is no WebSocket's, or the connection broke. The code that says so has been sent. */
  #broken(error: Error): void {
    this.#parts.onTrouble('code' in error && typeof error.code === 'string' ? error.code.toLowerCase() : 'socket_error')
    this.#transport.boundEnd()
  }

  #over(code: number): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#helloBound.cancel()
    this.#forgetKept()
    this.#transport.end()
    this.#line?.lost()
    this.#parts.onOver({ code, turns: this.#transport.turns })
  }
}

interface Frame {
  readonly data: Uint8Array
  readonly isBinary: boolean
}

/** A frame of sound that a session takes, in base64 within its message, and more. */
const largestSound = 16 * 1024
/** A second or two of sound in any format. */
const mostKeptBytes = 128 * 1024
const mostKept = 256

const tooMuchUnknown = `At most ${mostUnknownBytes} bytes may come before it is known whose the socket is; for long messages in hello, send the key in a header of the upgrade.`

function bytesOf(data: RawData): Uint8Array {
  return Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
}
