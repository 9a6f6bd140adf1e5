import { GatewayError } from '../../../api/error.ts'
import type { LiveServerMessage } from '../../../api/schemas.gen.ts'

/**
 * What a client was sent, so that one that comes back can be sent what it missed. Sound is not kept, because it is given out again from where it was
 * heard; nor is `hello_ack`, which every line begins with and which holds what only its own client is to know. Of the rest the oldest goes first.
 */
export class Outbox {
  readonly #limits: OutboxLimits
  #kept: Kept[] = []
  #bytes = 0
  /** Up to which number there may be messages that are not kept any more. */
  #goneSeq = 0
  #lastSeq = 0

  constructor(limits: OutboxLimits = usualLimits) {
    this.#limits = limits
  }

  /** The number of the last message. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** A message goes out; each has a greater number than the one before. */
  sent(message: LiveServerMessage): void {
    this.#lastSeq = message.seq
    if (message.type === 'hello_ack') return
    const kept = { message, bytes: sizeOf(message) }
    this.#kept.push(kept)
    this.#bytes += kept.bytes
    while (this.#kept.length > this.#limits.messages || this.#bytes > this.#limits.bytes) this.#drop()
  }

  /** Sound goes out under this number. */
  soundSent(seq: number): void {
    this.#lastSeq = seq
  }

  /**
   * What was kept of the messages after this number, which a client says to have had last. Throws `resume_too_old` where some of them are
   * gone, and `invalid_request` where there was none of this number yet.
   */
  after(seq: number): readonly LiveServerMessage[] {
    if (seq > this.#lastSeq) throw new GatewayError('invalid_request', { message: fromTheFuture, param })
    if (seq < this.#goneSeq) throw new GatewayError('invalid_request', { code: 'resume_too_old', message: tooOld, param })
    return this.#kept.flatMap(({ message }) => (message.seq > seq ? [message] : []))
  }

  /** The client has all up to this number. */
  received(seq: number): void {
    while ((this.#kept[0]?.message.seq ?? Number.POSITIVE_INFINITY) <= seq) this.#drop()
  }

  #drop(): void {
    const oldest = this.#kept.shift()
    if (!oldest) return
    this.#bytes -= oldest.bytes
    this.#goneSeq = oldest.message.seq
  }
}

export interface OutboxLimits {
  readonly messages: number
  /** What they take in memory, about. */
  readonly bytes: number
}

interface Kept {
  readonly message: LiveServerMessage
  readonly bytes: number
}

const usualLimits: OutboxLimits = { messages: 2000, bytes: 1024 ** 2 }
const param = 'resume.last_server_seq'
const fromTheFuture = 'There was no message with this number yet.'
const tooOld = 'What was sent after this message is not kept any more; begin a new session with the messages so far.'

/** About what it takes, in bytes: two a character, eight a number, and something for each thing. Cheaper than writing it down. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return thingBytes + value.length * 2
  if (typeof value !== 'object' || value === null) return 8
  let bytes = thingBytes
  for (const each of Object.values(value)) bytes += thingBytes + sizeOf(each)
  return bytes
}

const thingBytes = 24
