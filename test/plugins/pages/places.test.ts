import { describe, expect, it } from 'vitest'
import { Places } from '../../../plugins/pages/places.ts'

const forEver = new AbortController().signal

describe('places', () => {
  it('are given back to whoever came first', async () => {
    const places = new Places(1, 2)
    const entered: string[] = []
    const enter = async (name: string): Promise<void> => {
      if (await places.take(forEver)) entered.push(name)
    }
    await enter('a')
    const waiting = [enter('b'), enter('c')]
    expect(await places.take(forEver)).toBe(false)
    expect(entered).toEqual(['a'])
    places.give()
    await waiting[0]
    expect(entered).toEqual(['a', 'b'])
    places.give()
    await waiting[1]
    expect(entered).toEqual(['a', 'b', 'c'])
    places.give()
    expect(await places.take(forEver)).toBe(true)
  })

  it('are not kept for those who have left', async () => {
    const places = new Places(1, 1)
    await places.take(forEver)
    const controller = new AbortController()
    const waiting = places.take(controller.signal)
    controller.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    const next = places.take(forEver)
    places.give()
    expect(await next).toBe(true)
    await expect(places.take(controller.signal)).rejects.toThrow('left')
  })
})
