import { APIError, ConnectionError, type LiveDial, type LiveEvent, type LiveMicrophoneListener, UsageError } from '@vai/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InstantPlayer, ToldMicrophone } from './instruments.ts'
import { ack } from './scripted-gateway.ts'
import { closed, cut, dial, eventsOf, next, SessionStage, sessionEnd, audioStart as start, warning } from './stage.ts'

/** Sessions whose gateway, line, player or microphone does what it should not. */
let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.start()
})
afterEach(() => stage.close())

describe('what the gateway should not do', () => {
  it('is told as what it is: an error that ends the session', async () => {
    const { session, line } = await stage.opened()
    const reading = eventsOf(session).catch((reason: unknown) => reason)
    line.send({
      type: 'error',
      seq: 2,
      scope: 'session',
      error_type: 'provider_error',
      code: 'stt_unavailable',
      message: 'Nobody hears.',
      retryable: false,
      close: true,
    })
    line.socket.close(1011)
    expect(await reading).toMatchObject({ name: 'ProviderError', code: 'stt_unavailable' })
    const { type, why, error } = await session.ended
    expect([type, why, error instanceof APIError]).toEqual(['lost', 'Nobody hears.', true])
  })

  it('ends it, where it is no protocol', async () => {
    const { session, line } = await stage.opened()
    line.socket.send(new Uint8Array(4))
    const { type, error } = await session.ended
    expect(type).toBe('lost')
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error?.message).toBe('The session is lost: sound came that was not announced')
    await closed(line)
  })

  it.each<[string, unknown]>([
    ['is a text', 'hello'],
    ['is a list', []],
    ['has no number', { type: 'hello_ack' }],
    ['is not all of it', { ...ack(), limits: undefined }],
  ])('there is no session where its first message %s', async (_, message) => {
    const refused = stage.connecting().catch((reason: unknown) => reason)
    const line = await stage.gateway.next()
    line.socket.send(JSON.stringify(message))
    expect(await refused).toBeInstanceOf(ConnectionError)
  })

  it('is passed on where it may only be new', async () => {
    const { session, line } = await stage.opened()
    const told: LiveEvent[] = []
    session.on('*', (event) => void told.push(event))
    line.socket.send(JSON.stringify({ type: 'something_new', seq: 2, what: ['ever'] }))
    line.send({ ...sessionEnd(3), ...{ mood: 'good' } })
    line.socket.close(1000)
    await session.ended
    expect(told).toEqual([ack(), { type: 'something_new', seq: 2, what: ['ever'] }, { ...sessionEnd(3), mood: 'good' }])
  })

  it('counts once where it comes again: messages, sound, and the beginning', async () => {
    const [player, microphone] = [new InstantPlayer(), new ToldMicrophone()]
    const { session, line } = await stage.opened({ player, microphone })
    const seen: string[] = []
    session.on('*', (event) => void seen.push(event.type))
    for (const each of [start(2), start(2), ack(), warning(3), warning(3)]) line.send(each)
    for (let times = 0; times < 2; times++) {
      line.send({ type: 'assistant_audio_chunk_header', seq: 4, assistant_audio_id: 'audio_1', bytes: 6 })
      line.socket.send(new Uint8Array(6))
    }
    line.send({ type: 'assistant_audio_chunk', seq: 5, assistant_audio_id: 'audio_1', audio_b64: 'AAAA' })
    line.send({ type: 'assistant_audio_chunk', seq: 5, assistant_audio_id: 'audio_1', audio_b64: 'AAAA' })
    const last = next(session, 'session_end')
    line.send(sessionEnd(6))
    await last
    expect(seen.filter((type) => type !== 'playback_began')).toEqual([
      'hello_ack',
      'assistant_audio_start',
      'warning',
      'audio',
      'audio',
      'session_end',
    ])
    expect([player.bytes.get('audio_1'), microphone.orders]).toEqual([9, ['start']])
    line.socket.close(1000)
    await session.ended
  })

  it('breaks it off, where sound is no base64', async () => {
    const { session, line } = await stage.opened()
    line.send({ type: 'assistant_audio_chunk', seq: 2, assistant_audio_id: 'audio_1', audio_b64: 'ä' })
    expect(await session.ended).toMatchObject({ type: 'lost' })
  })
})

describe('a line that is lost', () => {
  it('has the player and the microphone wait, and go on, and the sound that was cut in two come anew', async () => {
    const [player, microphone] = [new InstantPlayer(), new ToldMicrophone()]
    const { session, line } = await stage.opened({ player, microphone })
    const told = next(session, 'assistant_audio_start')
    line.send(start(2))
    line.send({ type: 'assistant_audio_chunk_header', seq: 3, assistant_audio_id: 'audio_1', bytes: 6 })
    await told
    await cut({ session, line })
    expect(session.interrupt()).toBe(false)
    stage.clock.advance(100)
    const again = await stage.gateway.next()
    expect(again.hello.resume).toMatchObject({ session_id: 'live_1', last_server_seq: 2 })
    const resumed = next(session, 'connection_resumed')
    const reset = next(session, 'audio_reset')
    again.send(ack({ is_resumed: true, seq: 2, resume_token: 'token_2' }))
    again.send({ type: 'audio_reset', seq: 4, reason: 'cancelled', assistant_audio_id: 'audio_1' })
    expect(await resumed).toMatchObject({ ack: { resume_token: 'token_2' } })
    await reset
    expect(session.ack.resume_token).toBe('token_2')
    expect(player.orders).toEqual(['open pcm_s16le 24000', 'go', 'begin audio_1', 'hold', 'reset audio_1', 'go'])
    expect(microphone.orders).toEqual(['start', 'hold', 'go'])
    expect(await again.receive()).toMatchObject({ type: 'playback_mark', state: 'stopped' })
    session.close()
  })

  it('tells what went out since anything came, so that it can be sent again', async () => {
    const { session, line } = await stage.opened()
    const told = next(session, 'warning')
    session.say('This has arrived.')
    line.send(warning(2))
    await told
    const lost = next(session, 'connection_lost')
    expect(session.say('Has this?')).toBe(true)
    session.send({ type: 'playback_mark', assistant_audio_id: 'audio_1', played_ms: 0, buffered_ms: 0, state: 'playing' })
    line.socket.terminate()
    const { unconfirmed } = await lost
    expect(unconfirmed).toEqual([{ type: 'input_text', content: 'Has this?' }])
    stage.clock.advance(100)
    const again = await stage.gateway.next()
    session.on('connection_resumed', () => unconfirmed.map((message) => session.send(message)))
    again.send(ack({ is_resumed: true, seq: 3 }))
    expect(await again.receive()).toEqual({ type: 'input_text', content: 'Has this?' })
    // What came with the line confirms nothing that went out on it since.
    const second = next(session, 'connection_lost')
    again.socket.terminate()
    expect((await second).unconfirmed).toHaveLength(1)
    session.close()
  })

  it('tells the last hundred where more went out', async () => {
    const { session, line } = await stage.opened()
    const lost = next(session, 'connection_lost')
    for (let index = 0; index < 110; index++) session.say(`${index}`)
    line.socket.terminate()
    const { unconfirmed } = await lost
    expect(unconfirmed).toHaveLength(100)
    expect(unconfirmed.at(-1)).toEqual({ type: 'input_text', content: '109' })
    session.close()
  })

  it('has the beginning of what a microphone gives told again, where it may not have arrived', async () => {
    const microphone = new ToldMicrophone()
    const { session, line } = await stage.opened({ microphone })
    expect(await line.receive()).toMatchObject({ type: 'audio_stream_start' })
    await cut({ session, line })
    stage.clock.advance(100)
    const again = await stage.gateway.next()
    again.send(ack({ is_resumed: true, seq: 2 }))
    expect(await again.receive()).toMatchObject({ type: 'audio_stream_start', format: microphone.format })
    session.close()
  })

  it('may be broken off by whoever is told of it', async () => {
    const { session, line } = await stage.opened()
    session.on('connection_lost', () => session.close())
    line.socket.terminate()
    expect(await session.ended).toMatchObject({ type: 'broken' })
    expect(stage.clock.waiting).toBe(0)
  })

  it('is not taken for lost because it is quiet, where pings are not shown', async () => {
    const { session, line } = await stage.opened()
    stage.clock.advance(1_000_000)
    const told = next(session, 'warning')
    line.send(warning(2))
    await told
    session.close()
  })

  it('is, where what is sent does not leave either', async () => {
    const unsent = { bytes: 0 }
    const slow: LiveDial = (url, protocols, listener) => {
      const socket = dial(url, protocols, listener)
      return {
        get bufferedAmount() {
          return unsent.bytes
        },
        showsPings: false,
        send: (data) => socket.send(data),
        close: (code) => socket.close(code),
        terminate: () => socket.terminate(),
      }
    }
    const { session, line } = await stage.opened(
      { dial: slow },
      ack({ audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 16_000 } }),
    )
    expect(session.startAudio()).toBe(true)
    unsent.bytes = 300_000
    expect(session.sendAudio(new Uint8Array(640))).toBe(false)
    expect(session.say('Hello?')).toBe(true)
    unsent.bytes = 100_000_000
    expect(session.say('Hello?')).toBe(false)
    const lost = next(session, 'connection_lost')
    stage.clock.advance(45_000)
    expect(await lost).toMatchObject({ why: 'nothing came for too long' })
    await closed(line)
    session.close()
  })

  it('is not opened at all by a dial that cannot', async () => {
    const broken: LiveDial = () => {
      throw new SyntaxError('no address')
    }
    await expect(stage.connecting({ dial: broken })).rejects.toMatchObject({
      name: 'ConnectionError',
      message: `There is no session at ${stage.gateway.url.href}: no address`,
    })
    expect(stage.clock.waiting).toBe(0)
  })
})

describe('what plays', () => {
  it('sends its marks in their order', async () => {
    const player = new InstantPlayer()
    const { session, line } = await stage.opened({ player })
    line.send(start(2))
    for (const seq of [3, 4, 5]) {
      line.send({ type: 'assistant_audio_chunk_header', seq, assistant_audio_id: 'audio_1', bytes: 480 })
      line.socket.send(new Uint8Array(480))
    }
    line.send({ type: 'assistant_audio_end', seq: 6, assistant_audio_id: 'audio_1' })
    const marks = [await line.receive(), await line.receive(), await line.receive(), await line.receive()]
    expect(marks.map((mark) => mark.type === 'playback_mark' && [mark.played_ms, mark.state])).toEqual([
      [10, 'playing'],
      [20, 'playing'],
      [30, 'playing'],
      [30, 'finished'],
    ])
    session.close()
  })

  it('may fail, by its own word or by what it throws, and the session goes on', async () => {
    class Failing extends InstantPlayer {
      override begin(): void {
        throw new Error('no loudspeaker')
      }
    }
    for (const [player, why] of [
      [new Failing(), 'no loudspeaker'],
      [new InstantPlayer(), 'unplugged'],
    ] as const) {
      const { session, line } = await stage.opened({ player })
      const failures: string[] = []
      session.on('player_failed', (event) => void failures.push(event.why))
      const told = next(session, 'warning')
      if (why === 'unplugged') for (let times = 0; times < 2; times++) player.listener?.failed(why)
      line.send(start(2))
      line.send({ type: 'assistant_audio_end', seq: 3, assistant_audio_id: 'audio_1' })
      line.send(warning(4))
      await told
      expect(failures).toEqual([why])
      expect(player.orders).toEqual(['open pcm_s16le 24000', 'go'])
      session.close()
      await session.ended
      expect(player.isClosed).toBe(true)
    }
  })
})

describe('what records', () => {
  it('is started once there is a session, and sends nothing before and after it', async () => {
    const microphone = new ToldMicrophone()
    const { session, line } = await stage.opened({ microphone })
    expect(line.hello.audio_in).toEqual(microphone.format)
    expect(await line.receive()).toEqual({ type: 'audio_stream_start', format: microphone.format })
    expect(() => session.startAudio()).toThrow(UsageError)
    const frame = new Promise<Buffer>((resolve) => {
      line.socket.on('message', (data, isBinary) => isBinary && Buffer.isBuffer(data) && resolve(data))
    })
    const sound = Uint8Array.of(1, 2, 3, 4)
    microphone.listener?.sound(sound)
    // It may be written over once it was given.
    sound.fill(0)
    expect(await frame).toEqual(Buffer.of(1, 2, 3, 4))
    session.close()
    await session.ended
    microphone.listener?.sound(sound)
    microphone.listener?.failed('switched off')
    expect(microphone.orders).toEqual(['start', 'stop'])
  })

  it('may fail, at once or later, which is told once', async () => {
    class Denied extends ToldMicrophone {
      override start(listener: LiveMicrophoneListener): Promise<void> {
        super.start(listener)
        return Promise.reject(new Error('not allowed'))
      }
    }
    const microphone = new Denied()
    const { session, line } = await stage.opened({ microphone })
    const failures: string[] = []
    session.on('microphone_failed', ({ why }) => void failures.push(why))
    microphone.listener?.failed('and switched off')
    expect(await line.receive()).toMatchObject({ type: 'audio_stream_start' })
    expect(await line.receive()).toEqual({ type: 'audio_stream_end' })
    const last = next(session, 'warning')
    line.send(warning(2))
    await last
    expect(failures).toEqual(['not allowed'])
    session.close()
  })
})
