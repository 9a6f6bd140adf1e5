import { GatewayError } from '../../api/error.ts'
import { disconnected, type FailureSource, httpFailure, protocolFailure } from '../failure.ts'
import { post, providerFailure, readErrorBody, type UpstreamResponse } from '../http.ts'
import { HandshakeRefused, type Socket, type SocketClosed, type SocketMessage, socketURL } from '../socket.ts'
import type { SpeechCall } from '../speech.ts'

/** The version of the API that all of this was written against. */
const apiVersion = '2026-08-14'

export function sourceOf({ apiKey }: SpeechCall): FailureSource {
  return { id: 'cartesia', name: 'Cartesia', apiKey }
}

/** Sends one POST. Throws what the vendor's own words come to where it does not answer with 2xx, or answers with a page. */
export async function request(
  call: SpeechCall,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<UpstreamResponse> {
  const source = sourceOf(call)
  const response = await post(call, source.id, path, { ...headersOf(call), ...headers }, body)
  if (response.status < 200 || response.status > 299) {
    throw httpFailure(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  if (!contentType(response).startsWith('text/html')) return response
  throw protocolFailure(source, 'it answered with an HTML page.', await readErrorBody(response, call))
}

export function contentType({ headers }: UpstreamResponse): string {
  return String(headers['content-type'] ?? '').toLowerCase()
}

/** Opens a socket that closes with the signal, which may end before the call does. */
export async function openSocket(
  call: SpeechCall,
  path: string,
  query: Iterable<readonly [name: string, value: string]>,
  signal: AbortSignal,
): Promise<Socket> {
  const source = sourceOf(call)
  try {
    return await call.sockets.open({
      provider: source.id,
      url: socketURL(call.baseURL, path, query),
      headers: { ...headersOf(call), ...call.trace },
      connectMs: Math.min(call.timeouts.firstByteMs, mostConnectMs),
      signal,
    })
  } catch (cause) {
    if (cause instanceof HandshakeRefused) throw httpFailure(source, cause, cause.body, call.clock.wallclock())
    throw cause
  }
}

function headersOf({ apiKey }: SpeechCall): Readonly<Record<string, string>> {
  return { 'x-api-key': apiKey.reveal(), 'cartesia-version': apiVersion }
}

const mostConnectMs = 5000

/** What the vendor has still to say, since when by the call's clock, and how long that may take, in milliseconds. */
export interface Debt {
  readonly since: number
  readonly ms: number
}

/** The next message. Throws `provider_timeout` only where the vendor owes one: it may well be silent for hours. */
export async function nextMessage(
  socket: Socket,
  { clock, timeouts }: SpeechCall,
  signal: AbortSignal,
  debt: () => Debt | undefined,
): Promise<SocketMessage | SocketClosed> {
  let waitMs = timeouts.idleMs
  for (;;) {
    try {
      return await socket.receive(waitMs)
    } catch (cause) {
      signal.throwIfAborted()
      if (!(cause instanceof GatewayError) || cause.code !== 'provider_timeout') throw cause
      const owed = debt()
      const leftMs = owed === undefined ? timeouts.idleMs : owed.since + owed.ms - clock.now()
      if (leftMs <= 0) throw cause
      waitMs = leftMs
    }
  }
}

/** The failure of a socket that was closed too early. */
export function closedFailure(source: FailureSource, { code, reason }: SocketClosed): GatewayError {
  if (code === 1000 || code === 1001 || code === 1005) return disconnected(source)
  const message = `it closed the connection with code ${code}${reason === '' ? '' : `: ${reason}`}.`
  return providerFailure('provider_error', source.name, source.id, source.apiKey, { message })
}
