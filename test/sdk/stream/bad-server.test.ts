import { AbortedError, BrokenStreamError, ConnectionTimeoutError, type StreamEvent, VAI } from '@vai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { sseFrame } from '../../../api/sse.ts'
import { until } from '../../until.ts'
import { type Behaviour, endless, silence, sse } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'
import { answer, message } from './answers.ts'
import { all, failureOf } from './source.ts'

/** Servers whose streams are slow, cut, endless or not the contract's, over real connections. */

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

async function serve(behaviour: Behaviour, options: { readonly streamTimeout?: number } = {}) {
  const upstream = await startUpstream(behaviour)
  started.push(upstream)
  const vai = new VAI({ baseURL: upstream.url, maxRetries: 0, ...options })
  const open = (signal?: AbortSignal) => vai.messages.stream(question, signal ? { signal } : {})
  return { upstream, open }
}

const question = { model: 'demo/echo', messages: [{ role: 'user' as const, content: 'Hello' }] }
const requestId = { headers: { 'x-request-id': 'req_bad' } }
const frames = answer('Hel', 'lo').map(sseFrame)
const whole = frames.join('')

describe('a stream', () => {
  it('in pieces of any size is the same', async () => {
    const { open } = await serve(sse(whole, { ...requestId, chunks: { size: 7 } }))
    const stream = open()
    expect(await all(stream)).toEqual(answer('Hel', 'lo'))
    expect(await stream.finalMessage()).toEqual({ ...message('Hello'), request_id: 'req_bad' })
  })

  it('that was read to its end leaves its connection to others', async () => {
    const { upstream, open } = await serve(sse(whole))
    for (let turn = 0; turn < 3; turn++) {
      await all(open().text())
      await all(open())
      await open().finalMessage()
    }
    // A connection may not be free yet in the turn in which its answer ended.
    expect(Math.max(...upstream.requests.map(({ connection }) => connection))).toBeLessThan(2)
    expect(upstream.requests).toHaveLength(9)
    expect(upstream.closedByClient).toEqual([])
  })

  it('may name its kind in any case', async () => {
    const { open } = await serve(sse(whole, { headers: { 'content-type': 'Text/Event-Stream;charset=UTF-8' } }))
    expect(await open().finalText()).toBe('Hello')
  })

  it('that is quiet for too long is given up', async () => {
    const { upstream, open } = await serve(sse(whole, { ...requestId, stallAt: { event: 3 } }), { streamTimeout: 50 })
    const stream = open()
    const failure = await failureOf(all(stream))
    expect(failure).toBeInstanceOf(ConnectionTimeoutError)
    expect(failure).toMatchObject({ request_id: 'req_bad' })
    expect(await failureOf(stream.finalMessage())).toBe(failure)
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
    await upstream.waitForClose()
  })

  it.each([
    ['dies in the middle of an event', { dieAt: whole.length - 30 }, whole],
    ['dies between two events', { dieAt: { event: 4 } }, whole],
    ['ends in the middle of an event', {}, whole.slice(0, -30)],
    ['ends between two events', {}, frames.slice(0, 4).join('')],
  ])('that %s is broken', async (_, delivery, body) => {
    const { open } = await serve(sse(body, { ...requestId, ...delivery }))
    const stream = open()
    const failure = await failureOf(stream.finalMessage())
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining('ended before message_stop'), request_id: 'req_bad' })
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hello' }])
  })

  it('that is HTML behind its label says so', async () => {
    const { open } = await serve(sse('<html><body>Bad gateway</body></html>\n'))
    expect(await failureOf(open().finalMessage())).toMatchObject({
      name: 'BrokenStreamError',
      message: expect.stringContaining('held what is no event: "<html>'),
    })
  })

  it('that repeats its events doubles no text', async () => {
    const { upstream, open } = await serve(sse(frames.slice(0, 4).join('') + whole))
    const stream = open()
    const said: string[] = []
    const reading = (async () => {
      for await (const text of stream.text()) said.push(text)
    })()
    expect(await failureOf(reading)).toMatchObject({ message: expect.stringContaining('a message_start came a second time') })
    expect(said).toEqual(['Hel', 'lo'])
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(BrokenStreamError)
    expect(upstream.requests).toHaveLength(1)
  })

  it('with events that are not known is read past them', async () => {
    const strange: StreamEvent = JSON.parse('{"type":"weather","of":"today"}')
    const { open } = await serve(sse(frames.map((frame) => `: hm\n\n${sseFrame(strange)}${frame}`).join('')))
    const stream = open()
    expect(await all(stream)).toEqual(answer('Hel', 'lo').flatMap((event) => [strange, event]))
    expect((await stream.finalMessage()).content).toEqual(message('Hello').content)
  })

  it('without an end waits for whoever reads', async () => {
    const { upstream, open } = await serve(endless(sseFrame({ type: 'ping' }).repeat(500), { head: frames[0] ?? '' }))
    const events = open()[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'message_start' })
    expect(await upstream.waitForBackpressure()).toBeLessThan(32 * 1024 * 1024)
    await events.return?.()
    await upstream.waitForClose()
  })
})

describe('a stream that nobody wants any more', () => {
  it('is closed when its reading is left', async () => {
    const { upstream, open } = await serve(sse(whole, { stallAt: { event: 3 } }))
    for await (const text of open().text()) {
      expect(text).toBe('Hel')
      break
    }
    await upstream.waitForClose()
  })

  it('is closed by abort() and by a signal before its head', async () => {
    const { upstream, open } = await serve(silence)
    const controller = new AbortController()
    const [aborted, signalled] = [open(), open(controller.signal)]
    const readings = Promise.all([failureOf(all(aborted)), failureOf(signalled.finalMessage())])
    await upstream.waitForRequest(2)
    aborted.abort()
    controller.abort()
    for (const failure of await readings) expect(failure).toBeInstanceOf(AbortedError)
    await upstream.waitForClose(2)
  })

  it('is closed by abort() and by a signal in its middle', async () => {
    const { upstream, open } = await serve(sse(whole, { stallAt: { event: 3 } }))
    const controller = new AbortController()
    const [aborted, signalled] = [open(), open(controller.signal)]
    const readings = Promise.all([failureOf(all(aborted)), failureOf(signalled.finalMessage())])
    for (const stream of [aborted, signalled]) await until(() => stream.partialMessage()?.content[0])
    aborted.abort()
    controller.abort()
    for (const failure of await readings) expect(failure).toBeInstanceOf(AbortedError)
    await upstream.waitForClose(2)
  })

  it('is closed by a signal while its reader does not go on, and nobody waits for ever', async () => {
    const { upstream, open } = await serve(sse(whole, { ...requestId, stallAt: { event: 3 } }))
    const controller = new AbortController()
    const stream = open(controller.signal)
    for await (const text of stream.text()) {
      expect(text).toBe('Hel')
      const final = stream.finalMessage()
      controller.abort()
      expect(await failureOf(final)).toMatchObject({ name: 'AbortedError', request_id: 'req_bad' })
      break
    }
    await upstream.waitForClose()
  })

  it('never leaves where its signal was given already', async () => {
    const { upstream, open } = await serve(sse(whole))
    expect(await failureOf(all(open(AbortSignal.abort())))).toBeInstanceOf(AbortedError)
    const stream = open()
    stream.abort()
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(AbortedError)
    expect(upstream.requests).toEqual([])
  })
})
