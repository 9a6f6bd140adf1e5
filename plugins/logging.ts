import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { LoggerOptions } from 'pino'
import { KnownSecrets } from '../api/known-secrets.ts'
import { mask, maskedExcerpt, Secret } from '../api/secret.ts'
import { redactMembers } from '../text/redact.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Gives a request its `facts`, and its line once it is over. For requests that no hook runs for; all others have it. */
    logOnceOver(request: FastifyRequest, reply: FastifyReply): void
    /** Writes down what is asked, where the operator wants that. */
    logPrompt(request: FastifyRequest): void
    /**
     * Masks keys in the lines of a request from now on, also once it is over: those in its headers, and more. Returns what makes them forgotten.
     */
    maskKeys(request: FastifyRequest, more: readonly string[]): () => void
  }
  interface FastifyContextConfig {
    /** Whether the route is asked every few seconds by whoever watches over the process: its requests are no news. */
    quiet?: boolean
  }
  interface FastifyRequest {
    /** What the access log is to say about this request besides its route and status. Never content, never keys. */
    facts: Record<string, string | number | boolean>
  }
}

export interface LoggingOptions {
  /** The same that the logger was made with. */
  readonly callerKeys: CallerKeys
  /** What to mask in what callers ask, where the log is to hold that; absent where it is not. */
  readonly prompts?: LogSecrets
}

/** One line for each request once it is answered. */
export const logging = fp(
  async (app: FastifyInstance, { callerKeys, prompts }: LoggingOptions) => {
    app.decorateRequest('facts')
    app.decorate('logOnceOver', logOnceOver)
    app.decorate('logPrompt', (request) => prompts && logPrompt(request, prompts))
    app.decorate('maskKeys', ({ id, headers }, more) => callerKeys.remember(id, headers, more))
    app.addHook('onRequest', (request, reply, done) => {
      logOnceOver(request, reply)
      done()
    })

    function logOnceOver(request: FastifyRequest, reply: FastifyReply): void {
      request.facts = {}
      app.metrics.requestBegan()
      const forget = callerKeys.remember(request.id, request.headers)
      // Not `onResponse`: an answer that nobody waited for never finishes, but every one closes.
      reply.raw.once('close', () => {
        const isCancelled = !reply.raw.writableFinished && !isUpgraded(reply)
        const end = endOf(request, reply, isCancelled)
        app.metrics.requestOver(end.route, end.method, end.status, end.duration_ms / 1000)
        // What was going on has one turn to note how far it came.
        setImmediate(() => {
          logRequest(request, end, isCancelled)
          forget()
        })
      })
    }
  },
  { name: 'logging', dependencies: ['metrics'] },
)

function logPrompt({ id, log, body, bodyJson }: FastifyRequest, { operatorKeys, tenantKeys, callerKeys }: LogSecrets): void {
  if (body === undefined) return
  // Before it is cut, as a piece of a key would not be known as one; and in the text, because in the line it is JSON inside JSON.
  const keys = [...operatorKeys, ...callerKeys.ofRequest(id)]
  const text = maskedExcerpt(tenantKeys.mask(bodyJson.subarray(0, 2 * promptBytes).toString()), promptBytes, keys)
  log.info({ prompt: Buffer.from(text).subarray(0, promptBytes).toString() }, 'prompt')
}

/** The most of a prompt that is written down. */
const promptBytes = 64 * 1024

interface RequestEnd {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly duration_ms: number
}

/** Its answer was that another protocol is spoken, and the connection is over now. */
function isUpgraded({ raw }: FastifyReply): boolean {
  return raw.statusCode === 101
}

function endOf(request: FastifyRequest, reply: FastifyReply, isCancelled: boolean): RequestEnd {
  return {
    method: request.method,
    // The route's own pattern, in which a colon that stands for itself is doubled: a URL may carry what a caller did not mean to
    // have logged.
    route: request.routeOptions.url?.replaceAll('::', ':') ?? 'unknown',
    // 499 as other servers have it: the caller left before there was an answer.
    status: isCancelled && !reply.raw.headersSent ? 499 : reply.raw.statusCode,
    duration_ms: reply.elapsedTime,
  }
}

function logRequest(request: FastifyRequest, end: RequestEnd, isCancelled: boolean): void {
  const fields = {
    ...end,
    duration_ms: Math.round(end.duration_ms),
    ...(isCancelled && { ended: 'cancelled' }),
    ...request.facts,
  }
  if (request.routeOptions.config.quiet) request.log.debug(fields, 'request')
  else request.log.info(fields, 'request')
}

export interface LogSecrets {
  readonly operatorKeys: readonly Secret[]
  /** The tenants' own keys for providers, as they change. */
  readonly tenantKeys: KnownSecrets
  /** The headers by which callers bring keys. */
  readonly keyHeaders: readonly string[]
  readonly callerKeys: CallerKeys
}

/** The keys that the requests which run now have brought, so that they are known wherever they turn up in a line. */
export class CallerKeys {
  readonly #byRequest = new Map<string, readonly Secret[]>()

  /** The function that comes back forgets them again. */
  remember(requestId: string, headers: IncomingHttpHeaders, more: readonly string[] = []): () => void {
    const keys = [...keysIn(headers), ...more.map(spelled)]
    if (keys.length === 0) return () => undefined
    // Callers may name their requests, and two of them alike.
    this.#byRequest.set(requestId, [...(this.#byRequest.get(requestId) ?? []), ...keys])
    return () => {
      const others = this.#byRequest.get(requestId)?.filter((key) => !keys.includes(key)) ?? []
      if (others.length > 0) this.#byRequest.set(requestId, others)
      else this.#byRequest.delete(requestId)
    }
  }

  /**
   * The keys that a line might hold: those of its request, or of all where it is of none. A caller can send any word as a key, and
   * must not blot it out of the lines of others.
   */
  of(line: string): readonly Secret[] {
    if (this.#byRequest.size === 0) return []
    const requestId = /"request_id":"([^"]+)"/.exec(line)?.[1]
    return requestId === undefined ? [...this.#byRequest.values()].flat() : this.ofRequest(requestId)
  }

  ofRequest(requestId: string): readonly Secret[] {
    return this.#byRequest.get(requestId) ?? []
  }
}

/** As they are spelled inside a line, which is JSON. */
function keysIn(headers: IncomingHttpHeaders): Secret[] {
  const keys: Secret[] = []
  for (const name in headers) {
    if (!callerKeyHeaders.has(name) && !name.startsWith('x-provider-key-')) continue
    const value = headers[name]
    if (typeof value !== 'string') continue
    const key = name === 'authorization' ? value.replace(/^\S+\s+/, '') : value
    keys.push(spelled(key.trim()))
  }
  return keys
}

function spelled(key: string): Secret {
  return new Secret(JSON.stringify(key).slice(1, -1))
}

const callerKeyHeaders: ReadonlySet<string> = new Set(['authorization', 'x-api-key'])

/**
 * How log lines are written: keys are left out where they are known to stand, and masked by value wherever else they turn up.
 */
export function loggerOptions(level: string, secrets: LogSecrets): LoggerOptions {
  const { operatorKeys, tenantKeys, keyHeaders, callerKeys } = secrets
  const known = new KnownSecrets(operatorKeys)
  const redact = redactMembers([...secretMembers, 'x-api-key', 'cookie', ...keyHeaders])
  return {
    level,
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    serializers: {
      req: (request: { method: string; id: string }) => ({ id: request.id, method: request.method }),
      res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
    },
    hooks: { streamWrite: (line) => mask(tenantKeys.mask(known.mask(redact(line))), callerKeys.of(line)) },
  }
}

const secretMembers = ['apiKey', 'api_key', 'authorization', 'authorization_token', 'secret', 'token', 'password', 'key']
