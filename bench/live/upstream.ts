import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Value } from '@sinclair/typebox/value'
import { type WebSocket, WebSocketServer } from 'ws'
import { Pace, type Seen } from './control.ts'
import { listen, transcribe } from './ears.ts'
import { answer } from './model.ts'
import { speak } from './mouth.ts'

/**
 * The mock upstream of the live benchmark, a process of its own: two engines that hear, a model and a voice, none of which takes any time of
 * its own. Sessions are told apart by their names, which stand in everything that is said. The port is the first argument.
 */
let pace: Pace = { sentences: 1, realTimeFactor: 0, chunkBytes: 4096 }
let seen = new Map<string, Seen>()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    if (request.url === '/control') control(request, body, response)
    else if (request.url?.startsWith('/v1/messages')) answer(body, response, seenOf, pace)
    else response.writeHead(404).end()
  })
})
server.keepAliveTimeout = 60_000
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket: WebSocket, request) => {
  socket.on('error', () => socket.terminate())
  const { url = '' } = request
  if (url.startsWith('/v1/listen')) listen(socket, request, seenOf)
  else if (url.startsWith('/v1/realtime')) transcribe(socket, request, seenOf)
  else if (url.startsWith('/tts/websocket')) speak(socket, seenOf, () => pace)
  else socket.close(1008)
})
process.on('disconnect', () => process.exit())
server.listen(Number(process.argv[2]), '127.0.0.1')

function control({ method }: IncomingMessage, body: string, response: ServerResponse): void {
  if (method === 'POST') {
    const wanted: unknown = JSON.parse(body)
    if (!Value.Check(Pace, wanted)) throw new Error('not a pace')
    pace = wanted
    seen = new Map()
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify([...seen.values()]))
}

function seenOf(name: string): Seen {
  const known = seen.get(name)
  if (known) return known
  const fresh = {
    name,
    rate: 0,
    heardAt: [],
    heardSamples: [],
    partialAt: [],
    finalAt: [],
    askedAt: [],
    answeredAt: [],
    spoken: [],
  }
  seen.set(name, fresh)
  return fresh
}
