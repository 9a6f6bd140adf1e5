import type { LiveEvent, Logger } from '@vai/sdk'
import { describe, expect, it, vi } from 'vitest'
import { ConnectionError, UsageError } from '../../../sdk/typescript/errors.ts'
import { LiveEvents } from '../../../sdk/typescript/live/events.ts'

const warning = (seq: number): LiveEvent => ({ type: 'warning', seq, code: 'x', message: `${seq}` })
const audio = (seq: number): LiveEvent => ({ type: 'audio', seq, assistant_audio_id: 'audio_1', sound: new Uint8Array(2) })

class Lines implements Logger {
  readonly lines: string[] = []
  debug(message: string): void {
    this.lines.push(`debug ${message}`)
  }
  info(message: string): void {
    this.lines.push(`info ${message}`)
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`)
  }
  error(message: string, details?: Readonly<Record<string, unknown>>): void {
    this.lines.push(`error ${message} ${String(details?.error)}`)
  }
}

function seqOf(event: LiveEvent): number {
  return 'seq' in event ? event.seq : Number.NaN
}

async function read(events: LiveEvents, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const seqs: number[] = []
  for await (const event of { [Symbol.asyncIterator]: () => events.iterate() }) {
    seqs.push(seqOf(event))
    if (seqs.length === most) break
  }
  return seqs
}

describe('those who listen', () => {
  it('are told of what they listen for, in its order, until they take it back', async () => {
    const events = new LiveEvents(undefined)
    const told: string[] = []
    const off = events.on('warning', ({ code, seq }) => void told.push(`${code} ${seq}`))
    events.on('*', ({ type }) => void told.push(type))
    events.on('sound_sent', (bytes) => void told.push(`${bytes} bytes`))
    await Promise.resolve()
    events.tell(warning(1))
    events.tell(audio(2), false)
    events.note('sound_sent', 640)
    off()
    off()
    events.tell(warning(3))
    expect(told).toEqual(['x 1', 'warning', 'audio', '640 bytes', 'warning'])
  })

  it('are told what was before them, all who come together, and what follows behind it', async () => {
    const events = new LiveEvents(undefined)
    for (const seq of [1, 2]) events.tell(warning(seq))
    events.note('sent', { type: 'control', op: 'mute' })
    const told: string[] = []
    events.on('warning', (event) => {
      told.push(`first ${event.seq}`)
      // What comes of it is told behind all that was before.
      if (event.seq === 1) events.tell(warning(4))
    })
    events.on('warning', ({ seq }) => void told.push(`second ${seq}`))
    events.on('sent', ({ type }) => void told.push(type))
    const reading = read(events, 4)
    events.tell(warning(3))
    expect(told).toEqual([])
    expect(await reading).toEqual([1, 2, 3, 4])
    expect(told).toEqual(['first 1', 'second 1', 'first 2', 'second 2', 'control', 'first 3', 'second 3', 'first 4', 'second 4'])
    events.on('warning', ({ seq }) => void told.push(`late ${seq}`))
    await Promise.resolve()
    expect(told.filter((line) => line.startsWith('late'))).toEqual([])
  })

  it('harm nobody by what they throw, which is told to the logger', async () => {
    const logger = new Lines()
    const events = new LiveEvents(logger)
    const told: number[] = []
    events.on('warning', () => {
      throw new Error('my own fault')
    })
    events.on('warning', ({ seq }) => void told.push(seq))
    events.tell(warning(1))
    await Promise.resolve()
    events.tell(warning(2))
    expect(told).toEqual([1, 2])
    expect(logger.lines).toEqual(Array(2).fill('error A listener of a live session has thrown an error. Error: my own fault'))
  })

  it('are reported as well where they reject, and where they only answer later are left alone', async () => {
    const logger = new Lines()
    const events = new LiveEvents(logger)
    events.on('warning', async ({ seq }) => {
      if (seq === 2) throw new Error('my own fault')
    })
    for (const seq of [1, 2]) events.tell(warning(seq))
    await vi.waitFor(() => expect(logger.lines).not.toEqual([]))
    expect(logger.lines).toEqual(['error A listener of a live session has thrown an error. Error: my own fault'])
  })

  it('have what they throw thrown to nobody in particular where there is no logger', async () => {
    const events = new LiveEvents(undefined)
    events.on('warning', () => {
      throw new Error('my own fault')
    })
    await Promise.resolve()
    const later: (() => void)[] = []
    vi.stubGlobal('queueMicrotask', (callback: () => void) => void later.push(callback))
    try {
      expect(() => events.tell(warning(1))).not.toThrow()
    } finally {
      vi.unstubAllGlobals()
    }
    expect(later).toHaveLength(1)
    expect(later[0]).toThrow('my own fault')
  })

  it('may listen to a type that only the gateway knows, by any name', async () => {
    const events = new LiveEvents(undefined)
    const told: string[] = []
    events.on('*', ({ type }) => void told.push(type))
    await Promise.resolve()
    const unknown: { type: string; seq: number } = { type: 'constructor', seq: 1 }
    events.tell(Object.assign(warning(1), unknown))
    expect(told).toEqual(['constructor'])
  })
})

describe('those who iterate', () => {
  it('have what was before, what comes, and the end', async () => {
    const events = new LiveEvents(undefined)
    events.tell(warning(1))
    const reading = read(events)
    events.tell(warning(2))
    events.tell(audio(3), false)
    await Promise.resolve()
    events.tell(warning(4))
    events.end(undefined)
    expect(await reading).toEqual([1, 2, 4])
    expect(await read(events)).toEqual([])
  })

  it('have what was before even where it is over already, once', async () => {
    const events = new LiveEvents(undefined)
    for (const seq of [1, 2]) events.tell(warning(seq))
    events.end(undefined)
    expect(await read(events)).toEqual([1, 2])
    expect(await read(events)).toEqual([])
  })

  it('are thrown the error with which it ends, behind all that was before it', async () => {
    const events = new LiveEvents(undefined)
    const iterator = events.iterate()
    events.tell(warning(1))
    events.end(new ConnectionError('lost'))
    expect(await iterator.next()).toMatchObject({ value: { seq: 1 } })
    await expect(iterator.next()).rejects.toThrow('lost')
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    await expect(read(events)).rejects.toThrow('lost')
  })

  it('may ask for several at a time, and leave while they wait', async () => {
    const events = new LiveEvents(undefined)
    const iterator = events.iterate()
    const [first, second, third] = [iterator.next(), iterator.next(), iterator.next()]
    await Promise.resolve()
    for (const seq of [1, 2]) events.tell(warning(seq))
    expect([await first, await second]).toMatchObject([{ value: { seq: 1 } }, { value: { seq: 2 } }])
    await iterator.return?.()
    expect(await third).toEqual({ done: true, value: undefined })
    events.tell(warning(3))
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('do not take anything from each other, nor from those who listen', async () => {
    const events = new LiveEvents(undefined)
    const told: number[] = []
    events.on('warning', ({ seq }) => void told.push(seq))
    const [one, other] = [read(events, 1), read(events)]
    for (const seq of [1, 2]) events.tell(warning(seq))
    expect(await one).toEqual([1])
    events.tell(warning(3))
    events.end(undefined)
    expect(await other).toEqual([1, 2, 3])
    expect(told).toEqual([1, 2, 3])
  })

  /** All that comes before it throws. */
  async function readToError(events: LiveEvents) {
    const iterator = events.iterate()
    const seqs: number[] = []
    try {
      for (;;) {
        const { done, value } = await iterator.next()
        if (done) return { seqs, error: undefined }
        seqs.push(seqOf(value))
      }
    } catch (error) {
      expect(await iterator.next()).toEqual({ done: true, value: undefined })
      return { seqs, error }
    }
  }
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

  it('that read too slowly have what waits, in its order, and are told that there was more', async () => {
    const events = new LiveEvents(undefined)
    const reading = readToError(events)
    await Promise.resolve()
    for (const seq of numbers(1, 10_003)) events.tell(warning(seq))
    const { seqs, error } = await reading
    // The first was waited for.
    expect(seqs).toEqual(numbers(1, 10_001))
    expect(error).toBeInstanceOf(UsageError)
  })

  it('that come late have the first of what was before them, and are told that there was more', async () => {
    const logger = new Lines()
    const events = new LiveEvents(logger)
    for (const seq of numbers(1, 12_498)) events.tell(warning(seq))
    expect(logger.lines).toHaveLength(1)
    const [one, other] = await Promise.all([readToError(events), readToError(events)])
    expect(one.seqs).toEqual(numbers(1, 10_000))
    expect(String(one.error)).toContain('More than 10000 events')
    expect(other).toEqual(one)
    const reading = read(events, 1)
    events.tell(warning(12_499))
    expect(await reading).toEqual([12_499])
  })

  it('that come late learn how it ended, behind the others', async () => {
    const events = new LiveEvents(undefined)
    for (const seq of numbers(1, 10_001)) events.tell(warning(seq))
    events.end(new ConnectionError('lost'))
    expect(await readToError(events)).toMatchObject({ seqs: { length: 10_000 }, error: { name: 'UsageError' } })
    await expect(read(events)).rejects.toThrow('lost')
  })

  it('behind somebody who listens are told that there was more than he was told', async () => {
    const events = new LiveEvents(undefined)
    for (const seq of numbers(1, 10_001)) events.tell(warning(seq))
    const told: number[] = []
    events.on('warning', ({ seq }) => void told.push(seq))
    events.tell(warning(10_002))
    await Promise.resolve()
    expect(told).toEqual([...numbers(1, 10_000), 10_002])
    await expect(read(events)).rejects.toThrow('More than 10000 events')
  })
})
