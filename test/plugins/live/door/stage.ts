import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import type { LiveHelloAck, LiveServerMessage } from '../../../../api/schemas.gen.ts'
import type { LiveCaller } from '../../../../plugins/live/caller.ts'
import type { LiveLine, LiveSessions, SessionHello, SessionMessage, SessionPlace } from '../../../../plugins/live/door/open.ts'
import type { Transport } from '../../../../plugins/live/transport.ts'
import { toldOf, type Violation } from '../../../../plugins/live/wire/violations.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../gateway.ts'
import { toldLimits } from '../told-limits.ts'

/** A gateway whose sessions only write down what the door hands them. */
export interface DoorStage {
  readonly gateway: Gateway
  readonly url: string
  readonly sessions: StubSessions
  connect(options?: ConnectOptions): LiveClient
}

export async function startDoor(options: GatewayOptions = {}): Promise<DoorStage> {
  const sessions = new StubSessions()
  const gateway = await startGateway(options)
  gateway.app.live = sessions
  const url = `${gateway.url.replace('http', 'ws')}/v1/live`
  return { gateway, url, sessions, connect: (how) => new LiveClient(url, how) }
}

/** How many connections callers have. */
export function connectionsOf({ app }: Gateway): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

/** What was opened, in its order; the next one may be told how to behave. */
export class StubSessions implements LiveSessions {
  readonly opened: StubSession[] = []
  /** What happens before a session is there. */
  before: (hello: SessionHello) => Promise<void> = () => Promise.resolve()
  #waiting: ((session: StubSession) => void)[] = []

  async open(hello: SessionHello, caller: LiveCaller, transport: Transport, place: SessionPlace): Promise<LiveLine> {
    await this.before(hello)
    const session = new StubSession(hello, caller, transport, place)
    this.opened.push(session)
    transport.send(helloAck(hello, caller.sessionId))
    for (const resolve of this.#waiting.splice(0)) resolve(session)
    return session
  }

  /** The next that is opened. */
  next(): Promise<StubSession> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

export class StubSession implements LiveLine {
  readonly hello: SessionHello
  readonly caller: LiveCaller
  readonly transport: Transport
  readonly place: SessionPlace
  readonly received: SessionMessage[] = []
  readonly heard: Uint8Array[] = []
  readonly violations: Violation[] = []
  isLost = false
  #seq = 1
  #onChange: (() => void)[] = []

  constructor(hello: SessionHello, caller: LiveCaller, transport: Transport, place: SessionPlace) {
    this.hello = hello
    this.caller = caller
    this.transport = transport
    this.place = place
  }

  receive(message: SessionMessage): void {
    this.received.push(message)
    this.#changed()
  }

  hear(frame: Uint8Array): void {
    this.heard.push(Uint8Array.from(frame))
    this.#changed()
  }

  violated(violation: Violation): void {
    this.violations.push(violation)
    const told = toldOf(violation, ++this.#seq)
    if (told) this.transport.send(told)
    this.#changed()
  }

  lost(): void {
    this.isLost = true
    this.#changed()
  }

  /** Resolves once something is so. */
  async until(is: (session: this) => boolean): Promise<void> {
    while (!is(this)) await new Promise<void>((resolve) => this.#onChange.push(resolve))
  }

  #changed(): void {
    for (const resolve of this.#onChange.splice(0)) resolve()
  }
}

/** What a client sends first, by hand. */
export function upgradeRequest(host: string): Buffer {
  const lines = [
    'GET /v1/live HTTP/1.1',
    `host: ${host}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

function helloAck({ audio_in, features }: SessionHello, session_id: string): LiveHelloAck {
  return {
    type: 'hello_ack',
    seq: 1,
    session_id,
    resume_token: 'token',
    protocol_version: '1',
    is_resumed: false,
    ...(audio_in && { audio_in }),
    audio_out: { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
    features: { ...features },
    limits: toldLimits,
  }
}

export const pcm16 = { encoding: 'pcm_s16le', sample_rate_hz: 16_000 } as const

/** The least that a client says first. */
export const hello = { type: 'hello', protocol_version: '1', model: 'demo/echo', tts: { voice: 'demo/soft' }, audio_in: pcm16 }

export interface ConnectOptions {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly autoPong?: boolean
}

/** A client that keeps what it is sent until somebody asks for it. */
export class LiveClient {
  readonly socket: WebSocket
  readonly opened: Promise<void>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** Of an upgrade that was refused. */
  readonly refused: Promise<{
    readonly status: number
    readonly headers: Readonly<Record<string, unknown>>
    readonly body: string
  }>
  /** Of one that was not. */
  readonly headers: Promise<Readonly<Record<string, unknown>>>
  #frames: (string | Buffer)[] = []
  #waiting: ((frame: string | Buffer) => void)[] = []

  constructor(url: string, { protocols = [], headers = {}, autoPong = true }: ConnectOptions = {}) {
    const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false, autoPong })
    this.socket = socket
    this.opened = new Promise((resolve) => socket.once('open', resolve))
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    this.headers = new Promise((resolve) => socket.once('upgrade', (response) => resolve(response.headers)))
    this.refused = new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
    })
    socket.on('error', () => undefined)
    socket.on('message', (data, isBinary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
      const frame = isBinary ? bytes : bytes.toString()
      const waiting = this.#waiting.shift()
      if (waiting) waiting(frame)
      else this.#frames.push(frame)
    })
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  async sendOpened(message: unknown): Promise<void> {
    await this.opened
    this.send(message)
  }

  nextFrame(): Promise<string | Buffer> {
    const frame = this.#frames.shift()
    return frame === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(frame)
  }

  /** The next message in JSON. */
  async next(): Promise<LiveServerMessage> {
    const frame = await this.nextFrame()
    if (typeof frame !== 'string') throw new Error('a binary frame came')
    return JSON.parse(frame)
  }

  /** The code of an upgrade that was refused. */
  async refusal(): Promise<string> {
    const { status, body } = await this.refused
    return `${status} ${JSON.parse(body).error.code}`
  }
}
