import type { Clock, Timer } from '../../api/clock.ts'
import { hasWords } from '../../text/pronounced.ts'
import type { Flush } from '../speech.ts'
import type { SpeechSocket } from '../speech-socket.ts'
import type { SourceReader } from '../speech-source.ts'
import { FlushRation } from './flush-ration.ts'

/**
 * Feeds a socket with text. What was asked to be spoken at once, and what is left at the end, is flushed: only then does the vendor owe
 * the sound of all of it. A `flush` without anything new before it joins the one that is under way.
 *
 * Where flushes are rationed, one that has to wait stands for all that are asked for meanwhile.
 */
export class TextFeeder {
  readonly #socket: SpeechSocket
  readonly #clock: Clock
  readonly #ration: FlushRation | undefined
  readonly #expect: (characters: number) => void
  #hasWords = false
  #hasUnflushed = false
  /** How many flushes were asked for since the last that was sent. */
  #asked = 0
  /** How many each flush that is under way stands for. */
  #underWay: number[] = []
  #waiting: Timer | undefined
  #isDone = false

  /** `expect` is told of each text that is sent, by its length in UTF-16 units. */
  constructor(socket: SpeechSocket, clock: Clock, isRationed: boolean, expect: (characters: number) => void) {
    this.#socket = socket
    this.#clock = clock
    this.#expect = expect
    this.#ration = isRationed ? new FlushRation(clock) : undefined
  }

  /** Whether there has to be sound of it. */
  get hasWords(): boolean {
    return this.#hasWords
  }

  /** True once all of the text was spoken. */
  get isOver(): boolean {
    return this.#isDone && !this.#hasUnflushed && this.#underWay.length === 0
  }

  async run(text: SourceReader<string | Flush>): Promise<void> {
    const isWhole = await text.read((piece) => (typeof piece === 'string' ? this.#speak(piece) : this.#ask()))
    if (!isWhole) return
    this.#waiting?.cancel()
    this.#isDone = true
    if (this.#hasUnflushed) return this.#flush()
    if (this.#underWay.length > 0) return
    // Nobody owes anything: the answer to this is what ends the listener's wait.
    this.#socket.owe()
    await this.#socket.send('{"type":"Close"}')
  }

  /** The vendor has spoken all before a flush; gives back how many it stood for. */
  spoken(): number {
    const asked = this.#underWay.shift() ?? 0
    if (this.#underWay.length === 0) this.#socket.settle()
    return asked
  }

  stop(): void {
    this.#waiting?.cancel()
  }

  async #speak(text: string): Promise<void> {
    for (const part of partsOf(text, maxPart)) {
      this.#expect(part.length)
      this.#hasUnflushed = true
      this.#hasWords ||= hasWords(part)
      await this.#socket.send(JSON.stringify({ type: 'Speak', text: part }))
    }
  }

  async #ask(): Promise<void> {
    if (!this.#hasUnflushed) {
      const last = this.#underWay.length - 1
      if (last >= 0) this.#underWay[last] = (this.#underWay[last] ?? 0) + 1
      return
    }
    this.#asked++
    if (this.#waiting) return
    const waitMs = this.#ration?.waitMs() ?? 0
    if (waitMs <= 0) return this.#flush()
    this.#waiting = this.#clock.after(waitMs, () => {
      this.#waiting = undefined
      this.#flush().catch((reason: unknown) => this.#socket.fail(reason))
    })
  }

  async #flush(): Promise<void> {
    this.#ration?.spend()
    this.#underWay.push(this.#asked)
    this.#asked = 0
    this.#hasUnflushed = false
    this.#socket.owe()
    await this.#socket.send('{"type":"Flush"}')
  }
}

/** Of one message, in UTF-16 units. */
export const maxPart = 2000

/** A text in parts of at most `size`, cut between words where that is possible, and never within a character. */
export function partsOf(text: string, size: number): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > size) {
    const space = rest.lastIndexOf(' ', size - 1) + 1
    const cutsPair = /[\ud800-\udbff]/.test(rest.charAt(size - 1))
    const end = space > 0 ? space : cutsPair ? size - 1 : size
    parts.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  if (rest !== '') parts.push(rest)
  return parts
}
