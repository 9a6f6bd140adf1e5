import type {
  LiveAudioFormat,
  LiveMicrophone,
  LiveMicrophoneListener,
  LivePlayer,
  LivePlayerListener,
  PlaybackMark,
} from '@vai/sdk'

/** Plays what it is given in no time, and writes down what it is told to do. */
export class InstantPlayer implements LivePlayer {
  readonly orders: string[] = []
  /** All sound, by its segment. */
  readonly bytes = new Map<string, number>()
  isClosed = false
  listener: LivePlayerListener | undefined
  #isHeld = true

  open(format: LiveAudioFormat, listener: LivePlayerListener): void {
    this.orders.push(`open ${format.encoding} ${format.sample_rate_hz}`)
    this.listener = listener
  }

  begin(id: string): void {
    this.orders.push(`begin ${id}`)
    this.bytes.set(id, 0)
  }

  give(id: string, sound: Uint8Array): void {
    const before = this.bytes.get(id) ?? 0
    this.bytes.set(id, before + sound.length)
    if (this.#isHeld) return
    if (before === 0) this.listener?.began(id, 0)
    this.#mark(id, 'playing')
  }

  end(id: string): void {
    this.orders.push(`end ${id}`)
    this.#mark(id, 'finished')
  }

  reset(id: string): void {
    this.orders.push(`reset ${id}`)
    this.#mark(id, 'stopped')
  }

  hold(): void {
    this.orders.push('hold')
    this.#isHeld = true
  }

  go(): void {
    this.orders.push('go')
    this.#isHeld = false
  }

  async close(): Promise<void> {
    this.orders.push('close')
    this.isClosed = true
  }

  #mark(id: string, state: PlaybackMark['state']): void {
    this.listener?.mark({ assistant_audio_id: id, played_ms: (this.bytes.get(id) ?? 0) / 48, buffered_ms: 0, state })
  }
}

/** Gives what a test says, and writes down what it is told to do. */
export class ToldMicrophone implements LiveMicrophone {
  readonly format: LiveAudioFormat = { encoding: 'pcm_s16le', sample_rate_hz: 16_000 }
  readonly orders: string[] = []
  listener: LiveMicrophoneListener | undefined

  start(listener: LiveMicrophoneListener): void {
    this.orders.push('start')
    this.listener = listener
  }

  hold(): void {
    this.orders.push('hold')
  }

  go(): void {
    this.orders.push('go')
  }

  async stop(): Promise<void> {
    this.orders.push('stop')
  }
}
