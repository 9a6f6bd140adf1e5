import { stringOf } from '../../api/json.ts'

/**
 * Writes the arguments of a function call, which Vertex AI streams value by value, as one JSON text.
 *
 * Each value names its place by a JSON path (`$.list[0].name`), and a string may come in pieces. The model writes JSON from its
 * beginning to its end, so what has been left is not entered again; a value that comes late all the same is told, and not written.
 */
export class PartialArgs {
  readonly #write: (json: string) => void
  readonly #late: (path: string) => void
  // The open containers, the outermost first; empty until the first value.
  readonly #open: Container[] = []
  // The path of the string that is still open.
  #string: string | undefined
  readonly #skips: Skips

  constructor(write: (json: string) => void, late: (path: string) => void, skips: Skips) {
    this.#write = write
    this.#late = late
    this.#skips = skips
  }

  /** One element of `partialArgs`. */
  add(arg: Readonly<Record<string, unknown>>): void {
    const path = stringOf(arg.jsonPath)
    const text = typeof arg.stringValue === 'string' ? arg.stringValue : undefined
    if (this.#string === path && text !== undefined) {
      if (text !== '') this.#write(escaped(text))
      if (arg.willContinue !== true) this.#closeString()
      return
    }
    this.#closeString()
    const value = text === undefined ? scalarOf(arg) : `"${escaped(text)}${arg.willContinue === true ? '' : '"'}`
    if (value === undefined) return
    const prefix = this.#enter(stepsOf(path))
    if (prefix === undefined) {
      this.#late(path)
      return
    }
    this.#write(prefix + value)
    if (text !== undefined && arg.willContinue === true) this.#string = path
  }

  /** Closes what is open. A call without arguments has the empty object. */
  end(): void {
    this.#closeString()
    if (this.#open.length === 0) this.#write('{}')
    else this.#write(this.#leave(0))
  }

  /** The text that leads to a place: what closes, opens and separates. Undefined where the place is written already. */
  #enter(steps: readonly Step[]): string | undefined {
    const last = steps.length - 1
    const shared = this.#shared(steps)
    if (shared === undefined) return undefined
    const parts: string[] = []
    if (this.#open.length === 0) {
      this.#open.push({ step: '', isArray: false, count: 0, done: new Set() })
      parts.push('{')
    } else {
      parts.push(this.#leave(shared))
    }
    for (let at = shared - 1; at <= last; at++) {
      const step = steps[at] ?? ''
      parts.push(this.#separator(step))
      if (at === last) {
        this.#open.at(-1)?.done.add(step)
        break
      }
      const isArray = typeof steps[at + 1] === 'number'
      this.#open.push({ step, isArray, count: 0, done: new Set() })
      parts.push(isArray ? '[' : '{')
    }
    return parts.join('')
  }

  /** How many of the open containers the place lies in, at least the outermost; undefined where it is written already. */
  #shared(steps: readonly Step[]): number | undefined {
    for (const [at, step] of steps.entries()) {
      if (this.#open[at]?.done.has(step)) return undefined
      const inner = this.#open[at + 1]
      if (!inner || inner.step !== step) return at + 1
    }
    // The place is an open container itself.
    return undefined
  }

  /** What stands before the next value of the innermost container. Elements that were passed over are null. */
  #separator(step: Step): string {
    const container = this.#open.at(-1)
    if (!container) return ''
    const comma = container.count > 0 ? ',' : ''
    if (!container.isArray) {
      container.count++
      return `${comma}${JSON.stringify(String(step))}:`
    }
    const skipped = typeof step === 'number' ? Math.min(Math.max(0, step - container.count), this.#skips.left) : 0
    this.#skips.left -= skipped
    container.count += skipped + 1
    return comma + 'null,'.repeat(skipped)
  }

  /** Closes containers until so many are open. */
  #leave(depth: number): string {
    let text = ''
    while (this.#open.length > depth) {
      const container = this.#open.pop()
      if (!container) break
      text += container.isArray ? ']' : '}'
      this.#open.at(-1)?.done.add(container.step)
    }
    return text
  }

  #closeString(): void {
    if (this.#string === undefined) return
    this.#string = undefined
    this.#write('"')
  }
}

/** How many elements may still be passed over: a short path can skip very many. What calls of one answer share. */
export interface Skips {
  left: number
}

interface Container {
  /** Its place in the container around it. */
  readonly step: Step
  readonly isArray: boolean
  /** Of the members that it has. */
  count: number
  /** The members that are written to the end. */
  readonly done: Set<Step>
}

type Step = string | number

/** No deeper than what reads it again takes. */
const maxSteps = 100

/** The steps of a path such as `$.recipe['a key'].list[0]`. One that cannot be read is the name of a member. */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = []
  const step = /\.([^.[\]'"]+)|\[(\d+)\]|\[('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]/y
  step.lastIndex = 1
  while (step.lastIndex < path.length) {
    const found = step.exec(path)
    if (!found || steps.length === maxSteps) return [path]
    const [, name, index, quoted] = found
    if (name !== undefined) steps.push(name)
    else if (index !== undefined) steps.push(Number(index))
    else if (quoted !== undefined) steps.push(unquoted(quoted))
  }
  return steps.length > 0 && path.startsWith('$') ? steps : [path]
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, '$1')
}

/** The JSON of a value that is no string; undefined where there is none. */
function scalarOf(arg: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof arg.numberValue === 'number') return JSON.stringify(arg.numberValue)
  if (typeof arg.boolValue === 'boolean') return String(arg.boolValue)
  return 'nullValue' in arg ? 'null' : undefined
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
