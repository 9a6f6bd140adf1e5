import { describe, expect, it } from 'vitest'
import { sleep } from '../../../api/clock.ts'
import { Cancelled, type ErrorCode, GatewayError } from '../../../api/error.ts'
import type { Admission } from '../../../plugins/breaker/index.ts'
import { type Attempted, firstSuccess, type RetryPolicy } from '../../../plugins/messages/attempts.ts'
import { ManualClock } from '../../manual-clock.ts'

const busy = (retryAfter?: number): GatewayError =>
  new GatewayError('provider_overloaded', retryAfter === undefined ? {} : { retryAfter })

interface Run {
  readonly clock: ManualClock
  readonly controller: AbortController
  /** Which target was asked, and when. */
  readonly calls: [string, number][]
  /** What went wrong, and how many calls there were by then. */
  readonly retries: [string, number][]
  readonly waits: number[]
  /** From which target to which. */
  readonly fallbacks: [string, string][]
  /** What the breaker was told, in order. */
  readonly told: string[]
  readonly result: Promise<Attempted<string, string>>
}

interface World {
  readonly policy?: Partial<RetryPolicy>
  readonly random?: number
  /** How long each call takes before it fails, in milliseconds. */
  readonly callMs?: number
  /** Targets that are not to be called, once they were called so often. */
  readonly refusedAfter?: Readonly<Record<string, number>>
}

/** Asks targets that fail as often as there are errors for them, and then answer. */
function run(failures: Readonly<Record<string, unknown[]>>, world: World = {}): Run {
  const { policy, random = 1, callMs = 0, refusedAfter = {} } = world
  const clock = new ManualClock()
  const controller = new AbortController()
  const calls: Run['calls'] = []
  const retries: Run['retries'] = []
  const waits: Run['waits'] = []
  const fallbacks: Run['fallbacks'] = []
  const told: Run['told'] = []
  const attempt = async (target: string): Promise<string> => {
    calls.push([target, clock.now()])
    const [error] = failures[target]?.splice(0, 1) ?? []
    if (callMs > 0) await sleep(clock, callMs, controller.signal)
    if (error !== undefined) throw error
    return `${target} answered`
  }
  const result = firstSuccess(Object.keys(failures), attempt, {
    policy: { retries: 2, budgetMs: 10_000, ...policy },
    clock,
    random: () => random,
    signal: controller.signal,
    enter(target) {
      const count = calls.filter(([called]) => called === target).length
      if (count >= (refusedAfter[target] ?? Number.POSITIVE_INFINITY)) throw new GatewayError('provider_unavailable')
      return admissionTo(target, told)
    },
    onRetry({ error, attempts, waitMs }) {
      retries.push([error.code, attempts])
      waits.push(waitMs)
    },
    onFallback: ({ target }, next) => fallbacks.push([target, next]),
  })
  // Each test looks at how it ends in its own time.
  result.catch(() => undefined)
  return { clock, controller, calls, retries, waits, fallbacks, told, result }
}

function admissionTo(target: string, told: string[]): Admission {
  return {
    succeeded: () => told.push(`${target} succeeded`),
    failed: (error) => told.push(`${target} failed with ${error instanceof GatewayError ? error.code : 'something else'}`),
  }
}

const quiet = {
  clock: new ManualClock(),
  random: () => 1,
  enter: (target: string): Admission => admissionTo(target, []),
  onRetry: () => undefined,
  onFallback: () => undefined,
}

/** Lets every wait pass, however many there are. */
async function toTheEnd({ clock, result }: Run): Promise<void> {
  let over = false
  const settle = (): void => {
    over = true
  }
  result.then(settle, settle)
  for (;;) {
    await settled()
    if (over) return
    clock.advance(clock.nextInMs ?? 0)
  }
}

/** Everything that can happen without time passing has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('asking a model', () => {
  it('once is enough where it answers', async () => {
    const asked = run({ a: [] })
    expect(await asked.result).toEqual({ result: 'a answered', target: 'a', attempts: 1, passedOver: [] })
    expect(asked.retries).toEqual([])
    expect(asked.clock.waiting).toBe(0)
  })

  it('again after a failure that may pass, half a second and then a whole one later', async () => {
    const asked = run({ a: [busy(), busy()] })
    await toTheEnd(asked)
    expect(await asked.result).toMatchObject({ attempts: 3 })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 500],
      ['a', 1500],
    ])
    expect(asked.retries).toEqual([
      ['provider_overloaded', 1],
      ['provider_overloaded', 2],
    ])
  })

  it('again sooner for some than for others', async () => {
    const asked = run({ a: [busy(), busy()] }, { random: 0 })
    await toTheEnd(asked)
    expect(asked.calls.map(([, at]) => at)).toEqual([0, 250, 750])
  })

  it('again when the provider says, and not before', async () => {
    const asked = run({ a: [busy(3)] }, { random: 0 })
    await settled()
    asked.clock.advance(2999)
    await settled()
    expect(asked.calls).toHaveLength(1)
    asked.clock.advance(1)
    await settled()
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 3000],
    ])
  })

  it.each([
    [3, 3500],
    [1, 1250],
  ])('again at most a little later than the provider says, lest all come back at once: %i s is %i ms', async (hint, waitMs) => {
    const asked = run({ a: [busy(hint)] }, { random: 1 })
    await toTheEnd(asked)
    expect(asked.waits).toEqual([waitMs])
  })

  it.each([0, 0.1])('again no sooner than without a hint where the provider says %d s', async (hint) => {
    const asked = run({ a: [busy(hint), busy(hint)] })
    await toTheEnd(asked)
    expect(asked.waits).toEqual([500, 1000])
  })

  it('no more often than the policy has it, and then the last failure is told', async () => {
    const last = busy(1)
    const asked = run({ a: [busy(), busy(), last, busy()] })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toBe(last)
    expect(asked.calls).toHaveLength(3)
  })

  it('never again where the policy has no retries', async () => {
    const asked = run({ a: [busy()] }, { policy: { retries: 0 } })
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_overloaded' })
    expect(asked.calls).toHaveLength(1)
    expect(asked.clock.waiting).toBe(0)
  })
})

describe('the budget of waits', () => {
  it('is not spent on a pause that is longer than it', async () => {
    const asked = run({ a: [busy(11)] })
    await expect(asked.result).rejects.toMatchObject({ retryAfter: 11 })
    expect(asked.calls).toHaveLength(1)
  })

  it('may be spent to its last millisecond', async () => {
    const asked = run({ a: [busy(10)] })
    await toTheEnd(asked)
    expect(await asked.result).toMatchObject({ attempts: 2 })
    expect(asked.waits).toEqual([10_000])
  })

  it('is one for all waits together, of all models', async () => {
    const asked = run({ a: [busy(6), busy(5)], b: [busy(4), busy(1)] }, { random: 0 })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toMatchObject({ retryAfter: 1 })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 6000],
      ['b', 6000],
      ['b', 10_000],
    ])
  })

  it('is spent by calls that are slow to fail as well', async () => {
    const asked = run({ a: [busy(), busy(), busy()] }, { callMs: 6000 })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_overloaded' })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 6500],
    ])
  })

  it('does not keep the next model from being asked once', async () => {
    const asked = run({ a: [busy()], b: [busy()], c: [] }, { callMs: 60_000 })
    await toTheEnd(asked)
    expect(await asked.result).toMatchObject({ target: 'c', attempts: 3 })
  })

  it('of nothing leaves time for no pause at all', async () => {
    const asked = run({ a: [busy(0)] }, { policy: { budgetMs: 0 } })
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_overloaded' })
    expect(asked.calls).toHaveLength(1)
  })

  it('of nothing still leaves the other models', async () => {
    const asked = run({ a: [busy()], b: [] }, { policy: { budgetMs: 0 } })
    expect(await asked.result).toMatchObject({ target: 'b', attempts: 2 })
  })
})

describe('several models', () => {
  it('are asked in turn, the next at once where the one before goes on failing', async () => {
    const asked = run({ a: [busy(), busy(), busy()], b: [] })
    await toTheEnd(asked)
    expect(await asked.result).toMatchObject({ result: 'b answered', target: 'b', attempts: 4 })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 500],
      ['a', 1500],
      ['b', 1500],
    ])
    expect(asked.fallbacks).toEqual([['a', 'b']])
  })

  it('are each tried again as often as the first', async () => {
    const asked = run({ a: [busy(), busy(), busy()], b: [busy(), busy()] }, { random: 0 })
    await toTheEnd(asked)
    expect(await asked.result).toMatchObject({ target: 'b', attempts: 6 })
  })

  it('come with the last failure of each that was passed over', async () => {
    const [first, second] = [new GatewayError('provider_timeout'), new GatewayError('provider_quota')]
    const asked = run({ a: [busy(), first], b: [second], c: [] }, { policy: { retries: 1 } })
    await toTheEnd(asked)
    const { passedOver } = await asked.result
    expect(passedOver).toEqual([
      { target: 'a', error: first },
      { target: 'b', error: second },
    ])
  })

  it('are gone through at once where the provider wants a longer pause than there is time for', async () => {
    const asked = run({ a: [busy(11)], b: [] })
    expect(await asked.result).toMatchObject({ target: 'b', attempts: 2 })
    expect(asked.waits).toEqual([])
  })

  it.each<ErrorCode>(['provider_quota', 'provider_protocol', 'provider_untrusted', 'provider_unavailable'])(
    'are gone through at once after %s, which asking again would not mend',
    async (code) => {
      const asked = run({ a: [new GatewayError(code)], b: [] })
      expect(await asked.result).toMatchObject({ target: 'b', attempts: 2 })
      expect(asked.waits).toEqual([])
    },
  )

  it('fail with the failure of the last', async () => {
    const last = new GatewayError('provider_timeout')
    const asked = run({ a: [busy()], b: [last] }, { policy: { retries: 0 } })
    await expect(asked.result).rejects.toBe(last)
  })
})

describe('a failure that will not pass', () => {
  it.each<ErrorCode>([
    'provider_rejected',
    'provider_authentication',
    'provider_permission',
    'provider_not_found',
    'provider_key_unusable',
    'context_length_exceeded',
    'stream_duration',
  ])('such as %s is told at once, and no other model is asked', async (code) => {
    const failure = new GatewayError(code)
    const asked = run({ a: [failure], b: [] })
    await expect(asked.result).rejects.toBe(failure)
    expect(asked.calls).toEqual([['a', 0]])
    expect(asked.retries).toEqual([])
  })

  it("such as the gateway's own is told at once", async () => {
    const failure = new TypeError('a mistake')
    const asked = run({ a: [failure], b: [] })
    await expect(asked.result).rejects.toBe(failure)
    expect(asked.calls).toHaveLength(1)
  })
})

describe('a target that is not to be called', () => {
  it('is passed over at once, and was no call', async () => {
    const asked = run({ a: [], b: [] }, { refusedAfter: { a: 0 } })
    expect(await asked.result).toMatchObject({ target: 'b', attempts: 1 })
    expect(asked.calls).toEqual([['b', 0]])
    expect(asked.told).toEqual(['b succeeded'])
  })

  it('is an error of its own where there is no other', async () => {
    const asked = run({ a: [] }, { refusedAfter: { a: 0 } })
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 })
  })

  it('from its second try on has failed for its own reason', async () => {
    const asked = run({ a: [busy(), busy()] }, { refusedAfter: { a: 1 } })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_overloaded' })
    expect(asked.calls).toHaveLength(1)
  })
})

describe('whoever admits the calls', () => {
  it('is told how each of them went', async () => {
    const asked = run({ a: [busy(), new GatewayError('provider_quota')], b: [] })
    await toTheEnd(asked)
    await asked.result
    expect(asked.told).toEqual(['a failed with provider_overloaded', 'a failed with provider_quota', 'b succeeded'])
  })
})

describe('a caller who leaves', () => {
  it('before the first try is not tried for', async () => {
    const controller = new AbortController()
    controller.abort(new Cancelled())
    const calls: string[] = []
    const attempt = async (target: string): Promise<void> => void calls.push(target)
    const context = { ...quiet, signal: controller.signal }
    await expect(firstSuccess(['a'], attempt, { policy: { retries: 1, budgetMs: 1 }, ...context })).rejects.toBeInstanceOf(
      Cancelled,
    )
    expect(calls).toEqual([])
  })

  it('during the wait ends it at once, and no timer stays behind', async () => {
    const asked = run({ a: [busy(5)] })
    await settled()
    expect(asked.clock.waiting).toBe(1)
    asked.clock.advance(2000)
    asked.controller.abort(new Cancelled())
    await expect(asked.result).rejects.toBeInstanceOf(Cancelled)
    expect(asked.clock.waiting).toBe(0)
    expect(asked.calls).toHaveLength(1)
  })

  it('during a try is told so, and not that the provider failed', async () => {
    const controller = new AbortController()
    const attempt = async (): Promise<never> => {
      controller.abort(new Cancelled())
      throw busy()
    }
    const context = { ...quiet, signal: controller.signal }
    await expect(
      firstSuccess(['a', 'b'], attempt, { policy: { retries: 3, budgetMs: 9999 }, ...context }),
    ).rejects.toBeInstanceOf(Cancelled)
  })
})
