import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, empty, endless, hangUp, htmlPage, json, redirect, reply, silence, sse } from './behaviour.ts'
import { cut, offsetIn } from './chunks.ts'
import { closedPort, startUpstream, type Upstream } from './upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

async function upstreamWith(script: Behaviour | readonly [Behaviour, ...Behaviour[]]): Promise<Upstream> {
  const upstream = await startUpstream(script)
  started.push(upstream)
  return upstream
}

/** Resolves with the answer once its head is there; the body is not read. */
function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method: 'POST', agent: false }, resolve).on('error', reject).end('{}')
  })
}

/** The body's pieces as they arrived. */
async function pieces(answer: AsyncIterable<Uint8Array>): Promise<string[]> {
  const arrived: string[] = []
  for await (const piece of answer) arrived.push(Buffer.from(piece).toString('latin1'))
  return arrived
}

const stream = 'event: a\ndata: 1\n\nevent: b\ndata: 2\n\ndata: [DONE]\n\n'

describe('the record', () => {
  it('holds what was asked, with its times', async () => {
    const upstream = await upstreamWith(json({ ok: true }))
    const arriving = upstream.waitForRequest()
    const answer = await fetch(`${upstream.url}/v1/x?beta=true`, {
      method: 'POST',
      headers: { 'x-api-key': 'k' },
      body: '{"a":1}',
    })
    expect(await answer.json()).toEqual({ ok: true })
    expect(await arriving).toMatchObject({ index: 0, method: 'POST', path: '/v1/x?beta=true', body: '{"a":1}', json: { a: 1 } })
    expect(upstream.requests[0]?.headers['x-api-key']).toBe('k')
    expect(upstream.requests[0]?.receivedAt).toBeGreaterThanOrEqual(upstream.requests[0]?.startedAt ?? Number.NaN)
    expect(upstream.requests[0]?.bytesSent).toBe('{"ok":true}'.length)
    expect(upstream.closedByClient).toEqual([])
  })

  it('gives each request the next behaviour, and repeats the last', async () => {
    const upstream = await upstreamWith([
      json({}, { status: 429, headers: { 'retry-after': '7' } }),
      json({}, { status: 529 }),
      json({}),
    ])
    const answers: Response[] = []
    for (let n = 0; n < 4; n++) answers.push(await fetch(upstream.url, { method: 'POST' }))
    expect(answers.map((answer) => answer.status)).toEqual([429, 529, 200, 200])
    expect(answers[0]?.headers.get('retry-after')).toBe('7')
  })

  it('lets a function decide', async () => {
    const upstream = await upstreamWith((request) => reply(request.body.toUpperCase()))
    expect(await (await fetch(upstream.url, { method: 'POST', body: 'abc' })).text()).toBe('ABC')
  })

  it('tells which connection brought a request, and when none is left', async () => {
    const upstream = await upstreamWith(reply('x'))
    await text(await open(upstream.url))
    await text(await open(upstream.url))
    expect(upstream.requests.map((request) => request.connection)).toEqual([0, 1])
    await upstream.waitForConnections(0)
    expect(upstream.connections).toBe(0)
  })

  it('rejects who still waits when it is closed', async () => {
    const upstream = await upstreamWith(silence)
    const waiting = upstream.waitForRequest()
    await upstream.close()
    await expect(waiting).rejects.toThrow('closed')
    await expect(upstream.waitForClose()).rejects.toThrow('closed')
  })
})

describe('cutting', () => {
  it('loses nothing, wherever it cuts', () => {
    const chunking = fc.oneof(
      fc.constantFrom('whole' as const, 'bytes' as const, 'events' as const),
      fc.record({ at: fc.array(fc.nat(60)) }),
      fc.record({ size: fc.integer({ min: 1, max: 70 }) }),
      fc.record({ seed: fc.integer(), max: fc.integer({ min: 1, max: 20 }) }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), chunking, (bytes, how) => {
        const parts = cut(bytes, how)
        expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes))
        expect(parts.every((part) => part.length > 0)).toBe(true)
        expect(cut(bytes, how)).toEqual(parts)
      }),
    )
  })

  it('knows where events end, with either line ending', () => {
    const both = Buffer.from('data: 1\n\ndata: 2\r\n\r\nrest')
    expect(cut(both, 'events').map((part) => Buffer.from(part).toString())).toEqual(['data: 1\n\n', 'data: 2\r\n\r\n', 'rest'])
    expect([0, 1, 2, 3].map((event) => offsetIn(both, { event }))).toEqual([0, 9, 20, 24])
  })

  it.each([
    ['every byte', 'bytes' as const, [...stream]],
    ['given offsets', { at: [3, 40] }, [stream.slice(0, 3), stream.slice(3, 40), stream.slice(40)]],
    ['so many at a time', { size: 20 }, [stream.slice(0, 20), stream.slice(20, 40), stream.slice(40)]],
    ['events', 'events' as const, ['event: a\ndata: 1\n\n', 'event: b\ndata: 2\n\n', 'data: [DONE]\n\n']],
  ])('reaches the client in pieces: %s', async (_name, chunks, expected) => {
    const upstream = await upstreamWith(sse(stream, { chunks }))
    expect(await pieces(await open(upstream.url))).toEqual(expected)
  })
})

describe('failures', () => {
  it('stalls until the client leaves, and says when that was', async () => {
    const upstream = await upstreamWith(sse(stream, { stallAt: { event: 1 } }))
    const answer = await open(upstream.url)
    const first = await new Promise((resolve) => answer.once('data', resolve))
    expect(String(first)).toBe('event: a\ndata: 1\n\n')
    const left = performance.now()
    answer.destroy()
    const closure = await upstream.waitForClose()
    expect(closure.at).toBeGreaterThanOrEqual(left)
    expect(closure.request.bytesSent).toBe(18)
    await upstream.waitForConnections(0)
  })

  it.each([
    ['mid-stream', sse(stream, { dieAt: 20, chunks: { size: 7 } })],
    ['after the head', sse(stream, { dieAt: 0 })],
  ])('dies %s, which is not the doing of the client', async (_name, behaviour) => {
    const upstream = await upstreamWith(behaviour)
    const answer = await open(upstream.url)
    await expect(pieces(answer)).rejects.toThrow('aborted')
    expect(upstream.requests[0]?.bytesSent).toBe(behaviour.dieAt)
    await upstream.waitForConnections(0)
    expect(upstream.closedByClient).toEqual([])
  })

  it('hangs up without an answer', async () => {
    const upstream = await upstreamWith(hangUp)
    await expect(open(upstream.url)).rejects.toThrow('socket hang up')
  })

  it('never answers, and sees the client leave', async () => {
    const upstream = await upstreamWith(silence)
    const leave = new AbortController()
    const answer = fetch(upstream.url, { method: 'POST', body: 'x', signal: leave.signal })
    await upstream.waitForRequest()
    leave.abort()
    await expect(answer).rejects.toThrow()
    expect((await upstream.waitForClose()).request.body).toBe('x')
  })

  it('sees a client leave in the middle of its own request', async () => {
    const upstream = await upstreamWith(silence)
    const socket = connect(Number(new URL(upstream.url).port), '127.0.0.1')
    socket.write('POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc', () => socket.end())
    expect((await upstream.waitForClose()).request).toMatchObject({ path: '/x', body: 'abc' })
    expect(upstream.requests).toEqual([])
  })

  it('refuses connections on a closed port', async () => {
    await expect(open(await closedPort())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('answers with a page, with nothing, with a redirect', async () => {
    const upstream = await upstreamWith([htmlPage(502), empty(), redirect('http://127.0.0.2:1/elsewhere')])
    const page = await fetch(upstream.url)
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      502,
      'text/html',
      expect.stringMatching(/^<html>/),
    ])
    const nothing = await fetch(upstream.url)
    expect([nothing.status, await nothing.text()]).toEqual([200, ''])
    const elsewhere = await fetch(upstream.url, { redirect: 'manual' })
    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([307, 'http://127.0.0.2:1/elsewhere'])
  })
})

describe('pace', () => {
  it('compresses and says so', async () => {
    const upstream = await upstreamWith(json({ ok: 1 }, { gzip: true, chunks: 'bytes' }))
    const answer = await fetch(upstream.url)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(await answer.json()).toEqual({ ok: 1 })
  })

  it('waits before the head, before the body and between the pieces', async () => {
    const upstream = await upstreamWith(sse(stream, { delayMs: 40, firstByteDelayMs: 40, paceMs: 40 }))
    const start = performance.now()
    const answer = await open(upstream.url)
    const head = performance.now()
    expect(await pieces(answer)).toHaveLength(3)
    // Timers may fire a millisecond early.
    expect(head - start).toBeGreaterThan(38)
    expect(performance.now() - head).toBeGreaterThan(114)
  })

  it('trickles its head', async () => {
    const upstream = await upstreamWith(json({ ok: 1 }, { headerPaceMs: 1 }))
    const start = performance.now()
    const answer = await fetch(upstream.url)
    expect(performance.now() - start).toBeGreaterThan(80)
    expect(await answer.json()).toEqual({ ok: 1 })
    expect(upstream.closedByClient).toEqual([])
  })

  it('sees a client leave while the head trickles', async () => {
    const upstream = await upstreamWith(json({ ok: 1 }, { headerPaceMs: 1000 }))
    const leave = new AbortController()
    const answer = fetch(upstream.url, { signal: leave.signal })
    await upstream.waitForRequest()
    leave.abort()
    await expect(answer).rejects.toThrow()
    await upstream.waitForClose()
  })

  it('pours without an end, and is held back by a client who does not read', async () => {
    const event = `data: ${'x'.repeat(16_000)}\n\n`
    const upstream = await upstreamWith(endless(event, { head: 'data: first\n\n' }))
    const answer = await open(upstream.url)
    const taken = await upstream.waitForBackpressure()
    expect(taken).toBeGreaterThan(event.length)
    const more = upstream.waitForBackpressure()
    let read = 0
    for await (const piece of answer) {
      read += Buffer.from(piece).length
      if (read > taken + 1_000_000) break
    }
    expect(await more).toBeGreaterThan(taken)
    expect((await upstream.waitForClose()).request.index).toBe(0)
  })
})
