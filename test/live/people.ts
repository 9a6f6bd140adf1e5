import { samplesIn } from '../../audio/pcm.ts'
import type { RawFormat } from '../../providers/speech.ts'
import { noise, quiet, speechOf } from '../upstreams/spoken-words.ts'
import { bytesPerSecond } from './player.ts'
import type { Goes } from './time.ts'

/** Somebody with a microphone: speaks, is silent, coughs; and the microphone may hear what the loudspeaker plays. */
export class Person implements Goes {
  /** Whether the microphone is on. */
  isOn = false
  /** Called at times for what comes back from the loudspeaker, and how much of it. */
  echo: { readonly played: () => Buffer; readonly factor: number } | undefined
  readonly #format: RawFormat
  readonly #send: (frame: Uint8Array) => void
  #toSay: Buffer = Buffer.alloc(0)
  #owed = 0

  constructor(format: RawFormat, send: (frame: Uint8Array) => void) {
    this.#format = format
    this.#send = send
  }

  /** Says it as soon as all is said that was to be said before. */
  say(text: string): this {
    return this.#add(speechOf(text, this.#format))
  }

  pause(ms: number): this {
    return this.#add(quiet(ms, this.#format))
  }

  cough(ms = 250): this {
    return this.#add(noise(ms, this.#format))
  }

  /** Any sound in the format of the microphone. */
  play(sound: Buffer): this {
    return this.#add(sound)
  }

  get isSpeaking(): boolean {
    return this.#toSay.length > 0
  }

  step(ms: number): void {
    if (!this.isOn) return
    const exact = (bytesPerSecond(this.#format) * ms) / 1000 + this.#owed
    const length = this.#format.encoding === 'pcm' ? Math.floor(exact / 2) * 2 : Math.floor(exact)
    this.#owed = exact - length
    const said = this.#toSay.subarray(0, length)
    this.#toSay = this.#toSay.subarray(said.length)
    const rest = quiet(ms, this.#format).subarray(0, length - said.length)
    this.#send(this.#withEcho(Buffer.concat([said, rest])))
  }

  #add(sound: Buffer): this {
    this.#toSay = Buffer.concat([this.#toSay, sound])
    return this
  }

  #withEcho(frame: Buffer): Buffer {
    if (!this.echo) return frame
    const { played, factor } = this.echo
    const [own, back] = [samplesIn(Uint8Array.from(frame)), samplesIn(Uint8Array.from(played()))]
    const mixed = own.map((sample, at) => sample + Math.round((back[at] ?? 0) * factor))
    return Buffer.from(mixed.buffer, mixed.byteOffset, mixed.byteLength)
  }
}
