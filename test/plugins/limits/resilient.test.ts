import { afterEach, describe, expect, it } from 'vitest'
import {
  BrokenCounts,
  type Claim,
  type LeaseClaim,
  type LimitStore,
  type QuotaClaim,
  type QuotaCorrection,
} from '../../../plugins/limits/store.ts'
import { MemoryLimitStore } from '../../../plugins/limits/stores/memory.ts'
import { ResilientLimitStore } from '../../../plugins/limits/stores/resilient.ts'
import { ManualClock } from '../../manual-clock.ts'

/** What becomes of counts and leases while the store of all is away. Which it is here whenever a switch says so. */

class Switched implements LimitStore {
  #store: LimitStore
  isAway = false
  /** Names under which there is no count. */
  readonly broken = new Set<string>()
  asked = 0

  constructor(store: LimitStore) {
    this.#store = store
  }

  /** Forgets everything, as a server does that is begun anew without its data. */
  become(store: LimitStore): void {
    this.#store = store
  }

  take(claims: readonly Claim[]) {
    return this.#ask(() => (this.#areBroken(claims) ? this.#refuse() : this.#store.take(claims)))
  }
  settle(corrections: Parameters<LimitStore['settle']>[0]) {
    return this.#ask(async () => {
      await this.#store.settle(corrections.filter(({ name }) => !this.broken.has(name)))
      if (this.#areBroken(corrections)) await this.#refuse()
    })
  }
  release(leases: Parameters<LimitStore['release']>[0]) {
    return this.#ask(async () => {
      await this.#store.release(leases)
      if (this.#areBroken(leases)) await this.#refuse()
    })
  }
  renew(leases: Parameters<LimitStore['renew']>[0], ttlMs: number) {
    return this.#ask(async () => {
      await this.#store.renew(
        leases.filter(({ name }) => !this.broken.has(name)),
        ttlMs,
      )
      if (this.#areBroken(leases)) await this.#refuse()
    })
  }
  close() {
    return this.#store.close()
  }

  #areBroken(named: readonly { readonly name: string }[]): boolean {
    return named.some(({ name }) => this.broken.has(name))
  }

  #refuse(): Promise<never> {
    return Promise.reject(new BrokenCounts([...this.broken]))
  }

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    this.asked++
    return this.isAway ? Promise.reject(new Error('away')) : ask()
  }
}

function open(policy: 'local' | 'refuse' = 'local') {
  const clock = new ManualClock()
  const shared = new Switched(new MemoryLimitStore({ clock }))
  const told: string[] = []
  const local = policy === 'local' ? new MemoryLimitStore({ clock }) : undefined
  const store = new ResilientLimitStore({
    shared,
    local,
    clock,
    onLost: (error) => told.push(`lost: ${error}`),
    onBack: () => told.push('back'),
    onBroken: ({ names }) => told.push(`broken: ${names}`),
  })
  opened.push(store)
  const back = async (): Promise<void> => {
    shared.isAway = false
    // The look before may have just failed, and the next is not yet planned.
    await new Promise(setImmediate)
    clock.advance(500)
    await new Promise(setImmediate)
  }
  return { clock, shared, local, store, told, back }
}
const opened: LimitStore[] = []
afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())))

const rate: Claim = { kind: 'rate', name: 'r', perMinute: 1e-6, capacity: 3, amount: 1 }
const lease = (holder: string): LeaseClaim => ({ kind: 'lease', name: 'l', limit: 1, holder, ttlMs: 30_000 })

describe('a store that is lost', () => {
  it('is noticed by the first who asks, told of once, and looked for until it is back', async () => {
    const { clock, shared, store, told, back } = open()
    shared.isAway = true
    await Promise.all([store.take([rate]), store.take([rate]), store.release([lease('a')])])
    expect(told).toEqual(['lost: Error: away'])
    const { asked } = shared
    for (let index = 0; index < 10; index++) await store.take([rate])
    expect(shared.asked).toBe(asked)
    clock.advance(500)
    await new Promise(setImmediate)
    clock.advance(500)
    await new Promise(setImmediate)
    expect(shared.asked).toBe(asked + 2)
    expect(store.isLost).toBe(true)
    await back()
    expect(told).toEqual(['lost: Error: away', 'back'])
    expect(store.isLost).toBe(false)
  })

  it('leaves each process to count for itself, and counts on from where it was', async () => {
    const { shared, store, back } = open()
    await store.take([rate])
    await store.take([rate])
    shared.isAway = true
    for (const remaining of [2, 1, 0]) expect((await store.take([rate])).states[0]?.remaining).toBe(remaining)
    expect((await store.take([rate])).refused).toBe(0)
    await back()
    expect((await store.take([rate])).states[0]?.remaining).toBe(0)
    expect((await store.take([rate])).refused).toBe(0)
  })

  it('lets nothing pass where that is wanted, not even the one who noticed', async () => {
    const { shared, store, back } = open('refuse')
    shared.isAway = true
    for (let index = 0; index < 3; index++) {
      await expect(store.take([rate])).rejects.toMatchObject({ code: 'limits_unavailable', status: 503, retryAfter: 1 })
    }
    await store.settle([{ kind: 'rate', name: 'r', perMinute: 1, capacity: 1, by: -1 }])
    await store.renew([lease('a')], 1000)
    await store.release([lease('a')])
    await back()
    expect((await store.take([rate])).refused).toBeUndefined()
  })
})

describe('what an answer came to', () => {
  const day: QuotaClaim = { kind: 'quota', name: 'q', limit: 100, amount: 24, periodMs: 86_400_000 }

  /** Takes an estimate, and says how to correct it. */
  async function estimate(store: LimitStore, by: number): Promise<QuotaCorrection> {
    const { states, isLocal = false } = await store.take([day])
    return { kind: 'quota', name: day.name, periodMs: day.periodMs, by, since: states[0]?.since ?? Number.NaN, isLocal }
  }

  async function usedIn(store: LimitStore | undefined): Promise<number> {
    const verdict = await store?.take([{ ...day, amount: 0 }])
    return day.limit - (verdict?.states[0]?.remaining ?? Number.NaN)
  }

  it('is settled where the estimate was taken: the store of all gives back nothing that it did not count', async () => {
    const { shared, local, store, back } = open()
    await shared.take([{ ...day, amount: 90 }])
    shared.isAway = true
    const corrections = [await estimate(store, -20), await estimate(store, -20), await estimate(store, -20)]
    await back()
    for (const correction of corrections) await store.settle([correction])
    expect(await usedIn(shared)).toBe(90)
    expect(await usedIn(local)).toBe(12)
  })

  it('is settled there too where that is lost, as soon as it is back', async () => {
    const { shared, local, store, back } = open()
    await shared.take([{ ...day, amount: 50 }])
    const [less, more] = [await estimate(store, -20), await estimate(store, 1)]
    shared.isAway = true
    await store.take([rate])
    await store.settle([less])
    await store.settle([more])
    expect(await usedIn(local)).toBe(0)
    await back()
    expect(await usedIn(shared)).toBe(50 + 4 + 25)
    expect(await usedIn(store)).toBe(79)
  })

  it('is not told again where the store of all may have heard it', async () => {
    const { shared, store, back } = open()
    const correction = await estimate(store, -20)
    shared.isAway = true
    await store.settle([correction])
    await back()
    expect(await usedIn(shared)).toBe(24)
  })

  it('is not given back by a count that was begun anew meanwhile, and what is more is added', async () => {
    const { clock, shared, store } = open()
    const [less, more] = [await estimate(store, -20), await estimate(store, 7)]
    clock.advance(1000)
    shared.become(new MemoryLimitStore({ clock }))
    await shared.take([{ ...day, amount: 30 }])
    await store.settle([less])
    expect(await usedIn(shared)).toBe(30)
    await store.settle([more])
    expect(await usedIn(shared)).toBe(37)
  })

  it('of tokens is not given back to a bucket that has filled again by itself', async () => {
    const { shared, local, store, back } = open()
    const correction = { kind: 'rate', name: 'r', perMinute: 1e-6, capacity: 3 } as const
    await shared.take([{ ...rate, amount: 2 }])
    shared.isAway = true
    const { isLocal = false } = await store.take([rate])
    await store.settle([{ ...correction, by: -2 }])
    await back()
    await store.settle([{ ...correction, by: 1, isLocal }])
    expect((await local?.take([{ ...rate, amount: 0 }]))?.states[0]?.remaining).toBe(1)
    expect((await shared.take([{ ...rate, amount: 0 }])).states[0]?.remaining).toBe(1)
  })
})

describe('a broken count', () => {
  it('is not a lost store: whom it counts is counted locally and from where that was, and nobody else', async () => {
    const { shared, store, told } = open()
    shared.broken.add('r')
    for (const remaining of [2, 1, 0]) expect((await store.take([rate])).states[0]?.remaining).toBe(remaining)
    expect((await store.take([rate])).refused).toBe(0)
    await store.take([{ ...rate, name: 'other' }])
    expect((await shared.take([{ ...rate, name: 'other', amount: 0 }])).states[0]?.remaining).toBe(2)
    expect(store.isLost).toBe(false)
    expect(told).toEqual(Array(4).fill('broken: r'))
  })

  it('lets nobody pass whom it counts where that is wanted', async () => {
    const { shared, store } = open('refuse')
    shared.broken.add('r')
    await expect(store.take([rate])).rejects.toMatchObject({ code: 'limits_unavailable' })
    expect((await store.take([{ ...rate, name: 'other' }])).refused).toBeUndefined()
  })

  it('of holders moves to the store of all once it is mended', async () => {
    const { shared, local, store } = open()
    shared.broken.add('l')
    await store.take([lease('a')])
    await store.renew([lease('a')], 30_000)
    expect((await store.take([lease('b')])).refused).toBe(0)
    shared.broken.clear()
    await store.renew([lease('a')], 30_000)
    expect(local?.size).toBe(0)
    expect((await store.take([lease('b')])).refused).toBe(0)
    await store.release([lease('a')])
    expect((await store.take([lease('b')])).refused).toBeUndefined()
  })

  it('keeps a store that is back from nothing', async () => {
    const { shared, store, told, back } = open()
    await store.take([lease('a')])
    shared.isAway = true
    await store.release([lease('a')])
    shared.broken.add('l')
    await back()
    expect(told).toEqual(['lost: Error: away', 'broken: l', 'back'])
    expect(store.isLost).toBe(false)
  })
})

describe('a lease', () => {
  it('that was taken locally is given back locally', async () => {
    const { shared, store } = open()
    shared.isAway = true
    await store.take([lease('a')])
    expect((await store.take([lease('b')])).refused).toBe(0)
    await store.release([lease('a')])
    expect((await store.take([lease('b')])).refused).toBeUndefined()
  })

  it('that was taken locally moves to the store of all once that is back', async () => {
    const { shared, local, store, back } = open()
    shared.isAway = true
    await store.take([lease('a')])
    await store.renew([lease('a')], 30_000)
    await back()
    await store.renew([lease('a')], 30_000)
    expect((await shared.take([lease('b')])).refused).toBe(0)
    expect(local?.size).toBe(0)
    await store.release([lease('a')])
    expect((await shared.take([lease('b')])).refused).toBeUndefined()
  })

  it('is free everywhere where it is given back while it moves', async () => {
    const { shared, local, store, back } = open()
    shared.isAway = true
    await store.take([lease('a')])
    await back()
    const moving = store.renew([lease('a')], 30_000)
    await store.release([lease('a')])
    await moving
    expect((await shared.take([lease('b')])).refused).toBeUndefined()
    expect(local?.size).toBe(0)
  })

  it('of the store of all is kept there over a short loss', async () => {
    const { shared, store, back, clock } = open()
    await store.take([lease('a')])
    shared.isAway = true
    await store.renew([lease('a')], 30_000)
    clock.advance(10_000)
    await back()
    await store.renew([lease('a')], 30_000)
    expect((await store.take([lease('b')])).refused).toBe(0)
  })
})

it('a store that is closed tells nobody that it is lost', async () => {
  const { shared, store, told, clock } = open('refuse')
  shared.isAway = true
  await store.close()
  await expect(store.take([rate])).rejects.toMatchObject({ code: 'limits_unavailable' })
  expect(told).toEqual([])
  expect(clock.waiting).toBe(0)
})
