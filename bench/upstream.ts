import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { jsonPayload, type Plan, readModelName, streamFrames } from './answers.ts'
import { testKeys, type UpstreamCounts } from './control.ts'
import { difference } from './difference.ts'
import { alike, micros, readMarker, stamp, type Template, template } from './marker.ts'
import { conversation, type Dialect, readRequest, writeRequest } from './requests.ts'

/**
 * The mock upstream, a process of its own: `POST /v1/messages` and `POST /v1/chat/completions`, JSON and SSE.
 *
 * The model's name says how long the answer is and how fast it comes. A request that has lost anything is refused with a 400.
 * `GET /control` tells what was counted, `POST /control/reset` drops what is open and counts anew. The port is the first argument.
 */
const server = createServer((request, response) => {
  if (request.url?.startsWith('/control')) return control(request, response)
  const dialect = dialectOf(request)
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    counts.requests++
    const accepted = dialect ? accept(dialect, Buffer.concat(chunks)) : 'no such path, or not the test key'
    if (!dialect || typeof accepted === 'string') refuse(response, String(accepted))
    else answer(response, dialect, accepted)
  })
})
server.keepAliveTimeout = 60_000
process.on('disconnect', () => process.exit())
server.listen(Number(process.argv[2]), '127.0.0.1')

interface Accepted {
  readonly plan: Plan
  readonly stream: boolean
  readonly exact: boolean
  readonly nonce: number
}

/** Bodies already found right, by their length; a body like one of them need not be parsed again. */
const known = new Map<number, (Omit<Accepted, 'nonce'> & { readonly dialect: Dialect; readonly body: Template })[]>()
const knownLengthsLimit = 256
const burst = 10

let counts = freshCounts()
const openAnswers = new Set<ServerResponse>()

function freshCounts(): UpstreamCounts {
  return { requests: 0, exact: 0, equivalent: 0, rejected: 0, lastRejection: '', open: 0, finished: 0, abandoned: [] }
}

function control(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'POST') {
    // What a target left running would disturb the next measurement.
    for (const left of openAnswers) left.destroy()
    counts = freshCounts()
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(counts))
}

function dialectOf(request: IncomingMessage): Dialect | undefined {
  const path = request.url?.split('?')[0]
  if (path === '/v1/messages' && request.headers['x-api-key'] === testKeys.anthropic) return 'anthropic'
  if (path === '/v1/chat/completions' && request.headers.authorization === `Bearer ${testKeys.openai}`) return 'openai'
  return undefined
}

/** What is asked for, or why it is refused. */
function accept(dialect: Dialect, bytes: Buffer): Accepted | string {
  const body = template(bytes)
  if (body.markerAt === -1) return 'the request has lost its marker'
  const { nonce } = readMarker(body)
  const before = known.get(bytes.length)?.find((item) => item.dialect === dialect && alike(item.body, body))
  if (before) return { ...before, nonce }

  const read = readRequest(dialect, JSON.parse(bytes.toString()))
  const plan = read && readModelName(read.model)
  if (!plan) return 'not a request of this dialect, or an unknown model'
  const sent = conversation(plan.size)
  const lost = difference({ ...sent, system: '' }, { ...read.conversation, system: '' }) ?? differenceOfSystem(sent, read)
  if (lost) return `the request has lost something: ${lost}`
  if (read.stream && !read.includeUsage) return 'a stream without its usage'
  const exact = alike(template(writeRequest(dialect, plan.model, read.stream, sent)), body)
  if (known.size >= knownLengthsLimit) known.clear()
  const accepted = { plan, stream: read.stream, exact, dialect, body }
  known.set(bytes.length, [...(known.get(bytes.length) ?? []), accepted].slice(-8))
  return { ...accepted, nonce }
}

/** The system prompt holds the marker, whose digits differ. */
function differenceOfSystem(sent: { system: string }, read: { conversation: { system: string } }): string | undefined {
  const [expected, actual] = [sent.system, read.conversation.system].map((text) => template(Buffer.from(text)))
  return expected && actual && alike(expected, actual) ? undefined : '$.system'
}

function refuse(response: ServerResponse, reason: string): void {
  counts.rejected++
  counts.lastRejection = reason
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: reason } }))
}

function answer(response: ServerResponse, dialect: Dialect, { plan, stream, exact, nonce }: Accepted): void {
  // An answer belongs to the counts that it began under.
  const own = counts
  if (exact) own.exact++
  else own.equivalent++
  own.open++
  openAnswers.add(response)
  response.on('close', () => {
    openAnswers.delete(response)
    own.open--
    if (response.writableFinished) own.finished++
    else own.abandoned.push({ nonce, closedAt: micros() })
  })
  const prepared = prepare(dialect, plan)
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': prepared.json.bytes.length })
    response.end(stamp(prepared.json, { nonce, sentAt: micros() }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  if (plan.pacedMs > 0) sendPaced(response, prepared.frames, plan, nonce)
  else sendAtFullSpeed(response, prepared.frames, nonce)
}

interface Prepared {
  readonly json: Template
  readonly frames: readonly Template[]
}

const preparedAnswers = new Map<string, Prepared>()

function prepare(dialect: Dialect, { model, events }: Plan): Prepared {
  const key = `${dialect} ${model}`
  const before = preparedAnswers.get(key)
  if (before) return before
  const json = template(Buffer.from(JSON.stringify(jsonPayload(dialect, model, events))))
  const prepared = { json, frames: streamFrames(dialect, model, events) }
  preparedAnswers.set(key, prepared)
  return prepared
}

/** Bursts of ten events, a turn of the event loop between them, and no faster than the reader reads. */
function sendAtFullSpeed(response: ServerResponse, frames: readonly Template[], nonce: number): void {
  let sent = 0
  const next = (): void => {
    if (response.destroyed) return
    const marker = { nonce, sentAt: micros() }
    const bytes = Buffer.concat(frames.slice(sent, sent + burst).map((frame) => stamp(frame, marker)))
    sent += burst
    if (sent >= frames.length) response.end(bytes)
    else if (response.write(bytes)) setImmediate(next)
    else response.once('drain', next)
  }
  next()
}

/**
 * One event with text at each beat. What comes before the first is sent at once, what comes after the last goes with it.
 * Streams that begin together have their beats apart from each other, evenly over the interval, as independent callers would.
 */
function sendPaced(response: ServerResponse, frames: readonly Template[], { pacedMs }: Plan, nonce: number): void {
  const first = frames.findIndex(({ markerAt }) => markerAt !== -1)
  const last = frames.findLastIndex(({ markerAt }) => markerAt !== -1)
  response.write(Buffer.concat(frames.slice(0, first).map(({ bytes }) => bytes)))
  const phase = ((nonce * 0.618_033_988_749) % 1) * pacedMs
  const begin = micros() / 1000 + phase
  let timer = setTimeout(beat, phase, first)
  response.on('close', () => clearTimeout(timer))

  function beat(index: number): void {
    const frame = frames[index]
    if (!frame) return
    response.write(stamp(frame, { nonce, sentAt: micros() }))
    if (index === last) response.end(Buffer.concat(frames.slice(last + 1).map(({ bytes }) => bytes)))
    else timer = setTimeout(beat, Math.max(1, begin + (index + 1 - first) * pacedMs - micros() / 1000), index + 1)
  }
}
