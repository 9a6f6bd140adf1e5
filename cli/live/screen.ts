import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { printable } from '../printable.ts'

/** Where it is told what happens, and where lines are typed. */
export interface Screen {
  /** Whether somebody sits in front of it. */
  readonly isTerminal: boolean
  /** What was said, for good: to standard output. */
  said(line: string): void
  /** What is to be known besides: to standard error. */
  note(line: string): void
  /** What is so for the moment, in place of what was before; '' for nothing. Shown in a terminal alone. */
  now(text: string): void
  /** Calls back with each line that is typed, once they are asked for, and at the end of them. */
  onTyped(listener: TypedListener): void
  close(): void
}

export interface TypedListener {
  line(text: string): void
  end(): void
  /** Ctrl-C, where the terminal does not tell the process. */
  interrupt(): void
}

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable
}

export function screenOn(streams: Streams): Screen {
  return streams.stdin.isTTY && streams.stdout.isTTY ? new TerminalScreen(streams) : new PlainScreen(streams)
}

/** Lines that come and go: a pipe, a file, or a terminal in which nobody types. */
class PlainScreen implements Screen {
  readonly isTerminal = false
  readonly #streams: Streams
  #lines: Interface | undefined

  constructor(streams: Streams) {
    this.#streams = streams
  }

  said(line: string): void {
    this.#streams.stdout.write(`${plain(line)}\n`)
  }

  note(line: string): void {
    this.#streams.stderr.write(`${plain(line)}\n`)
  }

  now(): void {
    // It would be a line for every word.
  }

  onTyped({ line, end }: TypedListener): void {
    this.#lines = createInterface({ input: this.#streams.stdin, terminal: false })
    this.#lines.on('line', line)
    this.#lines.once('close', end)
  }

  close(): void {
    this.#lines?.removeAllListeners('close')
    this.#lines?.close()
    this.#streams.stdin.destroy()
  }
}

/** A terminal: what is so for the moment stands before what is being typed, and lines come above both. */
class TerminalScreen implements Screen {
  readonly isTerminal = true
  readonly #streams: Streams
  readonly #lines: Interface
  #now = ''

  constructor(streams: Streams) {
    this.#streams = streams
    this.#lines = createInterface({ input: streams.stdin, output: streams.stdout, terminal: true, prompt: prompt })
  }

  said(line: string): void {
    this.#above(line)
  }

  note(line: string): void {
    this.#above(`  ${line}`)
  }

  now(text: string): void {
    if (text === this.#now) return
    this.#now = text
    // What is typed has at least half of the line.
    const room = Math.floor((this.#streams.stdout.columns ?? 80) / 2)
    const shown = plain(text)
    this.#lines.setPrompt(shown === '' ? prompt : `${shown.length > room ? `…${shown.slice(1 - room)}` : shown} ${prompt}`)
    this.#lines.prompt(true)
  }

  onTyped({ line, end, interrupt }: TypedListener): void {
    this.#lines.on('line', (text) => {
      line(text)
      this.#lines.prompt(true)
    })
    this.#lines.once('close', end)
    this.#lines.on('SIGINT', interrupt)
    this.#lines.prompt(true)
  }

  close(): void {
    this.#lines.removeAllListeners('close')
    this.#streams.stdout.write(eraseLine)
    this.#lines.close()
  }

  #above(line: string): void {
    this.#streams.stdout.write(`${eraseLine}${plain(line)}\n`)
    this.#lines.prompt(true)
  }
}

const prompt = '› '
/** To the beginning of the line, and nothing on it. */
const eraseLine = '\r\u001b[2K'

/** What models and people say may hold what a terminal takes for an order; and it is one line. */
function plain(text: string): string {
  return printable(text.replaceAll(/[\r\n\t]+/g, ' '))
}
