import type { OutgoingHttpHeaders } from 'node:http'
import type { Chunking, Offset } from './chunks.ts'
import type { RecordedRequest } from './upstream.ts'

/** What a simulated provider does with one request. */
export type Behaviour = Reply | Endless | Silence | HangUp | Respond

/** Decides once the request is there, body and all. */
export type Respond = (request: RecordedRequest) => Behaviour | Promise<Behaviour>

export interface Reply extends Delivery {
  readonly kind: 'reply'
  /** Default 200. */
  readonly status?: number
  readonly headers?: OutgoingHttpHeaders
  /** Default empty. */
  readonly body?: string | Uint8Array
}

/** How an answer's bytes are handed over. Offsets are of the body as it is sent, after compression. */
export interface Delivery {
  /** Default: one piece and a content-length; otherwise chunked. */
  readonly chunks?: Chunking
  /** Milliseconds between two pieces. Default 0: each piece waits only until the one before has been written. */
  readonly paceMs?: number
  /** Milliseconds before the status line. */
  readonly delayMs?: number
  /** Milliseconds between the head and the first byte of the body. */
  readonly firstByteDelayMs?: number
  /** Milliseconds between single bytes of the status line and the headers. The body then comes whole: `stallAt` and `dieAt` have no effect. */
  readonly headerPaceMs?: number
  /** Sends so much of the body, then nothing until the client leaves. */
  readonly stallAt?: Offset
  /** Sends so much of the body, then destroys the socket. */
  readonly dieAt?: Offset
  /** Compresses the body and says so. */
  readonly gzip?: boolean
}

/** A body without an end, written as fast as the socket takes it. */
export interface Endless {
  readonly kind: 'endless'
  readonly headers?: OutgoingHttpHeaders
  /** Written once. */
  readonly head?: string
  /** Written again and again. */
  readonly repeat: string
}

/** Takes the request and never answers. */
export interface Silence {
  readonly kind: 'silence'
}

/** Takes the request and destroys the socket without a byte of an answer. */
export interface HangUp {
  readonly kind: 'hang-up'
}

export const silence: Silence = { kind: 'silence' }
export const hangUp: HangUp = { kind: 'hang-up' }

export function reply(body: string | Uint8Array, options: Omit<Reply, 'kind' | 'body'> = {}): Reply {
  return { kind: 'reply', body, ...options }
}

/** A 200 of JSON, unless `options` says otherwise. */
export function json(value: unknown, options: Omit<Reply, 'kind' | 'body'> = {}): Reply {
  return reply(JSON.stringify(value), { ...options, headers: { 'content-type': 'application/json', ...options.headers } })
}

/** Server-sent events, one piece each, unless `options` says otherwise. */
export function sse(body: string | Uint8Array, options: Omit<Reply, 'kind' | 'body'> = {}): Reply {
  return reply(body, {
    chunks: 'events',
    ...options,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...options.headers },
  })
}

export function endless(repeat: string, options: Omit<Endless, 'kind' | 'repeat'> = {}): Endless {
  return { kind: 'endless', repeat, ...options }
}

/** What a proxy in between answers. */
export function htmlPage(status: number): Reply {
  const body = `<html>\r\n<head><title>${status}</title></head>\r\n<body>\r\n<center><h1>${status}</h1></center>\r\n</body>\r\n</html>\r\n`
  return reply(body, { status, headers: { 'content-type': 'text/html' } })
}

export function redirect(location: string, status = 307): Reply {
  return reply('', { status, headers: { location } })
}

/** A 200 that says it is JSON and has no body. */
export function empty(): Reply {
  return reply('', { headers: { 'content-type': 'application/json' } })
}
