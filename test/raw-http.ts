import { connect, type Socket } from 'node:net'

/** HTTP/1.1 by hand, for requests that no client would send. */

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends the pieces one after the other, and resolves with everything that came back once the server has closed. */
export function exchange(url: string, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  return talk(url, (socket) => {
    for (const piece of pieces) socket.write(piece)
  })
}

/** As `exchange`, but sends the second piece only when something has come back for the first. */
export function exchangeInTurn(url: string, first: string, second: string): Promise<string> {
  return talk(url, (socket) => {
    socket.once('data', () => socket.write(second))
    socket.write(first)
  })
}

function talk(url: string, begin: (socket: Socket) => void): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    // A server that has said its last word may reset what is still on its way to it.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    begin(socket)
  })
}

/** The answers in what came back, `100 Continue` among them; throws where it is not a sequence of whole answers. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = text
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n')
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]
    if (headEnd < 0 || status === undefined) throw new Error(`not an answer: ${rest.slice(0, 200)}`)
    const headers = Object.fromEntries(lines.map(headerOf))
    const { body, length } = bodyOf(rest.slice(headEnd + 4), headers)
    answers.push({ status: Number(status), headers, body })
    rest = rest.slice(headEnd + 4 + length)
  }
  return answers
}

/** A request's head and body; `headers` are lines, and `content-length` is added unless they frame the body themselves. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const isFramed = headers.some((header) => /^(?:content-length|transfer-encoding):/i.test(header))
  const framing = isFramed || body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  return `${[`${line} HTTP/1.1`, 'host: gateway.test', ...headers, ...framing].join('\r\n')}\r\n\r\n${body}`
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

/** The body, and how many characters it takes with its framing. Lengths are of ASCII, which is all these tests receive. */
function bodyOf(rest: string, headers: Readonly<Record<string, string>>): { body: string; length: number } {
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? 0)
    return { body: rest.slice(0, length), length }
  }
  let body = ''
  for (let at = 0; ; ) {
    const sizeEnd = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, sizeEnd), 16)
    if (sizeEnd < 0 || Number.isNaN(size)) throw new Error(`not a chunk: ${rest.slice(at, at + 200)}`)
    at = sizeEnd + 2 + size + 2
    if (size === 0) return { body, length: at }
    body += rest.slice(sizeEnd + 2, sizeEnd + 2 + size)
  }
}
