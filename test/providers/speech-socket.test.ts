import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../api/error.ts'
import { Secret } from '../../api/secret.ts'
import type { SpeechCall } from '../../providers/speech.ts'
import { closedEarly, openSpeechSocket, type SpeechSocket } from '../../providers/speech-socket.ts'
import { ManualClock } from '../manual-clock.ts'
import { speechCall, type TestCall } from '../speech-call.ts'
import { until } from '../until.ts'
import { silence } from '../upstreams/behaviour.ts'
import type { SocketScript } from '../upstreams/sockets.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'

const source = { id: 'demo', name: 'Demo', apiKey: new Secret('sk-test-socket') }

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function started(
  script: Partial<SocketScript> = {},
  changes: Partial<SpeechCall> = {},
): Promise<TestCall & { readonly clock: ManualClock; readonly upstream: Upstream }> {
  const upstream = await startUpstream(silence, { connected: () => undefined, ...script })
  const clock = new ManualClock()
  const test = speechCall(upstream.url, 'sk-test-socket', 'any', { clock, ...changes })
  open.push(upstream, test)
  return { ...test, clock, upstream }
}

const request = { path: '/talk', query: [['voice', 'a b']], headers: { 'x-key': 'k' } } as const

async function opened(call: SpeechCall): Promise<SpeechSocket> {
  const socket = await openSpeechSocket(call, source, request)
  open.push(socket)
  return socket
}

/** What receiving comes to, without an unhandled rejection while nobody looks. */
function received(socket: SpeechSocket): Promise<unknown> {
  return socket.receive().catch((reason: unknown) => reason)
}

describe('a socket to a vendor of speech', () => {
  it('is opened where it is asked for, with the trace of the call', async () => {
    const trace = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' }
    const { call, upstream } = await started({}, { trace })
    await opened(call)
    const { path, query, headers } = (await upstream.waitForSocket()).opening
    expect([path, query.get('voice')]).toEqual(['/talk', 'a b'])
    expect(headers).toMatchObject({ 'x-key': 'k', ...trace })
  })

  it('is refused in the words of whoever reads them, and leaves nothing behind', async () => {
    const { call, clock } = await started({ refuse: () => ({ status: 402, body: 'no credits' }) })
    await expect(opened(call)).rejects.toMatchObject({ code: 'provider_quota' })
    const read = (_: unknown, { status }: { readonly status: number }, text: string): GatewayError =>
      new GatewayError('provider_overloaded', { message: `${status}: ${text}` })
    await expect(openSpeechSocket(call, source, request, read)).rejects.toThrow('402: no credits')
    expect([getEventListeners(call.signal, 'abort'), clock.waiting]).toEqual([[], 0])
  })

  it('is not opened for a caller who has left', async () => {
    const { call, abort, upstream } = await started()
    abort()
    await expect(opened(call)).rejects.toThrow('the caller left')
    expect(upstream.connections).toBe(0)
  })

  it('ends with the reason of the caller, or of whoever feeds it', async () => {
    const { call, abort, upstream } = await started()
    const [one, other] = [await opened(call), await opened(call)]
    const waiting = received(one)
    one.fail(new Error('the text broke'))
    expect(await waiting).toEqual(new Error('the text broke'))
    abort()
    expect(await received(other)).toEqual(new Error('the caller left'))
    await upstream.waitForSocketClose(2)
  })

  it('leaves no listener and no timer behind', async () => {
    const { call, clock, upstream } = await started()
    const socket = await opened(call)
    const waiting = received(socket)
    socket.owe()
    socket.close()
    expect(await waiting).toMatchObject({ type: 'closed' })
    await upstream.waitForSocketClose()
    await until(() => clock.waiting === 0)
    expect(getEventListeners(call.signal, 'abort')).toEqual([])
  })
})

describe('a vendor that is silent', () => {
  it('may be for hours where it owes nothing', async () => {
    const { call, clock, upstream } = await started()
    const socket = await opened(call)
    const waiting = received(socket)
    for (let hour = 0; hour < 3; hour++) {
      await until(() => clock.waiting === 1)
      clock.advance(60 * 60 * 1000)
    }
    await until(() => clock.waiting === 1)
    expect(socket.waitedMs).toBe(3 * 60 * 60 * 1000)
    ;(await upstream.waitForSocket()).send('at last')
    expect(await waiting).toEqual({ type: 'text', text: 'at last' })
    expect(socket.waitedMs).toBe(0)
  })

  it.each([
    ['while it is listened to already', true],
    ['before it is listened to', false],
  ])('is late where it owes something since %s', async (_, isWaiting) => {
    const { call, clock } = await started()
    const socket = await opened(call)
    const waiting = isWaiting ? received(socket) : undefined
    socket.owe(700)
    const message = waiting ?? received(socket)
    await until(() => clock.nextInMs === 700)
    clock.advance(700)
    expect(await message).toMatchObject({ code: 'provider_timeout', providerError: { provider: 'demo' } })
  })

  it('is not excused by what it is asked for meanwhile', async () => {
    const { call, clock } = await started()
    const socket = await opened(call)
    const waiting = received(socket)
    socket.owe(700)
    clock.advance(600)
    socket.owe(700)
    clock.advance(100)
    expect(await waiting).toMatchObject({ code: 'provider_timeout' })
  })

  it('has its time again after each message, until nothing is owed', async () => {
    const { call, clock, upstream } = await started()
    const socket = await opened(call)
    const vendor = await upstream.waitForSocket()
    socket.owe(700)
    for (const text of ['one', 'two']) {
      const waiting = received(socket)
      clock.advance(600)
      vendor.send(text)
      expect(await waiting).toEqual({ type: 'text', text })
    }
    socket.settle()
    const waiting = received(socket)
    clock.advance(700)
    vendor.send('three')
    expect(await waiting).toEqual({ type: 'text', text: 'three' })
  })
})

describe('a socket that closes early', () => {
  it.each([
    [1000, '', 'provider_disconnected', 'the connection closed before the answer was complete.'],
    [1000, 'Bye.', 'provider_disconnected', 'it closed the connection with code 1000: Bye.'],
    [1008, '', 'provider_rejected', 'it closed the connection with code 1008.'],
    [1009, 'too big', 'provider_request_too_large', 'it closed the connection with code 1009: too big.'],
    [1011, '', 'provider_error', 'it closed the connection with code 1011.'],
    [1013, '', 'provider_overloaded', 'it closed the connection with code 1013.'],
    [1008, 'No credits.', 'provider_quota', 'it closed the connection with code 1008: No credits.'],
  ])('with %i and %j is %s', (code, reason, expected, words) => {
    const error = closedEarly(source, { type: 'closed', code, reason }, (text) =>
      /credits/.test(text) ? 'provider_quota' : undefined,
    )
    expect([error.code, error.message]).toEqual([expected, `Demo: ${words}`])
  })

  it('does not tell the key', () => {
    const error = closedEarly(source, { type: 'closed', code: 1008, reason: 'wrong key sk-test-socket' })
    expect(error.message).not.toContain('sk-test-socket')
  })
})
