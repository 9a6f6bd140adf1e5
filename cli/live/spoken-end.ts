import type { Clock } from '../../api/clock.ts'
import { EnergyGate } from '../../audio/energy.ts'
import { bytesPerSample } from '../../audio/pcm.ts'

/** Tells by the sound that goes out when somebody has finished speaking, so that the wait for the answer can be measured here. */
export class SpokenEnd {
  readonly #gate: EnergyGate
  readonly #rate: number
  #samples = 0

  /** `onEnd` gets the time by the clock. */
  constructor(rate: number, clock: Clock, onEnd: (at: number) => void) {
    this.#rate = rate
    this.#gate = new EnergyGate(
      { encoding: 'pcm', rate },
      { onset: () => undefined, offset: (atMs) => onEnd(clock.now() - (this.#ms - atMs)) },
    )
  }

  push(pcm: Uint8Array): void {
    this.#samples += pcm.length / bytesPerSample
    this.#gate.push(pcm)
  }

  get #ms(): number {
    return (this.#samples * 1000) / this.#rate
  }
}
