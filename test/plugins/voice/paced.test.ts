import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Steps } from '../../../audio/steps.ts'
import { createPaced } from '../../../plugins/voice/paced.ts'

describe('work that is paced', () => {
  it('has one step in each turn of the process, whoever asks', async () => {
    const paced = createPaced()
    const { signal } = new AbortController()
    let turn = 0
    let isOver = false
    const counting = (async () => {
      for (; !isOver; turn++) await setImmediate()
    })()
    const took: number[] = []
    const steps = function* (count: number): Steps<number> {
      for (let step = 0; step < count; step++) {
        took.push(turn)
        yield
      }
      return count
    }
    expect(await Promise.all([paced(steps(5), signal), paced(steps(3), signal)])).toEqual([5, 3])
    isOver = true
    await counting
    expect(new Set(took).size).toBe(8)
  })

  it('ends where nobody waits for it, and where it fails, and others go on', async () => {
    const paced = createPaced()
    const controller = new AbortController()
    const endless = function* (): Steps<never> {
      for (let step = 0; ; step++) {
        if (step === 3) controller.abort(new Error('gone'))
        yield
      }
    }
    const failing = function* (): Steps<never> {
      yield
      throw new Error('broken')
    }
    const short = function* (): Steps<string> {
      yield
      return 'done'
    }
    const { signal } = new AbortController()
    const outcomes = await Promise.allSettled([
      paced(endless(), controller.signal),
      paced(failing(), signal),
      paced(short(), signal),
    ])
    expect(outcomes).toMatchObject([{ reason: { message: 'gone' } }, { reason: { message: 'broken' } }, { value: 'done' }])
  })
})
