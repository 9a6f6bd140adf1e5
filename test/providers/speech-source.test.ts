import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { heeding, SourceReader } from '../../providers/speech-source.ts'
import { collected, each } from '../speech-call.ts'

/** Gives one item and is then waited for; knows whether its reader has left. */
function waiting(): AsyncIterableIterator<string> & { isLeft: boolean; release(): void } {
  let release: (result: IteratorResult<string>) => void = () => undefined
  let isFirst = true
  return {
    isLeft: false,
    next() {
      if (!isFirst) return new Promise((resolve) => (release = resolve))
      isFirst = false
      return Promise.resolve({ done: false, value: 'one' })
    },
    return() {
      this.isLeft = true
      return Promise.reject(new Error('nobody is there to hear this'))
    },
    release: () => release({ done: false, value: 'late' }),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

describe('a reader of a source', () => {
  it('reads it to its end', async () => {
    const items: string[] = []
    expect(await new SourceReader(each(['one', 'two'])).read((item) => void items.push(item))).toBe(true)
    expect(items).toEqual(['one', 'two'])
  })

  it('is stopped while it waits, and takes nothing that comes later', async () => {
    const source = waiting()
    const items: string[] = []
    const reader = new SourceReader(source)
    const isWhole = reader.read((item) => void items.push(item))
    await new Promise(setImmediate)
    reader.stop()
    source.release()
    expect(await isWhole).toBe(false)
    expect([items, source.isLeft]).toEqual([['one'], true])
  })

  it('asks for nothing more of a source that it was stopped at before it began', async () => {
    const source = waiting()
    const reader = new SourceReader(source)
    reader.stop()
    reader.stop()
    expect(await reader.read(() => undefined)).toBe(false)
    expect(source.isLeft).toBe(true)
  })

  it('fails as the source does, and as who takes the items does', async () => {
    const broken = (async function* () {
      yield 'one'
      throw new Error('the source broke')
    })()
    await expect(new SourceReader(broken).read(() => undefined)).rejects.toThrow('the source broke')
    const refusing = new SourceReader(each(['one'])).read(() => Promise.reject(new Error('no room')))
    await expect(refusing).rejects.toThrow('no room')
  })
})

describe('a source that is read for as long as the caller is there', () => {
  it('gives all that it has, and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    expect(await collected(heeding(each(['one', 'two']), signal))).toEqual(['one', 'two'])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('is left at once when the caller leaves, also while it is waited for', async () => {
    const controller = new AbortController()
    const source = waiting()
    const items = heeding(source, controller.signal)
    expect(await items.next()).toEqual({ done: false, value: 'one' })
    const next = items.next()
    controller.abort(new Error('the caller left'))
    await expect(next).rejects.toThrow('the caller left')
    expect(source.isLeft).toBe(true)
  })

  it('is not asked at all where the caller has left already', async () => {
    const source = waiting()
    await expect(heeding(source, AbortSignal.abort(new Error('gone'))).next()).rejects.toThrow('gone')
    expect(source.isLeft).toBe(true)
  })
})
