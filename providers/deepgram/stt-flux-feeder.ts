import type { Clock, Timer } from '../../api/clock.ts'
import type { Flush, RawFormat } from '../speech.ts'
import type { Session } from './session.ts'
import { bytesOf, msOf } from './sound.ts'
import type { FluxDecoder } from './stt-flux.ts'

/**
 * Feeds the socket of `/v2/listen`. It hears best in pieces of some size, so that small ones are put together. Its time goes on by sound
 * alone: where the sound stops in the middle of a turn, silence is put in its place, or the turn would never end.
 */
export class FluxFeeder {
  readonly #session: Session
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
  #sentMs = 0
  #isStopped = false
  #isDone = false

  constructor(session: Session, format: RawFormat, clock: Clock, decoder: FluxDecoder) {
    this.#session = session
    this.#clock = clock
    this.#decoder = decoder
    this.#format = format
    // A µ-law byte of zeros is as loud as can be.
    this.#silence = new Uint8Array(bytesOf(silenceMs, format)).fill(format.encoding === 'pcm' ? 0 : 0xff)
    this.#held = this.#room()
    this.#quiet = this.#afterQuiet()
  }

  get isDone(): boolean {
    return this.#isDone
  }

  async run(pieces: AsyncIterator<Uint8Array | Flush>): Promise<void> {
    for (;;) {
      const step = await pieces.next()
      if (this.#isStopped) return
      if (step.done) break
      const piece = step.value
      if (!(piece instanceof Uint8Array)) await this.#sendHeld()
      else if (piece.length > 0) await this.#take(piece)
    }
    this.#cancel()
    await this.#sendHeld()
    this.#isDone = true
    this.#session.owe()
    await this.#session.send('{"type":"CloseStream"}')
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  async #take(piece: Uint8Array): Promise<void> {
    this.#wait(msOf(piece.length, this.#format))
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
    if (this.#heldLength === 0) return
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
      if (!this.#decoder.isInTurn) return
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
    const ms = msOf(piece.length, this.#format)
    this.#sentMs += ms
    this.#session.heard(ms)
    await this.#session.send(piece)
  }

  /** Of a timer, which nobody waits for. */
  #aside(sending: Promise<void>): void {
    sending.catch((reason: unknown) => this.#session.fail(reason))
  }

  #room(): Uint8Array {
    return new Uint8Array(bytesOf(pieceMs, this.#format))
  }

  #cancel(): void {
    this.#linger?.cancel()
    this.#quiet.cancel()
  }
}

/** The size of the pieces that the vendor recommends. */
const pieceMs = 80
const leastQuietMs = 500
const silenceMs = 500
