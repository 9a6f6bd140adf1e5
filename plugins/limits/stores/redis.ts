import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Clock } from '../../../api/clock.ts'
import { newRedis, redisCodeOf } from '../../../api/redis.ts'
import type { Secret } from '../../../api/secret.ts'
import { undoing } from '../amounts.ts'
import { verdictOf } from '../decide.ts'
import { BrokenCounts, type Claim, type Correction, type LeaseName, type LimitStore, type Verdict } from '../store.ts'
import { brokenCode, lateCode, probeScript, releaseScript, renewScript, settleScript, takeScript } from './redis-scripts.ts'

export interface RedisStoreOptions {
  /** `redis://…` or `rediss://…`, with the password in it. */
  readonly url: Secret
  /** What the names of keys begin with. */
  readonly prefix: string
  /** How long Redis may take for one command, and to be connected to at the start, in milliseconds. */
  readonly commandMs?: number
  readonly connectMs?: number
  readonly clock: Clock
}

/**
 * Counts of all gateways on one Redis, each operation one script. Where Redis is gone every operation fails at once, or after
 * `commandMs`; the connection comes back by itself. What it takes for nobody, because its answer comes too late, is given back; and
 * what comes to it too late it does not take. What is claimed together has names of one `{tag}`, which a Redis Cluster keeps in
 * one place.
 */
export class RedisLimitStore implements LimitStore {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #commandMs: number
  readonly #clock: Clock
  /** Why there is no connection. */
  #broken: string | undefined
  /** How far its clock is ahead of the one here, or a little more; at the most by as much as an answer may take. */
  #aheadMs: number | undefined

  private constructor(redis: Redis, { prefix, clock, commandMs = 250 }: RedisStoreOptions) {
    this.#redis = redis
    this.#prefix = prefix
    this.#commandMs = commandMs
    this.#clock = clock
    redis.on('error', (error) => {
      this.#broken = redisCodeOf(error)
    })
    redis.on('ready', () => {
      this.#broken = undefined
      // It may be another Redis.
      this.#aheadMs = undefined
    })
  }

  /** Resolves once Redis is reached, or was waited for in vain: then it is tried on and on. */
  static async open(options: RedisStoreOptions): Promise<RedisLimitStore> {
    const { url, clock, connectMs = 2000 } = options
    const redis = newRedis(url, connectMs)
    const store = new RedisLimitStore(redis, options)
    await within(redis.connect(), connectMs, clock).catch(() => undefined)
    return store
  }

  async take(claims: readonly Claim[]): Promise<Verdict> {
    const sentAt = this.#clock.now()
    if (claims.length === 0) {
      this.#aheadMs = Number(await this.#run(scripts.probe, [`${this.#prefix}:probe`], [])) - sentAt
      return { refused: undefined, states: [] }
    }
    const until = this.#aheadMs === undefined ? forever : Math.ceil(sentAt + this.#aheadMs + this.#commandMs)
    const asked = this.#evaluate(
      scripts.take,
      claims.map((claim) => this.#keyOf(claim)),
      [until, ...claims.flatMap(argumentsOf)],
    )
    try {
      const { verdict, now } = verdictIn(await this.#inTime(asked), claims)
      this.#aheadMs = now - sentAt
      return verdict
    } catch (error) {
      if (!(error instanceof RedisFailure)) throw error
      if (error.code !== lateCode) {
        this.#giveBackLate(asked, claims)
        throw error
      }
      // It said so in time: its clock was set forward.
      this.#aheadMs = undefined
      return await this.take(claims)
    }
  }

  async settle(corrections: readonly Correction[]): Promise<void> {
    await this.#inGroups(corrections, (group) =>
      this.#run(
        scripts.settle,
        group.map((correction) => this.#keyOf(correction)),
        group.flatMap(correctionArguments),
      ),
    )
  }

  async release(leases: readonly LeaseName[]): Promise<void> {
    await this.#inGroups(leases, (group) => this.#run(scripts.release, this.#leaseKeys(group), group.map(holderOf)))
  }

  async renew(leases: readonly LeaseName[], ttlMs: number): Promise<void> {
    await this.#inGroups(leases, (group) => this.#run(scripts.renew, this.#leaseKeys(group), [ttlMs, ...group.map(holderOf)]))
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
  }

  #keyOf(claim: Claim | Correction): string {
    return `${this.#prefix}:${claim.kind}:${claim.name}`
  }

  #leaseKeys(leases: readonly LeaseName[]): string[] {
    return leases.map(({ name }) => `${this.#prefix}:lease:${name}`)
  }

  /** Names of one tag together, and not too many at once: while a script runs, everybody else waits. */
  async #inGroups<Named extends { readonly name: string }>(
    all: readonly Named[],
    run: (group: readonly Named[]) => Promise<unknown>,
  ): Promise<void> {
    const groups = new Map<string, Named[]>()
    for (const each of all) {
      const tag = /\{([^}]*)\}/.exec(each.name)?.[1] ?? each.name
      const group = groups.get(tag)
      if (group) group.push(each)
      else groups.set(tag, [each])
    }
    const pieces = [...groups.values()].flatMap((group) =>
      Array.from({ length: Math.ceil(group.length / mostAtOnce) }, (_, index) =>
        group.slice(index * mostAtOnce, (index + 1) * mostAtOnce),
      ),
    )
    await Promise.all(pieces.map(run))
  }

  /** Leases are given back by whoever asked for them, as they are wherever that is not known. */
  #giveBackLate(asked: Promise<unknown>, claims: readonly Claim[]): void {
    const undo = (answer: unknown): Promise<void> => this.settle(undoing({ claims, verdict: verdictIn(answer, claims).verdict }))
    // Where it has failed there is nothing to give back, and where Redis is gone again nobody to give it to.
    asked.then(undo).catch(() => undefined)
  }

  #run(script: Script, keys: readonly string[], more: readonly (string | number)[]): Promise<unknown> {
    return this.#inTime(this.#evaluate(script, keys, more))
  }

  async #inTime(asked: Promise<unknown>): Promise<unknown> {
    try {
      return await within(asked, this.#commandMs, this.#clock)
    } catch (error) {
      if (redisCodeOf(error) === brokenCode && error instanceof Error) throw new BrokenCounts(error.message.split(' ').slice(1))
      throw new RedisFailure(redisCodeOf(error) ?? this.#broken ?? 'ENOTCONN')
    }
  }

  async #evaluate({ lua, sha }: Script, keys: readonly string[], more: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.evalsha(sha, keys.length, ...keys, ...more)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await this.#redis.eval(lua, keys.length, ...keys, ...more)
    }
  }
}

/** Why Redis did not do what it was asked to. The client's own errors hold what was sent, the password among it. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure'
  /** Node's code (`ECONNREFUSED`), or the first word of what Redis said (`WRONGPASS`). */
  readonly code: string
  constructor(code: string) {
    super(`Redis failed: ${code}`)
    this.code = code
  }
}

interface Script {
  readonly lua: string
  readonly sha: string
}

const scripts = {
  probe: scriptOf(probeScript),
  take: scriptOf(takeScript),
  settle: scriptOf(settleScript),
  release: scriptOf(releaseScript),
  renew: scriptOf(renewScript),
}

const mostAtOnce = 500
/** Later than any time of Redis. */
const forever = Number.MAX_SAFE_INTEGER

/** By its hash, as Redis knows it. */
function scriptOf(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

function argumentsOf(claim: Claim): (string | number)[] {
  switch (claim.kind) {
    case 'rate':
      return [claim.kind, claim.amount, claim.perMinute, claim.capacity, '']
    case 'quota':
      return [claim.kind, claim.amount, claim.limit, claim.periodMs, '']
    case 'lease':
      return [claim.kind, 1, claim.limit, claim.ttlMs, claim.holder]
  }
}

function correctionArguments(correction: Correction): (string | number)[] {
  const { kind, by } = correction
  return correction.kind === 'rate'
    ? [kind, by, correction.perMinute, correction.capacity, '']
    : [kind, by, correction.since, correction.periodMs, '']
}

function holderOf({ holder }: LeaseName): string {
  return holder
}

function verdictIn(answer: unknown, claims: readonly Claim[]): { readonly verdict: Verdict; readonly now: number } {
  if (!Array.isArray(answer)) throw new TypeError('not the answer of the script')
  const [, now = 0, ...numbers] = answer.map(Number)
  const counts = claims.map((_, index) => ({ count: numbers[index * 2] ?? 0, since: numbers[index * 2 + 1] ?? 0 }))
  return { verdict: verdictOf(claims, counts, now), now }
}

/** Rejects where nothing has come in time. What comes later is dropped. */
function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new RedisFailure('ETIMEDOUT'))
    // Where the process itself was held up, the answer may lie there already: it is read before the second timer fires.
    let timer = clock.after(ms, () => {
      timer = clock.after(0, late)
    })
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
