import { createServer, type ServerResponse } from 'node:http'
import { messageEnd, messageStart, textDelta } from '../message-frames.ts'
import { anthropicKey } from '../upstreams/anthropic.ts'

/** A simulated model that writes what it is told, when it is told. */
export interface HeldModel {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
  /** Resolves once the nth request has come; its stream has begun. */
  asked(n?: number): Promise<void>
  /** Resolves once the nth stream's client has left. */
  left(n?: number): Promise<void>
  /** Writes more text to every stream. */
  write(text: string): void
  /** Ends every stream as a message ends. */
  finish(): void
  close(): Promise<void>
}

export async function startHeldModel(): Promise<HeldModel> {
  const streams: ServerResponse[] = []
  const gone = new Set<ServerResponse>()
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const each of waiting) each()
  }
  const until = (is: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!is()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(messageStart)
      streams.push(response)
      look()
    })
    response.on('close', () => {
      if (!response.writableFinished) gone.add(response)
      look()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    name: 'anthropic/claude-sonnet-4-5',
    env: { VAI_ANTHROPIC_BASE_URL: `http://127.0.0.1:${address.port}` },
    keys: { anthropic: anthropicKey },
    asked: (n = 1) => until(() => streams.length >= n),
    left: (n = 1) => until(() => gone.size >= n),
    write: (text) => {
      for (const stream of streams) stream.write(textDelta(text))
    },
    finish: () => {
      for (const stream of streams) stream.end(messageEnd)
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
