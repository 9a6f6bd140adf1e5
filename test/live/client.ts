import { decode, encode } from '@msgpack/msgpack'
import { WebSocket } from 'ws'
import type { LiveServerMessage } from '../../api/schemas.gen.ts'
import { problemsWith } from '../contract-schemas.ts'
import { isObject } from '../upstreams/json.ts'

export type Told<Type extends LiveServerMessage['type'] = LiveServerMessage['type']> = Extract<LiveServerMessage, { type: Type }>

export interface ClientOptions {
  readonly url: string
  readonly isMsgpack?: boolean
  /** Sound goes as base64. */
  readonly isBase64?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A client of the protocol that writes everything down. What the protocol does not allow a server it notes in `faults`: messages that are
 * not of the contract, numbers that do not go on, sound without its header, sound that is not of a segment that goes on, turns that end twice.
 */
export class LiveClient {
  readonly socket: WebSocket
  readonly told: LiveServerMessage[] = []
  readonly faults: string[] = []
  /** Called with each message, and with the sound that came with it. */
  onTold: (message: LiveServerMessage, sound: Uint8Array | undefined) => void = () => undefined
  closed: { readonly code: number; readonly reason: string } | undefined
  isOpen = false
  lastSeq = 0
  readonly #options: ClientOptions
  #header: Told<'assistant_audio_chunk_header'> | undefined
  #frames = 0
  #open: string | undefined
  readonly #ended = new Set<string>()

  constructor(options: ClientOptions) {
    const { url, isMsgpack, headers = {} } = options
    this.#options = options
    const protocol = isMsgpack ? 'vai.live.v1.msgpack' : 'vai.live.v1'
    this.socket = new WebSocket(url, [protocol], { headers, perMessageDeflate: false })
    this.socket.on('open', () => {
      this.isOpen = true
    })
    this.socket.on('message', (data, isBinary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
      this.#take(bytes, isBinary)
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
    })
  }

  /** Everything that was told of a type. */
  of<Type extends LiveServerMessage['type']>(type: Type): Told<Type>[] {
    return this.told.filter((message): message is Told<Type> => message.type === type)
  }

  send(message: object): void {
    if (this.socket.readyState !== WebSocket.OPEN) return
    this.socket.send(this.#options.isMsgpack ? Buffer.from(encode(message)) : JSON.stringify(message))
  }

  /** What is no message. */
  sendRaw(data: string | Buffer): void {
    this.socket.send(data)
  }

  sendSound(bytes: Uint8Array): void {
    const { isMsgpack, isBase64 } = this.#options
    const seq = this.#frames++
    if (isMsgpack) this.send({ type: 'audio_frame', seq, data: bytes })
    else if (isBase64) this.send({ type: 'audio_frame', seq, data_b64: Buffer.from(bytes).toString('base64') })
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes)
  }

  /** Goes on where another client was cut off. */
  goOn({ lastSeq }: LiveClient): void {
    this.lastSeq = lastSeq
  }

  // ── What comes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(bytes: Buffer, isBinary: boolean): void {
    if (this.#options.isMsgpack) {
      if (!isBinary) this.faults.push('text in MessagePack')
      this.#message(decode(bytes))
      return
    }
    if (!isBinary) {
      this.#message(JSON.parse(bytes.toString()))
      return
    }
    const header = this.#header
    this.#header = undefined
    if (!header) this.faults.push('sound without a header')
    else if (header.bytes !== bytes.length) this.faults.push(`${bytes.length} bytes of sound where ${header.bytes} were told of`)
    else this.#tell(header, bytes)
  }

  #message(value: unknown): void {
    const { message, sound } = withoutSound(value)
    if (this.#header) this.faults.push(`${message.type} between a header and its sound`)
    const problems = problemsWith('LiveServerMessage', message)
    if (problems.length > 0) this.faults.push(`${message.type}: ${problems.join(', ')}`)
    this.#number(message)
    this.#follow(message)
    if (message.type === 'assistant_audio_chunk_header') this.#header = message
    else this.#tell(message, sound)
  }

  #tell(message: LiveServerMessage, sound: Uint8Array | undefined): void {
    this.told.push(message)
    this.onTold(message, sound)
  }

  #number(message: LiveServerMessage): void {
    const isResumed = message.type === 'hello_ack' && message.is_resumed
    // Whoever is let into no session is told so in a message that is of none.
    const isRefusal = message.type === 'error' && message.seq === 1 && message.close
    if (!isResumed && !isRefusal && this.lastSeq > 0 && message.seq <= this.lastSeq)
      this.faults.push(`seq ${message.seq} after ${this.lastSeq}`)
    this.lastSeq = Math.max(this.lastSeq, message.seq)
  }

  #follow(message: LiveServerMessage): void {
    switch (message.type) {
      case 'assistant_audio_start':
        if (this.#open !== undefined) this.faults.push(`${message.assistant_audio_id} begins within ${this.#open}`)
        this.#open = message.assistant_audio_id
        return
      case 'assistant_audio_chunk':
      case 'assistant_audio_chunk_header':
        if (this.#open !== message.assistant_audio_id)
          this.faults.push(`sound of ${message.assistant_audio_id}, which is not open`)
        return
      case 'assistant_audio_end':
      case 'audio_reset':
        if (this.#open === message.assistant_audio_id) this.#open = undefined
        return
      case 'turn_complete':
      case 'turn_cancelled':
        if (this.#ended.has(message.turn_id)) this.faults.push(`${message.turn_id} ended twice`)
        this.#ended.add(message.turn_id)
        return
      default:
        return
    }
  }
}

/** A message as its schema has it, and the sound that was in it. */
function withoutSound(value: unknown): { message: LiveServerMessage; sound: Uint8Array | undefined } {
  if (!isMessage(value)) throw new Error(`no message: ${JSON.stringify(value).slice(0, 200)}`)
  if (value.type !== 'assistant_audio_chunk') return { message: value, sound: undefined }
  const audio: unknown = 'audio' in value ? value.audio : undefined
  const { audio_b64: base64 = '', ...rest } = value
  return { message: rest, sound: audio instanceof Uint8Array ? audio : Buffer.from(base64, 'base64') }
}

/** What else is wrong with it is noted. */
function isMessage(value: unknown): value is LiveServerMessage {
  return isObject(value) && typeof value.type === 'string'
}
