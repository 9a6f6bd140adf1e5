import type { LiveServerMessage } from '@vai/sdk'
import type { Clock, Timer } from '../../api/clock.ts'
import type { Turns } from './turns.ts'

/** What is asked where nobody sits in front of it: one thing after another, each once the one before was answered. */
export interface Agenda {
  /** The line is there, for the first time or again. */
  open(): void
  /** After each message, and after `Turns` has had it. */
  happened(message: LiveServerMessage): void
  close(): void
}

export interface AgendaParts {
  readonly turns: Turns
  readonly clock: Clock
  /** All was asked and answered. `problem` tells what was not. */
  readonly onOver: (problem?: string) => void
}

/** Recordings: the next is played when the answer to the one before was heard. */
export class RecordingsAgenda implements Agenda {
  readonly #parts: AgendaParts
  readonly #names: readonly string[]
  readonly #play: (index: number) => void
  #index = 0
  #isPlaying = false
  #hasBegun = false
  #answeredBefore = 0
  /** Runs out where nothing happens any more after a recording. */
  #hush: Timer | undefined

  constructor(names: readonly string[], play: (index: number) => void, parts: AgendaParts) {
    this.#names = names
    this.#play = play
    this.#parts = parts
  }

  open(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#next()
  }

  /** The recording has been played to its end. */
  played(): void {
    this.#isPlaying = false
    this.#hush = this.#parts.clock.after(hushMs, () => this.#hushed())
  }

  happened({ type }: LiveServerMessage): void {
    if (this.#isPlaying || !this.#hush) return
    this.#hush.restart()
    const { turns } = this.#parts
    // What ended before the recording did may not have been the answer to all of it.
    const isOver = type === 'turn_complete' || type === 'turn_cancelled'
    if (isOver && turns.answered > this.#answeredBefore && turns.openUtterances === 0) this.#over()
  }

  close(): void {
    this.#hush?.cancel()
  }

  #next(): void {
    this.#isPlaying = true
    this.#answeredBefore = this.#parts.turns.answered
    this.#play(this.#index)
  }

  #hushed(): void {
    const { turns, onOver } = this.#parts
    turns.forgetOpen()
    if (!turns.isFree) this.#hush?.restart()
    else if (turns.answered > this.#answeredBefore) this.#over()
    else onOver(`Nothing was answered to ${this.#names[this.#index]}: nothing in it was understood.`)
  }

  #over(): void {
    this.#hush?.cancel()
    this.#hush = undefined
    this.#index++
    if (this.#index < this.#names.length) this.#next()
    else this.#parts.onOver()
  }
}

/** Longer than any engine takes to understand the last words. */
const hushMs = 8000

/** Lines out of a pipe: the next is sent when the answer to the one before was heard. */
export class LinesAgenda implements Agenda {
  readonly #parts: AgendaParts
  /** False where it could not be sent. */
  readonly #say: (text: string) => boolean
  readonly #lines: string[] = []
  #isOpen = false
  #isWaiting = false
  #isEnd = false

  constructor(say: (text: string) => boolean, parts: AgendaParts) {
    this.#say = say
    this.#parts = parts
  }

  open(): void {
    this.#isOpen = true
    this.#goOn()
  }

  line(text: string): void {
    this.#lines.push(text)
    this.#goOn()
  }

  /** No more lines come. */
  end(): void {
    this.#isEnd = true
    this.#goOn()
  }

  happened(message: LiveServerMessage): void {
    const isOver = message.type === 'turn_complete' || message.type === 'turn_cancelled'
    // What was refused makes no turn.
    const isRefused = message.type === 'error' && message.scope === 'session'
    if (!isOver && !isRefused) return
    this.#isWaiting = false
    this.#goOn()
  }

  close(): void {
    this.#lines.length = 0
  }

  #goOn(): void {
    if (!this.#isOpen || this.#isWaiting) return
    const line = this.#lines.shift()
    if (line === undefined) {
      if (this.#isEnd) this.#parts.onOver()
      return
    }
    this.#isWaiting = this.#say(line)
    if (!this.#isWaiting) this.#lines.unshift(line)
  }
}
