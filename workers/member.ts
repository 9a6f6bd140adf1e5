import cluster, { type Worker } from 'node:cluster'
import type { Clock } from '../api/clock.ts'
import { Calls } from './calls.ts'
import { type Answers, isMessage, type Note, type PrimaryQuestion, type WorkerQuestion } from './messages.ts'

export interface MemberOptions {
  readonly clock: Clock
  /** The version that its program has to be of. */
  readonly version: string
  readonly answer: (question: WorkerQuestion, member: Member) => Promise<Answers[WorkerQuestion['ask']]>
  readonly onNote: (note: Note, member: Member) => void
}

/** A worker that does not start; `exitCode` is known where it could say why, and it would not start another time either. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: number | undefined

  constructor(message: string, exitCode?: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A worker process, as the primary sees it. */
export class Member {
  readonly pid: number
  readonly calls: Calls<PrimaryQuestion, WorkerQuestion>
  /** Resolves once it answers on the port; rejects with a `StartError`. */
  readonly started: Promise<void>
  /** Resolves once it is gone and everything that it said has been read. */
  readonly ended: Promise<End>
  /** As the pool has it. */
  state: 'starting' | 'ready' | 'leaving' = 'starting'
  readonly #worker: Worker

  constructor({ clock, version, answer, onNote }: MemberOptions) {
    const worker = cluster.fork()
    this.#worker = worker
    this.pid = worker.process.pid ?? 0
    this.calls = new Calls({
      send: (message) => void worker.send(message, ignoreError),
      answer: (question) => answer(question, this),
      clock,
      // Less than the patience of a worker that waits for the answers of all.
      patienceMs: 1000,
    })
    this.ended = endOf(worker)
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (message: unknown) => {
        if (!isMessage<WorkerQuestion>(message)) return
        if (message.kind !== 'note') return this.calls.receive(message)
        const { note } = message
        if (note.note === 'cannot-start') reject(new StartError(note.reason, note.exitCode))
        else if (note.note === 'ready' && note.version !== version) reject(otherVersion(note.version, version))
        else if (note.note === 'ready') resolve()
        onNote(note, this)
      })
      void this.ended.then(({ code, signal }) => {
        this.calls.end()
        reject(new StartError(`a worker ended before it had started, with ${signal ?? code}`))
      })
    })
  }

  tell(note: Note): void {
    if (this.#worker.isConnected()) this.#worker.send({ kind: 'note', note }, ignoreError)
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }
}

export interface End {
  readonly code: number | null
  readonly signal: string | null
}

function endOf(worker: Worker): Promise<End> {
  const exit = new Promise<End>((resolve) => worker.once('exit', (code, signal) => resolve({ code, signal })))
  const disconnect = new Promise<void>((resolve) => worker.once('disconnect', resolve))
  return Promise.all([exit, disconnect]).then(([end]) => end)
}

function otherVersion(found: string, own: string): StartError {
  return new StartError(`the program on the disk is version ${found}, and version ${own} runs; start the gateway anew.`, 1)
}

function ignoreError(): void {
  // Who does not get a message is gone, which is noticed otherwise.
}
