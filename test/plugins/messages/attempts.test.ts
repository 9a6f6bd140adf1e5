import { describe, expect, it } from 'vitest'
import { Cancelled, type ErrorCode, GatewayError } from '../../../api/error.ts'
import { type AttemptContext, type Attempted, firstSuccess } from '../../../plugins/messages/attempts.ts'
import { ManualClock } from '../../manual-clock.ts'

const busy = (retryAfter?: number): GatewayError =>
  new GatewayError('provider_overloaded', retryAfter === undefined ? {} : { retryAfter })

interface Run {
  readonly clock: ManualClock
  readonly controller: AbortController
  /** Which target was asked, and when. */
  readonly calls: [string, number][]
  readonly retries: [string, number][]
  readonly result: Promise<Attempted<string, string>>
}

/** Asks targets that fail as often as there are errors for them, and then answer. */
function run(failures: Readonly<Record<string, unknown[]>>, changes: Partial<AttemptContext['policy']> = {}, random = 1): Run {
  const clock = new ManualClock()
  const controller = new AbortController()
  const calls: Run['calls'] = []
  const retries: Run['retries'] = []
  const attempt = async (target: string): Promise<string> => {
    calls.push([target, clock.now()])
    const [error] = failures[target]?.splice(0, 1) ?? []
    if (error !== undefined) throw error
    return `${target} answered`
  }
  const result = firstSuccess(Object.keys(failures), attempt, {
    policy: { retries: 2, budgetMs: 10_000, ...changes },
    clock,
    random: () => random,
    signal: controller.signal,
    onRetry: (error, attempts) => retries.push([error.code, attempts]),
  })
  // Each test looks at how it ends in its own time.
  result.catch(() => undefined)
  return { clock, controller, calls, retries, result }
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
    expect(await asked.result).toEqual({ result: 'a answered', target: 'a', attempts: 1 })
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
    const asked = run({ a: [busy(), busy()] }, {}, 0)
    await toTheEnd(asked)
    expect(asked.calls.map(([, at]) => at)).toEqual([0, 250, 750])
  })

  it('again when the provider says, and not before', async () => {
    const asked = run({ a: [busy(3)] })
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

  it('again at once where the provider says so', async () => {
    const asked = run({ a: [busy(0)] })
    await toTheEnd(asked)
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 0],
    ])
  })

  it('no more often than the policy has it, and then the last failure is told', async () => {
    const last = busy(1)
    const asked = run({ a: [busy(), busy(), last, busy()] })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toBe(last)
    expect(asked.calls).toHaveLength(3)
  })

  it('never again where the policy has no retries', async () => {
    const asked = run({ a: [busy()] }, { retries: 0 })
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
  })

  it('is one for all waits together, of all models', async () => {
    const asked = run({ a: [busy(6), busy(5)], b: [busy(4), busy(1)] })
    await toTheEnd(asked)
    await expect(asked.result).rejects.toMatchObject({ retryAfter: 1 })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 6000],
      ['b', 6000],
      ['b', 10_000],
    ])
  })

  it('of nothing leaves time for no pause at all', async () => {
    const asked = run({ a: [busy()] }, { budgetMs: 0 })
    await expect(asked.result).rejects.toMatchObject({ code: 'provider_overloaded' })
    expect(asked.calls).toHaveLength(1)
  })
})

describe('several models', () => {
  it('are asked in turn, the next at once where the one before goes on failing', async () => {
    const asked = run({ a: [busy(), busy(), busy()], b: [] })
    await toTheEnd(asked)
    expect(await asked.result).toEqual({ result: 'b answered', target: 'b', attempts: 4 })
    expect(asked.calls).toEqual([
      ['a', 0],
      ['a', 500],
      ['a', 1500],
      ['b', 1500],
    ])
  })

  it('fail with the failure of the last', async () => {
    const last = new GatewayError('provider_timeout')
    const asked = run({ a: [busy()], b: [last] }, { retries: 0 })
    await expect(asked.result).rejects.toBe(last)
  })
})

describe('a failure that will not pass', () => {
  it.each<ErrorCode>([
    'provider_rejected',
    'provider_authentication',
    'provider_quota',
    'provider_protocol',
    'context_length_exceeded',
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

describe('a caller who leaves', () => {
  it('before the first try is not tried for', async () => {
    const controller = new AbortController()
    controller.abort(new Cancelled())
    const calls: string[] = []
    const attempt = async (target: string): Promise<void> => void calls.push(target)
    const context = { clock: new ManualClock(), random: () => 1, signal: controller.signal, onRetry: () => undefined }
    await expect(firstSuccess(['a'], attempt, { policy: { retries: 1, budgetMs: 1 }, ...context })).rejects.toBeInstanceOf(
      Cancelled,
    )
    expect(calls).toEqual([])
  })

  it('during the wait ends it at once, and no timer stays behind', async () => {
    const asked = run({ a: [busy(5)] })
    await settled()
    expect(asked.clock.waiting).toBe(1)
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
    const context = { clock: new ManualClock(), random: () => 1, signal: controller.signal, onRetry: () => undefined }
    await expect(
      firstSuccess(['a', 'b'], attempt, { policy: { retries: 3, budgetMs: 9999 }, ...context }),
    ).rejects.toBeInstanceOf(Cancelled)
  })
})
