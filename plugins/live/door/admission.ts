import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import { newId } from '../../../api/id.ts'
import type { LiveHello } from '../../../api/schemas.gen.ts'
import type { Principal } from '../../auth/principal.ts'
import type { Keyed } from '../../credentials.ts'
import type { LiveCaller } from '../caller.ts'
import type { Transport } from '../transport.ts'
import { keysIn, withBroughtKeys } from './brought-keys.ts'
import { keyedInHello } from './missing-key.ts'
import type { LiveLine, SessionPlace } from './open.ts'
import { mayConnect } from './origin.ts'
import { upgradeProblem } from './upgrade.ts'
import { mostUnknownBytes, type WaitingPlace, WaitingRoom } from './waiting-room.ts'

export interface AdmissionOptions {
  readonly origins: readonly string[]
  readonly keyed: readonly Keyed[]
  readonly clock: Clock
}

/** Who may come in: what the headers of an upgrade say, and then what `hello` says. */
export class Admission {
  readonly #app: FastifyInstance
  readonly #options: AdmissionOptions
  readonly #room = new WaitingRoom(waitingLimits)
  /** Of sockets of which it is not known yet whose they are. */
  readonly #places = new WeakMap<FastifyRequest, WaitingPlace>()
  #isStopped = false

  constructor(app: FastifyInstance, options: AdmissionOptions) {
    this.#app = app
    this.#options = options
  }

  /** Sessions are begun no more. */
  stop(): void {
    this.#isStopped = true
  }

  /**
   * Whether a socket may be opened. The opening counts as a request, at once or as soon as it is known whose it is. Rejects with `invalid_request`,
   * `origin_not_allowed`, `request_rate_limit`, `concurrency_limit`, `overloaded` or `limits_unavailable`.
   */
  async check(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { headers, principalSoFar } = request
    const problem = upgradeProblem(headers)
    if (problem) throw problem
    // A key that came already is no browser's.
    const needsNoKey = this.#app.auth.mode !== 'required' && principalSoFar?.keyId === undefined
    if (needsNoKey && !mayConnect(headers.origin, headers.host, this.#options.origins)) {
      throw new GatewayError('origin_not_allowed', { param: 'origin' })
    }
    if (principalSoFar) await this.#app.limits.sessions.countRequest(principalSoFar, reply)
    else {
      const place = this.#room.enter(this.#app.auth.addressOf(request))
      reply.raw.once('close', place.leave)
      this.#places.set(request, place)
    }
  }

  /** The place of a socket whose key did not come with the upgrade; undefined where it is known whose it is. */
  placeOf(request: FastifyRequest): WaitingPlace | undefined {
    return this.#places.get(request)
  }

  /**
   * Lets a client into a session, once it has said `hello`. Rejects with what speaks against it; then nothing is held.
   */
  async admit(request: FastifyRequest, hello: LiveHello, transport: Transport): Promise<LiveLine> {
    if (this.#isStopped) throw new GatewayError('shutting_down')
    const { auth: _auth, byok: _byok, ...rest } = hello
    const forget = this.#app.maskKeys(request, keysIn(hello))
    try {
      const principal = await this.#principalOf(request, hello)
      this.#places.get(request)?.leave()
      if (!request.principalSoFar) await this.#app.limits.sessions.countRequest(principal)
      const { keyed } = this.#options
      const headers = withBroughtKeys(request.headers, hello, keyed, this.#app.credentials, principal)
      const caller = this.#callerOf(request, principal, headers, hello)
      // A session that is resumed has its place, and its keys are known.
      const place = hello.resume ? noPlace : await this.#placeFor(principal, forget)
      try {
        const { signal } = request.lifetime
        signal.throwIfAborted()
        const line = await this.#app.live.open(rest, caller, transport, place)
        request.facts.session_id = caller.sessionId
        if (hello.resume) onceAborted(signal, forget)
        return line
      } catch (error) {
        place.release()
        throw error
      }
    } catch (error) {
      forget()
      throw error
    }
  }

  async #principalOf(request: FastifyRequest, { auth }: LiveHello): Promise<Principal> {
    try {
      return await this.#app.auth.principalAtLast(request, auth?.gateway_api_key)
    } catch (error) {
      throw keyedInHello(error)
    }
  }

  async #placeFor(principal: Principal, forget: () => void): Promise<SessionPlace> {
    const held = await this.#app.limits.sessions.hold(principal)
    return {
      release() {
        held.release()
        forget()
      },
    }
  }

  #callerOf(request: FastifyRequest, principal: Principal, headers: IncomingHttpHeaders, { resume }: LiveHello): LiveCaller {
    const sessionId = resume?.session_id ?? newId('live', this.#options.clock.wallclock())
    return {
      principal,
      allotment: this.#app.limits.sessions.allotmentOf(principal),
      headers,
      requestId: request.id,
      sessionId,
      log: request.log.child({ session_id: sessionId }),
      trace: request.trace,
    }
  }
}

/** `done` is called when a signal aborts, or at once where it has. */
function onceAborted(signal: AbortSignal, done: () => void): void {
  if (signal.aborted) done()
  else signal.addEventListener('abort', done, { once: true })
}

/** Many share an address; each of their sockets is here for a moment only, and sends no more than a `hello` without long messages. */
const waitingLimits = { ofAddress: 64, inAll: 1024, bytes: mostUnknownBytes, bytesInAll: 32 * 1024 ** 2 }
const noPlace: SessionPlace = { release: () => undefined }
