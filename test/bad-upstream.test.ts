import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  adapters,
  asksForStream,
  failed,
  jsonType,
  leaving,
  protocol,
  saying,
  sseType,
  startRig,
  timedOut,
  tooLong,
} from './bad-upstream.ts'
import { ManualClock } from './manual-clock.ts'
import { answer, drip, pour, startRawUpstream, type Talk } from './raw-upstream.ts'

/**
 * Providers that say the wrong things in good HTTP. Whatever they say: the caller is told of a failure of the provider's in the
 * contract's words, bounded and with keys masked; the connection is closed; and the next request is served.
 */

const rig = startRig()
const html = '<html><body><h1>It works!</h1></body></html>'
const close = 'connection: close'

describe.each(adapters)('$id: an answer that is something else', (adapter) => {
  it.each([jsonType, sseType, 'content-type: text/html', 'content-type: text/plain', 'x-nothing: said'])(
    'an HTML page with 200 and %s',
    async (type) => {
      const [whole, stream] = await rig.failures(adapter, saying(answer('200 OK', [type, close], html)))
      expect(whole).toMatchObject(protocol)
      expect(stream.error.type).toBe('provider_error')
    },
  )

  it('an HTML page with 502', async () => {
    for (const failure of await rig.failures(
      adapter,
      saying(answer('502 Bad Gateway', ['content-type: text/html', close], html)),
    )) {
      expect(failure).toMatchObject(failed)
      expect(failure.error.message).toContain('HTTP 502 with an HTML page')
      expect(failure.error.provider_error).toEqual({ provider: adapter.id, status: 502, body: html })
    }
  })

  it.each([jsonType, sseType])('nothing at all with 200 and %s', async (type) => {
    for (const { status, error } of await rig.failures(adapter, saying(answer('200 OK', [type, close])))) {
      expect(status).toBe(502)
      expect(error.type).toBe('provider_error')
    }
  })

  it.each(['[]', '[1]', '1', '"text"', 'null', 'true', '{}', '{"choices":1,"content":1,"type":"message"}', '{"error":'])(
    'JSON that is %s',
    async (json) => {
      for (const failure of await rig.failures(adapter, saying(answer('200 OK', [jsonType, close], json)))) {
        expect(failure).toMatchObject({ status: 502, error: { type: 'provider_error' } })
      }
    },
  )

  it.each(['[]', '1', '"text"', 'null', '{}', '{"type":"message_start"}', '{"choices":[{"delta":1}]}', 'not JSON'])(
    'an event that is %s',
    async (json) => {
      const { status, error } = await rig.failure(adapter, true, saying(answer('200 OK', [sseType, close], `data: ${json}\n\n`)))
      expect(status).toBe(502)
      expect(['provider_protocol', 'provider_disconnected']).toContain(error.code)
    },
  )

  it('events where JSON was asked for', async () => {
    const events = answer('200 OK', [sseType, close], adapter.stream)
    expect(await rig.failure(adapter, false, saying(events))).toMatchObject(protocol)
  })

  it.each([
    ['JSON', jsonType, Buffer.from('{"id":"msg_\xff"}', 'latin1')],
    ['a stream', sseType, Buffer.from('data: {"id":"msg_\xff"}\n\n', 'latin1')],
  ])('%s that is not UTF-8', async (_name, type, bytes) => {
    const talk: Talk = (socket) => socket.end(answer('200 OK', [type, close], bytes))
    expect(await rig.failure(adapter, type === sseType, talk)).toMatchObject(protocol)
  })

  it('an error that is not UTF-8', async () => {
    const body = Buffer.from('{"error":{"message":"caf\xe9"}}', 'latin1')
    for (const failure of await rig.failures(adapter, saying(answer('500 Oops', [jsonType, close], body)))) {
      expect(failure).toMatchObject(failed)
    }
  })

  it.each(['204 No Content', '205 Reset Content', '206 Partial Content', '300 Multiple Choices', '304 Not Modified', '399 What'])(
    'the status %s',
    async (status) => {
      for (const failure of await rig.failures(adapter, saying(answer(status, [close])))) expect(failure).toMatchObject(protocol)
    },
  )
})

describe.each(adapters)('$id: a compressed body, which nobody asked for', (adapter) => {
  it('is not asked for', async () => {
    await rig.ask(adapter, true)
    expect(rig.upstream.exchanges.at(-1)?.request.toLowerCase()).toContain('accept-encoding: identity')
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['x-gzip, identity', gzipSync],
  ])('is not inflated: %s', async (encoding, compress) => {
    const talk: Talk = (socket, request) => {
      const isStream = asksForStream(request)
      const body = compress(isStream ? adapter.stream : adapter.whole)
      socket.write(answer('200 OK', [isStream ? sseType : jsonType, `content-encoding: ${encoding}`], body))
    }
    for (const failure of await rig.failures(adapter, talk)) {
      expect(failure).toMatchObject(protocol)
      expect(failure.error.message).toContain('compressed')
    }
  })

  it('is not even read, so that a bomb does not go off', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const talk: Talk = (socket) => {
      socket.write(answer('200 OK', [jsonType, 'content-encoding: gzip', 'transfer-encoding: chunked']))
      pour(socket, chunk(bomb))
    }
    for (const failure of await rig.failures(adapter, talk)) expect(failure).toMatchObject(protocol)
  })

  it('leaves an error its status', async () => {
    const headers = [jsonType, 'content-encoding: gzip', 'retry-after: 7', close]
    const talk = saying(answer('429 Slow Down', headers, gzipSync('{"error":{}}')))
    for (const failure of await rig.failures(adapter, talk)) {
      expect(failure).toMatchObject({ status: 429, error: { code: 'provider_rate_limit', retry_after: 7 } })
      expect(failure.error.provider_error).toEqual({ provider: adapter.id, status: 429 })
    }
  })

  it.each(['identity', 'Identity', ''])('is none that says it is %s', async (encoding) => {
    rig.upstream.talk = (socket, request) => {
      const isStream = asksForStream(request)
      const headers = [isStream ? sseType : jsonType, `content-encoding: ${encoding}`, close]
      socket.end(answer('200 OK', headers, isStream ? adapter.stream : adapter.whole))
    }
    for (const stream of [false, true]) expect((await rig.ask(adapter, stream)).status).toBe(200)
  })
})

describe.each(adapters)('$id: a redirect', (adapter) => {
  const secret = 'token-of-somebody-else'

  it.each([301, 302, 303, 307, 308])('with %i to another origin is not followed', async (status) => {
    const elsewhere = await startRawUpstream(saying(answer('200 OK', [jsonType, close], adapter.whole)))
    const location = `location: ${elsewhere.url}/v1/messages?key=${secret}`
    const page = `<html><a href="${elsewhere.url}/?key=${secret}">moved</a></html>`
    for (const failure of await rig.failures(
      adapter,
      saying(answer(`${status} Moved`, [location, 'content-type: text/html', close], page)),
    )) {
      expect(failure).toMatchObject(protocol)
      expect(failure.error.message).toContain(`redirect (HTTP ${status})`)
      expect(JSON.stringify(failure)).not.toContain(secret)
      expect(JSON.stringify(failure)).not.toContain(elsewhere.url)
    }
    expect(elsewhere.exchanges).toEqual([])
    await elsewhere.close()
  })

  it.each([301, 307, 308])('with %i to the same origin is not followed', async (status) => {
    const count = rig.upstream.exchanges.length
    for (const failure of await rig.failures(adapter, saying(answer(`${status} Moved`, ['location: /v2/messages', close])))) {
      expect(failure).toMatchObject(protocol)
    }
    expect(rig.upstream.exchanges).toHaveLength(count + 2)
  })
})

describe.each(adapters)('$id: too much', (adapter) => {
  it.each([500, 400, 429])('of an error with %i is read as far as it is worth it', async (status) => {
    const talk: Talk = (socket) => {
      socket.write(answer(`${status} No`, [jsonType, `content-length: ${10 * 1024 * 1024}`], '{"error":{"message":"'))
      pour(socket, Buffer.alloc(16 * 1024, 'x'))
    }
    for (const failure of await rig.failures(adapter, talk)) {
      expect(failure.error.provider_error).toMatchObject({ provider: adapter.id, status })
      expect(JSON.stringify(failure.error).length).toBeLessThan(10_000)
    }
  })

  it('of an answer ends it', async () => {
    const talk: Talk = (socket) => {
      socket.write(answer('200 OK', [jsonType, 'content-length: 1000000000'], '{"id":"'))
      pour(socket, Buffer.alloc(1024 * 1024, 'x'))
    }
    expect(await rig.failure(adapter, false, talk)).toMatchObject(protocol)
  })

  it('of an event ends the stream', async () => {
    const talk: Talk = (socket) => {
      socket.write(answer('200 OK', [sseType, close], 'data: "'))
      pour(socket, Buffer.alloc(1024 * 1024, 'x'))
    }
    expect(await rig.failure(adapter, true, talk)).toMatchObject(protocol)
  })

  it.each(['[', '{"a":'])('of depth does not overflow anything: %s', async (opening) => {
    const depth = 100_000
    const deep = opening === '[' ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    for (const status of ['200 OK', '400 Bad Request', '500 Oops']) {
      const bodies = [deep, adapter.whole.replace('"Hello"', deep), `{"error":{"message":"no","type":"x","details":${deep}}}`]
      for (const body of bodies) {
        const { error } = await rig.failure(adapter, false, saying(answer(status, [jsonType, close], body)))
        expect(['provider_error', 'invalid_request_error']).toContain(error.type)
      }
    }
  })
})

describe.each(adapters)('$id: too slow', (adapter) => {
  it('an answer that never begins', async () => {
    const never: Talk = () => undefined
    const [stream, whole] = await Promise.all([
      rig.failure(adapter, true, never, rig.hasty),
      rig.failure(adapter, false, never, rig.brief),
    ])
    expect(stream).toMatchObject(timedOut)
    expect(whole).toMatchObject(tooLong)
  })

  it.each<[string, number]>([
    ['headers, and then nothing', 0],
    ['the beginning of an answer, and then nothing', 60],
  ])('%s', async (_name, length) => {
    const talk: Talk = (socket, request) => {
      const isStream = asksForStream(request)
      const said = (isStream ? adapter.stream : adapter.whole).slice(0, length)
      socket.write(answer('200 OK', [isStream ? sseType : jsonType, 'content-length: 100000'], said))
    }
    for (const failure of await rig.failures(adapter, talk, rig.hasty)) expect(failure).toMatchObject(timedOut)
  })

  it('a byte after the other, each just in time', async () => {
    const talk: Talk = (socket, request) => {
      socket.write(answer('200 OK', [asksForStream(request) ? sseType : jsonType, close]))
      drip(socket, Buffer.alloc(1000, ':'), 20)
    }
    for (const failure of await rig.failures(adapter, talk, rig.brief)) expect(failure).toMatchObject(tooLong)
  })

  it('comments without an end', async () => {
    const talk: Talk = (socket) => {
      socket.write(answer('200 OK', [sseType, close]))
      drip(socket, Buffer.from(': still working\n\n'.repeat(100)), 5)
    }
    expect(await rig.failure(adapter, true, talk, rig.brief)).toMatchObject(tooLong)
  })

  it('the body of an error, of which there is what came in five seconds', async () => {
    const clock = new ManualClock()
    const gateway = await rig.gatewayWith({}, clock)
    const pending = rig.failure(
      adapter,
      false,
      leaving(answer('500 Oops', [jsonType, 'content-length: 100'], '{"error"')),
      gateway,
    )
    while (clock.nextInMs !== 5000) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(5000)
    expect(await pending).toMatchObject({ ...failed, error: { provider_error: { status: 500, body: '{"error"' } } })
  })
})

describe.each(adapters)('$id: a provider that repeats the request', (adapter) => {
  it.each([200, 400, 401, 429, 500])('with %i, in its body and in its headers', async (status) => {
    for (const type of [jsonType, sseType, 'content-type: text/plain']) {
      const talk: Talk = (socket, request) => {
        const [line = '', ...lines] = request.split('\r\n\r\n')[0]?.split('\r\n') ?? []
        const echoed = lines.map((each) => `x-echo-${each}`)
        const isStatusLine = status === 200 ? 'OK' : adapter.key
        socket.end(answer(`${status} ${isStatusLine}`, [...echoed, `${type}; key=${adapter.key}`, close], `${line}\n${request}`))
      }
      for (const { error } of await rig.failures(adapter, talk)) expect(error.type).not.toBe('api_error')
    }
  })
})

function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}
