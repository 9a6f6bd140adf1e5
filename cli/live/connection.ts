import type { IncomingMessage } from 'node:http'
import { type RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../../api/clock.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import type {
  LiveAssistantAudioChunkHeader,
  LiveClientMessage,
  LiveError,
  LiveHello,
  LiveHelloAck,
  LiveServerMessage,
} from '../../api/schemas.gen.ts'
import { serverMessageIn } from './incoming.ts'

export interface ConnectionOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly hello: LiveHello
  readonly clock: Clock
  readonly listener: ConnectionListener
}

/** What happens on the line. None of these may throw. */
export interface ConnectionListener {
  /** The session is there; or, where `is_resumed` says so, there again. */
  opened(ack: LiveHelloAck): void
  /** Any other message, in its order, each once. */
  message(message: LiveServerMessage): void
  /** Sound of the assistant. */
  sound(header: LiveAssistantAudioChunkHeader, bytes: Uint8Array): void
  /** The socket was lost, and another one is being opened. */
  lost(why: string): void
  /** Nothing comes any more. Called once. */
  over(end: ConnectionEnd): void
  /** What goes out, for whoever writes it down. */
  sent(message: LiveClientMessage): void
}

export interface ConnectionEnd {
  /** `ended`: as the protocol has it. `refused`: there was no session. `lost`: it could not be resumed. `broken`: it was broken off. */
  readonly type: 'ended' | 'refused' | 'lost' | 'broken'
  readonly why: string
}

/**
 * The line of one session: it says `hello`, takes the messages apart, and comes back with `resume` where the socket is lost.
 *
 *   connecting ──hello_ack──▶ open ──the socket is lost──▶ away ──hello_ack──▶ open
 *       └────────────────────────┴───────────────────────────┴──▶ over
 */
export class LiveConnection {
  readonly #options: ConnectionOptions
  #state: 'connecting' | 'open' | 'away' | 'over' = 'connecting'
  #socket: WebSocket | undefined
  #session: { readonly id: string; token: string; readonly resumeMs: number } | undefined
  /** The number of the last message that was received whole. */
  #lastSeq = 0
  /** What the binary frame that comes next belongs to. */
  #header: LiveAssistantAudioChunkHeader | undefined
  /** What speaks against the session, as it was last said. */
  #refusal: Refusal | undefined
  #hasEnded = false
  #lostAt = 0
  #tries = 0
  #retry: Timer | undefined
  #bound: Timer | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  open(): void {
    this.#connect()
  }

  /** Whether what is sent now arrives. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Sends a message; false where there is no line to send it on. */
  send(message: LiveClientMessage): boolean {
    if (this.#state !== 'open' || !this.#socket) return false
    this.#send(this.#socket, message)
    return true
  }

  /** Sends sound of the microphone: whole samples. */
  sendSound(pcm: Uint8Array): boolean {
    if (this.#state !== 'open' || !this.#socket || this.#socket.bufferedAmount > mostUnsent) return false
    this.#socket.send(pcm)
    return true
  }

  /** Breaks it off. */
  close(): void {
    this.#over({ type: 'broken', why: 'it was broken off here' })
  }

  // ── Sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    const { url, headers, clock } = this.#options
    const socket = new WebSocket(url, [subprotocol], {
      headers: { ...headers },
      handshakeTimeout: handshakeMs,
      maxPayload: mostMessage,
      perMessageDeflate: false,
    })
    this.#socket = socket
    this.#header = undefined
    this.#refusal = undefined
    this.#bound = clock.after(handshakeMs, () => this.#giveUp(socket, 'the gateway does not answer'))
    socket.on('open', () => this.#greet(socket))
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket) this.#receive(socket, data, isBinary)
    })
    socket.on('ping', () => this.#heard())
    socket.on('unexpected-response', (_request, response) => void this.#turnedAway(socket, response))
    socket.on('error', (error) => {
      this.#refusal ??= { why: reasonOf(error) }
    })
    socket.on('close', (code, reason) => {
      if (this.#socket === socket) this.#closed(code, reason.toString())
    })
  }

  #greet(socket: WebSocket): void {
    const { hello } = this.#options
    const session = this.#session
    this.#send(
      socket,
      session
        ? {
            type: 'hello',
            protocol_version: hello.protocol_version,
            ...(hello.client && { client: hello.client }),
            resume: { session_id: session.id, token: session.token, last_server_seq: this.#lastSeq },
          }
        : hello,
    )
  }

  #send(socket: WebSocket, message: LiveClientMessage): void {
    this.#options.listener.sent(message)
    socket.send(JSON.stringify(message))
  }

  /** Something came; the gateway pings every 20 seconds, so that a line on which nothing comes is dead. */
  #heard(): void {
    this.#bound?.restart()
  }

  #giveUp(socket: WebSocket, why: string): void {
    this.#refusal ??= { why }
    socket.terminate()
  }

  /** The upgrade was answered as a request; what the answer says is told. */
  async #turnedAway(socket: WebSocket, response: IncomingMessage): Promise<void> {
    const { statusCode = 0 } = response
    const text = await bodyOf(response).catch(() => '')
    const why = errorIn(text) ?? `the gateway answered with status ${statusCode}`
    this.#refusal = { why, isFinal: statusCode < 500 && statusCode !== 429 }
    socket.terminate()
  }

  #closed(code: number, reason: string): void {
    this.#bound?.cancel()
    if (this.#state === 'over') return
    const { why, isFinal = finalCodes.has(code) } = this.#refusal ?? {
      why: reason === '' ? `code ${code}` : `${reason} (${code})`,
    }
    if (this.#hasEnded) this.#over({ type: 'ended', why })
    else if (!this.#session) this.#over({ type: 'refused', why })
    else if (isFinal) this.#over({ type: 'lost', why })
    else this.#comeBack(this.#session.resumeMs, why)
  }

  #comeBack(resumeMs: number, why: string): void {
    const { clock, listener } = this.#options
    if (this.#state === 'open') {
      this.#state = 'away'
      this.#lostAt = clock.now()
      this.#tries = 0
      listener.lost(why)
    }
    const waitMs = waitsMs[Math.min(this.#tries, waitsMs.length - 1)] ?? 0
    this.#tries++
    if (clock.now() + waitMs - this.#lostAt > resumeMs) this.#over({ type: 'lost', why })
    // Who is told of the loss may have broken it off.
    else if (this.#state === 'away') this.#retry = clock.after(waitMs, () => this.#connect())
  }

  #over(end: ConnectionEnd): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#retry?.cancel()
    this.#bound?.cancel()
    const socket = this.#socket
    if (socket && socket.readyState !== WebSocket.CLOSED) {
      socket.close(1000)
      this.#bound = this.#options.clock.after(closeMs, () => socket.terminate())
    }
    this.#options.listener.over(end)
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    this.#heard()
    if (this.#state === 'over') return
    const bytes = bytesOf(data)
    if (isBinary) {
      this.#receiveSound(bytes)
      return
    }
    const message = serverMessageIn(new TextDecoder().decode(bytes))
    if (message === 'unknown') return
    if (message === undefined || this.#header) this.#breakOff('what came is no message of this protocol')
    else if (message.type === 'hello_ack') this.#opened(socket, message)
    else if (this.#state === 'open') this.#take(message)
    else if (message.type === 'error') this.#refused(message)
  }

  #receiveSound(bytes: Uint8Array): void {
    const header = this.#header
    this.#header = undefined
    if (header?.bytes !== bytes.length) {
      this.#breakOff('sound came that was not announced')
      return
    }
    this.#lastSeq = Math.max(this.#lastSeq, header.seq)
    this.#options.listener.sound(header, bytes)
  }

  #opened(socket: WebSocket, ack: LiveHelloAck): void {
    const { clock, listener } = this.#options
    this.#bound?.cancel()
    this.#bound = clock.after(quietMs, () => this.#giveUp(socket, 'nothing came for too long'))
    this.#session = { id: ack.session_id, token: ack.resume_token, resumeMs: ack.limits.resume_ms }
    this.#lastSeq = Math.max(this.#lastSeq, ack.seq)
    this.#state = 'open'
    listener.opened(ack)
  }

  #take(message: LiveServerMessage): void {
    // A message that came before the loss is not sent again; should it be, it counts once.
    if (message.seq <= this.#lastSeq) return
    if (message.type === 'assistant_audio_chunk_header') {
      this.#header = message
      return
    }
    this.#lastSeq = message.seq
    if (message.type === 'error' && message.close) this.#refused(message)
    if (message.type === 'session_end') this.#hasEnded = true
    this.#options.listener.message(message)
  }

  #refused({ message, param, retryable }: LiveError): void {
    this.#refusal = {
      why: param === undefined || message.includes(param) ? message : `${param}: ${message}`,
      isFinal: !retryable,
    }
  }

  #breakOff(why: string): void {
    this.#over({ type: this.#session ? 'lost' : 'refused', why })
  }
}

interface Refusal {
  readonly why: string
  /** Whether another try would come to the same; absent where the code tells. */
  readonly isFinal?: boolean
}

const subprotocol = 'vai.live.v1'
const handshakeMs = 10_000
const quietMs = 45_000
const closeMs = 1000
/** Before each try to come back; the last for all that follow. */
const waitsMs = [100, 250, 500, 1000, 2000]
const mostMessage = 16 * 1024 ** 2
/** Bytes of sound that wait to be sent: what is more is older than anybody wants to hear. */
const mostUnsent = 256 * 1024
const mostBody = 64 * 1024

/** The gateway has closed it on purpose, or what it was sent was wrong. */
const finalCodes: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009])

function bytesOf(data: RawData): Uint8Array {
  return Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    text += piece
    if (text.length > mostBody) break
  }
  return text
}

/** The message of an error as the gateway has it. */
function errorIn(text: string): string | undefined {
  const body = parseJson(text)
  const error = isRecord(body) ? body.error : undefined
  return isRecord(error) && typeof error.message === 'string' ? error.message : undefined
}

/** Of several addresses that were tried the first tells as much as all. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : []
  const told = first instanceof Error ? first : error
  return 'code' in told && told.code === 'ECONNREFUSED' ? 'nobody answers' : told.message
}
