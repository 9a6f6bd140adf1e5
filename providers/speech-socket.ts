import type { Timer } from '../api/clock.ts'
import { type ErrorCode, GatewayError } from '../api/error.ts'
import { disconnected, type FailureSource, httpFailure } from './failure.ts'
import { providerFailure } from './http.ts'
import { HandshakeRefused, type Socket, type SocketClosed, type SocketMessage, socketURL } from './socket.ts'
import type { SpeechCall } from './speech.ts'
import type { Refusal } from './speech-http.ts'

export interface SpeechSocketRequest {
  /** Below the base URL. */
  readonly path: string
  readonly query: Iterable<readonly [name: string, value: string]>
  /** Beside those of the trace. */
  readonly headers: Readonly<Record<string, string>>
}

/** Opens a socket. Throws what `refusal` makes of an answer that is none, and as `SocketDialer` does. To be closed. */
export async function openSpeechSocket(
  call: SpeechCall,
  source: FailureSource,
  { path, query, headers }: SpeechSocketRequest,
  refusal: Refusal = httpFailure,
): Promise<SpeechSocket> {
  call.signal.throwIfAborted()
  const ending = new AbortController()
  const onAbort = (): void => ending.abort(call.signal.reason)
  const release = (): void => call.signal.removeEventListener('abort', onAbort)
  call.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const socket = await call.sockets.open({
      provider: source.id,
      url: socketURL(call.baseURL, path, query),
      headers: { ...call.trace, ...headers },
      connectMs: Math.min(call.timeouts.firstByteMs, maxConnectMs),
      signal: ending.signal,
    })
    return new SpeechSocket(socket, ending, release, call, source)
  } catch (cause) {
    release()
    throw cause instanceof HandshakeRefused ? refusal(source, cause, cause.body, call.clock.wallclock()) : cause
  }
}

const maxConnectMs = 10_000

/**
 * A socket that one side feeds while the other listens. A vendor may be silent for as long as a conversation pauses, but not while it owes
 * something: text that is to be spoken, sound that is to be understood. What goes wrong in feeding it is thrown where it is listened to.
 */
export class SpeechSocket {
  readonly #socket: Socket
  readonly #ending: AbortController
  readonly #release: () => void
  readonly #call: SpeechCall
  readonly #source: FailureSource
  #owedMs: number | undefined
  /** When the listener began to wait; undefined while it does something else. */
  #waitingSince: number | undefined
  /** Runs where something came to be owed while the listener was waiting already, with all patience. */
  #late: Timer | undefined

  constructor(socket: Socket, ending: AbortController, release: () => void, call: SpeechCall, source: FailureSource) {
    this.#socket = socket
    this.#ending = ending
    this.#release = release
    this.#call = call
    this.#source = source
  }

  send(message: string | Uint8Array): Promise<void> {
    return this.#socket.send(message)
  }

  /** From now on the vendor has to say something within so many milliseconds of being listened to, time and again until `settle`. */
  owe(ms: number = this.#call.timeouts.idleMs): void {
    const isOwed = this.#owedMs !== undefined
    this.#owedMs = ms
    if (isOwed || this.#waitingSince === undefined) return
    this.#late = this.#call.clock.after(ms, () => this.fallSilent())
  }

  /** Nothing is owed any more. */
  settle(): void {
    this.#owedMs = undefined
    this.#late?.cancel()
    this.#late = undefined
  }

  /** The next message, or how the socket was closed. One listener at a time. */
  async receive(): Promise<SocketMessage | SocketClosed> {
    this.#waitingSince = this.#call.clock.now()
    try {
      for (;;) {
        const message = await this.#received()
        if (message) return message
      }
    } finally {
      this.#waitingSince = undefined
      this.#late?.cancel()
      this.#late = undefined
    }
  }

  /** How long the listener has been waiting, in milliseconds; nothing while it does something else. */
  get waitedMs(): number {
    return this.#waitingSince === undefined ? 0 : this.#call.clock.now() - this.#waitingSince
  }

  /** Ends it at once: who listens gets the reason. Does nothing a second time. */
  fail(reason: unknown): void {
    this.#ending.abort(reason)
  }

  /** As `fail`, for an answer that does not come. */
  fallSilent(): void {
    const message = 'The provider stopped in the middle of its answer.'
    this.fail(new GatewayError('provider_timeout', { message, providerError: { provider: this.#source.id } }))
  }

  close(): void {
    this.#release()
    this.#late?.cancel()
    this.#socket.close()
  }

  /** Undefined where nothing came, and nothing was owed. */
  async #received(): Promise<SocketMessage | SocketClosed | undefined> {
    try {
      return await this.#socket.receive(this.#owedMs ?? quietMs)
    } catch (cause) {
      // What came to be owed during this wait has its own time.
      const isPatient = (this.#owedMs === undefined || this.#late !== undefined) && !this.#ending.signal.aborted
      if (isPatient && cause instanceof GatewayError && cause.code === 'provider_timeout') return undefined
      throw cause
    }
  }
}

/** How long one wait for a message is where none is owed; another follows. */
const quietMs = 60 * 60 * 1000

/** The failure of a socket that was closed before its end. `read` finds a code in the words of the reason, where the vendor's are known. */
export function closedEarly(
  source: FailureSource,
  { code, reason }: SocketClosed,
  read: (reason: string) => ErrorCode | undefined = () => undefined,
): GatewayError {
  const meant = read(reason) ?? codesOfClose.get(code)
  if (meant === undefined && reason === '') return disconnected(source)
  const message = `it closed the connection with code ${code}${reason === '' ? '' : `: ${reason.replace(/\.$/, '')}`}.`
  return providerFailure(meant ?? 'provider_disconnected', source.name, source.id, source.apiKey, { message })
}

const codesOfClose: ReadonlyMap<number, ErrorCode> = new Map([
  [1008, 'provider_rejected'],
  [1009, 'provider_request_too_large'],
  [1011, 'provider_error'],
  [1013, 'provider_overloaded'],
])
