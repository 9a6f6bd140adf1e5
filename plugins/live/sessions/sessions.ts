import { createHash, randomUUID } from 'node:crypto'
import type { Clock, Timer } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import type { Principal } from '../../auth/principal.ts'
import type { Outbox } from './outbox.ts'
import type { SessionOwners } from './owners.ts'
import { isToken, newResumeToken, type TokenHash } from './resume-token.ts'

/** A session as it is held here, with or without a socket. */
export interface HeldSession {
  readonly id: string
  readonly principal: Pick<Principal, 'keyId' | 'tenant'>
  readonly outbox: Outbox
  /** Does what was due until now: somebody is to go on from there. */
  wake(): void
  /** Another socket is to carry it: the one that does, where there is one, is closed with 1008 and `taken_over`. */
  takenOver(): void
  /** The process goes down: it finishes what it says, and ends. */
  drain(): void
  /** The process is down: it ends at once. */
  end(): Promise<void>
}

export interface HeldSessionsOptions {
  readonly owners: SessionOwners
  readonly clock: Clock
  /** The most that are held at the same time. */
  readonly most?: number
  /** How long a process that died without a word is still taken for the owner of its sessions, in milliseconds. */
  readonly ttlMs?: number
}

/** As `hello.resume` has it. */
export interface Resume {
  readonly sessionId: string
  readonly token: string
  readonly lastServerSeq: number
}

/**
 * The sessions of this process, so that those find them again whose socket was lost. Other processes know which are held here, and tell whoever comes
 * to them.
 *
 * A token is good once, but for one case: until something was heard over the new socket, it is not known whether the new token has arrived, and the one
 * before is still good.
 */
export class HeldSessions<Session extends HeldSession> {
  /** What the other processes know this one by. */
  readonly processId = randomUUID()
  readonly #owners: SessionOwners
  readonly #clock: Clock
  readonly #most: number
  readonly #ttlMs: number
  readonly #held = new Map<string, Held<Session>>()
  readonly #whenNone = new Set<() => void>()
  #renewal: Timer | undefined
  #parked = 0
  #isDraining = false

  constructor({ owners, clock, most = 10_000, ttlMs = 15_000 }: HeldSessionsOptions) {
    this.#owners = owners
    this.#clock = clock
    this.#most = most
    this.#ttlMs = ttlMs
  }

  get size(): number {
    return this.#held.size
  }

  /** How many of them have no socket. */
  get parked(): number {
    return this.#parked
  }

  /** A session begins, with a socket. Gives the token to resume it with. Throws `overloaded` or `shutting_down` where there is no room for it. */
  add(session: Session): string {
    if (this.#isDraining) throw new GatewayError('shutting_down', { retryAfter: 1 })
    if (this.#held.size >= this.#most) throw new GatewayError('overloaded', { message: full, retryAfter: 1 })
    const { text, hash } = newResumeToken()
    const name = ownedName(session.id, session.principal)
    this.#held.set(session.id, { session, name, current: hash, before: undefined, isParked: false, isOver: false })
    void this.#owners.own([name], this.processId, this.#ttlMs)
    this.#renewal ??= this.#renewLater()
    return text
  }

  /** Its socket was lost. */
  park(session: Session): void {
    const held = this.#held.get(session.id)
    if (held) this.#setParked(held, true)
  }

  /** Its client was heard over the socket that it has: it knows its token. */
  heard(session: Session): void {
    const held = this.#held.get(session.id)
    if (held) held.before = undefined
  }

  /** It has ended, and what runs for it is about to: nobody resumes it any more. */
  over(session: Session): void {
    const held = this.#held.get(session.id)
    if (held) held.isOver = true
  }

  /** Nothing of it is left. */
  remove(session: Session): void {
    const held = this.#held.get(session.id)
    if (held?.session !== session) return
    this.#setParked(held, false)
    this.#held.delete(session.id)
    void this.#owners.disown([held.name])
    if (this.#held.size > 0) return
    this.#renewal?.cancel()
    this.#renewal = undefined
    for (const resolve of this.#whenNone) resolve()
    this.#whenNone.clear()
  }

  /**
   * Finds the session that is to go on over a new socket, takes it from the one that it has, and hands it to `goOn` in the same step: whoever claims it
   * next finds this one's socket on it. `goOn` is given the token for `hello_ack`, and answers undefined where the session is over. Rejects with
   * `unknown_session`, also where it is somebody else's; `session_elsewhere`, which another try may mend; `invalid_resume_token`; and as `Outbox.after`.
   * Where it rejects, the session has the socket that it had.
   */
  async claim<Line>(
    { sessionId, token, lastServerSeq }: Resume,
    by: HeldSession['principal'],
    goOn: (session: Session, token: string) => Line | undefined,
  ): Promise<Line> {
    const held = this.#held.get(sessionId)
    if (!held) throw await this.#notHere(ownedName(sessionId, by))
    if (held.isOver) throw unknownSession()
    const { session, current, before } = held
    if (by.keyId !== session.principal.keyId || by.tenant !== session.principal.tenant) throw unknownSession()
    const isCurrent = isToken(token, current)
    if (!isCurrent && !(before && isToken(token, before))) throw invalidToken()
    session.wake()
    if (this.#isGone(held)) throw unknownSession()
    session.outbox.after(lastServerSeq)
    const next = newResumeToken()
    held.before = isCurrent ? current : before
    held.current = next.hash
    session.takenOver()
    // That its socket is gone may have been the last that it waited for.
    if (this.#isGone(held)) throw unknownSession()
    session.outbox.received(lastServerSeq)
    this.#setParked(held, false)
    const line = goOn(session, next.text)
    if (line === undefined) throw unknownSession()
    return line
  }

  /** Takes no more, and tells all. Resolves once all have ended, or after the given time. */
  drainAll(withinMs: number): Promise<void> {
    this.#isDraining = true
    return new Promise((resolve) => {
      if (this.#held.size === 0) return resolve()
      const limit = this.#clock.after(withinMs, resolve)
      this.#whenNone.add(() => {
        limit.cancel()
        resolve()
      })
      for (const { session } of [...this.#held.values()]) session.drain()
    })
  }

  /** Ends all at once. */
  async close(): Promise<void> {
    this.#isDraining = true
    await Promise.allSettled([...this.#held.values()].map(({ session }) => session.end()))
    this.#renewal?.cancel()
    this.#owners.close()
  }

  #isGone(held: Held<Session>): boolean {
    return held.isOver || this.#held.get(held.session.id) !== held
  }

  async #notHere(name: string): Promise<GatewayError> {
    const owner = await this.#owners.ownerOf(name)
    if (owner === undefined || owner === this.processId) return unknownSession()
    const details = { code: 'session_elsewhere', message: elsewhere, param: 'resume.session_id', retryAfter: 1 } as const
    return new GatewayError('overloaded', { ...details, recovery: 'again' })
  }

  #setParked(held: Held<Session>, isParked: boolean): void {
    if (held.isParked !== isParked) this.#parked += isParked ? 1 : -1
    held.isParked = isParked
  }

  #renewLater(): Timer {
    return this.#clock.after(this.#ttlMs / 3, () => {
      // The next one does not wait for it: a store that is slow gives up in less time.
      const names = [...this.#held.values()].map(({ name }) => name)
      void this.#owners.own(names, this.processId, this.#ttlMs)
      this.#renewal = this.#renewLater()
    })
  }
}

interface Held<Session> {
  readonly session: Session
  readonly name: string
  current: TokenHash
  /** The token that was used last, while it is still good. */
  before: TokenHash | undefined
  isParked: boolean
  isOver: boolean
}

/** What processes know a session by: its id, and a hash of whose it is. So whoever else asks for it finds nothing. */
export function ownedName(sessionId: string, { keyId, tenant }: HeldSession['principal']): string {
  const whose = createHash('sha256')
    .update(JSON.stringify([keyId, tenant]))
    .digest('base64url')
  return `${sessionId}:${whose.slice(0, 22)}`
}

const full = 'The gateway holds as many live sessions as it can.'
const elsewhere = 'The session is held by another process of this gateway; connect again to come to that one.'

/** The same for what there is not and for what is another's: nobody learns of sessions of others. */
function unknownSession(): GatewayError {
  const message = 'There is no such session, or it has ended.'
  return new GatewayError('invalid_request', { code: 'unknown_session', message, param: 'resume.session_id' })
}

function invalidToken(): GatewayError {
  const message = 'This is not the token that the last `hello_ack` of the session gave.'
  return new GatewayError('invalid_request', { code: 'invalid_resume_token', message, param: 'resume.token' })
}
