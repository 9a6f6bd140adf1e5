import type { ClientDuplexStream, StatusObject } from '@grpc/grpc-js'
import type { Clock, Timer } from '../../api/clock.ts'
import type { GatewayError } from '../../api/error.ts'
import type { Channel } from './channels.ts'
import type { Outcome } from './status.ts'

export interface RpcRequest {
  readonly channel: Channel
  /** `/package.Service/Method`, with what stands before it at the operator's address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly clock: Clock
  /** How long the first message is waited for, and each after it, once there is something that it is owed for. */
  readonly timeouts: { readonly firstByteMs: number; readonly idleMs: number }
  /** Makes a failure of a status other than 0. */
  failureOf(outcome: Outcome): GatewayError
  /** Makes a failure of an answer that does not come. */
  silent(hasBegun: boolean): GatewayError
  /** Called once when the call is over. `isDead` where the server never showed that it is there. */
  released(isDead: boolean): void
}

/**
 * One call of gRPC, whose messages go and come one by one: the wire is the same for a single request and answer as for a stream of them. To be
 * closed by whoever opened it.
 */
export class Rpc {
  readonly #request: RpcRequest
  readonly #stream: ClientDuplexStream<Uint8Array, Buffer>
  readonly #onAbort = (): void => this.fail(this.#request.signal.reason)
  #outcome: Outcome | undefined
  #failure: { readonly reason: unknown } | undefined
  #hasShown = false
  #hasBegun = false
  #isSilent = false
  #isEnded = false
  /** Whether something was sent that no message has come for since. */
  #isOwed = false
  #timer: Timer | undefined
  #receiver: (() => void) | undefined
  #sender: (() => void) | undefined

  constructor(request: RpcRequest) {
    const { channel, path, headers, signal } = request
    this.#request = request
    const metadata = channel.metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    this.#stream = channel.client.makeBidiStreamRequest(path, asBuffer, itself, metadata)
    // The status says the same, and is not missed.
    this.#stream.on('error', () => undefined)
    this.#stream.on('metadata', () => {
      this.#hasShown = true
    })
    this.#stream.on('readable', () => this.#wakeReceiver())
    this.#stream.on('drain', () => this.#wakeSender())
    this.#stream.on('status', (status: StatusObject) => this.#over(status))
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Whether no more may be sent. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Sends a message; waits where the server does not take what was sent before. What is sent after the call's end is lost; receiving tells of it. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#isEnded || this.#outcome || this.#failure) return
    const hasRoom = this.#stream.write(message)
    this.#owe()
    if (hasRoom) return
    const timer = this.#request.clock.after(sendMs, () => this.#fallSilent())
    await new Promise<void>((resolve) => {
      this.#sender = resolve
    })
    timer.cancel()
  }

  /** Says that nothing more is sent. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#stream.end()
    this.#owe()
  }

  /** The next message, or undefined where the call has ended well. One caller at a time. */
  async receive(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.reason
      const message: Buffer | null = this.#stream.read()
      if (message !== null) {
        this.#hasShown = true
        this.#hasBegun = true
        this.#isOwed = this.#isEnded
        return message
      }
      if (this.#outcome) {
        if (this.#outcome.code === 0) return undefined
        throw this.#request.failureOf(this.#outcome)
      }
      await this.#arrival()
    }
  }

  /** Ends the call at once; `reason` is what receiving throws from now on. */
  fail(reason: unknown): void {
    this.#failure ??= { reason }
    this.#isEnded = true
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    if (!this.#outcome) this.#stream.cancel()
    this.#wake()
  }

  /** Ends the call, if it is not over. Does nothing a second time. */
  close(): void {
    this.fail(new Error('the call was closed'))
  }

  /** Resolves when something has happened, or throws nothing and fails the call where it takes too long. */
  async #arrival(): Promise<void> {
    if (this.#isOwed) this.#startTimer()
    await new Promise<void>((resolve) => {
      this.#receiver = resolve
    })
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #owe(): void {
    this.#isOwed = true
    if (this.#receiver && !this.#timer) this.#startTimer()
  }

  #startTimer(): void {
    const { clock, timeouts } = this.#request
    this.#timer = clock.after(this.#hasBegun ? timeouts.idleMs : timeouts.firstByteMs, () => this.#fallSilent())
  }

  #fallSilent(): void {
    this.#isSilent = true
    this.fail(this.#request.silent(this.#hasBegun))
  }

  #over({ code, details, metadata }: StatusObject): void {
    const [more] = metadata.get('grpc-status-details-bin')
    this.#outcome = { code, details, more: typeof more === 'string' ? undefined : more }
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    this.#request.released(this.#isSilent && !this.#hasShown)
    this.#wake()
  }

  #wake(): void {
    this.#wakeReceiver()
    this.#wakeSender()
  }

  #wakeReceiver(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    receiver?.()
  }

  #wakeSender(): void {
    const sender = this.#sender
    this.#sender = undefined
    sender?.()
  }
}

/** How long a server may refuse to take what it is sent. */
const sendMs = 10_000

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function itself(bytes: Buffer): Buffer {
  return bytes
}
