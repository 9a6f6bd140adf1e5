import { createInterface, type Interface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import type { Output } from './screen.ts'

export interface PromptParts {
  readonly stdin: Readable
  readonly output: Output
  readonly isDumb: boolean
  /** Told why something that was typed is not taken. */
  readonly tell: (text: string) => void
  /** Called for Ctrl-C while nothing is waited for. */
  readonly onInterrupt: () => void
}

/**
 * Messages that are typed in a terminal, with a history of their lines. What is pasted is one message, as long as the terminal says what is.
 * What is typed while nobody waits for it is not shown before somebody does.
 */
export class Prompt {
  readonly #parts: PromptParts
  readonly #curtain: Curtain
  readonly #lines: Interface
  /** Of the message that is being typed. */
  #typed: string[] = []
  #length = 0
  #isPasting = false
  /** Messages that nobody has waited for yet. */
  #ahead: readonly string[] = []
  #waiting: ((text: string | undefined) => void) | undefined
  #isOver = false

  constructor(parts: PromptParts) {
    this.#parts = parts
    const { stdin, output, isDumb } = parts
    this.#curtain = new Curtain(output)
    this.#lines = createInterface({ input: stdin, output: this.#curtain, terminal: true, prompt: first, historySize: mostLines })
    this.#lines.on('line', (line) => this.#line(line))
    this.#lines.on('SIGINT', () => this.interrupt())
    this.#lines.once('close', () => this.#over())
    // Before the lines are made: a line is to know whether it was pasted.
    stdin.prependListener('keypress', this.#key)
    if (!isDumb) output.write(pastesAreTold)
  }

  /** The next message; undefined once no more can come. One waits at a time. */
  next(): Promise<string | undefined> {
    const [ready, ...rest] = this.#ahead
    if (ready !== undefined) {
      this.#ahead = rest
      // It is seen where it is answered.
      this.#parts.output.write(`${first}${ready.replaceAll('\n', `\n${more}`)}\n`)
      return Promise.resolve(ready)
    }
    if (this.#isOver) return Promise.resolve(undefined)
    this.#curtain.open()
    this.#prompt()
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** Ctrl-C: stops what is under way, throws away what was typed, or, where there is nothing to stop, ends. */
  interrupt(): void {
    const isWaitedFor = this.#waiting !== undefined
    if (!this.#isOver) {
      const hasTyped = this.#lines.line !== '' || this.#typed.length > 0
      this.#clear()
      if (isWaitedFor && hasTyped) this.#prompt()
      else if (isWaitedFor) this.#lines.close()
    }
    if (!isWaitedFor) this.#parts.onInterrupt()
  }

  close(): void {
    const { stdin, output, isDumb } = this.#parts
    if (this.#curtain.destroyed) return
    stdin.off('keypress', this.#key)
    this.#lines.close()
    this.#curtain.destroy()
    if (!isDumb) output.write(pastesAreNotTold)
  }

  readonly #key = (_: unknown, key: { readonly name?: string | undefined } | undefined): void => {
    if (key?.name === 'paste-start') this.#isPasting = true
    if (key?.name === 'paste-end') this.#isPasting = false
  }

  #line(line: string): void {
    const goesOn = this.#isPasting || line.endsWith('\\')
    this.#length += line.length + 1
    // What is too long is not kept; it ends where it would have ended.
    if (this.#length <= mostCharacters) this.#typed.push(!this.#isPasting && goesOn ? line.slice(0, -1) : line)
    if (goesOn) {
      this.#prompt()
      return
    }
    const [text, isTooLong] = [this.#typed.join('\n'), this.#length > mostCharacters]
    this.#forget()
    if (!isTooLong) this.#give(text)
    else this.#refuse(`That is too long: a message may have ${mostCharacters} characters.`)
  }

  #give(text: string): void {
    const waiting = this.#waiting
    if (!waiting && this.#ahead.length >= mostAhead) {
      this.#refuse('That was too much at once: what was typed last is not taken.')
      return
    }
    if (!waiting) {
      this.#ahead = [...this.#ahead, text]
      return
    }
    this.#waiting = undefined
    this.#curtain.close()
    waiting(text)
  }

  #refuse(why: string): void {
    this.#parts.tell(why)
    if (this.#waiting) this.#prompt()
  }

  #clear(): void {
    // The line is readline's: it is changed by the keys that people would press.
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#forget()
    this.#ahead = []
  }

  #forget(): void {
    this.#typed = []
    this.#length = 0
  }

  #prompt(): void {
    this.#lines.setPrompt(this.#typed.length === 0 ? first : more)
    this.#lines.prompt(true)
  }

  #over(): void {
    this.#isOver = true
    const waiting = this.#waiting
    if (!waiting) return
    this.#waiting = undefined
    this.#parts.output.write(eraseLine)
    waiting(undefined)
  }
}

/** What readline writes, as long as it is to be seen. */
class Curtain extends Writable {
  readonly #output: Output
  #isOpen = false

  constructor(output: Output) {
    super()
    this.#output = output
    output.on('resize', this.#resized)
  }

  /** Behind the curtain nothing is on any line, so that nothing has to be erased later. */
  get columns(): number | undefined {
    return this.#isOpen ? this.#output.columns : undefined
  }

  open(): void {
    this.#isOpen = true
  }

  close(): void {
    this.#isOpen = false
  }

  override _write(chunk: Uint8Array, _: string, done: () => void): void {
    if (this.#isOpen) this.#output.write(chunk)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#output.off('resize', this.#resized)
    done(error)
  }

  readonly #resized = (): void => void this.emit('resize')
}

const first = '› '
const more = '… '
/** How many lines the arrow keys bring back. */
const mostLines = 1000
const mostAhead = 100
const mostCharacters = 16 * 1024 * 1024
/** To the beginning of the line, and nothing on it. */
const eraseLine = '\r\u001b[2K'
/** Bracketed paste: the terminal says where what is pasted begins and ends. */
const pastesAreTold = '\u001b[?2004h'
const pastesAreNotTold = '\u001b[?2004l'
