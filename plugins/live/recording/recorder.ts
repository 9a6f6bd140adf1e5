import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../api/clock.ts'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { Log } from '../../../providers/provider.ts'
import type { Effect } from '../effects.ts'
import type { Input } from '../inputs.ts'
import {
  canonicalLine,
  effectsLine,
  endLine,
  headerLine,
  inputLine,
  soundLine,
  stoppedLine,
  type TracedSession,
} from './trace.ts'

export interface RecorderOptions {
  /** Where the file is made: one that is there and can be written to, as `folderProblem` tells. */
  readonly folder: string
  readonly session: TracedSession
  /** Whether what the microphone heard is kept, too. */
  readonly withSound: boolean
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<typeof usualLimits>
}

/**
 * Writes down a session, in a file that its owner alone can read. It never holds the session up and never fails: where the disk is too slow or full,
 * or the file has become too large, the recording stops and says so. What a line is, trace.ts says.
 */
export class Recorder {
  readonly path: string
  readonly #file: WriteStream
  readonly #withSound: boolean
  readonly #clock: Clock
  readonly #log: Log
  readonly #session: string
  readonly #limits: typeof usualLimits
  #bytes = 0
  /** Whether nothing more is written. */
  #isOver = false
  #closed: Promise<void> | undefined

  constructor({ folder, session, withSound, clock, log, limits }: RecorderOptions) {
    this.path = join(folder, fileName(session))
    // Never over a file, nor through a link, that is there already.
    this.#file = createWriteStream(this.path, { flags: 'wx', mode: 0o600 })
    this.#withSound = withSound
    this.#clock = clock
    this.#log = log
    this.#session = session.session
    this.#limits = { ...usualLimits, ...limits }
    this.#file.on('error', (error) => this.#fail(error))
    this.#write(headerLine(session))
  }

  /** Something happened. */
  input(input: Input): void {
    if (!this.#isOver) this.#write(inputLine(input))
  }

  /** What is done about it. */
  effects(effects: readonly Effect[]): void {
    if (!this.#isOver && effects.length > 0) this.#write(effectsLine(effects))
  }

  /** The microphone heard this, `audioMs` after all that it had heard before. The bytes may change after this returns. */
  sound(bytes: Uint8Array, audioMs: number): void {
    if (this.#withSound && !this.#isOver) this.#write(soundLine(bytes, audioMs))
  }

  /** Nothing more happens: this is what was said and called, whether anybody heard it or not. */
  canonical(messages: readonly MessageParam[]): void {
    if (!this.#isOver) this.#write(canonicalLine(messages))
  }

  /** The session is over. Resolves once the file is, or after a while. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (!this.#isOver) this.#last(endLine)
      if (this.#file.closed) return resolve()
      const limit = this.#clock.after(this.#limits.closeMs, () => this.#file.destroy())
      this.#file.once('close', () => {
        limit.cancel()
        resolve()
      })
    })
    return this.#closed
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    const { fileBytes, waitingBytes } = this.#limits
    if (this.#bytes + bytes.length > fileBytes) this.#stop('too large')
    else if (this.#file.writableLength + bytes.length > waitingBytes) this.#stop('too slow')
    else {
      this.#bytes += bytes.length
      this.#file.write(bytes)
    }
  }

  #stop(why: string): void {
    this.#log.warn({ session_id: this.#session, why }, 'the recording of a live session stops')
    this.#last(stoppedLine(why))
  }

  #last(line: string): void {
    this.#isOver = true
    this.#file.end(`${line}\n`)
  }

  #fail(error: Error): void {
    this.#isOver = true
    const code = 'code' in error ? error.code : error.name
    this.#log.warn({ session_id: this.#session, why: code }, 'the recording of a live session stops')
  }
}

const usualLimits = {
  fileBytes: 64 * 1024 ** 2,
  /** What waits for the disk. Larger than a message with a picture. */
  waitingBytes: 16 * 1024 ** 2,
  /** How long the disk may take for the end. */
  closeMs: 5000,
}

/** `live_01J….20261231T235959Z.jsonl`. */
function fileName({ session, beganAt }: TracedSession): string {
  const time = new Date(beganAt).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${session.replace(/[^\w-]/g, '_')}.${time}.jsonl`
}
