import type { Readable, Writable } from 'node:stream'
import { printable } from '../printable.ts'
import { Layout } from './layout.ts'
import type { Piece } from './pieces.ts'
import { Prompt } from './prompt.ts'

/** Where answers are shown, and where messages are typed. */
export interface Screen {
  /** A piece of an answer. */
  show(piece: Piece): void
  /** What is to be known besides; may be several lines. */
  tell(text: string): void
  /** The answer is over: what follows begins on a line of its own. */
  end(): void
}

/** A screen in front of which somebody sits. */
export interface Dialogue extends Screen {
  /** What is typed next, which may be several lines; undefined where nothing more comes. */
  typed(): Promise<string | undefined>
  /** As Ctrl-C does. */
  interrupt(): void
  /** Waits for nothing more that is typed. */
  close(): void
}

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

export interface DialogueParts {
  readonly stdin: Readable
  readonly output: Output
  readonly hasColours: boolean
  /** Whether the terminal knows no orders at all. */
  readonly isDumb: boolean
  /** Called for Ctrl-C while nothing is waited for. */
  readonly onInterrupt: () => void
}

export function dialogueOn({ stdin, output, hasColours, isDumb, onInterrupt }: DialogueParts): Dialogue {
  const layout = new Layout(hasColours)
  const tell = (text: string): void => void output.write(layout.put({ kind: 'told', text: printable(text) }))
  const prompt = new Prompt({ stdin, output, isDumb, tell, onInterrupt })
  return {
    show: (piece) => void output.write(layout.put(piece)),
    tell,
    end: () => void output.write(layout.end()),
    typed: () => prompt.next(),
    interrupt: () => prompt.interrupt(),
    close: () => prompt.close(),
  }
}

/** Answers go to `output`, and all that is to be known besides to `notes`. Thoughts are for people: they are shown in a terminal alone. */
export function plainScreen(output: Output, notes: Output, hasColours: boolean): Screen {
  const layout = new Layout(hasColours)
  const tell = (text: string): void => {
    if (output.isTTY) output.write(layout.end())
    notes.write(`${printable(text)}\n`)
  }
  return {
    show(piece) {
      if (piece.kind === 'told') tell(piece.text)
      else if (piece.kind === 'said' || output.isTTY) output.write(layout.put(piece))
    },
    tell,
    end: () => void output.write(layout.end()),
  }
}
