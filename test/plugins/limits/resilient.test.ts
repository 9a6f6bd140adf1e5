import { afterEach, describe, expect, it } from 'vitest'
import type { Claim, LeaseClaim, LimitStore } from '../../../plugins/limits/store.ts'
import { MemoryLimitStore } from '../../../plugins/limits/stores/memory.ts'
import { ResilientLimitStore } from '../../../plugins/limits/stores/resilient.ts'
import { ManualClock } from '../../manual-clock.ts'

/** What becomes of counts and leases while the store of all is away. Which it is here whenever a switch says so. */

class Switched implements LimitStore {
  readonly #store: LimitStore
  isAway = false
  asked = 0

  constructor(store: LimitStore) {
    this.#store = store
  }

  take(claims: readonly Claim[]) {
    return this.#ask(() => this.#store.take(claims))
  }
  settle(corrections: Parameters<LimitStore['settle']>[0]) {
    return this.#ask(() => this.#store.settle(corrections))
  }
  release(leases: Parameters<LimitStore['release']>[0]) {
    return this.#ask(() => this.#store.release(leases))
  }
  renew(leases: Parameters<LimitStore['renew']>[0], ttlMs: number) {
    return this.#ask(() => this.#store.renew(leases, ttlMs))
  }
  close() {
    return this.#store.close()
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
    await store.settle([{ kind: 'rate', name: 'r', perMinute: 1, capacity: 1, by: 1 }])
    await store.renew([lease('a')], 1000)
    await store.release([lease('a')])
    await back()
    expect((await store.take([rate])).refused).toBeUndefined()
  })

  it('settles where it counts', async () => {
    const { shared, local, store } = open()
    shared.isAway = true
    await store.take([rate])
    await store.settle([{ kind: 'rate', name: 'r', perMinute: 1e-6, capacity: 3, by: 1 }])
    expect((await local?.take([{ ...rate, amount: 0 }]))?.states[0]?.remaining).toBe(1)
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
