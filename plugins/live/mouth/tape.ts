/**
 * The sound of a turn that was given out, so that it can be given out again; at most so much of it. Positions are bytes from the beginning of
 * the turn's sound, whatever was forgotten.
 */
export class Tape {
  readonly #capacity: number
  readonly #silence: number
  readonly #pieces: { readonly at: number; readonly bytes: Uint8Array }[] = []
  #end = 0

  /** `silence` is the byte that stands for what is not kept any more. */
  constructor(capacity: number, silence: number) {
    this.#capacity = capacity
    this.#silence = silence
  }

  get end(): number {
    return this.#end
  }

  /** Where what is kept begins. */
  get start(): number {
    return this.#pieces[0]?.at ?? this.#end
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push({ at: this.#end, bytes })
    this.#end += bytes.length
    while (this.#end - this.start > this.#capacity) this.#pieces.shift()
  }

  /**
   * The sound between two positions. What was forgotten is silent rather than left out, so that all that follows stays in its place; nobody
   * asks for it who has not stood still for longer than a session lets anybody.
   */
  between(from: number, to: number): Uint8Array {
    const sound = new Uint8Array(Math.max(0, Math.min(to, this.#end) - from)).fill(this.#silence)
    for (const { at, bytes } of this.#pieces) {
      const [first, last] = [Math.max(at, from), Math.min(at + bytes.length, from + sound.length)]
      if (first < last) sound.set(bytes.subarray(first - at, last - at), first - from)
    }
    return sound
  }
}
