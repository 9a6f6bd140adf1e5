import { AbortedError, APIError, BrokenStreamError, OverloadedError, UsageError } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MessageStream } from '../../../sdk/typescript/stream/message-stream.ts'
import { until } from '../../until.ts'
import { answer, block, closing, message, says, start, stop } from './answers.ts'
import { all, failureOf, Source } from './source.ts'

/** How a stream is read, left, broken off and read twice. */

const hello = { ...message('Hello'), request_id: 'req_test' }

function whole(): { source: Source; stream: MessageStream } {
  const source = new Source().events(...answer('Hel', 'lo')).end()
  return { source, stream: new MessageStream(source.open) }
}

describe('one reading', () => {
  it('gives every event, then the message', async () => {
    const { source, stream } = whole()
    expect(await all(stream)).toEqual(answer('Hel', 'lo'))
    expect(await stream.finalMessage()).toEqual(hello)
    expect(await stream.finalText()).toBe('Hello')
    expect(stream.partialMessage()).toEqual(message('Hello'))
    expect(source).toMatchObject({ opened: 1, isClosed: false })
  })

  it('may be of text', async () => {
    const { stream } = whole()
    expect(await all(stream.text())).toEqual(['Hel', 'lo'])
    expect(await stream.finalMessage()).toEqual(hello)
  })

  it('gives text that a block begins with, and leaves out all that is none', async () => {
    const events = [
      start(),
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
      stop(0),
      block(1, { type: 'text', text: 'So: ' }),
      says('', 1),
      says('yes', 1),
      stop(1),
      ...closing,
    ]
    const source = new Source().events(...events).end()
    const stream = new MessageStream(source.open)
    expect(await all(stream.text())).toEqual(['So: ', 'yes'])
    expect(await stream.finalText()).toBe('So: yes')
  })

  it('is asked for the first time when the request leaves, once', async () => {
    const { source, stream } = whole()
    const text = stream.text()
    expect(source.opened).toBe(0)
    expect(stream.request_id).toBeUndefined()
    expect(stream.partialMessage()).toBeUndefined()
    expect(await text.next()).toEqual({ done: false, value: 'Hel' })
    expect(source.opened).toBe(1)
    expect(stream.request_id).toBe('req_test')
    expect(stream.partialMessage()).toMatchObject({ content: [{ type: 'text', text: 'Hel' }], stop_reason: null })
    await all(text)
  })

  it('reads no further ahead than the piece that its event came in', async () => {
    const source = new Source().events(start(), block(0)).events(says('a')).events(says('b'))
    const events = new MessageStream(source.open)[Symbol.asyncIterator]()
    await events.next()
    await events.next()
    expect(source.reads).toBe(1)
    await events.next()
    expect(source.reads).toBe(2)
    await events.return?.()
  })

  it('is one of several asked for in a row, and they come in order', async () => {
    const { stream } = whole()
    const events = stream[Symbol.asyncIterator]()
    const given = await Promise.all(answer('Hel', 'lo').map(() => events.next()))
    expect(given.map(({ value }) => value)).toEqual(answer('Hel', 'lo'))
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('gives what has come as it was, whatever comes later', async () => {
    const { stream } = whole()
    const text = stream.text()
    await text.next()
    const early = stream.partialMessage()
    await all(text)
    expect(early?.content).toEqual([{ type: 'text', text: 'Hel' }])
  })
})

describe('finalMessage()', () => {
  it('reads the stream where nobody does, and is the same each time', async () => {
    const { source, stream } = whole()
    const final = stream.finalMessage()
    expect(stream.finalMessage()).toBe(final)
    expect(stream.finalText()).toBe(stream.finalText())
    expect(await final).toEqual(hello)
    expect(source.opened).toBe(1)
  })

  it('leaves the reading to whoever begins in the same turn', async () => {
    const { stream } = whole()
    const [final, text] = await Promise.all([stream.finalMessage(), all(stream.text())])
    expect(final).toEqual(hello)
    expect(text.join('')).toBe('Hello')
  })

  it('is there with the last event, also in the middle of a reading', async () => {
    const source = new Source().events(...answer('Hello'))
    const stream = new MessageStream(source.open)
    const finals: unknown[] = []
    for await (const event of stream) {
      if (event.type !== 'message_stop') continue
      finals.push(await stream.finalMessage())
      source.end()
    }
    expect(finals).toEqual([hello])
  })

  it('does not wait for what comes after the message, and closes the connection then', async () => {
    const source = new Source().events(...answer('Hello'))
    expect(await new MessageStream(source.open).finalMessage()).toEqual(hello)
    expect(source.isClosed).toBe(false)
    source.events({ type: 'ping' })
    await until(() => source.isClosed)
  })

  it('has an empty request id where nothing tells it', async () => {
    const source = new Source().events(...answer('Hello')).end()
    source.request_id = undefined
    expect(await new MessageStream(source.open).finalMessage()).toEqual({ ...hello, request_id: '' })
  })
})

describe('a second reading', () => {
  it('is refused, beside the first and after it', async () => {
    const { stream } = whole()
    const text = stream.text()
    await text.next()
    const refusal = await failureOf(all(stream))
    expect(refusal).toBeInstanceOf(UsageError)
    expect(refusal).toMatchObject({ message: expect.stringMatching(/read already: by text\(\)\..*finalMessage\(\)/) })
    await all(text)
    expect(await failureOf(all(stream.audio()))).toBeInstanceOf(UsageError)
    expect(await failureOf(all(stream.text()))).toBeInstanceOf(UsageError)
    expect(await stream.finalMessage()).toEqual(hello)
  })

  it('does not disturb the first when it is left', async () => {
    const { source, stream } = whole()
    const text = stream.text()
    const other = stream[Symbol.asyncIterator]()
    await text.next()
    await other.return?.()
    expect(await all(text)).toEqual(['lo'])
    expect(source.isClosed).toBe(false)
  })

  it('is refused, too, where the stream has read itself', async () => {
    const { stream } = whole()
    await stream.finalMessage()
    expect(await failureOf(all(stream))).toMatchObject({ name: 'UsageError', message: expect.stringContaining('finalMessage()') })
  })

  it('is only one once it has begun', async () => {
    const { stream } = whole()
    stream.text()
    stream.audio()
    expect(await all(stream)).toEqual(answer('Hel', 'lo'))
  })
})

describe('a reading that is left', () => {
  it('closes the connection, and there is no message', async () => {
    const source = new Source().events(start(), block(0), says('Hel'))
    const stream = new MessageStream(source.open)
    const early = stream.finalMessage()
    for await (const event of stream) if (event.type === 'content_block_delta') break
    expect(source.isClosed).toBe(true)
    expect(await failureOf(early)).toBeInstanceOf(AbortedError)
    expect(await failureOf(stream.finalText())).toMatchObject({ name: 'AbortedError', request_id: 'req_test' })
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
  })

  it('by an error closes it, too', async () => {
    const source = new Source().events(start(), block(0), says('Hel'))
    const stream = new MessageStream(source.open)
    const reading = (async () => {
      for await (const text of stream.text()) throw new Error(`no ${text}`)
    })()
    expect(await failureOf(reading)).toMatchObject({ message: 'no Hel' })
    expect(source.isClosed).toBe(true)
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(AbortedError)
  })

  it('after the last event has its message', async () => {
    const source = new Source().events(...answer('Hello'))
    const stream = new MessageStream(source.open)
    for await (const event of stream) if (event.type === 'message_stop') break
    expect(source.isClosed).toBe(true)
    expect(await stream.finalMessage()).toEqual(hello)
  })

  it('in the middle of waiting ends the waiting', async () => {
    const source = new Source().events(start())
    const stream = new MessageStream(source.open)
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    const waiting = events.next()
    await events.return?.()
    expect(await failureOf(waiting)).toBeInstanceOf(AbortedError)
    expect(source.isClosed).toBe(true)
  })

  it('before it began has left nothing', async () => {
    const { source, stream } = whole()
    await stream.text().return?.()
    expect(source.opened).toBe(0)
    expect(await stream.finalMessage()).toEqual(hello)
  })
})

describe('abort()', () => {
  it('before the first use keeps the request from leaving', async () => {
    const { source, stream } = whole()
    stream.abort()
    expect(await failureOf(all(stream))).toBeInstanceOf(AbortedError)
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(AbortedError)
    expect(source.opened).toBe(0)
  })

  it('while the request is on its way ends the waiting and tells the transport', async () => {
    let told: AbortSignal | undefined
    const late = new Source()
    let arrive = (): void => undefined
    const stream = new MessageStream((signal) => {
      told = signal
      return new Promise((resolve) => {
        arrive = () => resolve(late)
      })
    })
    const final = stream.finalMessage()
    const reading = all(stream)
    stream.abort()
    expect(await failureOf(reading)).toBeInstanceOf(AbortedError)
    expect(await failureOf(final)).toBeInstanceOf(AbortedError)
    expect(told?.aborted).toBe(true)
    arrive()
    await until(() => late.isClosed)
    expect(late.reads).toBe(0)
  })

  it('ends a pending read', async () => {
    const source = new Source().events(start())
    const stream = new MessageStream(source.open)
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    const waiting = events.next()
    stream.abort()
    expect(await failureOf(waiting)).toMatchObject({ name: 'AbortedError', request_id: 'req_test' })
    expect(source.isClosed).toBe(true)
  })

  it('in the body of a loop gives none of the events that are there already', async () => {
    const { source, stream } = whole()
    const seen: string[] = []
    const reading = (async () => {
      for await (const text of stream.text()) {
        seen.push(text)
        stream.abort()
      }
    })()
    expect(await failureOf(reading)).toBeInstanceOf(AbortedError)
    expect(seen).toEqual(['Hel'])
    expect(source.isClosed).toBe(true)
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
  })

  it('ends the waiting for the message', async () => {
    const source = new Source().events(start())
    const stream = new MessageStream(source.open)
    const final = stream.finalMessage()
    await until(() => source.reads === 2)
    stream.abort()
    expect(await failureOf(final)).toBeInstanceOf(AbortedError)
    expect(source.isClosed).toBe(true)
  })

  it('after the end changes nothing', async () => {
    const { source, stream } = whole()
    await all(stream)
    stream.abort()
    stream.abort()
    expect(source.isClosed).toBe(false)
    expect(await stream.finalMessage()).toEqual(hello)
  })

  it('after the last event ends the reading as if all had come', async () => {
    const source = new Source().events(...answer('Hello'))
    const stream = new MessageStream(source.open)
    for await (const event of stream) if (event.type === 'message_stop') stream.abort()
    expect(source.isClosed).toBe(true)
    expect(await stream.finalMessage()).toEqual(hello)
  })
})

describe('what goes wrong', () => {
  it('before the head is told to all', async () => {
    const error = new OverloadedError({ type: 'overloaded_error', message: 'Busy', request_id: 'req_1' }, { status: 529 })
    const stream = new MessageStream(() => Promise.reject(error))
    const final = stream.finalMessage()
    expect(await failureOf(all(stream))).toBe(error)
    expect(await failureOf(final)).toBe(error)
  })

  it('by the hand of who sends the request is told in the same way', async () => {
    const stream = new MessageStream(() => {
      throw new UsageError('no model')
    })
    expect(await failureOf(stream.finalMessage())).toMatchObject({ name: 'UsageError', message: 'no model' })
  })

  it('is the error of an error event, with the request id', async () => {
    const told = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } }
    const source = new Source().events(start(), block(0), says('Hel'), told)
    const stream = new MessageStream(source.open)
    const seen: string[] = []
    const reading = (async () => {
      for await (const { type } of stream) seen.push(type)
    })()
    expect(await failureOf(reading)).toBeInstanceOf(OverloadedError)
    expect(seen).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
    expect(await failureOf(stream.finalMessage())).toMatchObject({ message: 'Busy', status: undefined, request_id: 'req_test' })
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
    expect(source.isClosed).toBe(true)
  })

  it('may be of a type that is not known here', async () => {
    const told = { type: 'error', request_id: 'req_own', error: { type: 'tired_error', message: 'Tired', code: 'yawn' } }
    const failure = await failureOf(new MessageStream(new Source().events(told).open).finalMessage())
    expect(failure).toBeInstanceOf(APIError)
    expect(failure).toMatchObject({ name: 'APIError', type: 'tired_error', code: 'yawn', request_id: 'req_own' })
  })

  it('is an end before the end', async () => {
    const source = new Source().events(start(), block(0), says('Hel')).end()
    const stream = new MessageStream(source.open)
    const failure = await failureOf(all(stream))
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining('ended before message_stop'), request_id: 'req_test' })
    expect(await failureOf(stream.finalMessage())).toBe(failure)
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
  })

  it('is a connection that breaks', async () => {
    const lost = new BrokenStreamError('The connection broke.', { cause: new Error('reset') })
    const source = new Source().events(start()).push(lost)
    const failure = await failureOf(new MessageStream(source.open).finalMessage())
    expect(failure).toMatchObject({ message: 'The connection broke. It ended before message_stop.', cause: { message: 'reset' } })
  })

  it('with the connection after the last event is nobody’s loss', async () => {
    const source = new Source().events(...answer('Hello')).push(new BrokenStreamError('The connection broke.'))
    const stream = new MessageStream(source.open)
    expect(await all(stream)).toEqual(answer('Hello'))
    expect(await stream.finalMessage()).toEqual(hello)
  })
})

describe('a promise of the message that nobody listens to', () => {
  const unheard: unknown[] = []
  const note = (reason: unknown): void => void unheard.push(reason)
  beforeAll(() => void process.on('unhandledRejection', note))
  afterAll(() => void process.off('unhandledRejection', note))

  it.each<[string, (stream: MessageStream) => Promise<unknown>]>([
    ['the reading throws', (stream) => failureOf(all(stream))],
    ['the reading is left', (stream) => takeOne(stream.text())],
    ['it is broken off', async (stream) => stream.abort()],
    ['it was never asked for', (stream) => takeOne(stream)],
  ])('troubles nobody where %s', async (how, act) => {
    const stream = new MessageStream(new Source().events(start(), block(0), says('Hel')).end().open)
    if (how !== 'it was never asked for') {
      void stream.finalMessage()
      void stream.finalText()
    }
    await act(stream)
    // Node tells of them once a turn is over.
    await new Promise((resolve) => setImmediate(resolve))
    expect(unheard).toEqual([])
  })

  async function takeOne(items: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of items) return
  }
})
