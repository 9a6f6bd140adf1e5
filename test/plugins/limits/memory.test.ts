import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import type { RateClaim } from '../../../plugins/limits/store.ts'
import { MemoryLimitStore } from '../../../plugins/limits/stores/memory.ts'
import { ManualClock } from '../../manual-clock.ts'
import { describeLimitStore } from './store-conformance.ts'

describeLimitStore('counts in memory', {
  open: async () => new MemoryLimitStore({ clock: systemClock }),
  isShared: false,
})

function requests(name: string, amount = 1): RateClaim {
  return { kind: 'rate', name, perMinute: 600, capacity: 60, amount }
}

describe('time', () => {
  it('fills a bucket to the token', async () => {
    const clock = new ManualClock()
    const store = new MemoryLimitStore({ clock })
    expect((await store.take([requests('a', 60)])).states).toEqual([{ remaining: 0, waitMs: 100 }])
    clock.advance(99)
    expect(await store.take([requests('a')])).toEqual({ refused: 0, states: [{ remaining: 0, waitMs: 1 }] })
    clock.advance(1)
    expect(await store.take([requests('a')])).toEqual({ refused: undefined, states: [{ remaining: 0, waitMs: 100 }] })
    clock.advance(5950)
    expect((await store.take([requests('a', 0)])).states).toEqual([{ remaining: 59, waitMs: 50 }])
    clock.advance(60_000)
    expect((await store.take([requests('a', 0)])).states).toEqual([{ remaining: 60, waitMs: 0 }])
  })

  it('admits in the long run what a minute has, and the burst once', async () => {
    const clock = new ManualClock()
    const store = new MemoryLimitStore({ clock })
    let admitted = 0
    for (let at = 0; at <= 600_000; at += 8) {
      if ((await store.take([requests('a')])).refused === undefined) admitted++
      clock.advance(8)
    }
    expect(admitted).toBe(6000 + 60)
  })

  it('ends a period when it is over, by the calendar', async () => {
    const clock = new ManualClock(1_700_000_005_000)
    const store = new MemoryLimitStore({ clock })
    const claim = { kind: 'quota', name: 'a', limit: 10, amount: 10, periodMs: 10_000 } as const
    const since = clock.wallclock()
    await store.take([claim])
    clock.advance(2000)
    expect(await store.take([claim])).toEqual({ refused: 0, states: [{ remaining: 0, waitMs: 3000, since }] })
    clock.advance(3000)
    await store.settle([{ ...claim, since, by: 5 }])
    expect(await store.take([claim])).toEqual({
      refused: undefined,
      states: [{ remaining: 0, waitMs: 10_000, since: since + 5000 }],
    })
    await store.settle([{ ...claim, since, by: -10 }])
    expect((await store.take([{ ...claim, amount: 1 }])).refused).toBe(0)
  })
})

describe('the memory', () => {
  it('holds nothing of those who have not come for a while', async () => {
    const clock = new ManualClock()
    const store = new MemoryLimitStore({ clock })
    for (let index = 0; index < 1000; index++) await store.take([requests(`{${index}}`)])
    expect(store.size).toBe(1000)
    for (let index = 0; index < 600; index++) {
      clock.advance(100)
      await store.take([requests('one')])
    }
    expect(store.size).toBe(1)
  })

  it('is bounded, whatever the number of names', async () => {
    const store = new MemoryLimitStore({ clock: new ManualClock(), maxCounts: 1000 })
    for (let index = 0; index < 50_000; index++) await store.take([requests(`{${index}}`)])
    expect(store.size).toBeLessThanOrEqual(1000)
  })

  it('forgets those first who have used the least', async () => {
    const store = new MemoryLimitStore({ clock: new ManualClock(), maxCounts: 1000 })
    for (let index = 0; index < 20; index++) await store.take([requests(`busy ${index}`, 60)])
    for (let index = 0; index < 20_000; index++) await store.take([requests(`once ${index}`)])
    for (let index = 0; index < 20; index++) expect((await store.take([requests(`busy ${index}`)])).refused).toBe(0)
  })

  it('keeps leases, however many names there are, and drops those that have ended', async () => {
    const clock = new ManualClock()
    const store = new MemoryLimitStore({ clock, maxCounts: 10 })
    const lease = { kind: 'lease', limit: 1, ttlMs: 1000 } as const
    for (let index = 0; index < 100; index++) await store.take([{ ...lease, name: `${index}`, holder: 'h' }])
    expect((await store.take([{ ...lease, name: '0', holder: 'another' }])).refused).toBe(0)
    clock.advance(1000)
    for (let index = 0; index < 60; index++) await store.take([{ ...lease, name: 'x', holder: 'h' }])
    expect(store.size).toBe(1)
    await store.release([{ name: 'x', holder: 'h' }])
    expect(store.size).toBe(0)
  })
})
