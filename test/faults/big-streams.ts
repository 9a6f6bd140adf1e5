import { createServer, type ServerResponse } from 'node:http'
import { messageEnd, messageStart, textDelta } from '../message-frames.ts'
import { until } from '../until.ts'

/** A provider of Anthropic's kind whose streams are far larger than what fits between it and a reader who does not read. */
export interface BigStreams {
  readonly url: string
  /** What a reader who reads is told in the end. */
  readonly text: string
  /** Bytes of one whole stream. */
  readonly size: number
  /** Resolves once so many streams have begun and none moves any more; with what was sent of each, in bytes. */
  stuck(streams: number): Promise<readonly number[]>
  close(): void
}

export async function startBigStreams(): Promise<BigStreams> {
  const pieces = Array.from({ length: 600 }, (_, index) => `${index}:`.padEnd(16 * 1024, '·'.repeat(2)))
  const frames = [messageStart, ...pieces.map(textDelta), messageEnd].map((text) => Buffer.from(text))
  const sent: number[] = []
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => pour(response, frames, sent, sent.push(0) - 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    text: pieces.join(''),
    size: frames.reduce((sum, { length }) => sum + length, 0),
    async stuck(streams) {
      let before = ''
      let sameFor = 0
      await until(() => {
        const now = sent.join()
        sameFor = now === before && sent.length === streams ? sameFor + 1 : 0
        before = now
        // A few hundred milliseconds, longer on a machine that has much to do.
        return sameFor > 50
      })
      return [...sent]
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Writes as fast as it is taken. */
function pour(response: ServerResponse, frames: readonly Buffer[], sent: number[], index: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let next = 0
  const go = (): void => {
    for (let frame = frames[next]; frame; frame = frames[next]) {
      next++
      sent[index] = (sent[index] ?? 0) + frame.length
      if (!response.write(frame)) return void response.once('drain', go)
    }
    response.end()
  }
  go()
}
