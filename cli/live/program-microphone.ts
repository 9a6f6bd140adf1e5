import type { LiveAudioFormat, LiveMicrophone, LiveMicrophoneListener } from '@vai/sdk'
import type { Clock } from '../../api/clock.ts'
import { bytesOfMs, SampleJoiner } from '../../audio/pcm.ts'
import { type RunningProgram, startProgram } from './program.ts'
import type { Program } from './programs.ts'

/** A program that records. What it records while it is held is lost: nobody wants to hear it later. */
export class ProgramMicrophone implements LiveMicrophone {
  readonly format: LiveAudioFormat
  readonly #program: Program
  readonly #clock: Clock
  readonly #joiner = new SampleJoiner()
  #running: RunningProgram | undefined
  #isHeld = false

  constructor(program: Program, rate: number, clock: Clock) {
    this.format = { encoding: 'pcm_s16le', sample_rate_hz: rate }
    this.#program = program
    this.#clock = clock
  }

  start(listener: LiveMicrophoneListener): void {
    this.#running = startProgram(this.#program, this.#clock, (why) => listener.failed(why))
    const most = bytesOfMs(mostMs, this.format.sample_rate_hz)
    this.#running.child.stdout.on('data', (chunk: Uint8Array) => {
      const pcm = this.#joiner.push(chunk)
      if (this.#isHeld) return
      for (let from = 0; from < pcm.length; from += most) listener.sound(pcm.subarray(from, from + most))
    })
  }

  hold(): void {
    this.#isHeld = true
  }

  go(): void {
    this.#isHeld = false
  }

  async stop(): Promise<void> {
    await this.#running?.end(0)
  }
}

const mostMs = 80
