import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock, Timer } from '../../../api/clock.ts'
import type { LiveAudioFormat, LiveHelloAck, LiveServerMessage } from '../../../api/schemas.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import type { SoundMessage, Transport } from '../transport.ts'
import type { Codec, Terms } from '../wire/codec.ts'

export interface WebSocketTransportParts {
  readonly socket: WebSocket
  /** What carries the socket. */
  readonly connection: Duplex
  readonly codec: Codec
  readonly isMsgpack: boolean
  readonly clock: Clock
  /** `hello_ack` goes out: from here on it is known what was agreed. */
  readonly onAgreed: () => void
  /** The client does not read what it is sent. */
  readonly onStuck: () => void
}

/** Carries a session over a WebSocket, and notices when nobody is at the other end any more. */
export class WebSocketTransport implements Transport {
  readonly #parts: WebSocketTransportParts
  /** How much of what is not sound waits to be sent, in bytes or characters: messages of the usual size, and those that are large by themselves. */
  #unsentControl = 0
  #unsentLarge = 0
  #turns = 0
  #isClosed = false
  #ping: Timer
  #pongBound: Timer | undefined
  #closeBound: Timer | undefined

  constructor(parts: WebSocketTransportParts) {
    this.#parts = parts
    this.#ping = parts.clock.after(pingMs, () => this.#askForPong())
  }

  get isMsgpack(): boolean {
    return this.#parts.isMsgpack
  }

  get unsentBytes(): number {
    return this.#parts.socket.bufferedAmount
  }

  /** Nothing is sent any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How many turns the client was told the end of. */
  get turns(): number {
    return this.#turns
  }

  send(message: LiveServerMessage): void {
    if (this.#isClosed) return
    const { codec, onAgreed, onStuck } = this.#parts
    if (message.type === 'turn_complete' || message.type === 'turn_cancelled') this.#turns++
    const data = codec.encode(message)
    // What this message itself adds tells nothing of the client, which could not have read it yet.
    const isStuck = this.#isStuck()
    this.#give(data)
    if (message.type === 'hello_ack') {
      codec.agree(termsOf(message))
      onAgreed()
    }
    if (isStuck) onStuck()
  }

  #give(data: string | Uint8Array): void {
    const { length } = data
    const { socket } = this.#parts
    if (length < largeMessage) {
      this.#unsentControl += length
      socket.send(data, () => {
        this.#unsentControl -= length
      })
    } else {
      this.#unsentLarge += length
      socket.send(data, () => {
        this.#unsentLarge -= length
      })
    }
  }

  /** A large message takes its time on a line that flows, too: what is small tells sooner that nobody reads. */
  #isStuck(): boolean {
    // Of what has left, the socket tells a moment later than it knows.
    const { unsentBytes } = this
    return Math.min(this.#unsentControl, unsentBytes) > mostUnsentControl || Math.min(this.#unsentLarge, unsentBytes) > mostUnsent
  }

  sendSound(sound: SoundMessage): void {
    if (this.#isClosed) return
    const { socket, connection, codec, onStuck } = this.#parts
    // All frames of it leave together.
    connection.cork()
    for (const frame of codec.encodeSound(sound)) socket.send(frame)
    connection.uncork()
    if (this.unsentBytes - this.#unsentLarge > mostUnsent) onStuck()
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parts.socket.close(code, reason)
    this.boundEnd()
  }

  /** The socket is about to be closed, by whomever: it is so in a moment, whatever the client does. */
  boundEnd(): void {
    this.#isClosed = true
    this.#closeBound ??= this.#parts.clock.after(closeMs, () => this.#parts.socket.terminate())
  }

  /** Something came from the client. */
  heard(): void {
    this.#pongBound?.cancel()
    this.#pongBound = undefined
  }

  /** The socket is closed: nothing of it is left. */
  end(): void {
    this.#isClosed = true
    for (const timer of [this.#ping, this.#pongBound, this.#closeBound]) timer?.cancel()
  }

  #askForPong(): void {
    const { socket, clock } = this.#parts
    if (this.#isClosed) return
    socket.ping()
    this.#pongBound ??= clock.after(pongMs, () => socket.terminate())
    this.#ping.restart()
  }
}

/** So that proxies keep a line open on which nobody speaks. */
const pingMs = 20_000
const pongMs = 10_000
const closeMs = 2000
/** Such as what a turn adds to the messages where pictures were typed. */
const largeMessage = 128 * 1024
/** Beyond this the client has not read for minutes. */
const mostUnsentControl = 1024 ** 2
/** Far more than the rules of a session let lie unplayed, and as much as a client may send at once. */
const mostUnsent = 8 * 1024 ** 2

function termsOf({ features, audio_in: format }: LiveHelloAck): Terms {
  return { audioTransport: features.audio_transport ?? 'binary', audioIn: format && rawFormat(format) }
}

function rawFormat({ encoding, sample_rate_hz: rate }: LiveAudioFormat): RawFormat {
  return encoding === 'mulaw' ? { encoding, rate: 8000 } : { encoding: 'pcm', rate }
}
