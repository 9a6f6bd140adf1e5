import type { LiveHello } from '../../../api/schemas.gen.ts'
import type { LiveCaller } from '../caller.ts'
import type { Transport } from '../transport.ts'
import type { ControlMessage } from '../wire/codec.ts'
import type { Violation } from '../wire/violations.ts'

declare module 'fastify' {
  interface FastifyInstance {
    live: LiveSessions
  }
}

/** Sessions, as the door needs them. */
export interface LiveSessions {
  /**
   * Begins a session, or goes on with the one that `hello.resume` names. Who calls is known by then, and no key stands in `hello` any more.
   * Rejects with a `GatewayError`, of which the client is told before its socket is closed. A transport whose client has left by then takes
   * what it is sent, and `lost` follows.
   *
   * `place` is the session's to give back at its end; of a call that rejects or resumes, it stays the door's.
   */
  open(hello: SessionHello, caller: LiveCaller, transport: Transport, place: SessionPlace): Promise<LiveLine>
}

export type SessionHello = Omit<LiveHello, 'auth' | 'byok'>

/** The line of one socket into its session. None of these throws. */
export interface LiveLine {
  receive(message: SessionMessage): void
  /** Whole samples in the format of `audio_in`. The bytes may change after this returns. */
  hear(frame: Uint8Array): void
  /**
   * The client did what the protocol does not allow. It is told (`toldOf`) under the session's next number. Where that closes the socket, the
   * door does so after this.
   */
  violated(violation: Violation): void
  /** The socket is gone. Comes once and last, also where the session closed it itself. */
  lost(): void
}

/** What comes after `hello`, besides sound. */
export type SessionMessage = Exclude<ControlMessage, { type: 'hello' }>

/** What a session holds as long as it lasts, with a socket or without: its place among those of its caller, and what is masked in the log. */
export interface SessionPlace {
  /** May be called again, and then does nothing. */
  release(): void
}
