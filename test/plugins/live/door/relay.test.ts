import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { titled } from '../../../programs.ts'
import { answersIn, exchange, exchangeInTurn, request } from '../../../raw-http.ts'
import { until } from '../../../until.ts'
import { connectionsOf, type DoorStage, startDoor } from './stage.ts'

/** What becomes of requests that offer another protocol, now that somebody takes one. */

let stage: DoorStage
beforeAll(async () => {
  stage = await startDoor()
})
afterAll(() => stage.gateway.close())

const body = JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Good morning' }] })
const json = 'content-type: application/json'
const h2c = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA']
const forWebSocket = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13']
const webSocket = [...forWebSocket, `sec-websocket-key: ${randomBytes(16).toString('base64')}`]

/** Later versions of Node leave out what comes in one piece with the body of a request whose offer is not taken. */
const loses = 'shouldUpgradeCallback' in createServer() ? 'this Node leaves it out' : undefined

async function answered(...pieces: readonly (string | Uint8Array)[]) {
  return answersIn(await exchange(stage.gateway.url, ...pieces))
}

describe('an offer that nobody takes', () => {
  it('does not keep a request from being answered, as clients make it with every first one', async () => {
    const end = request('GET /healthz', ['connection: close'])
    const text = await exchangeInTurn(stage.gateway.url, request('POST /v1/messages', [json, ...h2c], body), end)
    const [answer, second] = answersIn(text)
    expect(answer?.status).toBe(200)
    expect(JSON.parse(answer?.body ?? '').content[0].text).toContain('Good morning')
    expect(second?.status).toBe(200)
  })

  it.skipIf(loses)(titled('nor what comes with it behind its body', loses), async () => {
    const answers = await answered(
      request('POST /v1/messages', [json, ...h2c], body),
      request('GET /healthz', ['connection: close']),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  it('does not keep what comes with the request from being answered, where that has no body', async () => {
    const answers = await answered(
      request('GET /v1/models', h2c),
      request('GET /v1/models/demo/echo', [...h2c, 'content-length: 0']),
      request('GET /healthz', ['connection: close']),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it('does not keep a body from coming in pieces, or later', async () => {
    const head = request('POST /v1/messages', [json, ...h2c, 'transfer-encoding: chunked', 'x-last: yes'], '')
    const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
    const end = request('GET /healthz', ['connection: close'])
    const pieces = [chunk(body.slice(0, 20)), `${chunk(body.slice(20))}0\r\n\r\n`]
    const [answer] = loses
      ? await answered(head.replace('connection: ', 'connection: close, '), ...pieces)
      : await answered(head, ...pieces, end)
    expect(answer?.status).toBe(200)
  })

  it('is as if it had not been made on routes that open no sockets', async () => {
    const [models, , last] = await answered(
      request('GET /v1/models', webSocket),
      request('GET /v1/nothing', webSocket),
      request('POST /v1/live', [...webSocket, 'connection: close']),
    )
    expect(models?.status).toBe(200)
    expect(last?.status).toBe(404)
  })

  it('keeps what else a connection is asked for', async () => {
    const [answer] = await answered(request('GET /healthz', ['connection: close, upgrade', 'upgrade: h2c']))
    expect(answer?.headers.connection).toBe('close')
  })

  it('of another protocol than WebSockets is told which one it is here', async () => {
    const [answer] = await answered(request('GET /v1/live', [...h2c]), request('GET /healthz', ['connection: close']))
    expect(answer?.status).toBe(426)
  })
})

describe('an upgrade that is refused', () => {
  it.each([
    [
      'a version that is not spoken',
      ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 8'],
      'sec-websocket-version',
    ],
    ['no key', forWebSocket, 'sec-websocket-key'],
    ['a key that is none', [...forWebSocket, 'sec-websocket-key: short'], 'sec-websocket-key'],
    ['subprotocols that are no words', [...webSocket, 'sec-websocket-protocol: vai.live.v1,,'], 'sec-websocket-protocol'],
    [
      'a subprotocol that stands twice',
      [...webSocket, 'sec-websocket-protocol: vai.live.v1, vai.live.v1'],
      'sec-websocket-protocol',
    ],
  ])('for %s is told so, and its connection is closed', async (_what, headers, param) => {
    const [answer, ...more] = await answered(request('GET /v1/live', headers))
    expect(answer?.status).toBe(400)
    expect(answer?.headers.connection).toBe('close')
    expect(JSON.parse(answer?.body ?? '').error).toMatchObject({ code: 'invalid_upgrade', param })
    expect(more).toEqual([])
  })
})

it('an upgrade that comes before the answers to what was asked before waits for them', async () => {
  const before = request('POST /v1/messages', [json], body) + request('GET /v1/models')
  const text = await exchange(
    stage.gateway.url,
    before + request('GET /v1/live', webSocket),
    Buffer.from([0x88, 0x80, 0, 0, 0, 0]),
  )
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '200', '101'])
})

it('refused upgrades leave no connection behind', async () => {
  await until(async () => (await connectionsOf(stage.gateway)) === 0)
})

it('a path may be written as any URL may', async () => {
  const text = exchange(stage.gateway.url, request('GET /v1/%6cive?x=1', webSocket), Buffer.from([0x88, 0x80, 0, 0, 0, 0]))
  expect(await text).toContain('HTTP/1.1 101 Switching Protocols')
})
