import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Behaviour, Respond } from './behaviour.ts'
import { deliver } from './deliver.ts'
import { type SocketConnection, type SocketScript, serveSockets } from './sockets.ts'

/** One request as it arrived, and what became of its answer. Times are `performance.now()`, in milliseconds. */
export interface RecordedRequest {
  /** 0 for the first. */
  readonly index: number
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body as it came, for what is not text. */
  readonly bytes: Buffer
  /** The parsed body; undefined where it is not JSON. */
  readonly json: unknown
  /** Which connection brought it, 0 for the first one opened. */
  readonly connection: number
  /** When the headers were there. */
  readonly startedAt: number
  /** When the body was there. */
  readonly receivedAt: number
  /** Bytes of the answer's body that the kernel has taken so far. */
  readonly bytesSent: number
}

/** A client that hung up before the end of its answer (or of its own request: then `body` is what came of it). */
export interface ClosedByClient {
  readonly request: RecordedRequest
  readonly at: number
}

/** A simulated provider on 127.0.0.1. Waiting is by event; what still waits at `close()` is rejected. */
export interface Upstream {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  readonly closedByClient: readonly ClosedByClient[]
  /** Connections open now, those of WebSockets among them. */
  readonly connections: number
  /** The WebSockets that were opened, in order, whether they are still open or not. */
  readonly sockets: readonly SocketConnection[]
  /** Resolves with the nth request (1 is the first) once its body is there. */
  waitForRequest(n?: number): Promise<RecordedRequest>
  /** Resolves with the nth client that hung up. */
  waitForClose(n?: number): Promise<ClosedByClient>
  /** Resolves with the nth WebSocket (1 is the first) once it is open. */
  waitForSocket(n?: number): Promise<SocketConnection>
  /** Resolves once the nth WebSocket is closed, however that came. */
  waitForSocketClose(n?: number): Promise<SocketConnection>
  /** Resolves once at most so many sockets are open. */
  waitForConnections(atMost: number): Promise<void>
  /**
   * Resolves, with the bytes it took, once the nth request's client has taken none for `quietMs`: its buffers and the kernel's are full.
   */
  waitForBackpressure(n?: number, quietMs?: number): Promise<number>
  /** Stops listening and destroys every socket. */
  close(): Promise<void>
}

/** The first request gets the first behaviour, the second the second; the last one repeats. WebSockets are opened where there is a script for them. */
export async function startUpstream(
  script: Behaviour | readonly [Behaviour, ...Behaviour[]],
  socketScript?: SocketScript,
): Promise<Upstream> {
  const state: State = {
    behaviours: isChain(script) ? script : [script],
    requests: [],
    closedByClient: [],
    sockets: new Map(),
    waiting: waitingRoom(),
    closing: false,
  }
  const server = createServer((request, response) => {
    void exchange(request, response, state)
  })
  // A simulated provider never grows impatient of its own: only what the script says happens.
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.keepAliveTimeout = 0
  countConnections(server, state)
  const opened: SocketConnection[] = []
  if (socketScript) {
    const seen = {
      opened: (connection: SocketConnection) => {
        opened.push(connection)
        state.waiting.look()
      },
      closed: () => state.waiting.look(),
    }
    serveSockets(server, socketScript, seen)
  }
  const port = await listen(server)
  const { requests, closedByClient, sockets, waiting } = state

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    closedByClient,
    get connections() {
      return sockets.size
    },
    sockets: opened,
    waitForSocket: (n = 1) => waiting.until(() => opened[n - 1]),
    waitForSocketClose: (n = 1) => waiting.until(() => (opened[n - 1]?.isOpen === false ? opened[n - 1] : undefined)),
    waitForRequest: (n = 1) => waiting.until(() => requests[n - 1]),
    waitForClose: (n = 1) => waiting.until(() => closedByClient[n - 1]),
    waitForConnections: (atMost) => abandonable(waiting.until(() => sockets.size <= atMost || undefined).then(() => undefined)),
    waitForBackpressure: (n = 1, quietMs = 150) =>
      abandonable(waiting.until(() => requests[n - 1]).then((request) => waiting.quiet(request, quietMs))),
    close: () => {
      state.closing = true
      waiting.close()
      for (const socket of sockets.keys()) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface State {
  readonly behaviours: readonly Behaviour[]
  readonly requests: Recording[]
  readonly closedByClient: ClosedByClient[]
  /** The open ones, each with its number. */
  readonly sockets: Map<Socket, number>
  readonly waiting: ReturnType<typeof waitingRoom>
  closing: boolean
}

function countConnections(server: Server, { sockets, waiting }: State): void {
  let seen = 0
  server.on('connection', (socket) => {
    sockets.set(socket, seen++)
    socket.setNoDelay(true)
    socket.on('close', () => {
      sockets.delete(socket)
      waiting.look()
    })
  })
}

/** One request, from its head to the end of its answer. */
async function exchange(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const arrival = { startedAt: performance.now(), connection: state.sockets.get(request.socket) ?? -1 }
  const gone = new AbortController()
  const chunks: Buffer[] = []
  let recording: Recording | undefined
  let endedHere = false

  response.on('close', () => {
    gone.abort()
    if (endedHere || state.closing || response.writableFinished) return
    recording ??= record(request, chunks, arrival, state.requests.length)
    state.closedByClient.push({ request: recording, at: performance.now() })
    state.waiting.look()
  })
  // A client that leaves shows as `close` above; the errors beside it say nothing more.
  request.on('error', () => gone.abort())
  response.on('error', () => gone.abort())

  if (!(await readInto(chunks, request))) return
  recording = record(request, chunks, arrival, state.requests.length)
  state.requests.push(recording)
  state.waiting.look()

  const ending = () => {
    endedHere = true
  }
  try {
    const behaviour = await decided(state.behaviours, recording)
    await deliver(behaviour, { response, gone: gone.signal, sent: recording.sent, ending })
  } catch (error) {
    if (gone.signal.aborted) return
    // A fault of the script is thrown where the test runner sees it, lest it look like a fault of the code under test.
    response.socket?.destroy()
    throw error
  }
}

/** The base URL of a port that refuses connections. */
export async function closedPort(): Promise<string> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

function isChain(script: Behaviour | readonly [Behaviour, ...Behaviour[]]): script is readonly [Behaviour, ...Behaviour[]] {
  return Array.isArray(script)
}

async function decided(behaviours: readonly Behaviour[], request: RecordedRequest): Promise<Exclude<Behaviour, Respond>> {
  let current = behaviours[Math.min(request.index, behaviours.length - 1)]
  while (typeof current === 'function') current = await current(request)
  if (!current) throw new Error('the script has no behaviour')
  return current
}

interface Recording extends RecordedRequest {
  readonly sent: (bytes: number) => void
  /** Called whenever the kernel took bytes. */
  readonly onSent: Set<() => void>
}

function record(
  request: IncomingMessage,
  chunks: readonly Buffer[],
  arrival: Pick<RecordedRequest, 'startedAt' | 'connection'>,
  index: number,
): Recording {
  const bytes = Buffer.concat(chunks)
  const body = bytes.toString('utf8')
  const onSent = new Set<() => void>()
  let bytesSent = 0
  return {
    index,
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body,
    bytes,
    json: parsed(body),
    ...arrival,
    receivedAt: performance.now(),
    get bytesSent() {
      return bytesSent
    },
    onSent,
    sent: (bytes) => {
      bytesSent += bytes
      for (const listener of onSent) listener()
    },
  }
}

/** Those who wait for something that has not happened yet; `look` asks each whether it now has. */
function waitingRoom() {
  const waiters = new Set<{ look(): void; fail(error: Error): void }>()
  let closed = false

  return {
    look: () => {
      for (const waiter of waiters) waiter.look()
    },
    close: () => {
      closed = true
      for (const waiter of waiters) waiter.fail(new Error('the simulated provider was closed before it happened'))
      waiters.clear()
    },
    until: <T>(found: () => T | undefined): Promise<T> =>
      wait((resolve) => {
        const value = found()
        if (value !== undefined) resolve(value)
      }),
    quiet: (request: Recording, quietMs: number): Promise<number> => {
      let timer: NodeJS.Timeout | undefined
      const done = () => {
        clearTimeout(timer)
        request.onSent.delete(again)
      }
      const again = () => timer?.refresh()
      request.onSent.add(again)
      const quiet = wait<number>((resolve) => {
        timer ??= setTimeout(() => resolve(request.bytesSent), quietMs)
      })
      return abandonable(quiet.finally(done))
    },
  }

  function wait<T>(look: (resolve: (value: T) => void) => void): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      if (closed) return reject(new Error('the simulated provider is closed'))
      const waiter = {
        look: () =>
          look((value) => {
            waiters.delete(waiter)
            resolve(value)
          }),
        fail: reject,
      }
      waiters.add(waiter)
      waiter.look()
    })
    return abandonable(promise)
  }
}

/** A test that failed elsewhere no longer awaits this; its rejection at `close()` would hide the true failure. */
function abandonable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

async function readInto(chunks: Buffer[], request: IncomingMessage): Promise<boolean> {
  try {
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    return request.complete
  } catch {
    return false
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
