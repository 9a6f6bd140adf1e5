import { connect as dial } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { problemsWith } from '../../../contract-schemas.ts'
import type { GatewayOptions } from '../../../gateway.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import {
  type ConnectOptions,
  connectionsOf,
  type DoorStage,
  hello,
  type LiveClient,
  type StubSession,
  startDoor,
  upgradeRequest,
} from './stage.ts'

/** What goes over a socket once its session is there, and how it ends. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

interface Talk {
  readonly stage: DoorStage
  readonly client: LiveClient
  readonly session: StubSession
  readonly clock: ManualClock
}

async function talk(first: object = hello, options: GatewayOptions = {}, how: ConnectOptions = {}): Promise<Talk> {
  const clock = new ManualClock()
  const stage = await startDoor({ ...options, parts: { clock, ...options.parts } })
  running.push(stage.gateway)
  const client = stage.connect(how)
  await client.sendOpened(first)
  await client.next()
  const [session] = stage.sessions.opened
  if (!session) throw new Error('no session was opened')
  return { stage, client, session, clock }
}

const mute = { type: 'control', op: 'mute' }
const sound = { seq: 2, assistant_audio_id: 'audio_1', bytes: new Uint8Array([1, 2, 3, 4]) }

describe('what a client sends', () => {
  it('reaches its session in its order, also what came before that was there', async () => {
    const stage = await startDoor()
    running.push(stage.gateway)
    const go: (() => void)[] = []
    stage.sessions.before = () => new Promise((resolve) => go.push(resolve))
    const client = stage.connect()
    await client.opened
    client.send(hello)
    client.send({ type: 'audio_stream_start' })
    // More than is kept before the client has to wait.
    for (let frame = 0; frame < 500; frame++) client.send(Buffer.alloc(640, frame))
    client.send(mute)
    await until(() => go.length > 0)
    const opened = stage.sessions.next()
    go[0]?.()
    const session = await opened
    await session.until(({ received }) => received.length === 2)
    expect(session.received).toEqual([{ type: 'audio_stream_start' }, mute])
    expect(session.heard.map((bytes) => [bytes.length, bytes[0]])).toEqual(
      Array.from({ length: 500 }, (_, frame) => [640, frame % 256]),
    )
    expect(await client.next()).toMatchObject({ type: 'hello_ack' })
  })

  it('may begin with the very packet that asks for the upgrade', async () => {
    const stage = await startDoor()
    running.push(stage.gateway)
    const opened = stage.sessions.next()
    const { hostname, port, host } = new URL(stage.gateway.url)
    const socket = dial(Number(port), hostname)
    running.push({ close: () => socket.destroy() })
    socket.write(Buffer.concat([upgradeRequest(host), masked(0x1, JSON.stringify(hello)), masked(0x1, JSON.stringify(mute))]))
    const session = await opened
    await session.until(({ received }) => received.length === 1)
    expect(session.received).toEqual([mute])
  })

  it('that is wrong is told and left out, until it is too much', async () => {
    const { client, session } = await talk()
    for (let wrong = 0; wrong < 20; wrong++) {
      client.send({ type: 'control', op: 'sing' })
      const told = await client.next()
      expect(problemsWith('LiveServerMessage', told)).toEqual([])
      expect(told).toMatchObject({ type: 'error', seq: wrong + 2, code: 'invalid_message', param: 'op', close: false })
    }
    client.send(mute)
    client.send({ type: 'sing' })
    expect(await client.next()).toMatchObject({ code: 'too_many_errors', close: true })
    expect(await client.closed).toEqual({ code: 1008, reason: 'too_many_errors' })
    await session.until(({ isLost }) => isLost)
    expect(session.received).toEqual([mute])
  })

  it.each<[unknown, number, string]>([
    [hello, 1008, 'hello_repeated'],
    ['{"type":', 1007, 'invalid_json'],
    [Buffer.alloc(321), 1007, 'half_sample'],
    [{ type: 'audio_frame', seq: 1, data_b64: 'AAAA' }, 1003, 'unexpected_audio_frame'],
  ])('%s ends the socket with %i: %s', async (wrong, code, reason) => {
    const { client, session } = await talk()
    client.send(wrong)
    client.send(mute)
    expect(await client.next()).toMatchObject({ type: 'error', code: reason, close: true })
    expect(await client.closed).toEqual({ code, reason })
    await session.until(({ isLost }) => isLost)
    expect(session.received).toEqual([])
  })

  it('is so many messages a second, sound not counted', async () => {
    const { client, session, clock } = await talk()
    for (let frame = 0; frame < 1000; frame++) client.send(Buffer.alloc(2))
    for (let message = 0; message < 200; message++) client.send(mute)
    await session.until(({ received }) => received.length === 200)
    clock.advance(1000)
    for (let message = 0; message < 51; message++) client.send(mute)
    expect(await client.next()).toMatchObject({ code: 'too_many_messages', close: true })
    expect(await client.closed).toEqual({ code: 1008, reason: 'too_many_messages' })
    expect(session.received).toHaveLength(250)
    expect(session.heard).toHaveLength(1000)
  })

  it('is so many bytes, which are counted before anything is read of them', async () => {
    const { client, session, clock } = await talk()
    const large = { type: 'input_text', content: 'a'.repeat(7_000_000) }
    client.send(large)
    client.send(large)
    await session.until(({ received }) => received.length === 2)
    clock.advance(10_000)
    client.send(large)
    await session.until(({ received }) => received.length === 3)
    // It is no JSON, which nobody looks at any more.
    client.send('a'.repeat(8_000_000))
    expect(await client.next()).toMatchObject({ code: 'too_many_messages', close: true })
    expect(await client.closed).toEqual({ code: 1008, reason: 'too_many_messages' })
  })

  it.each<[string, () => unknown, number]>([
    ['frames', () => Buffer.alloc(2), 10_000],
    ['bytes', () => Buffer.alloc(512 * 1024), 10],
  ])('is so much sound, whether anybody hears it or not: %s', async (_what, frame, most) => {
    const { client, session } = await talk()
    for (let each = 0; each <= most; each++) client.send(frame())
    expect(await client.next()).toMatchObject({ code: 'too_many_messages', close: true })
    expect((await client.closed).code).toBe(1008)
    expect(session.heard).toHaveLength(most)
  })

  it('is sound within messages, also while no other message may come', async () => {
    const { client, session } = await talk({ ...hello, features: { audio_transport: 'base64_json' } })
    for (let message = 0; message < 200; message++) client.send(mute)
    for (let seq = 0; seq < 300; seq++) client.send({ type: 'audio_frame', seq, data_b64: 'AQI=' })
    await session.until(({ heard }) => heard.length === 300)
    client.send(mute)
    expect(await client.next()).toMatchObject({ code: 'too_many_messages', close: true })
    expect(session.received).toHaveLength(200)
  })

  it('is so much sound within messages, too', async () => {
    const { client, session } = await talk({ ...hello, features: { audio_transport: 'base64_json' } })
    const data_b64 = 'AAAA'.repeat(22_000)
    for (let seq = 0; seq < 70; seq++) client.send({ type: 'audio_frame', seq, data_b64 })
    expect(await client.next()).toMatchObject({ code: 'too_many_messages', close: true })
    expect(session.heard).toHaveLength(59)
  })

  it('may be wrong so often in a minute, however that is spread', async () => {
    const { client, clock } = await talk()
    const told: unknown[] = []
    for (let wrong = 0; wrong < 21; wrong++) {
      client.send({ type: 'sing' })
      const message = await client.next()
      told.push(message.type === 'error' && message.code)
      clock.advance(2900)
      // So that it is not asked in vain whether it is there.
      client.send(mute)
    }
    expect(told).toEqual([...Array.from({ length: 20 }, () => 'invalid_message'), 'too_many_errors'])
    expect((await client.closed).code).toBe(1008)
  })

  it('is so many pings as messages, each of them answered', async () => {
    const { client } = await talk()
    let pongs = 0
    client.socket.on('pong', () => pongs++)
    for (let ping = 0; ping < 200; ping++) client.socket.ping()
    await until(() => pongs === 200)
    client.socket.ping()
    expect(await client.next()).toMatchObject({ code: 'too_many_messages' })
    expect((await client.closed).code).toBe(1008)
  })

  it('that is no WebSocket ends the session with what says so', async () => {
    const stage = await startDoor()
    running.push(stage.gateway)
    const opened = stage.sessions.next()
    const { hostname, port, host } = new URL(stage.gateway.url)
    const socket = dial(Number(port), hostname)
    running.push({ close: () => socket.destroy() })
    socket.write(Buffer.concat([upgradeRequest(host), masked(0x1, JSON.stringify(hello))]))
    const session = await opened
    // A frame that is not masked.
    socket.write(Buffer.from([0x81, 0x01, 0x61]))
    socket.resume()
    await session.until(({ isLost }) => isLost)
    expect(JSON.parse(await stage.gateway.logged('"route":"/v1/live"'))).toMatchObject({ error: 'ws_err_expected_mask' })
  })
})

describe('what a client is sent', () => {
  it('is sound right after its header, whatever is done with its bytes meanwhile', async () => {
    const { client, session } = await talk()
    const bytes = Uint8Array.from(sound.bytes)
    session.transport.sendSound({ ...sound, bytes })
    session.transport.send({ type: 'warning', seq: 3, code: 'mark_invalid', message: 'A mark is wrong.' })
    bytes.fill(9)
    expect(await client.next()).toEqual({ type: 'assistant_audio_chunk_header', seq: 2, assistant_audio_id: 'audio_1', bytes: 4 })
    expect(await client.nextFrame()).toEqual(Buffer.from(sound.bytes))
    expect(await client.next()).toMatchObject({ type: 'warning' })
    expect(session.transport.unsentBytes).toBe(0)
  })

  it('is sound within messages where that was agreed', async () => {
    const { client, session } = await talk({ ...hello, features: { audio_transport: 'base64_json' } })
    session.transport.sendSound(sound)
    expect(await client.next()).toEqual({
      type: 'assistant_audio_chunk',
      seq: 2,
      assistant_audio_id: 'audio_1',
      audio_b64: 'AQIDBA==',
    })
    client.send({ type: 'audio_frame', seq: 0, data_b64: 'AQI=' })
    await session.until(({ heard }) => heard.length === 1)
    expect(session.heard).toEqual([new Uint8Array([1, 2])])
    client.send(Buffer.alloc(2))
    expect(await client.closed).toEqual({ code: 1003, reason: 'unexpected_binary' })
  })

  it('waits for no client that does not read: messages that pile up end its socket', async () => {
    const { client, session, clock, stage } = await talk()
    client.socket.pause()
    const message = 'a'.repeat(16 * 1024)
    for (let seq = 2; seq < 10_000; seq++) session.transport.send({ type: 'warning', seq, code: 'mark_invalid', message })
    // What the system took, it took; of the rest a megabyte lies here.
    expect(session.transport.unsentBytes).toBeGreaterThan(1024 ** 2)
    expect(session.transport.unsentBytes).toBeLessThan(1024 ** 2 + 64 * 1024)
    clock.advance(2000)
    await session.until(({ isLost }) => isLost)
    expect(JSON.parse(await stage.gateway.logged('"route":"/v1/live"'))).toMatchObject({ error: 'slow_consumer' })
    client.socket.terminate()
  })

  it('may be one message of many megabytes, and what follows it', async () => {
    const { client, session } = await talk()
    const content = [{ type: 'text' as const, text: 'a'.repeat(7_000_000) }]
    const turn = { turn_id: 'turn_1', stop_reason: 'end_turn', played_text: '', append: [{ role: 'user' as const, content }] }
    for (let seq = 2; seq < 6; seq += 2) {
      session.transport.send({ type: 'turn_complete', seq, ...turn })
      session.transport.send({ type: 'warning', seq: seq + 1, code: 'mark_invalid', message: 'A mark is wrong.' })
      session.transport.sendSound(sound)
      expect(await client.next()).toEqual({ type: 'turn_complete', seq, ...turn })
      expect(await client.next()).toMatchObject({ type: 'warning' })
      await client.next()
      await client.nextFrame()
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  it('is not many such messages, for a client that does not read', async () => {
    const { client, session, clock, stage } = await talk()
    client.socket.pause()
    const content = [{ type: 'text' as const, text: 'a'.repeat(7_000_000) }]
    const turn = { turn_id: 'turn_1', stop_reason: 'end_turn', played_text: '', append: [{ role: 'user' as const, content }] }
    for (let seq = 2; seq < 20; seq++) session.transport.send({ type: 'turn_complete', seq, ...turn })
    expect(session.transport.unsentBytes).toBeLessThan(22_000_000)
    clock.advance(2000)
    await session.until(({ isLost }) => isLost)
    expect(JSON.parse(await stage.gateway.logged('"route":"/v1/live"'))).toMatchObject({ error: 'slow_consumer' })
    client.socket.terminate()
  })

  it('may be much at once, for a client that reads', async () => {
    const { client, session } = await talk()
    const message = 'a'.repeat(16 * 1024)
    for (let batch = 0; batch < 10; batch++) {
      for (let each = 0; each < 60; each++) {
        session.transport.send({ type: 'warning', seq: batch * 60 + each + 2, code: 'mark_invalid', message })
      }
      for (let each = 0; each < 60; each++) await client.next()
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  it('ends where the session ends it, once all of it has been sent', async () => {
    const { client, session } = await talk()
    const usage = { turns: 0, duration_ms: 1, seconds_heard: 0, characters_spoken: 0 }
    session.transport.send({ type: 'session_end', seq: 2, reason: 'end_session', usage })
    session.transport.close(1000, 'end_session')
    session.transport.send({ type: 'warning', seq: 3, code: 'mark_invalid', message: 'Too late.' })
    session.transport.sendSound(sound)
    client.send(mute)
    expect(await client.next()).toMatchObject({ type: 'session_end' })
    expect(await client.closed).toEqual({ code: 1000, reason: 'end_session' })
    await session.until(({ isLost }) => isLost)
    expect(session.received).toEqual([])
  })
})

describe('a client that is gone without a word', () => {
  it('is noticed by its silence after a ping', async () => {
    const { session, clock } = await talk(hello, {}, { autoPong: false })
    clock.advance(20_000)
    expect(session.isLost).toBe(false)
    clock.advance(10_000)
    await session.until(({ isLost }) => isLost)
  })

  it('is asked every 20 seconds, and kept as long as it answers', async () => {
    const { client, session, clock } = await talk()
    for (let ping = 0; ping < 3; ping++) {
      const asked = new Promise((resolve) => client.socket.once('ping', resolve))
      clock.advance(20_000)
      await asked
      // The pong has come before this message.
      client.send(mute)
      await session.until(({ received }) => received.length === ping + 1)
    }
    expect(session.isLost).toBe(false)
  })

  it('and does not close its end has its socket ended after a moment', async () => {
    const { client, session, clock } = await talk()
    client.socket.pause()
    session.transport.close(1000, 'end_session')
    clock.advance(2000)
    await session.until(({ isLost }) => isLost)
    client.socket.terminate()
  })
})

describe('a connection that breaks', () => {
  it('leaves nothing behind, after whichever byte it does', async () => {
    const clock = new ManualClock()
    const { gateway, sessions } = await startDoor({ parts: { clock } })
    running.push(gateway)
    const { hostname, port, host } = new URL(gateway.url)
    const bytes = Buffer.concat([upgradeRequest(host), masked(0x1, JSON.stringify(hello)), masked(0x1, JSON.stringify(mute))])
    for (let length = 0; length <= bytes.length; length += 5) {
      const socket = dial(Number(port), hostname)
      await new Promise<void>((resolve) => socket.write(bytes.subarray(0, length), () => resolve()))
      // Some break off with what was sent on the way, the others once it has come.
      if (length % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
      socket.destroy()
    }
    await until(async () => (await connectionsOf(gateway)) === 0)
    await until(() => sessions.opened.every(({ isLost }) => isLost))
    for (const { place } of sessions.opened) place.release()
    expect(clock.waiting).toBe(0)
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/^vai_live_sockets[a-z_]* 0$/m)
  })
})

describe('the end of the server', () => {
  it('ends all sockets with 1012', async () => {
    const { client, session, stage } = await talk()
    await stage.gateway.close()
    expect(await client.closed).toEqual({ code: 1012, reason: 'shutting_down' })
    expect(session.isLost).toBe(true)
  })

  it('waits for sessions no longer than for answers', async () => {
    const { client, session, stage, clock } = await talk(hello, { env: { VAI_DRAIN_MS: '5000' } })
    const drained = stage.gateway.app.drain.start()
    client.send(mute)
    await session.until(({ received }) => received.length === 1)
    clock.advance(5000)
    expect((await client.closed).code).toBe(1012)
    await drained
  })
})

/** A whole frame as a client sends it, by hand; its mask changes nothing. */
function masked(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0])
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])
  return Buffer.concat([head, payload])
}
