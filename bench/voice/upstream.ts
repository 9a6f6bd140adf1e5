import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Value } from '@sinclair/typebox/value'
import { micros } from '../marker.ts'
import { type Made, namePattern, Pace } from './control.ts'
import { piecesOf, soundBytesOf, tone, vendorRate } from './speech.ts'

/**
 * The mock upstream of the voice benchmark, a process of its own: a model (`POST /v1/messages`, streamed or whole), a vendor that
 * gives bare sound (`POST /v1/audio/speech`), one that gives it as base64 with times (`POST /tts/sse`), and one that hears
 * (`POST /v1/audio/transcriptions`). The port is the first argument.
 */
const sound = tone()
let pace: Pace = { textMs: 0, firstByteMs: 0, realTimeFactor: 0, pieceBytes: 4096 }
let made = new Map<string, Made>()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, Buffer.concat(chunks), response))
})
server.keepAliveTimeout = 60_000
process.on('disconnect', () => process.exit())
server.listen(Number(process.argv[2]), '127.0.0.1')

function answer({ url, method }: IncomingMessage, body: Buffer, response: ServerResponse): void {
  if (url === '/control') control(method, body, response)
  else if (url === '/v1/audio/transcriptions') later(pace.firstByteMs, () => json(response, { text: heard }))
  else answerAsked(url, body.toString(), response)
}

function answerAsked(url: string | undefined, body: string, response: ServerResponse): void {
  const name = namePattern.exec(body)?.[0]
  const asked: unknown = name === undefined ? undefined : JSON.parse(body)
  if (name === undefined || typeof asked !== 'object' || asked === null) response.writeHead(400).end()
  else if (url === '/v1/messages') (hasTrue(asked, 'stream') ? stream : whole)(name, response)
  else if ('input' in asked && typeof asked.input === 'string') speak(name, asked.input, response, bare)
  else if ('transcript' in asked && typeof asked.transcript === 'string') speak(name, asked.transcript, response, written)
  else response.writeHead(404).end()
}

function hasTrue(asked: object, member: string): boolean {
  return new Map<string, unknown>(Object.entries(asked)).get(member) === true
}

function control(method: string | undefined, body: Buffer, response: ServerResponse): void {
  if (method === 'POST') {
    const wanted: unknown = JSON.parse(body.toString())
    if (!Value.Check(Pace, wanted)) throw new Error('not a pace')
    pace = wanted
    made = new Map()
  }
  json(response, [...made.values()])
}

function json(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

function exchangeOf(name: string): Made {
  const known = made.get(name) ?? { name, textAt: [], sentences: [] }
  made.set(name, known)
  return known
}

// ── The model ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const usage = { input_tokens: 11, output_tokens: 1 }
const message = {
  id: 'msg_01BenchBenchBenchBench00',
  type: 'message',
  role: 'assistant',
  model: 'bench',
  stop_sequence: null,
  usage,
}

/** An event of the stream; what else it holds is the model's to say. */
type Frame = Readonly<Record<string, unknown>> & { readonly type: string }

function whole(name: string, response: ServerResponse): void {
  json(response, { ...message, content: [{ type: 'text', text: piecesOf(name).join('') }], stop_reason: 'end_turn' })
}

function stream(name: string, response: ServerResponse): void {
  const { textAt } = exchangeOf(name)
  const pieces = piecesOf(name)
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  const write = (...events: readonly Frame[]): void =>
    void response.write(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
  write(
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  )
  const begin = micros() + phase() * pace.textMs * 1000
  const next = (): void => {
    if (response.destroyed) return
    do {
      const text = pieces[textAt.length]
      if (text === undefined) {
        write(
          { type: 'content_block_stop', index: 0 },
          {
            type: 'message_delta',
            delta: { stop_reason: 'end_turn', stop_sequence: null },
            usage: { output_tokens: textAt.length },
          },
          { type: 'message_stop' },
        )
        response.end()
        return
      }
      write({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
      textAt.push(micros())
    } while (pace.textMs === 0 && textAt.length % burst !== 0)
    if (pace.textMs === 0) setImmediate(next)
    else setTimeout(next, Math.max(1, (begin - micros()) / 1000 + textAt.length * pace.textMs))
  }
  next()
}

const burst = 10
let phases = 0

/** Streams that begin together have their beats apart from each other, as independent ones would. */
function phase(): number {
  return (phases++ * 0.618_033_988_749) % 1
}

// ── Those who speak, and hear ───────────────────────────────────────────────────────────────────────────────────────────

const heard = 'What is the capital of France?'

interface Form {
  readonly mediaType: string
  readonly head: string
  piece(bytes: Buffer): Buffer | string
  readonly tail: string
}

const bare: Form = { mediaType: 'audio/pcm', head: '', piece: (bytes) => bytes, tail: '' }
const written: Form = {
  mediaType: 'text/event-stream',
  head: `event: timestamps\ndata: ${JSON.stringify({
    type: 'timestamps',
    word_timestamps: { words: ['The', 'answer'], start: [0, 0.2], end: [0.2, 0.5] },
    status_code: 206,
    done: false,
  })}\n\n`,
  piece: (bytes) =>
    `event: chunk\ndata: {"type":"chunk","data":"${bytes.toString('base64')}","done":false,"status_code":206,"step_time":12.5}\n\n`,
  tail: `event: done\ndata: {"type":"done","done":true,"status_code":200}\n\n`,
}

function speak(name: string, text: string, response: ServerResponse, form: Form): void {
  const askedAt = micros()
  const soundBytes = soundBytesOf(text)
  const sentence = { askedAt, firstAt: 0, soundBytes, characters: text.length }
  exchangeOf(name).sentences.push(sentence)
  const bytes = sound.subarray(0, soundBytes)
  later(pace.firstByteMs, () => {
    response.writeHead(200, { 'content-type': form.mediaType })
    if (form.head !== '') response.write(form.head)
    sentence.firstAt = micros()
    give(bytes, response, form)
  })
}

/** A piece at a time, each when it is due, and no faster than it is read. */
function give(bytes: Buffer, response: ServerResponse, form: Form): void {
  const { pieceBytes, realTimeFactor } = pace
  const begin = micros()
  const pieceMicros = realTimeFactor === 0 ? 0 : (pieceBytes / 2 / vendorRate / realTimeFactor) * 1e6
  let at = 0
  const next = (): void => {
    while (!response.destroyed) {
      const piece = bytes.subarray(at, at + pieceBytes)
      at += pieceBytes
      const isDrained = response.write(form.piece(piece))
      if (at >= bytes.length) return void response.end(form.tail)
      if (pieceMicros > 0) return void later((begin - micros()) / 1000 + (at / pieceBytes) * (pieceMicros / 1000), next)
      if (!isDrained) return void response.once('drain', next)
    }
  }
  next()
}

function later(ms: number, run: () => void): void {
  if (ms <= 0) setImmediate(run)
  else setTimeout(run, ms)
}
