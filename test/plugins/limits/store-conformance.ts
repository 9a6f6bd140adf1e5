import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Claim, Correction, LeaseClaim, LimitStore, QuotaClaim, RateClaim } from '../../../plugins/limits/store.ts'
import { titled } from '../../programs.ts'
import { until } from '../../until.ts'
import { ageMs, Oracle, operations } from './store-oracle.ts'

export interface StoreUnderTest {
  /** Opened anew for each use; what two of them count, they count together, where `isShared`. */
  open(): Promise<LimitStore>
  readonly isShared: boolean
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined
}

/** What every store of limits has to do. Names are fresh for every test, so that one store of counts does for all. */
export function describeLimitStore(name: string, { open, isShared, missing }: StoreUnderTest): void {
  describe.skipIf(missing)(titled(name, missing), () => {
    let store: LimitStore
    beforeAll(async () => {
      store = await open()
    })
    afterAll(() => store?.close())

    /** Of what is counted now. */
    async function correction(claim: RateClaim | QuotaClaim, by: number): Promise<Correction> {
      const { states } = await store.take([{ ...claim, amount: 0 }])
      return claim.kind === 'rate' ? { ...claim, by } : { ...claim, by, since: states[0]?.since ?? Number.NaN }
    }

    it('answers when it is asked for nothing', async () => {
      expect(await store.take([])).toEqual({ refused: undefined, states: [] })
    })

    describe('a bucket', () => {
      it('gives what it holds and then says how long the next takes', async () => {
        const claim = rate({ perMinute: 6, capacity: 3 })
        for (const remaining of [2, 1, 0]) {
          const { refused, states } = await store.take([claim])
          expect(refused).toBeUndefined()
          expect(states[0]?.remaining).toBe(remaining)
          expect(states[0]?.waitMs).toBeGreaterThan(5000)
          expect(states[0]?.waitMs).toBeLessThanOrEqual(10_000)
        }
        const { refused, states } = await store.take([claim])
        expect(refused).toBe(0)
        expect(states[0]?.remaining).toBe(0)
        expect(states[0]?.waitMs).toBeGreaterThan(5000)
        expect(states[0]?.waitMs).toBeLessThanOrEqual(10_000)
      })

      it('fills again, and no further than it holds', async () => {
        const claim = rate({ perMinute: 12_000, capacity: 4 })
        expect((await store.take([{ ...claim, amount: 4 }])).refused).toBeUndefined()
        await until(async () => (await store.take([{ ...claim, amount: 4 }])).refused === undefined)
        await until(async () => (await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining === 4)
      })

      it('gives more than it can hold only where it is full, and then owes it', async () => {
        const claim = rate({ amount: 25, capacity: 10 })
        expect((await store.take([claim])).refused).toBeUndefined()
        const { refused, states } = await store.take([{ ...claim, amount: 1, perMinute: 60 }])
        expect(refused).toBe(0)
        // It owes 15 and is asked for 1.
        expect(states[0]?.waitMs).toBeGreaterThan(14_000)
        expect(states[0]?.waitMs).toBeLessThanOrEqual(16_000)
        const other = rate({ amount: 25, capacity: 10 })
        await store.take([{ ...other, amount: 1 }])
        expect((await store.take([other])).refused).toBe(0)
      })

      it('takes back what was too much, and more where it was too little', async () => {
        const claim = rate({ amount: 8, capacity: 10 })
        await store.take([claim])
        await store.settle([{ ...claim, by: -5 }])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(7)
        await store.settle([{ ...claim, by: 9 }])
        expect((await store.take([{ ...claim, amount: 1 }])).refused).toBe(0)
        await store.settle([{ ...claim, by: -100 }])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(10)
      })

      it('counts amounts to the last token', async () => {
        const capacity = 1_000_000_000_000
        const claim = rate({ amount: 123_456_789_012, capacity })
        await store.take([claim])
        await store.settle([{ ...claim, by: -1 }])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(capacity - 123_456_789_011)
      })
    })

    describe('a quota', () => {
      it('is used up until its time is over', async () => {
        const claim = quota({ amount: 4, limit: 10 })
        for (const remaining of [6, 2]) {
          const { refused, states } = await store.take([claim])
          expect(refused).toBeUndefined()
          expect(states[0]?.remaining).toBe(remaining)
        }
        const { refused, states } = await store.take([claim])
        expect(refused).toBe(0)
        expect(states[0]?.remaining).toBe(2)
        const untilItIsOver = ageMs - Date.now()
        expect(states[0]?.waitMs).toBeGreaterThan(untilItIsOver - 60_000)
        expect(states[0]?.waitMs).toBeLessThan(untilItIsOver + 60_000)
      })

      it('begins anew with each period, and what becomes of the one before does not matter to it', async () => {
        const claim = quota({ amount: 10, limit: 10, periodMs: 50 })
        await store.take([claim])
        await until(async () => (await store.take([claim])).refused === undefined)
        const lasting = quota({ amount: 4, limit: 10 })
        await store.take([lasting])
        for (const by of [-4, 4]) {
          const ofBefore = { ...(await correction(lasting, by)), since: -1 }
          await store.settle([ofBefore])
        }
        expect((await store.take([{ ...lasting, amount: 0 }])).states[0]?.remaining).toBe(6)
      })

      it('has nothing given back that another count has, which was there before it', async () => {
        const claim = quota({ amount: 6, limit: 10 })
        await store.take([claim])
        const mine = await correction(claim, -6)
        const ofAnother = mine.kind === 'quota' ? { ...mine, since: mine.since - 1 } : mine
        await store.settle([ofAnother])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(4)
        await store.settle([{ ...ofAnother, by: 1 }])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(3)
        await store.settle([mine])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(9)
      })

      it('counts to the last of billions of parts', async () => {
        const limit = 1_000_000_000_000_000
        const claim = quota({ amount: limit - 3, limit })
        await store.take([claim])
        expect((await store.take([{ ...claim, amount: 2 }])).states[0]?.remaining).toBe(1)
        expect((await store.take([{ ...claim, amount: 2 }])).refused).toBe(0)
        await store.settle([await correction(claim, -1)])
        expect((await store.take([{ ...claim, amount: 2 }])).refused).toBeUndefined()
      })

      it('is never less than unused', async () => {
        const claim = quota({ amount: 1, limit: 10 })
        await store.take([claim])
        await store.settle([await correction(claim, -5)])
        expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(10)
      })
    })

    describe('a lease', () => {
      it('has so many holders and no more, until one gives it back', async () => {
        const claims = Array.from({ length: 3 }, (_, index) => lease({ limit: 2, holder: `h${index}`, name: 'shared' }))
        const [a, b, c] = named(claims)
        expect((await store.take([a])).states[0]?.remaining).toBe(1)
        expect((await store.take([b])).states[0]?.remaining).toBe(0)
        expect(await store.take([c])).toEqual({ refused: 0, states: [{ remaining: 0, waitMs: 0 }] })
        await store.release([a])
        await store.release([a])
        expect((await store.take([c])).refused).toBeUndefined()
        expect((await store.take([a])).refused).toBe(0)
      })

      it('is one holder, however often the same takes it', async () => {
        const claim = lease({ limit: 1 })
        expect((await store.take([claim])).refused).toBeUndefined()
        expect((await store.take([claim])).refused).toBeUndefined()
        expect((await store.take([{ ...claim, holder: 'another' }])).refused).toBe(0)
      })

      it('is free again by itself where nobody renews it', async () => {
        const claim = lease({ limit: 1, ttlMs: 40 })
        await store.take([claim])
        const other = { ...claim, holder: 'another', ttlMs: 60_000 }
        await until(async () => (await store.take([other])).refused === undefined)
        expect((await store.take([claim])).refused).toBe(0)
      })

      it('is kept where it is renewed, and taken again where it was gone', async () => {
        const claim = lease({ limit: 1, ttlMs: 40 })
        const other = { ...claim, holder: 'another', ttlMs: 60_000 }
        await store.take([claim])
        await store.renew([claim], 60_000)
        expect((await store.take([{ ...other, holder: 'a third' }])).refused).toBe(0)
        await store.renew([other], 60_000)
        await store.release([claim])
        expect((await store.take([claim])).refused).toBe(0)
      })
    })

    describe('several claims', () => {
      it('are all met or none', async () => {
        const [one, two, three] = [rate({ capacity: 5 }), quota({ limit: 5, amount: 1 }), lease({ limit: 1 })]
        expect((await store.take([one, two, three])).refused).toBeUndefined()
        const verdict = await store.take([one, two, { ...three, holder: 'another' }])
        expect(verdict.refused).toBe(2)
        expect(verdict.states.map(({ remaining }) => remaining)).toEqual([4, 4, 0])
        expect((await store.take([one, two])).states.map(({ remaining }) => remaining)).toEqual([3, 3])
      })

      it('are refused for the one that takes the longest', async () => {
        const soon = rate({ perMinute: 600, capacity: 1 })
        const late = rate({ perMinute: 1, capacity: 1 })
        const held = lease({ limit: 1 })
        await store.take([late, held])
        await store.take([soon])
        await store.take([soon])
        const { refused } = await store.take([{ ...held, holder: 'another' }, late, soon])
        expect(refused).toBe(1)
      })
    })

    it('lets exactly so many of a crowd pass', async () => {
      const claims = Array.from({ length: 50 }, (_, index): Claim[] => [
        rate({ name: 'crowd', capacity: 20 }),
        lease({ name: 'crowd', limit: 15, holder: `h${index}` }),
      ])
      const fresh = freshName()
      const verdicts = await Promise.all(
        claims.map((each) => store.take(each.map((claim) => ({ ...claim, name: `${fresh}:${claim.kind}` })))),
      )
      expect(verdicts.filter(({ refused }) => refused === undefined)).toHaveLength(15)
    })

    it.runIf(isShared)('counts for all who opened it', async () => {
      const other = await open()
      try {
        const claim = lease({ limit: 1, holder: 'here' })
        await store.take([claim])
        expect((await other.take([{ ...claim, holder: 'there' }])).refused).toBe(0)
        await other.release([claim])
        expect((await other.take([{ ...claim, holder: 'there' }])).refused).toBeUndefined()
      } finally {
        await other.close()
      }
    })

    it('decides like a list of who took what', async () => {
      await fc.assert(
        fc.asyncProperty(operations, async (steps) => {
          const fresh = freshName()
          const oracle = new Oracle()
          for (const step of steps(fresh)) {
            switch (step.kind) {
              case 'take': {
                const { refused, states } = await store.take(step.claims)
                const expected = oracle.take(step.claims)
                expect(states.map(({ remaining }) => remaining)).toEqual(expected.remaining)
                if (refused === undefined) expect(expected.unmet).toEqual([])
                else expect(expected.unmet).toContain(refused)
                break
              }
              case 'settle': {
                const corrections = await Promise.all(step.claims.map((claim) => correction(claim, step.by)))
                await store.settle(corrections)
                oracle.settle(corrections)
                break
              }
              case 'release':
                await store.release(step.leases)
                oracle.release(step.leases)
                break
              case 'renew':
                await store.renew(step.leases, 600_000)
                oracle.renew(step.leases)
            }
          }
        }),
        { numRuns: 100 },
      )
    })
  })
}

let names = 0
/** All of one tag, as names that are claimed together are. */
function freshName(): string {
  return `{tenant-${process.pid}-${++names}}`
}

/** A bucket that does not fill in the time of a test, unless it says otherwise. */
function rate(claim: Partial<RateClaim>): RateClaim {
  return { kind: 'rate', name: `${freshName()}:rate`, perMinute: 1e-6, capacity: 1, amount: 1, ...claim }
}

function quota(claim: Partial<QuotaClaim>): QuotaClaim {
  return { kind: 'quota', name: `${freshName()}:quota`, limit: 1, amount: 1, periodMs: ageMs, ...claim }
}

function lease(claim: Partial<LeaseClaim>): LeaseClaim {
  return { kind: 'lease', name: `${freshName()}:lease`, limit: 1, holder: 'holder', ttlMs: 60_000, ...claim }
}

/** The same fresh name for all. */
function named(claims: readonly LeaseClaim[]): [LeaseClaim, LeaseClaim, LeaseClaim] {
  const name = `${freshName()}:lease`
  const [a = lease({}), b = lease({}), c = lease({})] = claims
  return [
    { ...a, name },
    { ...b, name },
    { ...c, name },
  ]
}
