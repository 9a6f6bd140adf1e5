import type { Clock, Timer } from '../../api/clock.ts'
import type { Flush, RawFormat } from '../speech.ts'
import { bytesOfMs, msOfBytes, silenceOf } from '../speech-format.ts'
import type { SpeechSocket } from '../speech-socket.ts'
import type { SourceReader } from '../speech-source.ts'
import type { AnswerWatch } from '../speech-watch.ts'
import type { FluxDecoder } from './stt-flux.ts'

/**
 * Feeds the socket of `/v2/listen`. It hears best in pieces of some size, so that small ones are put together. Its time goes on by sound
 * alone: where the sound stops in the middle of a turn, silence is put in its place, or the turn would never end; a little of it also where
 * it stops for long.
 */
export class FluxFeeder {
  readonly #socket: SpeechSocket
  readonly #watch: AnswerWatch
  readonly #clock: Clock
  readonly #decoder: FluxDecoder
  readonly #format: RawFormat
  readonly #silence: Uint8Array
  #held: Uint8Array
  #heldLength = 0
  /** Sends what is held when nothing comes to join it. */
  #linger: Timer | undefined
  /** Puts in silence; waits longer where the sound comes in long pieces. */
  #quiet: Timer
  #quietMs = leastQuietMs
  /** All that was sent, with the silence that was put in. */
  #sentMs = 0
  /** When something was sent last. */
  #sentAt: number
  /** What came of the caller's own sound. */
  #soundBytes = 0
  #isStopped = false
  #isDone = false

  constructor(socket: SpeechSocket, watch: AnswerWatch, format: RawFormat, clock: Clock, decoder: FluxDecoder) {
    this.#socket = socket
    this.#watch = watch
    this.#clock = clock
    this.#decoder = decoder
    this.#format = format
    this.#silence = silenceOf(silenceMs, format)
    this.#held = this.#room()
    this.#sentAt = clock.now()
    this.#quiet = this.#afterQuiet()
  }

  get isDone(): boolean {
    return this.#isDone
  }

  async run(sound: SourceReader<Uint8Array | Flush>): Promise<void> {
    const isWhole = await sound.read(async (piece) => {
      if (!(piece instanceof Uint8Array)) await this.#sendHeld()
      else if (piece.length > 0) await this.#take(piece)
    })
    if (!isWhole) return
    this.stop()
    await this.#sendHeld()
    this.#decoder.ending(msOfBytes(this.#soundBytes, this.#format))
    this.#isDone = true
    this.#socket.owe()
    await this.#socket.send('{"type":"CloseStream"}')
  }

  stop(): void {
    this.#isStopped = true
    this.#linger?.cancel()
    this.#quiet.cancel()
  }

  async #take(piece: Uint8Array): Promise<void> {
    this.#soundBytes += piece.length
    this.#wait(msOfBytes(piece.length, this.#format))
    for (let at = 0; at < piece.length; ) {
      if (this.#heldLength === 0 && piece.length - at >= this.#held.length) {
        await this.#send(at === 0 ? piece : piece.subarray(at))
        break
      }
      const part = piece.subarray(at, at + this.#held.length - this.#heldLength)
      this.#held.set(part, this.#heldLength)
      this.#heldLength += part.length
      at += part.length
      if (this.#heldLength === this.#held.length) await this.#sendHeld()
    }
    if (this.#heldLength === 0 || this.#isStopped) return
    // Where all was sent meanwhile it finds nothing to do. A timer that was cancelled could not be started anew.
    if (this.#linger) this.#linger.restart()
    else this.#linger = this.#clock.after(pieceMs, () => this.#aside(this.#sendHeld()))
  }

  /** Sound has come: the wait for more begins anew. */
  #wait(lastMs: number): void {
    const quietMs = Math.max(leastQuietMs, 2 * lastMs)
    if (quietMs === this.#quietMs) {
      this.#quiet.restart()
      return
    }
    this.#quietMs = quietMs
    this.#quiet.cancel()
    this.#quiet = this.#afterQuiet()
  }

  #afterQuiet(): Timer {
    const timer = this.#clock.after(this.#quietMs, () => {
      timer.restart()
      // Also where nobody speaks: there is no other sign of life, and without one the vendor closes after a minute.
      if (!this.#decoder.isInTurn && this.#clock.now() - this.#sentAt < aliveMs) return
      this.#aside(this.#sendHeld())
      this.#decoder.inserted(this.#sentMs, silenceMs)
      this.#aside(this.#send(this.#silence))
    })
    return timer
  }

  async #sendHeld(): Promise<void> {
    if (this.#heldLength === 0) return
    const piece = this.#held.subarray(0, this.#heldLength)
    this.#held = this.#room()
    this.#heldLength = 0
    await this.#send(piece)
  }

  async #send(piece: Uint8Array): Promise<void> {
    const ms = msOfBytes(piece.length, this.#format)
    this.#sentMs += ms
    this.#sentAt = this.#clock.now()
    this.#watch.sent(ms)
    await this.#socket.send(piece)
  }

  /** Of a timer, which nobody waits for. */
  #aside(sending: Promise<void>): void {
    sending.catch((reason: unknown) => this.#socket.fail(reason))
  }

  #room(): Uint8Array {
    return new Uint8Array(bytesOfMs(pieceMs, this.#format))
  }
}

/** The size of the pieces that the vendor recommends. */
const pieceMs = 80
const leastQuietMs = 500
const silenceMs = 500
const aliveMs = 10_000
