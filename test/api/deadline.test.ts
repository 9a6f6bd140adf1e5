import { describe, expect, it } from 'vitest'
import { Deadline, within } from '../../api/deadline.ts'
import { ManualClock } from '../manual-clock.ts'

const never = new AbortController().signal
const late = (): string => 'late'

describe('a deadline', () => {
  it('is over after its time, with the reason it gives then', () => {
    const clock = new ManualClock()
    const { signal } = new Deadline(clock, 10, never, () => `late at ${clock.now()}`)
    clock.advance(9)
    expect(signal.aborted).toBe(false)
    clock.advance(1)
    expect(signal.reason).toBe('late at 10')
  })

  it('is over with the other signal, and then waits for nothing', () => {
    const clock = new ManualClock()
    const outer = new AbortController()
    const { signal } = new Deadline(clock, 10, outer.signal, late)
    outer.abort('left')
    expect([signal.aborted, signal.reason, clock.waiting]).toEqual([true, 'left', 0])
  })

  it('is over at once where the other signal is', () => {
    const clock = new ManualClock()
    const { signal } = new Deadline(clock, 10, AbortSignal.abort('left'), late)
    expect([signal.aborted, signal.reason, clock.waiting]).toEqual([true, 'left', 0])
  })

  it('that is closed leaves nothing behind, neither a timer nor a listener', () => {
    const clock = new ManualClock()
    const outer = new AbortController()
    const deadline = new Deadline(clock, 10, outer.signal, late)
    deadline.close()
    outer.abort('left')
    expect([deadline.signal.aborted, clock.waiting]).toEqual([false, 0])
  })

  it('that is closed with a reason ends what still heeds it, and the first reason stays', () => {
    const deadline = new Deadline(new ManualClock(), 10, never, late)
    deadline.close('done')
    deadline.close('done again')
    expect(deadline.signal.reason).toBe('done')
  })
})

describe('something within a time', () => {
  const untilEnd = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('closed'))))

  it('gives its result, or what it throws, and leaves no timer', async () => {
    const clock = new ManualClock()
    expect(await within(clock, 10, never, late, async () => 'done')).toBe('done')
    await expect(within(clock, 10, never, late, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(clock.waiting).toBe(0)
  })

  it('throws the reason in place of what it threw once it was over', async () => {
    const clock = new ManualClock()
    const running = within(clock, 10, never, () => new Error('late'), untilEnd)
    clock.advance(10)
    await expect(running).rejects.toThrow('late')
    const outer = new AbortController()
    const other = within(clock, 10, outer.signal, late, untilEnd)
    outer.abort(new Error('left'))
    await expect(other).rejects.toThrow('left')
  })
})
