import { createServer, type ServerResponse } from 'node:http'
import { jsonPayload, streamFrames } from '../answers.ts'
import { micros, readMarker, stamp, type Template, template } from '../marker.ts'
import type { Dialect } from '../requests.ts'

/**
 * The upstream of the soak, a process of its own: `POST /v1/messages` and `POST /v1/chat/completions`. What it does is in the model's
 * name, `soak-<what>-<events>`. Each answer holds the number of its request. The port is the first argument.
 */
const server = createServer((request, response) => {
  const dialect: Dialect = request.url?.startsWith('/v1/messages') ? 'anthropic' : 'openai'
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(Buffer.concat(chunks), dialect, response))
})
server.keepAliveTimeout = 60_000
process.on('disconnect', () => process.exit())
server.listen(Number(process.argv[2]), '127.0.0.1')

/** Requests that were refused once and are answered when they come again. */
const refusedOnce = new Set<number>()

function answer(bytes: Buffer, dialect: Dialect, response: ServerResponse): void {
  const text = bytes.toString()
  const body = template(bytes)
  const [, model = '', what, events] = /"model":"(soak-([a-z]+)-(\d+))"/.exec(text) ?? []
  const nonce = body.markerAt === -1 ? 0 : readMarker(body).nonce
  const plan = { dialect, model, events: Number(events), nonce, isStream: text.includes('"stream":true') }
  if (what === 'ok' || refusedOnce.delete(nonce)) say(response, plan)
  else if (what === 'paced') sayPaced(response, plan)
  else if (what === 'cut') say(response, plan, true)
  else if (what !== 'silent') fail(response, statuses[what ?? ''] ?? 404)
  if (what === 'flaky' && response.statusCode === 503) refusedOnce.add(nonce)
}

const statuses: Readonly<Record<string, number>> = { wrong: 400, busy: 429, broken: 500, flaky: 503 }

interface Plan {
  readonly dialect: Dialect
  readonly model: string
  readonly events: number
  readonly nonce: number
  readonly isStream: boolean
}

function fail(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ type: 'error', error: { type: 'some_error', message: 'That did not work.' } }))
}

/** As fast as it is read; cut off in the middle where that is wanted. */
function say(response: ServerResponse, { dialect, model, events, nonce, isStream }: Plan, isCut = false): void {
  const marker = { nonce, sentAt: micros() }
  if (!isStream) {
    const bytes = stamp(wholeOf(dialect, model, events), marker)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
    if (!isCut) return void response.end(bytes)
    return void response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
  }
  const frames = framesOf(dialect, model, events)
  const last = isCut ? frames.length / 2 : frames.length
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  const next = (): void => {
    if (response.destroyed) return
    if (sent >= last) return void (isCut ? response.destroy() : response.end())
    const bytes = Buffer.concat(frames.slice(sent, sent + 10).map((frame) => stamp(frame, marker)))
    sent += 10
    if (response.write(bytes)) setImmediate(next)
    else response.once('drain', next)
  }
  next()
}

/** An event each 20 ms. */
function sayPaced(response: ServerResponse, { dialect, model, events, nonce }: Plan): void {
  const frames = framesOf(dialect, model, events)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  const timer = setInterval(() => {
    const frame = frames[sent++]
    if (frame) response.write(stamp(frame, { nonce, sentAt: micros() }))
    else response.end()
  }, 20)
  response.once('close', () => clearInterval(timer))
}

const prepared = new Map<string, readonly Template[]>()

function framesOf(dialect: Dialect, model: string, events: number): readonly Template[] {
  return kept(`stream ${dialect} ${model}`, () => streamFrames(dialect, model, events))
}

function wholeOf(dialect: Dialect, model: string, events: number): Template {
  const [whole] = kept(`json ${dialect} ${model}`, () => [
    template(Buffer.from(JSON.stringify(jsonPayload(dialect, model, events)))),
  ])
  if (!whole) throw new Error('no answer')
  return whole
}

function kept(name: string, make: () => readonly Template[]): readonly Template[] {
  const before = prepared.get(name)
  if (before) return before
  const made = make()
  prepared.set(name, made)
  return made
}
