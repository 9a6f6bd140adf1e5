/** A socket of a live session, as the session needs it. */
export interface LiveSocket {
  /** Bytes that were given to `send` and have not left. */
  readonly bufferedAmount: number
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
  /** The upgrade was refused; where the socket shows how, `status` and `body` are the answer. `closed` follows. */
  refused(refusal: { readonly status?: number; readonly body?: string; readonly why: string }): void
  closed(code: number, reason: string): void
}

/** Opens a socket. `url` holds no key. */
export type LiveDial = (url: string, protocols: readonly string[], listener: LiveSocketListener) => LiveSocket
