import type { Clock, Timer } from '../../api/clock.ts'
import type { RawFormat } from '../speech.ts'
import { silenceOf } from '../speech-format.ts'

/**
 * Sends silence where no sound comes: a turn that is open is never closed without it, and a socket on which nothing comes for long is
 * closed by the vendor.
 */
export class Silence {
  readonly #clock: Clock
  readonly #send: (silence: Uint8Array) => void
  readonly #piece: Uint8Array
  #isTurnOpen = false
  #timer: Timer | undefined
  #waitMs = 0
  #isOver = false

  constructor(clock: Clock, format: RawFormat, send: (silence: Uint8Array) => void) {
    this.#clock = clock
    this.#send = send
    this.#piece = silenceOf(pieceMs, format)
    this.#wait(aliveMs)
  }

  /** Sound has come. */
  heard(): void {
    this.#wait(this.#isTurnOpen ? pauseMs : aliveMs)
  }

  turn(isOpen: boolean): void {
    if (this.#isTurnOpen === isOpen) return
    this.#isTurnOpen = isOpen
    this.heard()
  }

  close(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }

  #wait(ms: number): void {
    if (this.#isOver) return
    if (this.#timer && this.#waitMs === ms) {
      this.#timer.restart()
      return
    }
    this.#timer?.cancel()
    this.#waitMs = ms
    this.#timer = this.#clock.after(ms, () => {
      this.#send(this.#piece)
      this.#wait(this.#isTurnOpen ? pieceMs : aliveMs)
    })
  }
}

const pieceMs = 100
/** Sound that is on its way comes sooner than this. */
const pauseMs = 500
/** The vendor closes after three minutes. */
const aliveMs = 60_000
