import type { IncomingMessage } from 'node:http'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import {
  HandshakeRefused,
  type Socket,
  type SocketClosed,
  type SocketDialer,
  type SocketMessage,
  type SocketRequest,
} from '../../providers/socket.ts'

/** WebSockets to what the operator configured. The library is loaded with the first of them. */
export function socketDialer(clock: Clock): SocketDialer {
  return {
    async open(request) {
      request.signal.throwIfAborted()
      const { WebSocket } = await import('ws')
      request.signal.throwIfAborted()
      const socket = new WebSocket(request.url, {
        headers: request.headers,
        maxPayload: maxMessageBytes,
        // Nobody asked for it, and a few bytes could become gigabytes.
        perMessageDeflate: false,
        followRedirects: false,
      })
      return await opened(socket, request, clock)
    },
  }
}

/** No message of a vendor is larger. */
const maxMessageBytes = 16 * 1024 * 1024
/** What may lie unsent before a sender has to wait, in bytes, and how long it waits at most. */
const maxUnsentBytes = 1024 * 1024
const sendMs = 10_000
/** How many messages, and how much of them, lie here before the vendor is made to wait; in bytes, or UTF-16 units of texts. */
const mostWaiting = 64
const mostWaitingSize = 1024 * 1024
/** How long the answer to a goodbye is waited for. */
const closeMs = 2000
const maxBodyBytes = 64 * 1024

function opened(socket: WebSocket, request: SocketRequest, clock: Clock): Promise<Socket> {
  const { signal, provider } = request
  return new Promise((resolve, reject) => {
    let headers: IncomingMessage['headers'] = {}
    let refusal: IncomingMessage | undefined
    const settle = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      // A socket that is thrown away says so by an error that is no news.
      socket.on('error', () => undefined)
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.terminate()
      reject(reason)
    }
    const onAbort = (): void => fail(signal.reason)
    const timer = clock.after(request.connectMs, () => {
      // A refusal whose words do not end is one all the same: what there is of them has to do.
      if (refusal) refusal.destroy()
      else fail(unreachable(provider, 'ETIMEDOUT', undefined))
    })
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('upgrade', (response) => {
      headers = response.headers
    })
    socket.on('unexpected-response', (_, response) => {
      refusal = response
      void bodyOf(response).then((body) => fail(new HandshakeRefused(response.statusCode ?? 0, response.headers, body)))
    })
    socket.on('error', (cause) => fail(unreachable(provider, codeOf(cause), cause)))
    socket.on('open', () => {
      settle()
      // Listened to in the same turn: a message may come with the handshake's own bytes.
      resolve(new OpenSocket(socket, headers, signal, provider, clock))
    })
  })
}

/** As much as is worth keeping; what breaks off still says more than nothing. */
function bodyOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = (): void => resolve(Buffer.concat(chunks).subarray(0, maxBodyBytes).toString())
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= maxBodyBytes) done()
    })
    response.on('end', done)
    response.on('error', done)
    response.on('close', done)
  })
}

/** How a socket ended. */
type Over = SocketClosed | { readonly type: 'failed'; readonly reason: unknown }

class OpenSocket implements Socket {
  readonly headers: Socket['headers']
  readonly #socket: WebSocket
  readonly #signal: AbortSignal
  readonly #provider: string
  readonly #clock: Clock
  readonly #onAbort: () => void
  #waiting: SocketMessage[] = []
  /** Where the next of those waiting stands; taken ones are cleared away together. */
  #next = 0
  #waitingSize = 0
  #over: Over | undefined
  #receiver: (() => void) | undefined
  #closing: Timer | undefined

  constructor(socket: WebSocket, headers: Socket['headers'], signal: AbortSignal, provider: string, clock: Clock) {
    this.headers = headers
    this.#socket = socket
    this.#signal = signal
    this.#provider = provider
    this.#clock = clock
    this.#onAbort = () => {
      this.#end({ type: 'failed', reason: signal.reason })
      socket.terminate()
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
    socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    socket.on('error', (cause) => this.#end({ type: 'failed', reason: broken(provider, cause) }))
    socket.on('close', (code, reason) => {
      // 1006 is what a socket says of itself that was cut off without a word.
      if (code === 1006) this.#end({ type: 'failed', reason: broken(provider, undefined) })
      else this.#end({ type: 'closed', code, reason: reason.toString() })
    })
    if (signal.aborted) this.#onAbort()
  }

  async send(message: string | Uint8Array): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.#over || this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount < maxUnsentBytes) {
      this.#socket.send(message)
      return
    }
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.after(sendMs, () => reject(tooSlow(this.#provider)))
      // Called once it is sent, and with an error where it never will be, of which receiving tells.
      this.#socket.send(message, () => {
        timer.cancel()
        resolve()
      })
    })
    this.#signal.throwIfAborted()
  }

  async receive(idleMs: number): Promise<SocketMessage | SocketClosed> {
    this.#signal.throwIfAborted()
    const ready = this.#taken()
    if (ready) return ready
    if (!this.#over) await this.#arrival(idleMs)
    const message = this.#taken()
    if (message) return message
    if (!this.#over) throw silent(this.#provider)
    if (this.#over.type === 'failed') throw this.#over.reason
    return this.#over
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (this.#closing || this.#socket.readyState === this.#socket.CLOSED) return
    this.#closing = this.#clock.after(closeMs, () => this.#socket.terminate())
    // Whatever still comes has nobody to read it, and must not keep the goodbye from being heard.
    this.#socket.removeAllListeners('message')
    this.#socket.resume()
    this.#socket.on('close', () => this.#closing?.cancel())
    this.#socket.close(1000)
  }

  #take(data: RawData, isBinary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
    const message: SocketMessage = isBinary ? { type: 'binary', bytes } : { type: 'text', text: bytes.toString() }
    this.#waiting.push(message)
    this.#waitingSize += sizeOf(message)
    if (this.#waiting.length - this.#next >= mostWaiting || this.#waitingSize >= mostWaitingSize) this.#socket.pause()
    this.#wake()
  }

  #taken(): SocketMessage | undefined {
    const message = this.#waiting[this.#next]
    if (message === undefined) return undefined
    this.#next++
    this.#waitingSize -= sizeOf(message)
    if (this.#next === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
      if (this.#socket.isPaused) this.#socket.resume()
    } else if (this.#next >= mostWaiting) {
      // Whoever always lags a little behind would keep all that was ever taken.
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    return message
  }

  /** Resolves when there is a message or an end, or after `idleMs`. */
  #arrival(idleMs: number): Promise<void> {
    if (this.#receiver) throw new TypeError('a socket has one receiver at a time')
    return new Promise((resolve) => {
      const timer = this.#clock.after(idleMs, () => this.#wake())
      this.#receiver = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #wake(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    receiver?.()
  }

  #end(how: Over): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#over ??= how
    this.#wake()
  }
}

function sizeOf(message: SocketMessage): number {
  return message.type === 'text' ? message.text.length : message.bytes.length
}

function codeOf(cause: Error): string {
  return 'code' in cause ? String(cause.code) : ''
}

function unreachable(provider: string, code: string, cause: unknown): GatewayError {
  const details = { providerError: { provider }, cause }
  if (code === 'ETIMEDOUT') {
    return new GatewayError('provider_timeout', { message: 'The provider could not be reached in time.', ...details })
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) return new GatewayError('provider_untrusted', details)
  if (code === 'ECONNRESET' || code === 'EPIPE') return new GatewayError('provider_disconnected', details)
  if (code.startsWith('HPE_') || code === '') {
    return new GatewayError('provider_protocol', { message: 'The provider did not open a WebSocket.', ...details })
  }
  return new GatewayError('provider_unreachable', details)
}

function broken(provider: string, cause: unknown): GatewayError {
  const details = { providerError: { provider }, cause }
  const isProtocol = cause instanceof Error && codeOf(cause).startsWith('WS_ERR_')
  if (!isProtocol) return new GatewayError('provider_disconnected', details)
  return new GatewayError('provider_protocol', { message: 'The provider sent what is not a WebSocket message.', ...details })
}

function silent(provider: string): GatewayError {
  const message = 'The provider stopped in the middle of its answer.'
  return new GatewayError('provider_timeout', { message, providerError: { provider } })
}

function tooSlow(provider: string): GatewayError {
  return new GatewayError('provider_timeout', {
    message: 'The provider does not take what it is sent.',
    providerError: { provider },
  })
}
