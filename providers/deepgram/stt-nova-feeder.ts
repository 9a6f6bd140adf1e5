import type { Clock, Timer } from '../../api/clock.ts'
import type { Flush, RawFormat } from '../speech.ts'
import type { Session } from './session.ts'
import { msOf } from './sound.ts'
import type { NovaDecoder } from './stt-nova.ts'

/** Feeds the socket of `/v1/listen`, which closes when it hears neither sound nor a sign of life for ten seconds. */
export class NovaFeeder {
  readonly #session: Session
  readonly #decoder: NovaDecoder
  readonly #format: RawFormat
  readonly #keepAlive: Timer
  #isStopped = false
  #isDone = false

  constructor(session: Session, format: RawFormat, clock: Clock, decoder: NovaDecoder) {
    this.#session = session
    this.#decoder = decoder
    this.#format = format
    this.#keepAlive = clock.after(keepAliveMs, () => {
      this.#keepAlive.restart()
      // As text: bytes would be taken for sound.
      session.send(messages.keepAlive).catch((reason: unknown) => session.fail(reason))
    })
  }

  get isDone(): boolean {
    return this.#isDone
  }

  async run(pieces: AsyncIterator<Uint8Array | Flush>): Promise<void> {
    for (;;) {
      const step = await pieces.next()
      if (this.#isStopped) return
      if (step.done) break
      const piece = step.value
      if (!(piece instanceof Uint8Array)) {
        await this.#session.send(messages.finalize)
      } else if (piece.length > 0) {
        this.#keepAlive.restart()
        this.#session.heard(msOf(piece.length, this.#format))
        await this.#session.send(piece)
      }
    }
    this.#keepAlive.cancel()
    this.#isDone = true
    this.#decoder.ending()
    this.#session.owe()
    await this.#session.send(messages.closeStream)
  }

  stop(): void {
    this.#isStopped = true
    this.#keepAlive.cancel()
  }
}

const keepAliveMs = 4000

const messages = { keepAlive: '{"type":"KeepAlive"}', finalize: '{"type":"Finalize"}', closeStream: '{"type":"CloseStream"}' }
