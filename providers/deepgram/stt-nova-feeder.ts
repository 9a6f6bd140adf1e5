import type { Clock, Timer } from '../../api/clock.ts'
import type { Flush, RawFormat } from '../speech.ts'
import { msOfBytes } from '../speech-format.ts'
import type { SpeechSocket } from '../speech-socket.ts'
import type { SourceReader } from '../speech-source.ts'
import type { AnswerWatch } from '../speech-watch.ts'
import type { NovaDecoder } from './stt-nova.ts'

/** Feeds the socket of `/v1/listen`, which closes when it hears neither sound nor a sign of life for ten seconds. */
export class NovaFeeder {
  readonly #socket: SpeechSocket
  readonly #watch: AnswerWatch
  readonly #decoder: NovaDecoder
  readonly #format: RawFormat
  readonly #keepAlive: Timer
  #isDone = false

  constructor(socket: SpeechSocket, watch: AnswerWatch, format: RawFormat, clock: Clock, decoder: NovaDecoder) {
    this.#socket = socket
    this.#watch = watch
    this.#decoder = decoder
    this.#format = format
    this.#keepAlive = clock.after(keepAliveMs, () => {
      this.#keepAlive.restart()
      // As text: bytes would be taken for sound.
      socket.send(messages.keepAlive).catch((reason: unknown) => socket.fail(reason))
    })
  }

  get isDone(): boolean {
    return this.#isDone
  }

  async run(sound: SourceReader<Uint8Array | Flush>): Promise<void> {
    const isWhole = await sound.read(async (piece) => {
      if (!(piece instanceof Uint8Array)) return this.#socket.send(messages.finalize)
      if (piece.length === 0) return
      this.#keepAlive.restart()
      this.#watch.sent(msOfBytes(piece.length, this.#format))
      await this.#socket.send(piece)
    })
    if (!isWhole) return
    this.stop()
    this.#isDone = true
    this.#decoder.ending()
    this.#socket.owe()
    await this.#socket.send(messages.closeStream)
  }

  stop(): void {
    this.#keepAlive.cancel()
  }
}

const keepAliveMs = 4000

const messages = { keepAlive: '{"type":"KeepAlive"}', finalize: '{"type":"Finalize"}', closeStream: '{"type":"CloseStream"}' }
