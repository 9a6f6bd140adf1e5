import type { LiveAudioFormat, LiveMicrophone, LiveMicrophoneListener } from '@vai/sdk'

/** A microphone to which somebody else listens as well. */
export class HeardMicrophone implements LiveMicrophone {
  readonly #microphone: LiveMicrophone
  readonly #onSound: (pcm: Uint8Array) => void

  constructor(microphone: LiveMicrophone, onSound: (pcm: Uint8Array) => void) {
    this.#microphone = microphone
    this.#onSound = onSound
  }

  get format(): LiveAudioFormat {
    return this.#microphone.format
  }

  start({ sound, failed }: LiveMicrophoneListener): void | Promise<void> {
    return this.#microphone.start({
      sound: (pcm) => {
        this.#onSound(pcm)
        sound(pcm)
      },
      failed,
    })
  }

  hold(): void {
    this.#microphone.hold?.()
  }

  go(): void {
    this.#microphone.go?.()
  }

  stop(): Promise<void> {
    return this.#microphone.stop()
  }
}
