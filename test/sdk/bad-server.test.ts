import { createServer, type Server, type Socket } from 'node:net'
import { AbortedError, BrokenStreamError, ConnectionError, UnexpectedResponseError, VAI } from '@vai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, empty, endless, hangUp, htmlPage, json, redirect, reply, silence, sse } from '../upstreams/behaviour.ts'
import { closedPort, startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { answered, message, question, requestId } from './answers.ts'

/** Servers that are gone, are another, or break off. */

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

async function serve(behaviour: Behaviour): Promise<{ upstream: Upstream; vai: VAI }> {
  const upstream = await startUpstream(behaviour)
  opened.push(upstream)
  return { upstream, vai: new VAI({ baseURL: upstream.url, maxRetries: 0 }) }
}

async function failed(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

const named = { headers: { 'content-type': 'application/json', 'x-request-id': requestId } }
const whole = JSON.stringify(message)

describe('a server that is gone', () => {
  it.each([
    ['refuses the connection', closedPort, /ECONNREFUSED/],
    ['has no address', async () => 'http://gateway.invalid', /ENOTFOUND|EAI_AGAIN/],
  ])('%s', async (_, addressOf, code) => {
    const baseURL = await addressOf()
    const vai = new VAI({ baseURL, maxRetries: 0 })
    const asks = [
      () => vai.messages.create(question),
      () => vai.models.list(),
      () => vai.messages.stream(question).finalMessage(),
    ]
    for (const ask of asks) {
      const error = await failed(ask())
      expect(error).toBeInstanceOf(ConnectionError)
      expect(String(error)).toContain(baseURL)
      expect(String(error)).toMatch(code)
    }
  })

  it('closes before it answers', async () => {
    const { vai } = await serve(hangUp)
    expect(await failed(vai.messages.create(question))).toBeInstanceOf(ConnectionError)
  })

  it('is cut in the middle of its head', async () => {
    const baseURL = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'))
    expect(await failed(new VAI({ baseURL, maxRetries: 0 }).models.list())).toBeInstanceOf(ConnectionError)
  })

  it('is cut in the middle of its answer', async () => {
    const { vai } = await serve(reply(whole, { ...named, dieAt: 20 }))
    const error = await failed(vai.messages.create(question))
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({
      name: 'ConnectionError',
      request_id: requestId,
      message: expect.stringContaining('in the middle of the answer'),
    })
  })

  it('is cut in the middle of a stream', async () => {
    const { vai } = await serve(sse(`data: ${JSON.stringify({ type: 'message_start', message })}\n\ndata: {`, { dieAt: 30 }))
    expect(await failed(vai.messages.stream(question).finalMessage())).toBeInstanceOf(BrokenStreamError)
  })
})

describe('a server that is another', () => {
  const jsonType = { headers: { 'content-type': 'application/json' } }

  it.each<[string, Behaviour, string, number]>([
    ['a page of HTML', htmlPage(502), 'HTML (status 502)', 502],
    ['a page of HTML in good health', htmlPage(200), 'HTML (status 200)', 200],
    ['HTML that is said to be JSON', reply('<!doctype html>', jsonType), 'HTML (status 200)', 200],
    ['JSON that is cut', reply(whole.slice(0, 40), jsonType), 'JSON that is none, or is cut (status 200)', 200],
    ['a list', json([1]), 'JSON that is not of the contract (status 200)', 200],
    ['JSON of something else', json({ status: 'ok' }), '`content` (status 200)', 200],
    ['a message that is none', json({ content: 'x' }), '`content` (status 200)', 200],
    ['a message of nothing', json({ content: [null] }), '`content` (status 200)', 200],
    ['an error of something else', json({ error: { message: 'no' } }, { status: 403 }), 'JSON that is not of the contract', 403],
    [
      'an error whose parts are not what they should be',
      json({ error: { type: 'a', message: 'b', issues: 3 } }, { status: 400 }),
      'not of the contract',
      400,
    ],
    ['nothing', empty(), 'nothing (status 200)', 200],
    ['no content', reply('', { status: 204 }), 'nothing (status 204)', 204],
    ['an error without a body', reply('', { status: 500 }), 'nothing (status 500)', 500],
    [
      'text',
      reply('Bad Gateway', { status: 502, headers: { 'content-type': 'text/plain' } }),
      'content of the type text/plain',
      502,
    ],
    ['bytes that nobody names', reply('hm', { status: 500 }), 'content of the type none', 500],
    ['a redirect', redirect('http://127.0.0.1:9/v1/messages'), 'a redirect, which is not followed', 307],
    ['a redirect that would lose the question', redirect('http://127.0.0.1:9/', 302), 'a redirect, which is not followed', 302],
  ])('answers with %s', async (_, behaviour, words, status) => {
    const { vai } = await serve(behaviour)
    const error = await failed(vai.messages.create(question))
    expect(error).toBeInstanceOf(UnexpectedResponseError)
    expect(error).toMatchObject({ status, message: expect.stringContaining(words) })
  })

  it.each<[string, Behaviour, string]>([
    ['HTML', htmlPage(200), 'HTML (status 200)'],
    ['a whole message', answered, 'JSON that is not of the contract (status 200)'],
    ['nothing', reply('', { status: 204 }), 'nothing (status 204)'],
    ['a redirect', redirect('http://127.0.0.1:9/v1/messages'), 'a redirect'],
  ])('answers with %s where there should be a stream', async (_, behaviour, words) => {
    const { vai } = await serve(behaviour)
    const error = await failed(vai.messages.stream(question).finalMessage())
    expect(error).toBeInstanceOf(UnexpectedResponseError)
    expect(String(error)).toContain(words)
  })

  it('is told by the beginning of what it said', async () => {
    const { vai } = await serve(reply(`<html>${'a'.repeat(5000)}`, { status: 502 }))
    const error = await failed(vai.messages.create(question))
    expect(error).toMatchObject({ body: `<html>${'a'.repeat(1994)}` })
  })

  it('is not listened to for ever', async () => {
    const { upstream, vai } = await serve(endless('<p>'.repeat(20_000), { headers: { 'content-type': 'text/html' } }))
    const error = await failed(vai.messages.stream(question).finalMessage())
    expect(error).toMatchObject({ name: 'UnexpectedResponseError', message: expect.stringContaining('HTML (status 200)') })
    await upstream.waitForClose()
  })
})

describe('a caller who has enough', () => {
  it('before it begins sends nothing', async () => {
    const { upstream, vai } = await serve(answered)
    const error = await failed(vai.messages.create(question, { signal: AbortSignal.abort(new Error('never mind')) }))
    expect(error).toBeInstanceOf(AbortedError)
    expect(error).toMatchObject({ cause: { message: 'never mind' } })
    expect(upstream.requests).toEqual([])
  })

  it.each<[string, Behaviour]>([
    ['while nothing comes', silence],
    ['while the answer comes', reply(whole, { ...named, stallAt: 20 })],
  ])('%s closes the connection', async (_, behaviour) => {
    const { upstream, vai } = await serve(behaviour)
    const controller = new AbortController()
    const answer = failed(vai.messages.create(question, { signal: controller.signal }))
    await upstream.waitForRequest()
    controller.abort()
    expect(await answer).toBeInstanceOf(AbortedError)
    await upstream.waitForClose()
  })

  it('after the answer changes nothing', async () => {
    const { vai } = await serve(answered)
    const controller = new AbortController()
    const answer = await vai.messages.create(question, { signal: controller.signal })
    controller.abort()
    expect(answer.content).toEqual(message.content)
  })
})

async function rawServer(talk: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => talk(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
