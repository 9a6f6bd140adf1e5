import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { sumServed } from '../../../../plugins/live/served.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import type { SocketConnection } from '../../../upstreams/sockets.ts'
import { withDeepgram } from './deepgram.ts'
import { hearAll, numbered, soundIn } from './stage.ts'

const hello = { text: 'Hello there.', fromMs: 200, toMs: 800 }

describe('pitfall 13: first words lost while the engine connects', () => {
  it('what was said before, and while it connects, is heard once and in order', async () => {
    const { ears, upstream, heard, told } = await withDeepgram({ listen: { speech: [hello] } })
    hearAll(ears, numbered(500))
    ears.connect(1, 0)
    hearAll(ears, numbered(500, 500))
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, numbered(500, 1000))
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length >= 1500 * 32)
    expect(soundIn(socket.received).equals(numbered(1500))).toBe(true)
    await heard({ type: 'stt', link: 1 })
    await until(() => told.some((each) => each.type === 'stt' && each.event.type === 'final'))
    expect(told[0]).toEqual({ type: 'stt-open', link: 1 })
    expect(sumServed(ears.served)).toBe(1.5)
  })

  it('sound is sent in pieces as it comes, and what was kept in larger ones', async () => {
    const { ears, upstream, heard } = await withDeepgram()
    hearAll(ears, numbered(1000))
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length === 1000 * 32)
    for (let frame = 0; frame < 5; frame++) {
      hearAll(ears, numbered(20, 1000 + frame * 20))
      await until(() => soundIn(socket.received).length === (1020 + frame * 20) * 32)
    }
    expect(socket.received.map(({ length }) => length / 32)).toEqual([...Array(10).fill(100), ...Array(5).fill(20)])
  })

  it('a place that is to come is where it begins, and one that is forgotten is not', async () => {
    const { ears, upstream, heard } = await withDeepgram({}, { keptMs: 1000 })
    hearAll(ears, numbered(100))
    ears.connect(1, 150)
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, numbered(1900, 100))
    const first = await upstream.waitForSocket()
    await until(() => soundIn(first.received).length === 1850 * 32)
    expect(soundIn(first.received).equals(numbered(1850, 150))).toBe(true)
    hearAll(ears, numbered(7000, 2000))
    ears.connect(2, 0)
    await heard({ type: 'stt-open', link: 2 })
    const second = await upstream.waitForSocket(2)
    // A second, and six to spare.
    await until(() => soundIn(second.received).length === 7000 * 32)
    expect(soundIn(second.received).equals(numbered(7000, 2000))).toBe(true)
  })
})

describe('pitfall 12: an engine that is lost', () => {
  it.each<[string, (socket: SocketConnection) => void, string]>([
    ['is cut off', (socket) => socket.drop(), 'closed the connection before'],
    ['closes without a code', (socket) => socket.close(), 'connection closed before'],
    ['closes as if all were said', (socket) => socket.close(1000), 'connection closed before'],
    ['fails', (socket) => socket.close(1011, 'NET-0000: server error'), 'NET-0000'],
    ['sends garbage', (socket) => socket.send('<html>'), 'no JSON'],
  ])('because it %s is told of as lost, and the next goes on where it was', async (_, act, words) => {
    const { ears, upstream, heard, told, admitted } = await withDeepgram({ listen: { speech: [], fault: { atMs: 1000, act } } })
    ears.connect(1, 0)
    hearAll(ears, numbered(1200))
    await heard({ type: 'stt-failed', link: 1, isRetryable: true })
    const failed = told.find((each) => each.type === 'stt-failed')
    expect(failed?.type === 'stt-failed' && failed.message).toContain(words)
    hearAll(ears, numbered(300, 1200))
    ears.connect(2, 700)
    await heard({ type: 'stt-open', link: 2 })
    hearAll(ears, numbered(100, 1500))
    const socket = await upstream.waitForSocket(2)
    await until(() => soundIn(socket.received).length === 900 * 32)
    expect(soundIn(socket.received).equals(numbered(900, 700))).toBe(true)
    expect(told.filter(({ type }) => type === 'stt-failed')).toHaveLength(1)
    expect(admitted).toEqual(['ok', 'GatewayError', 'ok'])
  })

  it('that stays open and says nothing fails by itself', async () => {
    const clock = new ManualClock()
    const { ears, upstream, heard } = await withDeepgram({ listen: { speech: [hello], mute: true } }, { clock })
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, numbered(11_000))
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length === 11_000 * 32)
    clock.advance(8000)
    clock.advance(8000)
    hearAll(ears, numbered(20, 11_000))
    await heard({ type: 'stt-failed', link: 1, isRetryable: true })
    clock.advance(2000)
    await upstream.waitForSocketClose()
  })

  it.each<[string, number, boolean]>([
    ['a wrong key', 401, false],
    ['a model that is none', 400, false],
    ['no money left', 402, false],
    ['too many at once', 429, true],
    ['a fault of its own', 500, true],
    ['too much to do', 503, true],
  ])('before it opens because of %s is worth another try only where that may help', async (_, status, isRetryable) => {
    const { ears, heard, told, metered, admitted } = await withDeepgram({ refuse: { status, body: '{"err_msg":"No."}' } })
    hearAll(ears, numbered(100))
    ears.connect(1, 0)
    expect(told).toEqual([])
    await heard({ type: 'stt-failed', link: 1, isRetryable })
    await until(() => metered.length === 1)
    expect(metered[0]).toMatchObject({ outcome: { name: 'GatewayError' }, soundSeconds: 0 })
    expect(admitted).toEqual(['GatewayError'])
    expect(sumServed(ears.served)).toBe(0)
    expect(JSON.stringify(told)).not.toContain('sk-test')
  })

  it('a turn that was opened and then muted is closed by the silence that stands in', async () => {
    const { ears, told, heard } = await withDeepgram({ listen: { speech: [hello] } }, { model: 'flux-general-en' })
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, numbered(600))
    await until(() => told.some((each) => each.type === 'stt' && each.event.type === 'partial'))
    for (let count = 0; count < 5; count++) ears.injectSilence(200)
    await until(() => told.some((each) => each.type === 'stt' && each.event.type === 'turn-end'))
  })

  it('that never opens can be given up, or gives up itself', async () => {
    const clock = new ManualClock()
    const server = createServer((socket) => socket.on('error', () => undefined))
    const sockets = new Set<{ destroy(): void }>()
    server.on('connection', (socket) => sockets.add(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    try {
      const { ears, told, heard, metered, admitted } = await withDeepgram({}, { url, clock })
      ears.connect(1, 0)
      await until(() => sockets.size === 1)
      ears.connect(2, 0)
      await until(() => sockets.size === 2 && clock.waiting === 1)
      clock.advance(5000)
      await heard({ type: 'stt-failed', link: 2, isRetryable: true })
      expect(told).toHaveLength(1)
      expect(metered.map(({ outcome }) => outcome)).toMatchObject(['cancelled', { code: 'provider_timeout' }])
      expect(admitted).toEqual(['Cancelled', 'GatewayError'])
      ears.connect(3, 0)
      await until(() => sockets.size === 3)
      // Sound that nobody takes is kept for so long and no longer.
      hearAll(ears, numbered(17_000))
      await heard({ type: 'stt-failed', link: 3, isRetryable: true })
      expect(told.at(-1)).toMatchObject({ message: 'Deepgram does not take the sound as fast as it is spoken.' })
      await ears.end()
      expect(clock.waiting).toBe(0)
    } finally {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  })

  it('for want of a key is told of without asking anybody', async () => {
    const { ears, heard } = await withDeepgram({}, { key: 'sk-test-\u2603' })
    ears.connect(1, 0)
    await heard({ type: 'stt-failed', link: 1 })
  })
})

describe('pitfall 20: the whole turn transcribed a second time at commit', () => {
  it('the last words are asked for, and no sound is sent again', async () => {
    const { ears, upstream, heard, told } = await withDeepgram({ listen: { speech: [hello] } })
    ears.connect(1, 0)
    hearAll(ears, numbered(600))
    ears.finalize(1)
    await until(() => told.some((each) => each.type === 'stt' && each.event.type === 'final'))
    hearAll(ears, numbered(400, 600))
    ears.finalize(1)
    ears.finalize(7)
    await heard({ type: 'stt-open' })
    const socket = await upstream.waitForSocket()
    await until(() => socket.received.filter((message) => String(message).includes('Finalize')).length === 2)
    expect(soundIn(socket.received).equals(numbered(1000))).toBe(true)
    expect(upstream.sockets).toHaveLength(1)
    // Each stands behind the sound that it is about.
    const first = socket.received.findIndex((message) => typeof message === 'string')
    expect(soundIn(socket.received.slice(0, first)).length).toBe(600 * 32)
    expect(told.filter((each) => each.type === 'stt' && each.event.type === 'final')).toHaveLength(2)
  })

  it('what is left of a frame goes before the asking', async () => {
    const { ears, upstream } = await withDeepgram()
    ears.connect(1, 0)
    ears.hear(numbered(5), Number.NEGATIVE_INFINITY)
    ears.finalize(1)
    const socket = await upstream.waitForSocket()
    await until(() => socket.received.length === 2)
    expect(socket.received.map(String).at(-1)).toBe('{"type":"Finalize"}')
    expect(soundIn(socket.received).equals(numbered(5))).toBe(true)
  })
})

describe('a connection', () => {
  it('is a span of the trace, with the sound that it was given', async () => {
    const spans: unknown[] = []
    const trace = {
      speech: ({ operation, model }: { operation: string; model: string }) => ({
        headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
        firstSound: () => undefined,
        end: (outcome: unknown, { seconds }: { seconds?: number | undefined }) =>
          void spans.push({ operation, model, outcome, seconds }),
      }),
    }
    const { ears, upstream, heard } = await withDeepgram({}, { trace })
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, numbered(500))
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length === 500 * 32)
    await ears.end()
    expect(spans).toEqual([{ operation: 'transcribe', model: 'nova-3', outcome: 'ok', seconds: 0.5 }])
    expect(socket.opening.headers.traceparent).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
  })
})

describe('a connection that is closed', () => {
  it('tells nothing more, and lets go of its socket', async () => {
    const { ears, upstream, heard, told, metered, admitted } = await withDeepgram({ listen: { speech: [hello], latencyMs: 20 } })
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, numbered(1500))
    ears.close(7)
    ears.close(1)
    const before = told.length
    await upstream.waitForSocketClose()
    hearAll(ears, numbered(500, 1500))
    ears.finalize(1)
    await until(() => metered.length === 1)
    expect(told.filter(({ type }) => type !== 'energy').length).toBeLessThanOrEqual(before)
    expect(metered[0]).toMatchObject({ outcome: 'ok' })
    expect(admitted).toEqual(['ok', 'Cancelled'])
  })

  it('by the next one is no failure', async () => {
    const { ears, upstream, heard, told } = await withDeepgram({ listen: { speech: [hello] } })
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    ears.connect(2, 0)
    ears.connect(3, 0)
    await heard({ type: 'stt-open', link: 3 })
    await upstream.waitForSocketClose()
    expect(told.map((each) => each.type)).toEqual(['stt-open', 'stt-open'])
  })

  it('in its first turn has never been one', async () => {
    const { ears, upstream, told, metered } = await withDeepgram()
    ears.connect(1, 0)
    ears.close(1)
    await ears.end()
    expect(told).toEqual([])
    expect(upstream.connections).toBe(0)
    expect(metered.map(({ outcome }) => outcome)).toEqual(['cancelled'])
  })

  it('at the end of all leaves no socket and no timer', async () => {
    const clock = new ManualClock()
    const { ears, upstream, heard } = await withDeepgram({ listen: { speech: [hello] } }, { clock })
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, numbered(500))
    ears.connect(2, 0)
    await heard({ type: 'stt-open', link: 2 })
    await ears.end()
    await ears.end()
    await upstream.waitForConnections(0)
    clock.advance(2000)
    expect(clock.waiting).toBe(0)
  })
})
