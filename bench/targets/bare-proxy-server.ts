import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createParser } from 'eventsource-parser'
import { type Dispatcher, Pool } from 'undici'

/**
 * A minimal, honest proxy: node:http, undici, eventsource-parser. Bodies are parsed and written anew, each event is parsed,
 * written anew and sent with one write. It waits for a slow reader and hangs up when its caller does. No routes, no checks,
 * no limits, no log. Arguments: the port and the upstream's origin.
 */
const [port, upstream] = process.argv.slice(2)
const pool = new Pool(upstream ?? '', { connections: 2000, pipelining: 1 })

createServer((request, response) => {
  if (request.url === '/healthz') return void response.end()
  forward(request, response).catch(() => response.destroy())
}).listen(Number(port), '127.0.0.1')

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) left.abort()
  })
  const answer = await pool.request({
    method: 'POST',
    path: request.url ?? '/',
    headers: keyHeaders(request),
    body: JSON.stringify(JSON.parse((await bytesOf(request)).toString())),
    signal: left.signal,
  })
  const type = String(answer.headers['content-type'])
  response.writeHead(answer.statusCode, { 'content-type': type })
  if (type.startsWith('text/event-stream')) await forwardEvents(answer.body, response)
  else response.end(JSON.stringify(JSON.parse(await answer.body.text())))
}

function keyHeaders({ headers }: IncomingMessage): Record<string, string> {
  const forwarded: Record<string, string> = { 'content-type': 'application/json' }
  for (const name of ['authorization', 'x-api-key', 'anthropic-version']) {
    const value = headers[name]
    if (typeof value === 'string') forwarded[name] = value
  }
  return forwarded
}

async function forwardEvents(body: Dispatcher.ResponseData['body'], response: ServerResponse): Promise<void> {
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent({ event, data }) {
      const payload = data === '[DONE]' ? data : JSON.stringify(JSON.parse(data))
      response.write(event ? `event: ${event}\ndata: ${payload}\n\n` : `data: ${payload}\n\n`)
    },
  })
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    if (response.writableNeedDrain) await once(response, 'drain')
  }
  response.end()
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
