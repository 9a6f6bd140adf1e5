import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { LiveClientMessage, LiveHelloAck, LiveServerMessage } from '../../../api/schemas.gen.ts'
import { problemsWith } from '../../contract-schemas.ts'

/** A gateway that does what a test tells it, line by line, and holds its client to the contract. */
export interface ScriptedGateway {
  readonly url: URL
  /** As a client is told where it is. */
  readonly baseURL: string
  /** The next socket that is opened, with its first message. */
  next(): Promise<ScriptedLine>
  /** Answers upgrades with this status from now on; with a socket again for undefined. */
  refuse(status: number | undefined, body?: string): void
  close(): Promise<void>
}

export interface ScriptedLine {
  readonly socket: WebSocket
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly hello: Extract<LiveClientMessage, { type: 'hello' }>
  send(message: LiveServerMessage): void
  /** The next message, sound left out. */
  receive(): Promise<LiveClientMessage>
}

export async function startScriptedGateway(): Promise<ScriptedGateway> {
  const lines = new Mailbox<ScriptedLine>()
  let refusal: { status: number; body: string } | undefined
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, connection, head) => {
    if (refusal) {
      const { status, body } = refusal
      connection.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      return
    }
    sockets.handleUpgrade(request, connection, head, (socket) => {
      const messages = new Mailbox<LiveClientMessage>()
      let isFirst = true
      socket.on('message', (data, isBinary) => {
        if (isBinary) return
        const message: LiveClientMessage = JSON.parse(data.toString())
        const problems = problemsWith('LiveClientMessage', message)
        if (problems.length > 0) throw new Error(problems.join('\n'))
        if (isFirst && message.type === 'hello') {
          isFirst = false
          lines.put({
            socket,
            headers: request.headers,
            hello: message,
            send: (each) => socket.send(JSON.stringify(each)),
            receive: () => messages.take(),
          })
        } else messages.put(message)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port }: AddressInfo = addressOf(server.address())
  return {
    baseURL: `http://127.0.0.1:${port}`,
    url: new URL(`ws://127.0.0.1:${port}/v1/live`),
    next: () => lines.take(),
    refuse(status, body = '') {
      refusal = status === undefined ? undefined : { status, body }
    },
    close() {
      for (const socket of sockets.clients) socket.terminate()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export function ack(more: Partial<LiveHelloAck> = {}): LiveHelloAck {
  return {
    type: 'hello_ack',
    seq: 1,
    session_id: 'live_1',
    resume_token: 'token_1',
    protocol_version: '1',
    is_resumed: false,
    audio_out: { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
    features: {},
    limits: {
      message_bytes: 1_000_000,
      audio_frame_bytes: 8192,
      messages_per_second: 50,
      text_characters: 20_000,
      resume_ms: 30_000,
      idle_ms: 1,
      total_ms: 1,
      unplayed_ms: 1500,
    },
    ...more,
  }
}

/** What comes, in its order, for whoever asks for it. */
export class Mailbox<Item> {
  readonly #items: Item[] = []
  readonly #waiting: ((item: Item) => void)[] = []

  put(item: Item): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(item)
    else this.#items.push(item)
  }

  take(): Promise<Item> {
    const item = this.#items.shift()
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item)
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address
}
