import type { Clock } from '../../api/clock.ts'
import type { Socket } from '../socket.ts'
import type { Flush } from '../speech.ts'
import { streamRate } from './capabilities.ts'
import { appendMessage, commitMessage } from './realtime-session.ts'
import type { CommitReason, RealtimeTranscript } from './realtime-transcript.ts'

/** Sends sound to a socket as it comes, while others read what the socket tells. Begins at once; to be stopped. */
export class SoundSender {
  readonly #sound: AsyncIterator<Uint8Array | Flush>
  readonly #socket: Socket
  readonly #transcript: RealtimeTranscript
  readonly #clock: Clock
  #state: 'sending' | 'done' | 'stopped' = 'sending'
  /** Bytes since the last commit. */
  #uncommitted = 0

  /** `fail` is called with the reason where the sound cannot be had or sent. */
  constructor(
    audio: AsyncIterable<Uint8Array | Flush>,
    socket: Socket,
    transcript: RealtimeTranscript,
    clock: Clock,
    fail: (reason: unknown) => void,
  ) {
    this.#sound = audio[Symbol.asyncIterator]()
    this.#socket = socket
    this.#transcript = transcript
    this.#clock = clock
    this.#run().catch((error: unknown) => {
      if (this.#state !== 'stopped') fail(error)
    })
  }

  /** Whether all sound was sent. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** Leaves the sound alone. */
  stop(): void {
    if (this.#state !== 'sending') return
    this.#state = 'stopped'
    // Not waited for: a source that waits for its next piece hears of it only then.
    this.#sound.return?.().catch(() => undefined)
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = await this.#sound.next()
      if (this.#state === 'stopped') return
      if (next.done) break
      if (next.value instanceof Uint8Array) await this.#append(next.value)
      else if (this.#uncommitted > 0) await this.#commit('flush')
    }
    this.#state = 'done'
    if (this.#uncommitted >= leastBytes) await this.#commit('end')
    // Whoever reads would wait for a word that nobody owes.
    if (!this.#transcript.isOwed) this.#socket.close()
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += mostBytes) {
      const length = Math.min(mostBytes, bytes.length - at)
      await this.#socket.send(appendMessage(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('base64')))
    }
    this.#uncommitted += bytes.length
  }

  async #commit(reason: CommitReason): Promise<void> {
    this.#uncommitted = 0
    this.#transcript.commit(reason, this.#clock.now())
    await this.#socket.send(commitMessage)
  }
}

/** 100 ms: less is not committed. */
const leastBytes = (2 * streamRate) / 10
/** Of one message; even, so that no sample is cut. */
const mostBytes = 256 * 1024
