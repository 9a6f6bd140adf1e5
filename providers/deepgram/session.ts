import type { Timer } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import { HandshakeRefused, type Socket, type SocketClosed, type SocketMessage, socketURL } from '../socket.ts'
import type { SpeechCall } from '../speech.ts'
import { refusal } from './failure.ts'

/** Opens a socket. Throws what the vendor's answer comes to where it is not one, and as `SocketDialer` does. */
export async function openSession(
  call: SpeechCall,
  source: FailureSource,
  path: string,
  query: Iterable<readonly [name: string, value: string]>,
): Promise<Session> {
  call.signal.throwIfAborted()
  const end = new AbortController()
  const onAbort = (): void => end.abort(call.signal.reason)
  const release = (): void => call.signal.removeEventListener('abort', onAbort)
  call.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const socket = await call.sockets.open({
      provider: source.id,
      url: socketURL(call.baseURL, path, query),
      headers: { ...call.trace, authorization: `Token ${call.apiKey.reveal()}` },
      connectMs: Math.min(call.timeouts.firstByteMs, maxConnectMs),
      signal: end.signal,
    })
    return new Session(socket, end, release, call, source)
  } catch (cause) {
    release()
    throw cause instanceof HandshakeRefused ? refusal(source, cause, cause.body, call.clock.wallclock()) : cause
  }
}

const maxConnectMs = 10_000
/** How long a socket may be quiet while nothing is owed: longer than any conversation pauses. */
const longestQuietMs = 60 * 60 * 1000
/** So much sound is never passed over in silence: something is said of every second of it, whether anybody speaks or not. */
const answeredSoundMs = 10_000
/** How long that takes at most. */
const longestAnswerMs = 15_000

/** A socket that one side feeds while the other listens. What goes wrong in feeding it is thrown where it is listened to. */
export class Session {
  readonly #socket: Socket
  readonly #end: AbortController
  readonly #release: () => void
  readonly #call: SpeechCall
  readonly #source: FailureSource
  #isOwed = false
  /** When the listener began to wait; undefined while it does something else. */
  #waitingSince: number | undefined
  #late: Timer | undefined
  /** Milliseconds of sound since the vendor's last word. */
  #unansweredMs = 0

  constructor(socket: Socket, end: AbortController, release: () => void, call: SpeechCall, source: FailureSource) {
    this.#socket = socket
    this.#end = end
    this.#release = release
    this.#call = call
    this.#source = source
  }

  send(message: string | Uint8Array): Promise<void> {
    return this.#socket.send(message)
  }

  /** Runs who feeds the socket, beside the listener. */
  feed(feeder: Promise<void>): void {
    feeder.catch((reason: unknown) => this.fail(reason))
  }

  /** Ends it at once: who listens gets the reason. */
  fail(reason: unknown): void {
    this.#end.abort(reason)
  }

  /** The next message. One that is owed has to come within the time between two reads. */
  async receive(): Promise<SocketMessage | SocketClosed> {
    this.#waitingSince = this.#call.clock.now()
    try {
      return await this.#socket.receive(this.#isOwed ? this.#call.timeouts.idleMs : longestQuietMs)
    } finally {
      this.#waitingSince = undefined
      this.#unansweredMs = 0
      this.#late?.cancel()
      this.#late = undefined
    }
  }

  /** From now on the vendor has to say something, until `settled`. */
  owe(): void {
    this.#isOwed = true
    if (this.#waitingSince !== undefined)
      this.#late ??= this.#call.clock.after(this.#call.timeouts.idleMs, () => this.fail(this.#silent()))
  }

  settled(): void {
    this.#isOwed = false
  }

  /** Counts sound that was sent. Throws where the vendor hears it and says nothing: a socket may be open and lead nowhere. */
  heard(ms: number): void {
    this.#unansweredMs += ms
    if (this.#unansweredMs < answeredSoundMs || this.#waitingSince === undefined) return
    if (this.#call.clock.now() - this.#waitingSince > Math.min(this.#call.timeouts.idleMs, longestAnswerMs)) throw this.#silent()
  }

  close(): void {
    this.#release()
    this.#late?.cancel()
    this.#socket.close()
  }

  #silent(): GatewayError {
    const message = 'The provider stopped in the middle of its answer.'
    return new GatewayError('provider_timeout', { message, providerError: { provider: this.#source.id } })
  }
}

/** The JSON object that a message is. */
export function readMessage(text: string, source: FailureSource): Readonly<Record<string, unknown>> {
  const message = parseJson(text)
  if (isRecord(message)) return message
  throw protocolFailure(source, 'a message is no JSON.', text)
}

/** Lets go of a source that is not read to its end. It may be waiting for something itself, so that its goodbye is not waited for. */
export function leave(source: AsyncIterator<unknown>): void {
  source.return?.()?.catch(() => undefined)
}
