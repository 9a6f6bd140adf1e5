import type { Deadline } from '../../api/deadline.ts'
import { Cancelled } from '../../api/error.ts'

/** The calls of a run that run now. */
export class OpenCalls {
  readonly #deadlines = new Map<string, Deadline>()

  add(id: string, deadline: Deadline): void {
    this.#deadlines.set(id, deadline)
  }

  delete(id: string): void {
    this.#deadlines.delete(id)
  }

  /** Ends one before its time; the run goes on. Nothing where it does not run, or not any more. */
  stop(id: string): void {
    this.#deadlines.get(id)?.close(new StoppedCall())
  }
}

/** A call is not waited for any longer. To whom it calls that is as if its caller had left. */
export class StoppedCall extends Cancelled {}
