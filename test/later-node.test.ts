import { textOf, VAI, webSocketDial } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { buildBefore } from './built.ts'
import { type Process, startServer } from './process.ts'
import { missing, titled } from './programs.ts'
import { answersIn, exchange, exchangeInTurn, request } from './raw-http.ts'
import { collected } from './speech-call.ts'

/** The gateway in a later version of Node than that of the other tests, and what of Node has changed since. */

const node = 'node24'
const noLaterNode = missing(node)

describe.skipIf(noLaterNode)(titled('the gateway in a later Node', noLaterNode), () => {
  let gateway: Process & { readonly url: string }
  buildBefore()
  beforeAll(async () => {
    gateway = await startServer({}, node)
  })
  afterAll(() => gateway.close())

  const messages = [{ role: 'user' as const, content: 'Good morning! It is nine.' }]
  const model = 'demo/echo'

  it('answers, as JSON and as a stream, with a voice and with tools', async () => {
    const vai = new VAI({ baseURL: gateway.url })
    expect(textOf(await vai.messages.create({ model, messages }))).toBe('Good morning! It is nine.')
    const voice = { output: { voice: 'demo/soft' } }
    const voiced = await vai.messages.create({ model, messages, voice })
    expect(voiced.content.map(({ type }) => type)).toEqual(['text', 'audio'])
    const sounds = await collected(vai.messages.stream({ model, messages, voice }).audio())
    expect(new Set(sounds.map(({ type }) => type))).toEqual(new Set(['audio_chunk']))
    const input = `fetch ${gateway.url}/demo/page`
    const run = { request: { model: 'demo/tools', messages: [{ role: 'user' as const, content: input }] } }
    expect((await vai.runs.create({ ...run, builtins: ['vai_web_fetch'] })).stop_reason).toBe('end_turn')
  })

  it('talks', async () => {
    const vai = new VAI({ baseURL: gateway.url, dial: webSocketDial(WebSocket) })
    const session = await vai.live.connect({ model, tts: { voice: 'demo/soft' }, features: { send_playback_marks: false } })
    session.say('Good morning!')
    for await (const event of session) if (event.type === 'turn_complete') void session.end()
    expect(await session.ended).toMatchObject({ type: 'ended', usage: { turns: 1 } })
  })

  // Whether the server or its user goes on after such an offer is what versions of Node differ in.
  it('answers those who would rather speak another protocol, and what they ask for next', async () => {
    const offer = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA']
    const last = request('GET /healthz', ['connection: close'])
    const pipelined = answersIn(await exchange(gateway.url, request('GET /v1/models', offer) + last))
    expect(pipelined.map(({ status }) => status)).toEqual([200, 200])
    const posted = request('POST /v1/messages', ['content-type: application/json', ...offer], JSON.stringify({ model, messages }))
    expect(answersIn(await exchangeInTurn(gateway.url, posted, last)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('refuses what is no HTTP, and goes on', async () => {
    const [answer] = answersIn(await exchange(gateway.url, 'GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: nothing\r\n\r\n'))
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  })

  it('lets what has begun come to its end when it is to stop', async () => {
    const stream = new VAI({ baseURL: gateway.url }).messages.stream({
      model,
      messages,
      voice: { output: { voice: 'demo/soft' } },
    })
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    gateway.signal('SIGTERM')
    expect((await stream.finalMessage()).stop_reason).toBe('end_turn')
    expect(await gateway.ended).toBe(0)
  })
})
