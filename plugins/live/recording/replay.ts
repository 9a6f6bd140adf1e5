import { isDeepStrictEqual } from 'node:util'
import type { Effect } from '../effects.ts'
import type { Input } from '../inputs.ts'
import type { Reduce } from '../session.ts'
import { openSession, type SessionState } from '../state.ts'
import { readHeader, readLine, TraceError, type TraceHeader, type TraceLine } from './trace.ts'

/** What came of playing a recording again. */
export interface Replay {
  readonly header: TraceHeader
  /** Whether all effects were the same. */
  readonly same: boolean
  readonly steps: number
  /** How many steps had other effects, and the first of them. */
  readonly differing: number
  readonly differences: readonly ReplayedStep[]
  /** Why the recording ends before its session did; undefined where it does not. */
  readonly brokenOff: string | undefined
}

/** One thing that happened, and what was done about it then and now. */
export interface ReplayedStep {
  /** Where it stands in the file, from 1. */
  readonly line: number
  readonly input: Input
  readonly recorded: readonly unknown[]
  readonly replayed: readonly Effect[]
  readonly isSame: boolean
}

export interface ReplayWatch {
  readonly header?: (header: TraceHeader) => void
  /** Told of each step, in order; waited for. */
  readonly step?: (step: ReplayedStep) => void | Promise<void>
}

/**
 * Plays a recording again: gives the rules what happened then, and compares what they do with what was done. Of each line only the step that it
 * belongs to is held. Throws a `TraceError` where it is no recording. One whose last line is not whole broke off there.
 */
export async function replayTrace(
  lines: Iterable<string> | AsyncIterable<string>,
  reduce: Reduce,
  watch: ReplayWatch = {},
): Promise<Replay> {
  const playing = new Playing(reduce)
  for await (const line of lines) {
    const step = playing.take(line)
    if (playing.line === 1 && playing.header) watch.header?.(playing.header)
    if (step) await watch.step?.(step)
  }
  return playing.replay()
}

class Playing {
  header: TraceHeader | undefined
  line = 0
  readonly #reduce: Reduce
  readonly #differences: ReplayedStep[] = []
  #differing = 0
  #steps = 0
  #state: SessionState | undefined
  /** The input whose effects may still come. */
  #open: { readonly line: number; readonly input: Input } | undefined
  /** A line that is wrong, unless it is the last. */
  #wrong: { readonly line: number; readonly error: TraceError } | undefined
  #ending: 'over' | { readonly stopped: string } | undefined

  constructor(reduce: Reduce) {
    this.#reduce = reduce
  }

  /** Gives the step that is complete by this line. */
  take(text: string): ReplayedStep | undefined {
    this.line++
    if (!this.header) {
      this.header = readHeader(text)
      this.#state = openSession(this.header.rules)
      return undefined
    }
    if (this.#wrong) throw at(this.#wrong.line, this.#wrong.error.message)
    const line = this.#read(text)
    if (!line || 'sound' in line || 'canonical' in line) return undefined
    if (this.#ending) throw at(this.line, 'there is more after the end')
    if ('effects' in line) {
      if (!this.#open) throw at(this.line, 'these are effects of nothing')
      return this.#complete(line.effects)
    }
    // What was done about the last input before a recording stopped may not have been written any more.
    const step = 'stopped' in line ? undefined : this.#complete([])
    if ('input' in line) this.#open = { line: this.line, input: line.input }
    else this.#ending = 'stopped' in line ? line : 'over'
    return step
  }

  replay(): Replay {
    const { header } = this
    if (!header) throw new TraceError('this is no recording of a live session: it is empty')
    return {
      header,
      same: this.#differing === 0,
      steps: this.#steps,
      differing: this.#differing,
      differences: this.#differences,
      brokenOff: this.#ending === 'over' ? undefined : (this.#ending?.stopped ?? 'it breaks off'),
    }
  }

  #read(text: string): TraceLine | undefined {
    try {
      return readLine(text)
    } catch (error) {
      if (!(error instanceof TraceError)) throw error
      this.#wrong = { line: this.line, error }
      return undefined
    }
  }

  #complete(recorded: readonly unknown[]): ReplayedStep | undefined {
    const open = this.#open
    this.#open = undefined
    if (!open || !this.#state) return undefined
    const { state, effects } = this.#step(open, this.#state)
    this.#state = state
    // Written and read again, as the others were.
    const written: unknown = JSON.parse(JSON.stringify(effects))
    const step = { ...open, recorded, replayed: effects, isSame: isDeepStrictEqual(written, recorded) }
    this.#steps++
    if (!step.isSame && ++this.#differing <= mostDifferences) this.#differences.push(step)
    return step
  }

  #step({ line, input }: { readonly line: number; readonly input: Input }, state: SessionState) {
    try {
      return this.#reduce(state, input)
    } catch (error) {
      throw at(line, `this input cannot be played: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function at(line: number, problem: string): TraceError {
  return new TraceError(`line ${line}: ${problem}`)
}

const mostDifferences = 20
