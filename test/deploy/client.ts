import { connect } from 'node:http2'
import { Agent, request } from 'node:https'
import type { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Nginx } from './nginx.ts'

/** One request through nginx, as a client sees it while it runs. */
export interface Exchange {
  /** Resolves once the head of the answer is there. */
  readonly head: Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>> }>
  /** The whole body, once it has ended; rejects where it broke off. */
  readonly body: Promise<string>
  /** Resolves once the body so far holds a text. */
  saw(text: string): Promise<void>
  /** Hangs up. */
  leave(): void
}

export interface Sending {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The client's own address, of those that are this machine's; over HTTP/1.1 alone. */
  readonly from?: string
}

export type Send = (nginx: Nginx, sending: Sending) => Exchange

/** HTTP/1.1 over TLS. */
export const sendOverHttp1: Send = (
  nginx,
  { method = 'POST', path = '/v1/messages', headers = {}, body, from = '127.0.0.1' },
) => {
  const sent = request({
    host: '127.0.0.1',
    port: nginx.httpsPort,
    ca: nginx.certificate,
    servername: nginx.serverName,
    localAddress: from,
    agent: new Agent({ keepAlive: false }),
    method,
    path,
    headers: { host: nginx.serverName, 'content-type': 'application/json', ...headers },
  })
  const answer = new Promise<{ status: number; headers: Record<string, unknown>; stream: Readable }>((resolve, reject) => {
    sent.once('error', reject)
    sent.once('response', (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, stream: response }),
    )
  })
  sent.end(body)
  return exchange(answer, () => sent.destroy())
}

/** HTTP/2 over TLS. */
export const sendOverHttp2: Send = (nginx, { method = 'POST', path = '/v1/messages', headers = {}, body }) => {
  const session = connect(`https://${nginx.serverName}`, {
    createConnection: () =>
      connectTls({
        host: '127.0.0.1',
        port: nginx.httpsPort,
        ca: nginx.certificate,
        servername: nginx.serverName,
        ALPNProtocols: ['h2'],
      }),
  })
  const stream = session.request({ ':method': method, ':path': path, 'content-type': 'application/json', ...headers })
  const answer = new Promise<{ status: number; headers: Record<string, unknown>; stream: Readable }>((resolve, reject) => {
    session.once('error', reject)
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('closed without an answer')))
    stream.once('response', (head) => resolve({ status: Number(head[':status']), headers: { ...head }, stream }))
  })
  stream.once('close', () => session.close())
  stream.end(body)
  return exchange(answer, () => stream.close())
}

function exchange(
  answer: Promise<{ status: number; headers: Readonly<Record<string, unknown>>; stream: Readable }>,
  leave: () => void,
): Exchange {
  let text = ''
  const looks = new Set<() => void>()
  const body = answer.then(
    ({ stream }) =>
      new Promise<string>((resolve, reject) => {
        stream.setEncoding('utf8')
        stream.on('data', (chunk) => {
          text += chunk
          for (const look of looks) look()
        })
        stream.once('end', () => resolve(text))
        stream.once('error', reject)
        stream.once('close', () => reject(new Error(`broken off after: ${text.slice(-200)}`)))
      }),
  )
  // Who leaves does not wait for the end.
  body.catch(() => undefined)
  return {
    head: answer,
    body,
    saw: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (text.includes(wanted)) resolve()
        }
        looks.add(look)
        look()
        body.then(look, reject)
      }),
    leave,
  }
}
