/** A socket of a live session, as the session needs it. */
export interface LiveSocket {
  /** Bytes that were given to `send` and have not left. */
  readonly bufferedAmount: number
  /** Whether `heard` tells of the gateway's pings, of which one comes every 20 seconds. Where it does not, a quiet line is not taken for dead. */
  readonly showsPings: boolean
  send(data: string | Uint8Array): void
  close(code: number): void
  /** Gives it up without waiting for the other side. `closed` may come or not. */
  terminate(): void
}

/** What happens on a socket. Nothing comes after `closed`. */
export interface LiveSocketListener {
  opened(): void
  /** A frame: text, or sound. */
  message(data: string | Uint8Array): void
  /** There was a sign of life besides: a ping, where the socket shows them. */
  heard(): void
  /** It could not be opened; where the socket shows how, `status` and `body` are the answer. `closed` follows. */
  refused(refusal: LiveSocketRefusal): void
  closed(code: number, reason: string): void
}

/** Why a socket could not be opened. */
export interface LiveSocketRefusal {
  readonly status?: number
  readonly body?: string
  readonly why: string
}

/** Opens a socket; may throw where that cannot be. `url` holds no key. Nothing is told to the listener before this has returned. */
export type LiveDial = (url: string, protocols: readonly string[], listener: LiveSocketListener) => LiveSocket

/** A `WebSocket` as the standard has it: of browsers, workers, Deno, Bun, Node from version 22 on, and the package `ws`. */
export type StandardWebSocketClass = new (url: string, protocols: string[]) => StandardWebSocket

/** What of the standard's `WebSocket` is used. */
export interface StandardWebSocket {
  binaryType: string
  readonly bufferedAmount: number
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'error', listener: (event: object) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number): void
  /** The package `ws` has it. */
  terminate?(): void
}

/**
 * Opens the sockets of live sessions with a `WebSocket` of one's own: `new VAI({ dial: webSocketDial(WebSocket) })`, with
 * `import WebSocket from 'ws'` where the platform has none, as Node 20. Such a socket tells neither why an upgrade was refused nor of pings.
 */
export function webSocketDial(WebSocket: StandardWebSocketClass): LiveDial {
  return (url, protocols, listener) => {
    const socket = new WebSocket(url, [...protocols])
    socket.binaryType = 'arraybuffer'
    let state: 'opening' | 'open' | 'closed' = 'opening'
    let problem = ''
    const closed = (code: number, reason: string): void => {
      if (state === 'closed') return
      unwatch()
      if (state === 'opening') listener.refused({ why: problem || unknownReason })
      state = 'closed'
      listener.closed(code, reason || problem)
    }
    const terminate = (): void => (socket.terminate ? socket.terminate() : socket.close())
    const unwatch = onOffline(() => {
      terminate()
      closed(1006, 'there is no network')
    })
    socket.addEventListener('open', () => {
      if (state === 'closed') return
      state = 'open'
      listener.opened()
    })
    socket.addEventListener('message', ({ data }) => {
      if (state === 'open') listener.message(typeof data === 'string' ? data : bytesOf(data))
    })
    socket.addEventListener('error', (event) => {
      if ('message' in event && typeof event.message === 'string') problem = event.message
    })
    socket.addEventListener('close', ({ code, reason }) => closed(code, reason))
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      showsPings: false,
      send: (data) => socket.send(typeof data === 'string' || isUnshared(data) ? data : Uint8Array.from(data)),
      close: (code) => socket.close(code),
      terminate() {
        unwatch()
        terminate()
      },
    }
  }
}

/** The one of the platform; undefined where it has none. */
export function platformDial(): LiveDial | undefined {
  const { WebSocket }: { WebSocket?: StandardWebSocketClass } = globalThis
  return WebSocket && webSocketDial(WebSocket)
}

const unknownReason = 'nobody answers, or it is refused; the platform does not tell which'

function bytesOf(data: unknown): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return new Uint8Array(data instanceof ArrayBuffer ? data : [])
}

/** Memory that is shared with a worker is not taken by a browser. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
}

/** A browser says that its network is gone long before the socket notices. Gives what stops listening. */
function onOffline(callback: () => void): () => void {
  const platform: Platform = globalThis
  platform.addEventListener?.('offline', callback)
  return () => platform.removeEventListener?.('offline', callback)
}

interface Platform extends Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>> {
  readonly performance: unknown
}
