import type { LiveAudioEvent, LiveClientMessage, LiveServerMessage } from '@vai/sdk'
import { jsonLine } from '../printable.ts'

/** Writes down what goes over the line, one JSON document a line, for whoever writes a client: keys left out, sound as its sizes. */
export class Journal {
  readonly #write: (line: string) => void
  readonly #now: () => number
  /** Sound that was sent since the last line. */
  #sent = { frames: 0, bytes: 0 }

  /** `now` gives milliseconds since the beginning. */
  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write
    this.#now = now
  }

  came(message: LiveServerMessage): void {
    this.#line('gateway', { message: message.type === 'hello_ack' ? { ...message, resume_token: hidden } : message })
  }

  /** Sound that came, and its header, as the protocol has them. */
  sound({ seq, assistant_audio_id, sound, alignment }: LiveAudioEvent): void {
    const header = { type: 'assistant_audio_chunk_header', seq, assistant_audio_id, bytes: sound.length } as const
    this.came(alignment ? { ...header, alignment } : header)
    this.#line('gateway', { sound_bytes: sound.length })
  }

  /** A message whose keys are left out already. */
  went(message: LiveClientMessage): void {
    this.#line('client', { message })
  }

  /** A frame of sound went out; they are told together. */
  soundWent(bytes: number): void {
    this.#sent.frames++
    this.#sent.bytes += bytes
    if (this.#sent.frames >= mostFrames) this.#tellSent()
  }

  #tellSent(): void {
    const { frames, bytes } = this.#sent
    if (frames === 0) return
    this.#sent = { frames: 0, bytes: 0 }
    this.#put('client', { sound_bytes: bytes, frames })
  }

  #line(from: 'client' | 'gateway', what: object): void {
    this.#tellSent()
    this.#put(from, what)
  }

  #put(from: 'client' | 'gateway', what: object): void {
    this.#write(jsonLine({ at_ms: Math.round(this.#now()), from, ...what }))
  }
}

/** A second of them, of 20 ms each. */
const mostFrames = 50
const hidden = '…'
