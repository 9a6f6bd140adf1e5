/** Where the sound of whoever speaks comes from. */
export interface Microphone {
  /** Hertz of the 16-bit mono PCM that it gives. */
  readonly rate: number
  start(listener: MicrophoneListener): void
  /** While it is held, nothing comes. */
  hold(): void
  go(): void
  /** Resolves once it is off. */
  stop(): Promise<void>
}

export interface MicrophoneListener {
  /** Whole samples, of a tenth of a second at most. The bytes do not change after this returns. */
  sound(pcm: Uint8Array): void
  /** It will give nothing more, although nobody has stopped it. */
  failed(why: string): void
}
