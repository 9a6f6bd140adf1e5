import { describe, expect, it } from 'vitest'
import { Places, type PlacesOptions } from '../../../plugins/pages/places.ts'

const forEver = new AbortController().signal

/** Places, and who has entered, in order; each gives its place back by the name of its wish. */
function placesOf(options: Partial<PlacesOptions>) {
  const places = new Places({ places: 1, each: 9, waiting: 9, eachWaiting: 9, ...options })
  const entered: string[] = []
  const leaving = new Map<string, () => void>()
  return {
    entered,
    async wish(who: string, name: string, signal = forEver): Promise<'entered' | 'refused'> {
      const leave = await places.take({ who, signal })
      if (!leave) return 'refused'
      entered.push(name)
      leaving.set(name, leave)
      return 'entered'
    },
    async leave(name: string): Promise<void> {
      leaving.get(name)?.()
      await new Promise(setImmediate)
    },
  }
}

describe('places', () => {
  it('are given back to whoever came first', async () => {
    const { entered, wish, leave } = placesOf({ waiting: 2 })
    await wish('a', 'a1')
    void wish('a', 'a2')
    void wish('a', 'a3')
    expect(await wish('a', 'a4')).toBe('refused')
    expect(entered).toEqual(['a1'])
    await leave('a1')
    expect(entered).toEqual(['a1', 'a2'])
    await leave('a2')
    expect(entered).toEqual(['a1', 'a2', 'a3'])
    await leave('a3')
    expect(await wish('a', 'a5')).toBe('entered')
  })

  it('are taken in turns, however much one wants', async () => {
    const { entered, wish, leave } = placesOf({})
    await wish('a', 'a1')
    for (const name of ['a2', 'a3', 'a4']) void wish('a', name)
    for (const name of ['b1', 'b2']) void wish('b', name)
    void wish('c', 'c1')
    for (let index = 0; index < 7; index++) await leave(entered[index] ?? '')
    expect(entered).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  })

  it('are never all one’s, be it to work or to wait', async () => {
    const { entered, wish, leave } = placesOf({ places: 3, each: 2, waiting: 3, eachWaiting: 1 })
    await wish('a', 'a1')
    await wish('a', 'a2')
    void wish('a', 'a3')
    expect(await wish('a', 'a4')).toBe('refused')
    expect(await wish('b', 'b1')).toBe('entered')
    void wish('b', 'b2')
    void wish('c', 'c1')
    expect(await wish('d', 'd1')).toBe('refused')
    expect(entered).toEqual(['a1', 'a2', 'b1'])
    await leave('b1')
    expect(entered).toEqual(['a1', 'a2', 'b1', 'b2'])
    await leave('a1')
    expect(entered.at(-1)).toBe('a3')
  })

  it('are not kept for those who have left', async () => {
    const { entered, wish, leave } = placesOf({ waiting: 1 })
    await wish('a', 'a1')
    const controller = new AbortController()
    const waiting = wish('b', 'b1', controller.signal)
    controller.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    void wish('c', 'c1')
    await leave('a1')
    expect(entered).toEqual(['a1', 'c1'])
    await expect(wish('b', 'b2', controller.signal)).rejects.toThrow('left')
    await leave('c1')
    expect(await wish('a', 'a2')).toBe('entered')
  })
})
