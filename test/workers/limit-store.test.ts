import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../api/clock.ts'
import type { LeaseClaim } from '../../plugins/limits/store.ts'
import { MemoryLimitStore } from '../../plugins/limits/stores/memory.ts'
import { Calls } from '../../workers/calls.ts'
import { PrimaryLimitStore } from '../../workers/limit-store.ts'
import { isMessage, type Message, type PrimaryQuestion, type Question, type WorkerQuestion } from '../../workers/messages.ts'
import { Tenancy } from '../../workers/tenancy.ts'
import { ManualClock } from '../manual-clock.ts'
import { describeLimitStore } from '../plugins/limits/store-conformance.ts'

/** Counts in another process, over a real channel. */

let primary: ChildProcess
let calls: Calls<WorkerQuestion, PrimaryQuestion>

beforeAll(() => {
  const program = fileURLToPath(new URL('primary-of-counts.ts', import.meta.url))
  primary = fork(program, { execArgv: ['--import', 'tsx'], serialization: 'advanced' })
  calls = new Calls({
    send: (message) => void primary.send(message),
    answer: () => Promise.reject(new Error('nobody asks')),
    clock: systemClock,
    patienceMs: 15_000,
  })
  primary.on('message', (message) => {
    if (isMessage<PrimaryQuestion>(message) && message.kind !== 'note') calls.receive(message)
  })
})

afterAll(() => {
  primary.kill('SIGKILL')
})

describeLimitStore('counts in the primary', { open: async () => new PrimaryLimitStore(calls), isShared: true })

const lease: LeaseClaim = { kind: 'lease', name: 'streams', limit: 1, holder: 'a', ttlMs: 60_000 }

describe('a primary that', () => {
  function silent(options: { patienceMs?: number; maxWaiting?: number } = {}) {
    const sent: Message<Question>[] = []
    const clock = new ManualClock()
    const asked = new Calls<WorkerQuestion, PrimaryQuestion>({
      send: (message) => void sent.push(message),
      answer: () => Promise.reject(new Error('nobody asks')),
      clock,
      ...options,
    })
    return { asked, sent, clock, store: new PrimaryLimitStore(asked) }
  }

  it('does not answer in time is not waited for, and what it may have taken is given back', async () => {
    const { store, sent, clock } = silent({ patienceMs: 1000 })
    const taking = store.take([lease])
    clock.advance(1000)
    await expect(taking).rejects.toThrow('take: no answer in time')
    expect(sent.map((message) => message.kind === 'question' && message.question)).toEqual([
      { ask: 'take', claims: [lease] },
      { ask: 'release', leases: [lease] },
    ])
    clock.advance(1000)
    expect(clock.waiting).toBe(0)
  })

  it('answers too late is not heard', async () => {
    const { asked, store, clock } = silent()
    const taking = store.take([])
    clock.advance(2000)
    await expect(taking).rejects.toThrow()
    asked.receive({ kind: 'answer', id: 1, value: { refused: undefined, states: [] } })
    expect(clock.waiting).toBe(0)
  })

  it('has too many questions to answer is not asked for more', async () => {
    const { asked, store, sent } = silent({ maxWaiting: 2 })
    const waiting = [store.take([]), store.take([])]
    await expect(store.take([])).rejects.toThrow('too many questions')
    expect(sent).toHaveLength(2)
    asked.receive({ kind: 'answer', id: 2, value: 'second' })
    expect(await waiting[1]).toBe('second')
    const next = store.take([])
    asked.receive({ kind: 'failure', id: 3, reason: 'out of order' })
    await expect(next).rejects.toThrow('out of order')
    asked.end()
    await expect(waiting[0]).rejects.toThrow('gone')
  })

  it('is gone answers nothing any more', async () => {
    const { asked, store, sent } = silent()
    const taking = store.take([])
    asked.end()
    await expect(taking).rejects.toThrow('the other process is gone')
    await expect(store.renew([lease], 1000)).rejects.toThrow('the other process is gone')
    expect(sent).toHaveLength(1)
  })

  it('cannot be sent to is said to fail', async () => {
    const asked = new Calls<WorkerQuestion, PrimaryQuestion>({
      send: () => {
        throw new Error('the channel is closed')
      },
      answer: () => Promise.reject(new Error('nobody asks')),
      clock: new ManualClock(),
    })
    await expect(new PrimaryLimitStore(asked).settle([])).rejects.toThrow('settle: the channel is closed')
  })
})

describe('the leases of a worker', () => {
  const store = new MemoryLimitStore({ clock: systemClock })
  const other: LeaseClaim = { ...lease, holder: 'b' }

  it('are free when it is gone, and those of others are not', async () => {
    const [first, second] = [new Tenancy(store), new Tenancy(store)]
    await first.answer({ ask: 'take', claims: [{ ...lease, limit: 2 }] })
    await second.answer({ ask: 'take', claims: [{ ...other, limit: 2 }] })
    await first.end()
    expect(await second.answer({ ask: 'take', claims: [{ ...lease, holder: 'c', limit: 2 }] })).toMatchObject({
      refused: undefined,
    })
    expect(await second.answer({ ask: 'take', claims: [{ ...lease, holder: 'd', limit: 2 }] })).toMatchObject({ refused: 0 })
    await second.end()
  })

  it('are free too where they were renewed or asked for with its last breath', async () => {
    const worker = new Tenancy(store)
    const last = worker.answer({ ask: 'take', claims: [lease] })
    await worker.end()
    await last
    await worker.answer({ ask: 'renew', leases: [lease], ttlMs: 60_000 })
    expect(await new Tenancy(store).answer({ ask: 'take', claims: [other] })).toMatchObject({ refused: undefined })
    await store.release([other])
  })

  it('that it gave back are not given back again, when another has them', async () => {
    const [worker, next] = [new Tenancy(store), new Tenancy(store)]
    await worker.answer({ ask: 'take', claims: [lease] })
    await worker.answer({ ask: 'release', leases: [lease] })
    await next.answer({ ask: 'take', claims: [lease] })
    await worker.end()
    expect(await next.answer({ ask: 'take', claims: [other] })).toMatchObject({ refused: 0 })
  })
})
