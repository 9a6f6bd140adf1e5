import { AbortedError, OverloadedError, UsageError } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { MessageStream } from '../../../sdk/typescript/stream/message-stream.ts'
import { RunStream } from '../../../sdk/typescript/stream/run-stream.ts'
import { until } from '../../until.ts'
import { aborting } from '../aborting.ts'
import { answer, block, complete, message, result, runStart, says, start, step } from './answers.ts'
import { all, failureOf, Source } from './source.ts'

/** The whole is asked for while somebody reads, and does not go on: the stream reads on by itself, and he has the rest when he does. */

const events = answer('Hel', 'lo', '!')
const hello = { ...message('Hello!'), request_id: 'req_test' }

/** Each event in a piece of its own. */
function pieces(): Source {
  const source = new Source()
  for (const event of events) source.events(event)
  return source.end()
}

describe('the whole, beside a reader who does not go on', () => {
  it.each<[string, () => Source]>([
    ['in one piece', () => new Source().events(...events).end()],
    ['piece by piece', pieces],
  ])('comes all the same, %s, and he has the rest later', async (_, sourced) => {
    const stream = new MessageStream(sourced().open)
    const reading = stream[Symbol.asyncIterator]()
    const first = await reading.next()
    expect(await stream.finalMessage()).toEqual(hello)
    expect(stream.partialMessage()).toEqual(message('Hello!'))
    expect([first.value, ...(await all(reading))]).toEqual(events)
  })

  it('may be awaited in the body of the loop', async () => {
    const stream = new MessageStream(pieces().open)
    const said: string[] = []
    for await (const text of stream.text()) {
      said.push(text)
      expect(await stream.finalText()).toBe('Hello!')
      expect(await stream.finalMessage()).toEqual(hello)
    }
    expect(said).toEqual(['Hel', 'lo', '!'])
  })

  it('may be awaited in the body of the loop over a run', async () => {
    const end = result(message('Hello!'))
    const source = new Source()
    for (const event of [runStart, ...step(0, events), complete(end)]) source.events(event)
    const stream = new RunStream(source.end().open)
    const types: string[] = []
    for await (const event of stream) {
      types.push(event.type)
      expect(await stream.finalResult()).toEqual({ ...end, request_id: 'req_test' })
    }
    expect(types).toEqual(['run_start', 'step_start', ...events.map(() => 'stream_event'), 'run_complete'])
  })

  it('is read no earlier than it is asked for', async () => {
    const source = pieces()
    const stream = new MessageStream(source.open)
    const reading = stream.text()
    await reading.next()
    expect(source.reads).toBe(3)
    await new Promise(setImmediate)
    expect(source.reads).toBe(3)
    await stream.finalMessage()
    expect(source.reads).toBe(events.length)
  })

  it('comes while he waits, and each has what comes', async () => {
    const source = new Source().events(start(), block(0))
    const stream = new MessageStream(source.open)
    const reading = all(stream.text())
    const final = stream.finalMessage()
    await until(() => source.reads === 2)
    for (const event of events.slice(2)) source.events(event)
    source.end()
    expect(await reading).toEqual(['Hel', 'lo', '!'])
    expect(await final).toEqual(hello)
  })

  it('may fail, of which he hears after what came before', async () => {
    const told = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } }
    const source = new Source().events(start(), block(0), says('Hel')).events(says('lo')).events(told)
    const stream = new MessageStream(source.open)
    const reading = stream.text()
    expect(await reading.next()).toEqual({ done: false, value: 'Hel' })
    const failure = await failureOf(stream.finalMessage())
    expect(failure).toBeInstanceOf(OverloadedError)
    expect(await reading.next()).toEqual({ done: false, value: 'lo' })
    expect(await failureOf(reading.next())).toBe(failure)
    expect(await reading.next()).toEqual({ done: true, value: undefined })
  })

  it('leaves what comes after it to him', async () => {
    const source = new Source().events(...events)
    const stream = new MessageStream(source.open)
    const reading = stream[Symbol.asyncIterator]()
    await reading.next()
    await stream.finalMessage()
    await new Promise(setImmediate)
    expect(source).toMatchObject({ reads: 1, isClosed: false })
    source.events({ type: 'ping' }).end()
    expect((await all(reading)).map(({ type }) => type)).toEqual([...events.slice(1).map(({ type }) => type), 'ping'])
  })

  it('fails where more would wait for him than may', async () => {
    const most = 2000
    const source = new Source().events(start(), block(0), says('a'))
    const stream = new MessageStream(source.open, { mostWaiting: most })
    const reading = stream.text()
    await reading.next()
    const final = stream.finalMessage()
    for (let piece = 0; piece < 3; piece++) source.events(says('b'.repeat(most / 3)))
    const failure = await failureOf(final)
    expect(failure).toBeInstanceOf(UsageError)
    expect(failure).toMatchObject({ message: expect.stringContaining('can wait for text()') })
    expect(source.isClosed).toBe(true)
    expect(await failureOf(all(reading))).toBe(failure)
  })

  it('is bounded by what waits, not by what there is', async () => {
    const source = new Source().events(start(), block(0))
    const stream = new MessageStream(source.open, { mostWaiting: 2000 })
    const final = stream.finalText()
    const said = all(stream.text())
    for (let piece = 0; piece < 20; piece++) {
      source.events(says('b'.repeat(1000)))
      await until(() => source.reads === piece + 3)
    }
    source.events(...events.slice(-3)).end()
    expect(await final).toBe('b'.repeat(20_000))
    expect(await said).toHaveLength(20)
  })
})

describe('a reader who is behind', () => {
  it('has no more of it once it is broken off, and the message stays', async () => {
    const stream = new MessageStream(pieces().open)
    const seen: string[] = []
    const reading = (async () => {
      for await (const text of stream.text()) {
        seen.push(text)
        await stream.finalMessage()
        stream.abort()
      }
    })()
    expect(await failureOf(reading)).toBeInstanceOf(AbortedError)
    expect(seen).toEqual(['Hel'])
    expect(await stream.finalMessage()).toEqual(hello)
  })

  it('may leave, and the message stays', async () => {
    const source = new Source().events(...events)
    const stream = new MessageStream(source.open)
    for await (const _ of stream) {
      await stream.finalMessage()
      break
    }
    expect(source.isClosed).toBe(true)
    expect(await stream.finalText()).toBe('Hello!')
  })
})

describe('the signal', () => {
  it('goes the way of abort() while a reader does not go on', async () => {
    const { signal, abort, listeners } = aborting()
    const source = new Source().events(start(), block(0), says('Hel'), says('lo'))
    const stream = new MessageStream(source.open, { signal })
    const reading = stream.text()
    await reading.next()
    abort(new Error('never mind'))
    expect(source.isClosed).toBe(true)
    const failure = await failureOf(stream.finalMessage())
    expect(failure).toBeInstanceOf(AbortedError)
    expect(failure).toMatchObject({ request_id: 'req_test', cause: { message: 'never mind' } })
    expect(await failureOf(reading.next())).toBe(failure)
    expect(listeners()).toBe(0)
  })

  it('ends the waiting for the whole beside him', async () => {
    const { signal, abort } = aborting()
    const source = new Source().events(start(), block(0), says('Hel'), says('lo'))
    const stream = new MessageStream(source.open, { signal })
    const reading = stream.text()
    await reading.next()
    const final = stream.finalMessage()
    await until(() => source.reads === 2)
    abort()
    expect(await failureOf(final)).toBeInstanceOf(AbortedError)
    expect(await failureOf(all(reading))).toBeInstanceOf(AbortedError)
    expect(source.isClosed).toBe(true)
  })

  it('keeps the request from leaving where it was given before', async () => {
    const source = pieces()
    const stream = new MessageStream(source.open, { signal: AbortSignal.abort(new Error('never mind')) })
    expect(await failureOf(stream.finalMessage())).toMatchObject({ name: 'AbortedError', cause: { message: 'never mind' } })
    expect(source.opened).toBe(0)
  })

  it.each<[string, (stream: MessageStream) => Promise<unknown>]>([
    ['has been read', (stream) => all(stream)],
    ['was asked for as a whole', (stream) => stream.finalMessage()],
    [
      'was broken off',
      (stream) =>
        stream
          .text()
          .next()
          .finally(() => stream.abort()),
    ],
    ['was left', (stream) => take(stream)],
    ['was left by one who was behind', (stream) => take(stream, () => stream.finalMessage())],
    ['was read by one who was behind', (stream) => pausing(stream)],
  ])('is left alone once the stream %s', async (_, use) => {
    const { signal, mostListeners, listeners } = aborting()
    await use(new MessageStream(pieces().open, { signal }))
    await until(() => listeners() === 0)
    expect(mostListeners()).toBe(1)
  })
})

async function take(stream: MessageStream, meanwhile = async (): Promise<unknown> => undefined): Promise<void> {
  for await (const _ of stream) {
    await meanwhile()
    return
  }
}

async function pausing(stream: MessageStream): Promise<void> {
  for await (const _ of stream) await stream.finalMessage()
}
