import { describe, expect, it } from 'vitest'
import { sleep, systemClock } from '../../api/clock.ts'
import { ManualClock } from '../manual-clock.ts'

describe('sleep', () => {
  it('ends after its time and not before', async () => {
    const clock = new ManualClock()
    let over = false
    const sleeping = sleep(clock, 100, new AbortController().signal).then(() => {
      over = true
    })
    clock.advance(99)
    await Promise.resolve()
    expect(over).toBe(false)
    clock.advance(1)
    await sleeping
    expect(over).toBe(true)
  })

  it('fails at once with the reason of a signal that has aborted already, and starts no timer', async () => {
    const clock = new ManualClock()
    const reason = new Error('gone')
    await expect(sleep(clock, 100, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(clock.waiting).toBe(0)
  })

  it('fails as soon as the signal aborts, and leaves no timer behind', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const reason = new Error('gone')
    const sleeping = sleep(clock, 100, controller.signal)
    expect(clock.waiting).toBe(1)
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(clock.waiting).toBe(0)
  })

  it('leaves no listener on the signal once it is over', async () => {
    const clock = new ManualClock()
    const listeners = new Set<unknown>()
    const { signal } = new AbortController()
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners.add(args[1])
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners.delete(args[1])
      removeEventListener.apply(signal, args)
    }
    const sleeping = sleep(clock, 5, signal)
    expect(listeners.size).toBe(1)
    clock.advance(5)
    await sleeping
    expect(listeners.size).toBe(0)
  })
})

describe('the clock of the system', () => {
  it('only ever grows', () => {
    const times = Array.from({ length: 1000 }, () => systemClock.now())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('knows the date', () => {
    expect(new Date(systemClock.wallclock()).getUTCFullYear()).toBeGreaterThanOrEqual(2026)
  })

  it('calls back once its time has come', async () => {
    const start = systemClock.now()
    await new Promise<void>((resolve) => systemClock.after(5, resolve))
    expect(systemClock.now() - start).toBeGreaterThanOrEqual(4)
  })

  it('does not call back what was cancelled, and calls back later what was begun anew', async () => {
    const fired: string[] = []
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => fired.push('cancelled')).cancel()
      const restarted = systemClock.after(8, () => {
        fired.push('restarted')
        resolve()
      })
      systemClock.after(4, () => {
        fired.push('first')
        restarted.restart()
      })
    })
    expect(fired).toEqual(['first', 'restarted'])
  })
})
