/** WebSockets to vendors, with a bound on everything: the handshake, the wait for a message, what lies unread and what lies unsent. */
export interface SocketDialer {
  /**
   * Opens a socket, at most `connectMs` later. Throws a `GatewayError` where the server cannot be reached in time, `HandshakeRefused` where it
   * answers with anything but an open socket, and the signal's reason where that has aborted, which closes the socket at any time.
   */
  open(request: SocketRequest): Promise<Socket>
}

export interface SocketRequest {
  /** The id of the provider that is called. */
  readonly provider: string
  /** `ws:` or `wss:`, with its query. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly connectMs: number
  readonly signal: AbortSignal
}

export interface Socket {
  /** The headers of the answer to the handshake. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /**
   * Sends a message. Resolves at once, or, where much lies unsent, when it does not any more; throws a `GatewayError` where that takes longer
   * than `sendMs` milliseconds. What is sent to a closed socket is lost; receiving tells that it is closed.
   */
  send(message: string | Uint8Array): Promise<void>
  /**
   * The next message, or how the socket was closed once all before it have been taken; that stays so. Throws `provider_timeout` where none comes
   * within `idleMs`, `provider_disconnected` where the connection broke, and the signal's reason. One caller at a time. What
   * is not received stays with the vendor: no more than some messages wait here.
   */
  receive(idleMs: number): Promise<SocketMessage | SocketClosed>
  /** Says goodbye, and waits no longer than a moment for the answer. Does nothing a second time. */
  close(): void
}

export type SocketMessage =
  | { readonly type: 'text'; readonly text: string }
  /** The bytes are the receiver's own. */
  | { readonly type: 'binary'; readonly bytes: Uint8Array }

/** `code` is 1005 where none was given. */
export interface SocketClosed {
  readonly type: 'closed'
  readonly code: number
  readonly reason: string
}

/** The server's answer to a handshake that is no socket. */
export class HandshakeRefused extends Error {
  override readonly name = 'HandshakeRefused'
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As much of the body as is worth keeping. */
  readonly body: string

  constructor(status: number, headers: HandshakeRefused['headers'], body: string) {
    super(`the handshake was answered with HTTP ${status}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** An address of a base URL's server for sockets: `http:` becomes `ws:`, and `path`, which begins with a slash, stands below its path. */
export function socketURL(baseURL: URL, path: string, query: Iterable<readonly [name: string, value: string]>): URL {
  const url = new URL(baseURL)
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  const search = new URLSearchParams()
  for (const [name, value] of query) search.append(name, value)
  // Vendors read a plus as it is.
  url.search = search.toString().replaceAll('+', '%20')
  return url
}
