import { bytesOfBase64 } from '../base64.ts'
import { type Clock, longestMs } from '../clock.ts'
import { ConnectionError, ConnectionTimeoutError, type VAIError } from '../errors.ts'
import type { Alignment, LiveClientMessage, LiveHello, LiveHelloAck, LiveServerMessage } from '../generated/types.gen.ts'
import { type Mask, maskOf } from '../mask.ts'
import { wordsOf } from '../thrown.ts'
import { keysIn } from './hello.ts'
import { isWhole, serverMessageIn } from './incoming.ts'
import { errorOf, type Refusal, refusedByMessage, refusedUpgrade } from './refusal.ts'
import type { LiveDial, LiveSocket, LiveSocketListener } from './socket.ts'

export interface ConnectionOptions {
  readonly url: string
  readonly dial: LiveDial
  readonly hello: LiveHello
  /** Milliseconds until the session has to be there; 0 for no limit. */
  readonly connectMs: number
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly listener: ConnectionListener
}

/** What happens on the line. None of these may throw. */
export interface ConnectionListener {
  /** The session is there; or, where `is_resumed` says so, there again. */
  opened(ack: LiveHelloAck): void
  /** Any other message, in its order, each once; also of types that are not known here. */
  message(message: LiveServerMessage): void
  /** Sound of the assistant. */
  sound(of: SoundPiece, bytes: Uint8Array): void
  /** The socket was lost, and another one is being opened. `unconfirmed` went out after the last that came. */
  lost(why: string, unconfirmed: readonly LiveClientMessage[]): void
  /** Nothing comes any more. Called once. */
  over(end: ConnectionEnd): void
  /** What goes out, for whoever writes it down. */
  sent(message: LiveClientMessage): void
}

export interface SoundPiece {
  readonly seq: number
  readonly assistant_audio_id: string
  readonly alignment?: Alignment
}

export interface ConnectionEnd {
  /** `ended`: as the protocol has it. `refused`: there was no session. `lost`: it could not be resumed. `broken`: it was broken off. */
  readonly type: 'ended' | 'refused' | 'lost' | 'broken'
  readonly why: string
  /** Of a session that was refused or lost. */
  readonly error?: VAIError
}

/**
 * The line of one session: it says `hello`, takes the messages apart, and comes back with `resume` where the socket is lost.
 *
 *   connecting ──hello_ack──▶ open ──the socket is lost──▶ away ──hello_ack──▶ open
 *       └────────────────────────┴───────────────────────────┴──▶ over
 */
export class LiveConnection {
  readonly #options: ConnectionOptions
  /** Whoever is at the other end may repeat what it was sent. */
  readonly #mask: Mask
  #state: 'connecting' | 'open' | 'away' | 'over' = 'connecting'
  #socket: LiveSocket | undefined
  /** Of the socket that is listened to; what an older one says is of no interest. */
  #attempt = 0
  #session: { readonly id: string; readonly token: string; readonly resumeMs: number } | undefined
  /** The number of the last message that was received whole. */
  #lastSeq = 0
  /** What the binary frame that comes next belongs to. */
  #header: (SoundPiece & { readonly bytes: number }) | undefined
  /** What speaks against the session, as it was last said. */
  #refusal: Refusal | undefined
  /** What went out since anything came, the last of it. */
  #unconfirmed: LiveClientMessage[] = []
  #hasEnded = false
  #lostAt = 0
  #tries = 0
  /** There is one wait at a time: for an answer, for anything, before the next try, or for the end of the socket. */
  #wait: { readonly ms: number; readonly onOver: () => void; readonly cancel: () => void } | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#mask = maskOf(keysIn(options.hello))
  }

  open(): void {
    if (this.#state === 'connecting') this.#connect()
  }

  /** Whether what is sent now arrives. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Sends a message; false where there is no line to send it on, or far too much waits for it. */
  send(message: LiveClientMessage): boolean {
    if (this.#state !== 'open' || !this.#socket || this.#socket.bufferedAmount > mostUnsent) return false
    this.#send(this.#socket, message)
    this.#remember(message)
    return true
  }

  /** Sends a frame of sound, as it is or within a message; false where that would be late, or is not possible at all. */
  sendSound(frame: string | Uint8Array): boolean {
    if (this.#state !== 'open' || !this.#socket || this.#socket.bufferedAmount > mostUnsentSound) return false
    this.#socket.send(frame)
    return true
  }

  /** Breaks it off. */
  close(why = 'it was broken off here'): void {
    this.#over({ type: 'broken', why })
  }

  // ── Sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    const { url, dial, connectMs } = this.#options
    this.#header = undefined
    this.#refusal = undefined
    const attempt = ++this.#attempt
    const ms = this.#session ? handshakeMs : connectMs || longestMs
    this.#waitFor(ms, () => this.#giveUp('the gateway does not answer', ConnectionTimeoutError))
    try {
      this.#socket = dial(url, [subprotocol], this.#listenerOf(attempt))
    } catch (error) {
      this.#giveUp(this.#mask(wordsOf(error)))
    }
  }

  #listenerOf(attempt: number): LiveSocketListener {
    const isCurrent = (): boolean => attempt === this.#attempt
    return {
      opened: () => isCurrent() && this.#greet(),
      message: (data) => isCurrent() && this.#receive(data),
      heard: () => isCurrent() && this.#heard(),
      refused: (refusal) => {
        if (isCurrent()) this.#refusal = refusedUpgrade(refusal, this.#mask)
      },
      closed: (code, reason) => isCurrent() && this.#closed(code, reason),
    }
  }

  #greet(): void {
    const { hello } = this.#options
    const { client, auth } = hello
    if (this.#state === 'over' || !this.#socket) return
    const resume = this.#session && {
      session_id: this.#session.id,
      token: this.#session.token,
      last_server_seq: this.#lastSeq,
    }
    const again = resume && { ...(client && { client }), ...(auth && { auth }), resume }
    this.#send(this.#socket, again ? { type: 'hello', protocol_version: hello.protocol_version, ...again } : hello)
  }

  #send(socket: LiveSocket, message: LiveClientMessage): void {
    const text = JSON.stringify(message)
    this.#options.listener.sent(message)
    socket.send(text)
  }

  /** What is lost where nobody sends it again. */
  #remember(message: LiveClientMessage): void {
    if (notRemembered.has(message.type)) return
    this.#unconfirmed.push(message)
    if (this.#unconfirmed.length > mostUnconfirmed) this.#unconfirmed.shift()
  }

  /** Something came. A line on which not even a ping comes is dead; where pings are not shown, it may as well be quiet. */
  #heard(): void {
    this.#unconfirmed = []
    const wait = this.#wait
    if (wait && this.#state === 'open' && !this.#hasEnded) this.#waitFor(wait.ms, wait.onOver)
  }

  #wasQuiet(): void {
    const { showsPings, bufferedAmount } = this.#socket ?? { showsPings: true, bufferedAmount: 0 }
    if (showsPings || bufferedAmount > mostUnsentQuiet) this.#giveUp('nothing came for too long')
    else this.#waitFor(quietMs, () => this.#wasQuiet())
  }

  #giveUp(why: string, Class = ConnectionError): void {
    this.#refusal ??= { why, error: (what) => new Class(`${what}: ${why}`) }
    this.#attempt++
    terminate(this.#socket)
    this.#closed(noCode, '')
  }

  #closed(code: number, reason: string): void {
    this.#wait?.cancel()
    this.#socket = undefined
    if (this.#state === 'over') return
    const refusal = this.#refusal ?? { why: reason === '' ? `code ${code}` : `${this.#mask(reason)} (${code})` }
    const { why, isFinal = finalCodes.has(code) } = refusal
    if (this.#hasEnded) this.#over({ type: 'ended', why })
    else if (!this.#session || isFinal) this.#fail(refusal)
    else this.#comeBack(this.#session.resumeMs, refusal)
  }

  #comeBack(resumeMs: number, refusal: Refusal): void {
    const { clock, listener } = this.#options
    const isNews = this.#state === 'open'
    if (isNews) {
      this.#state = 'away'
      this.#lostAt = clock.now()
      this.#tries = 0
    }
    const waitMs = waitsMs[Math.min(this.#tries, waitsMs.length - 1)] ?? 0
    this.#tries++
    const isTooLate = clock.now() + waitMs - this.#lostAt > resumeMs
    // Before anybody is told, who may break it off.
    if (!isTooLate) this.#waitFor(waitMs, () => this.#connect())
    if (isNews) listener.lost(refusal.why, this.#unconfirmed)
    if (isTooLate) this.#fail(refusal)
  }

  #fail(refusal: Refusal): void {
    const what = this.#session ? 'The session is lost' : `There is no session at ${this.#options.url}`
    this.#over({ type: this.#session ? 'lost' : 'refused', why: refusal.why, error: errorOf(refusal, what) })
  }

  #over(end: ConnectionEnd): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#wait?.cancel()
    const socket = this.#socket
    if (socket) {
      this.#waitFor(closeMs, () => terminate(socket))
      close(socket)
    }
    this.#options.listener.over(end)
  }

  #waitFor(ms: number, onOver: () => void): void {
    this.#wait?.cancel()
    this.#wait = { ms, onOver, cancel: this.#options.clock.after(ms, onOver) }
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(data: string | Uint8Array): void {
    this.#heard()
    if (this.#state === 'over') return
    if (data.length > mostMessage) this.#breakOff('a message came that is larger than any of this protocol')
    else if (typeof data === 'string') this.#receiveText(data)
    else this.#receiveSound(data)
  }

  #receiveText(text: string): void {
    const message = serverMessageIn(text)
    if (message === undefined || this.#header) this.#breakOff(noMessage)
    else if (this.#state === 'open') this.#take(message)
    else if (message.type === 'hello_ack') this.#opened(message)
    else if (message.type === 'error') this.#refusal = refusedByMessage(message, this.#mask)
  }

  #receiveSound(bytes: Uint8Array): void {
    const header = this.#header
    this.#header = undefined
    if (header?.bytes !== bytes.length) this.#breakOff('sound came that was not announced')
    else this.#hear(header, bytes)
  }

  #hear(of: SoundPiece, bytes: Uint8Array): void {
    if (of.seq <= this.#lastSeq) return
    this.#lastSeq = of.seq
    this.#options.listener.sound(of, bytes)
  }

  #opened(ack: LiveHelloAck): void {
    if (!isWhole(ack)) {
      this.#breakOff(noMessage)
      return
    }
    this.#waitFor(quietMs, () => this.#wasQuiet())
    this.#session = { id: ack.session_id, token: ack.resume_token, resumeMs: ack.limits.resume_ms }
    this.#lastSeq = Math.max(this.#lastSeq, ack.seq)
    this.#state = 'open'
    this.#options.listener.opened(ack)
  }

  #take(message: LiveServerMessage): void {
    if (message.type === 'assistant_audio_chunk_header') this.#header = message
    else if (message.type === 'assistant_audio_chunk') this.#takeChunk(message)
    // A message that came before the loss is not sent again; should it be, it counts once.
    else if (message.seq > this.#lastSeq) {
      this.#lastSeq = message.seq
      if (message.type === 'error' && message.close) this.#refusal = refusedByMessage(message, this.#mask)
      if (message.type === 'session_end') this.#end()
      this.#options.listener.message(message)
    }
  }

  #takeChunk({ audio_b64 = '', ...of }: Extract<LiveServerMessage, { type: 'assistant_audio_chunk' }>): void {
    const bytes = bytesOfBase64(audio_b64)
    if (bytes) this.#hear(of, bytes)
    else this.#breakOff(noMessage)
  }

  /** The gateway closes the socket now; what is left open is not waited for long. */
  #end(): void {
    this.#hasEnded = true
    this.#waitFor(closeMs, () => this.#giveUp('the socket was not closed'))
  }

  #breakOff(why: string): void {
    this.#fail({ why })
  }
}

/** A socket that cannot even be closed keeps nobody from going on. */
function close(socket: LiveSocket): void {
  try {
    socket.close(1000)
  } catch {
    terminate(socket)
  }
}

function terminate(socket: LiveSocket | undefined): void {
  try {
    socket?.terminate()
  } catch {
    // Nothing more can be done about it.
  }
}

const subprotocol = 'vai.live.v1'
const handshakeMs = 10_000
const quietMs = 45_000
const closeMs = 1000
/** Before each try to come back; the last for all that follow. */
const waitsMs = [100, 250, 500, 1000, 2000]
/** Bytes or characters: the largest is the end of a turn with all pictures that it may have. */
const mostMessage = 64 * 1024 ** 2
/** Bytes that wait to be sent. What is more of sound is older than anybody wants to hear; what waits on a line that is quiet does not leave. */
const mostUnsent = 64 * 1024 ** 2
const mostUnsentSound = 256 * 1024
const mostUnsentQuiet = 16 * 1024
/** Where the player is, is told anew; sound would be late; and a `hello` holds keys. */
const notRemembered: ReadonlySet<string> = new Set(['playback_mark', 'audio_frame', 'hello'])
/** Messages. Where so many go out and nothing comes back, there is nobody any more. */
const mostUnconfirmed = 100

/** The socket was closed by nobody. */
const noCode = 1006
/** The gateway has closed it on purpose, or what it was sent was wrong. */
const finalCodes: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009])
const noMessage = 'what came is no message of this protocol'
