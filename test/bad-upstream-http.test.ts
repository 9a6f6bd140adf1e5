import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  adapters,
  asksForStream,
  disconnected,
  goodAnswer,
  jsonType,
  leaving,
  protocol,
  saying,
  sseType,
  startRig,
} from './bad-upstream.ts'
import { answer, pour, type Talk } from './raw-upstream.ts'

/** Providers whose HTTP is broken. The caller is told so, the connection is closed, and the next request is served. */

const rig = startRig()

const reset = (socket: Socket): void => void socket.resetAndDestroy()

/** Says this and resets the connection once it has gone out. */
const sayingAndReset =
  (bytes: string | Uint8Array): Talk =>
  (socket) =>
    void socket.write(bytes, () => setImmediate(reset, socket))

describe.each(adapters)('$id: a connection that breaks', (adapter) => {
  it('as soon as it is there', async () => {
    rig.upstream.greet = reset
    for (const stream of [false, true]) {
      const response = await rig.ask(adapter, stream)
      expect(response.status).toBe(502)
      expect(await response.json()).toMatchObject({ error: { code: 'provider_disconnected' } })
    }
  })

  it.each<[string, Talk]>([
    ['before a word', reset],
    ['after a word', sayingAndReset('HT')],
    ['in the status line', sayingAndReset('HTTP/1.1 20')],
    ['after the status line', sayingAndReset('HTTP/1.1 200 OK\r\n')],
    ['in a header', sayingAndReset('HTTP/1.1 200 OK\r\ncontent-ty')],
    ['after interim answers', sayingAndReset('HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['by being closed before a word', (socket) => void socket.end()],
    ['by being closed in a header', saying('HTTP/1.1 200 OK\r\ncontent-ty')],
  ])('%s', async (_name, talk) => {
    for (const failure of await rig.failures(adapter, talk)) expect(failure).toMatchObject(disconnected)
  })

  it.each<[string, (body: string) => string, readonly string[]]>([
    ['after the headers', () => '', ['content-length: 1000']],
    ['in the middle of the body', (body) => body.slice(0, 40), ['content-length: 1000']],
    ['in the middle of a chunked body', (body) => `28\r\n${body.slice(0, 40)}\r\n`, ['transfer-encoding: chunked']],
    ['inside a chunk', (body) => `ffff\r\n${body.slice(0, 40)}`, ['transfer-encoding: chunked']],
    ['inside the length of a chunk', (body) => `28\r\n${body.slice(0, 40)}\r\n2`, ['transfer-encoding: chunked']],
  ])('%s', async (_name, cut, headers) => {
    const bytes = (request: string): Buffer => {
      const isStream = asksForStream(request)
      return answer('200 OK', [isStream ? sseType : jsonType, ...headers], cut(isStream ? adapter.stream : adapter.whole))
    }
    const talks: Talk[] = [
      (socket, request) => sayingAndReset(bytes(request))(socket, request),
      (socket, request) => void socket.end(bytes(request)),
    ]
    for (const talk of talks) {
      for (const failure of await rig.failures(adapter, talk)) expect(failure).toMatchObject(disconnected)
    }
  })

  it('in the middle of an error, which is told as far as it came', async () => {
    const talk = saying(answer('400 No', [jsonType, 'content-length: 1000'], '{"error":{"message":"half a wor'))
    for (const { status, error } of await rig.failures(adapter, talk)) {
      expect(status).toBe(400)
      expect(error).toMatchObject({ code: 'provider_rejected', provider_error: { status: 400, body: expect.any(String) } })
    }
  })

  it('in the middle of a stream, after content, ends it with an error', async () => {
    const frameEnd = adapter.stream.indexOf('\n\n', adapter.stream.indexOf('Hello')) + 2
    const body = adapter.stream.slice(0, frameEnd)
    rig.upstream.talk = saying(answer('200 OK', [sseType, 'content-length: 100000'], body))
    const text = await (await rig.ask(adapter, true)).text()
    expect(text).toContain('Hello')
    expect(text).toContain('provider_disconnected')
    expect(text).not.toContain('message_stop')
  })
})

describe.each(adapters)('$id: what is not HTTP', (adapter) => {
  it.each([
    ['words', 'hello, who is there?\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a version that does not exist', 'HTTP/7.7 200 OK\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nno colon here\r\n\r\n'],
    ['a header with a space in its name', 'HTTP/1.1 200 OK\r\ncontent length: 1\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12'],
    ['a length of more than there are bytes', `HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(40)}\r\n\r\n`],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx-a: \0\r\n\r\n'],
    ["TLS's first bytes", Buffer.from('15030100020228', 'hex')],
    ['noise', Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 197) % 256))],
  ])('%s', async (_name, bytes) => {
    for (const failure of await rig.failures(adapter, leaving(bytes))) expect(failure).toMatchObject(protocol)
  })

  it.each([
    ['one header', `x-a: ${'a'.repeat(100_000)}`],
    ['many headers', Array.from({ length: 5000 }, (_, index) => `x-${index}: a`).join('\r\n')],
  ])('headers that are too large: %s', async (_name, header) => {
    const talk = leaving(`HTTP/1.1 200 OK\r\n${header}\r\n\r\n`)
    for (const failure of await rig.failures(adapter, talk)) expect(failure).toMatchObject(protocol)
  })

  it.each([
    ['no number', 'zz\r\nhello\r\n0\r\n\r\n'],
    ['followed by too much', '2\r\nhello\r\n0\r\n\r\n'],
    ['too large to be one', `${'f'.repeat(20)}\r\nhello\r\n`],
  ])('a chunk whose length is %s', async (_name, body) => {
    for (const stream of [false, true]) {
      const talk = leaving(answer('200 OK', [stream ? sseType : jsonType, 'transfer-encoding: chunked'], body))
      expect(await rig.failure(adapter, stream, talk)).toMatchObject(protocol)
    }
  })

  it('a switch of protocols', async () => {
    const talk = leaving('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')
    for (const { status } of await rig.failures(adapter, talk)) expect(status).toBe(502)
  })
})

describe.each(adapters)('$id: interim answers', (adapter) => {
  it.each([103, 102, 199])('with %i, a few of them, are passed over', async (status) => {
    rig.upstream.talk = (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Wait\r\nx-a: b\r\n\r\n`.repeat(20)), goodAnswer(request)]))
    }
    for (const stream of [false, true]) expect(await (await rig.ask(adapter, stream)).text()).toContain('Hello')
  })

  it.each([103, 102, 100])('with %i without an end are not', async (status) => {
    const talk: Talk = (socket) => pour(socket, Buffer.from(`HTTP/1.1 ${status} Wait\r\n\r\n`.repeat(100)))
    for (const failure of await rig.failures(adapter, talk)) expect(failure.status).toBe(502)
  })
})

describe.each(adapters)('$id: a length that lies', (adapter) => {
  it('is too short: what comes behind it is nobody else’s answer', async () => {
    const half = (request: string): number => (asksForStream(request) ? adapter.stream : adapter.whole).length / 2
    const talk: Talk = (socket, request) => {
      const isStream = asksForStream(request)
      const headers = [isStream ? sseType : jsonType, `content-length: ${Math.floor(half(request))}`]
      socket.write(answer('200 OK', headers, isStream ? adapter.stream : adapter.whole))
    }
    expect(await rig.failure(adapter, false, talk)).toMatchObject(protocol)
  })

  it('is too long for a whole answer, which is then not complete', async () => {
    const talk = saying(answer('200 OK', [jsonType, 'content-length: 100000'], adapter.whole))
    expect(await rig.failure(adapter, false, talk)).toMatchObject(disconnected)
  })

  it.runIf(adapter.hasLastWord)('is too long for a stream, which is complete when it says so', async () => {
    rig.upstream.talk = saying(answer('200 OK', [sseType, 'content-length: 100000'], adapter.stream))
    expect(await (await rig.ask(adapter, true)).text()).toContain('message_stop')
  })
})

describe.each(adapters)('$id: a good answer', (adapter) => {
  const other = Buffer.from(answer('200 OK', [jsonType], '{"secret":"of another answer"}'))

  it.each<[string, Uint8Array]>([
    ['garbage', Buffer.from('garbage behind the end\r\n')],
    ['another answer, which nobody asked for', other],
  ])('with %s behind it is good, and its connection is not used again', async (_name, behind) => {
    for (const stream of [false, true]) {
      const count = rig.upstream.exchanges.length
      rig.upstream.talk = (socket, request) => {
        if (rig.upstream.exchanges.length > count + 1) socket.end(goodAnswer(request))
        else socket.write(Buffer.concat([goodAnswer(request, []), behind]))
      }
      expect(await (await rig.ask(adapter, stream)).text()).toContain('Hello')
      await rig.upstream.exchanges[count]?.closed
      const next = await (await rig.ask(adapter, stream)).text()
      expect(next).toContain('Hello')
      expect(next).not.toContain('secret')
    }
  })

  it('in chunks with garbage behind them is good, and its connection is not used again', async () => {
    rig.upstream.talk = (socket, request) => {
      const isStream = asksForStream(request)
      const body = isStream ? adapter.stream : adapter.whole
      const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\ngarbage behind the end`
      socket.write(answer('200 OK', [isStream ? sseType : jsonType, 'transfer-encoding: chunked'], chunked))
    }
    for (const stream of [false, true]) {
      expect(await (await rig.ask(adapter, stream)).text()).toContain('Hello')
      await rig.upstream.exchanges.at(-1)?.closed
    }
  })

  it('that only its connection’s end completes is good', async () => {
    rig.upstream.talk = (socket, request) =>
      void socket.end(goodAnswer(request, ['connection: close']).toString().replace('1.1', '1.0'))
    for (const stream of [false, true]) expect(await (await rig.ask(adapter, stream)).text()).toContain('Hello')
  })

  it('leaves its connection to the next request', async () => {
    rig.upstream.talk = (socket, request) => void socket.write(goodAnswer(request, []))
    let connections = 0
    rig.upstream.greet = () => void connections++
    for (let round = 0; round < 5; round++) await (await rig.ask(adapter, false)).text()
    expect(connections).toBeLessThanOrEqual(1)
  })
})

describe('whatever a provider does', () => {
  it('leaves no socket and no listener behind', async () => {
    const gateway = await rig.gatewayWith({})
    const listeners = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = [listeners(), sockets()]
    const [adapter] = adapters
    if (!adapter) throw new Error('no adapter')
    for (const talk of [
      reset,
      leaving('noise\r\n\r\n'),
      saying('HTTP/1.1 200 OK\r\n'),
      saying(answer('500 Oops', ['content-length: 9000000'])),
    ]) {
      for (let round = 0; round < 5; round++) await rig.failures(adapter, talk, gateway).catch(() => undefined)
    }
    await gateway.close()
    // What is closed is gone some turns later; what is not, never.
    while (sockets() > (before[1] ?? 0)) await new Promise((resolve) => setImmediate(resolve))
    expect(listeners()).toBe(before[0])
  })
})
