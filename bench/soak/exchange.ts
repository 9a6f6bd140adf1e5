import { type Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** One exchange with the gateway, and how its end is told. */

export interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** The client leaves: before an answer has come, or after so many bytes of it. */
  readonly leaveAfter?: number
  /** Milliseconds that the client does nothing after each piece it has read. */
  readonly idleMs?: number
}

/** `whole`: the right answer to `nonce`. Otherwise the code of the contract's error, or `left`. Throws where it is none of these. */
export async function exchange(origin: string, agent: Agent, ask: Ask, nonce: number, events: number): Promise<string> {
  const answer = await send(origin, agent, ask)
  if (answer === undefined) return 'left'
  const { status, type, text } = answer
  if (type.startsWith('text/event-stream')) return streamOutcome(text, nonce, events)
  if (!type.startsWith('application/json')) {
    if (status === 200 && ask.path === '/metrics') return 'whole'
    throw new Error(`${status} ${type}: ${text.slice(0, 200)}`)
  }
  if (status !== 200) return codeOf(text)
  if (ask.body === undefined) return 'whole'
  const { stop_reason: stopReason, content } = JSON.parse(text)
  checkNonces(content[0].text, nonce, 1)
  if (stopReason !== 'end_turn') throw new Error(`the end is ${stopReason}`)
  return 'whole'
}

function streamOutcome(text: string, nonce: number, events: number): string {
  const last = text.slice(text.lastIndexOf('event: ', text.length - 3))
  if (!text.endsWith('\n\n')) throw new Error(`a stream that ends inside an event: …${text.slice(-200)}`)
  if (last.startsWith('event: error\n')) {
    checkNonces(text, nonce)
    return codeOf(last.slice(last.indexOf('data: ') + 6))
  }
  if (!last.startsWith('event: message_stop\n')) throw new Error(`a stream without its end: …${text.slice(-200)}`)
  checkNonces(text, nonce, events)
  return 'whole'
}

function checkNonces(text: string, nonce: number, count?: number): void {
  const found = text.match(/<<(\d{8}):/g) ?? []
  const own = `<<${String(nonce).padStart(8, '0')}:`
  if (found.some((each) => each !== own)) throw new Error(`pieces of another answer in the one to ${nonce}`)
  if (count !== undefined && found.length !== count) throw new Error(`${found.length} pieces of an answer, not ${count}`)
}

function codeOf(text: string): string {
  const { type, error } = JSON.parse(text)
  if (type !== 'error' || typeof error?.code !== 'string') throw new Error(`no error of the contract: ${text.slice(0, 200)}`)
  if (error.code === 'internal_error') throw new Error(`the gateway's own fault: ${text.slice(0, 200)}`)
  return error.code
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const deadlineMs = 60_000

/** Undefined where the client has left. Rejects where there is no whole answer within the deadline. */
function send(
  origin: string,
  agent: Agent,
  { method = 'POST', path, headers, body, leaveAfter, idleMs }: Ask,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(origin + path, { method, agent, headers })
    const leave = (): void => {
      resolve(undefined)
      outgoing.destroy()
    }
    const deadline = setTimeout(() => {
      reject(new Error(`hung: no whole answer within ${deadlineMs} ms`))
      outgoing.destroy()
    }, deadlineMs)
    outgoing.once('close', () => clearTimeout(deadline))
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      read(response, leaveAfter ?? Number.POSITIVE_INFINITY, idleMs).then((text) => {
        if (text === undefined) return leave()
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text })
      }, reject)
    })
    outgoing.end(body)
    // Time for the request to be on its way to the upstream.
    if (leaveAfter === 0) setTimeout(leave, 30)
  })
}

async function read(response: IncomingMessage, most: number, idleMs: number | undefined): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= most) return undefined
    if (idleMs !== undefined) await pause(idleMs)
  }
  if (!response.complete) throw new Error('the answer broke off')
  return Buffer.concat(chunks).toString()
}
