import type { LiveAudioFormat, LiveMicrophone, LiveMicrophoneListener } from '@vai/sdk'
import type { Clock, Timer } from '../../api/clock.ts'
import { bytesPerSample, samplesOfMs } from '../../audio/pcm.ts'

/**
 * Recordings in place of a microphone: each is given as fast as it was spoken, when it is asked for; before, between and after them there is
 * silence, as in a room in which nobody speaks. While it is held, time stands still in it.
 */
export class FileMicrophone implements LiveMicrophone {
  readonly format: LiveAudioFormat
  readonly #rate: number
  readonly #clock: Clock
  readonly #onFileOver: () => void
  /** What is left of the recording that is being given. */
  #left: Uint8Array | undefined
  #timer: Timer | undefined
  #listener: LiveMicrophoneListener | undefined
  /** When the first sample was due, and how many frames were given since. */
  #beganAt = 0
  #frames = 0
  #isHeld = false

  constructor(rate: number, clock: Clock, onFileOver: () => void) {
    this.format = { encoding: 'pcm_s16le', sample_rate_hz: rate }
    this.#rate = rate
    this.#clock = clock
    this.#onFileOver = onFileOver
  }

  start(listener: LiveMicrophoneListener): void {
    this.#listener = listener
    this.#beganAt = this.#clock.now()
    this.#timer = this.#clock.after(frameMs, () => this.#tick())
  }

  /** From now on this is heard: 16-bit mono PCM. */
  play(pcm: Uint8Array): void {
    this.#left = pcm
  }

  hold(): void {
    this.#isHeld = true
  }

  go(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#restart()
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
  }

  #restart(): void {
    this.#beganAt = this.#clock.now()
    this.#frames = 0
  }

  #tick(): void {
    this.#timer?.restart()
    if (this.#isHeld) return
    const due = Math.floor((this.#clock.now() - this.#beganAt) / frameMs)
    // A machine that slept does not catch up.
    if (due - this.#frames > mostLateFrames) {
      this.#restart()
      return
    }
    for (; this.#frames < due && !this.#isHeld; this.#frames++) this.#listener?.sound(this.#next())
  }

  /** 20 ms of sound; of silence where the recording is over, or nothing is played. */
  #next(): Uint8Array {
    const frame = new Uint8Array(samplesOfMs(frameMs, this.#rate) * bytesPerSample)
    const left = this.#left
    if (!left) return frame
    frame.set(left.subarray(0, frame.length))
    this.#left = left.length > frame.length ? left.subarray(frame.length) : undefined
    if (!this.#left) this.#onFileOver()
    return frame
  }
}

const frameMs = 20
const mostLateFrames = 50
