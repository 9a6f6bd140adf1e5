import type { LiveConnectOptions, LiveDial, LiveMicrophoneListener, PlaybackMark } from '@vai/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../../api/schemas.gen.ts'
import { InstantPlayer, ToldMicrophone } from './instruments.ts'
import { ack, type ScriptedLine } from './scripted-gateway.ts'
import { audioStart, cut, dial, next, type Opened, SessionStage, warning } from './stage.ts'

/** What plays and what records while the line is lost and comes back, and once they have failed. */
let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.start()
})
afterEach(() => stage.close())

const audioReset = (seq: number, id = 'audio_1'): LiveServerMessage => ({
  type: 'audio_reset',
  seq,
  reason: 'cancelled',
  assistant_audio_id: id,
})
const turnOver = (seq: number): LiveServerMessage => ({
  type: 'turn_complete',
  seq,
  turn_id: 'turn_1',
  stop_reason: 'end_turn',
  played_text: '',
  append: [],
})

function giveSound(line: ScriptedLine, seq: number, id = 'audio_1'): void {
  line.send({ type: 'assistant_audio_chunk_header', seq, assistant_audio_id: id, bytes: 480 })
  line.socket.send(new Uint8Array(480))
}

/** The messages so far are here. */
async function heard({ session, line }: Opened, seq: number): Promise<void> {
  const told = next(session, 'warning')
  line.send(warning(seq))
  await told
}

/** Loses the line, and takes it up again. */
async function comeBack(opened: Opened, seq: number): Promise<Opened> {
  await cut(opened)
  stage.clock.advance(100)
  const line = await stage.gateway.next()
  const resumed = next(opened.session, 'connection_resumed')
  line.send(ack({ is_resumed: true, seq }))
  await resumed
  return { session: opened.session, line }
}

/** Of an instant player what it is told from its first hold on. */
const fromHold = ({ orders }: InstantPlayer): string[] => orders.slice(orders.indexOf('hold'))

describe('sound that is held while there is no line', () => {
  async function speaking(player: InstantPlayer): Promise<Opened> {
    const opened = await stage.opened({ player })
    opened.line.send(audioStart(2))
    giveSound(opened.line, 3)
    await heard(opened, 4)
    return opened
  }

  it('is not heard before it is known whether it is given out again', async () => {
    const player = new InstantPlayer()
    const again = await comeBack(await speaking(player), 4)
    expect(fromHold(player)).toEqual(['hold'])
    // What was missed comes first.
    await heard(again, 5)
    expect(fromHold(player)).toEqual(['hold'])
    again.line.send(audioReset(6))
    again.line.send(audioStart(7, 'audio_2'))
    await heard(again, 8)
    expect(fromHold(player)).toEqual(['hold', 'reset audio_1', 'go', 'begin audio_2'])
    expect(await again.line.receive()).toMatchObject({ assistant_audio_id: 'audio_1', played_ms: 10, state: 'stopped' })
    again.session.close()
  })

  it('goes on where the gateway has counted it as heard', async () => {
    const player = new InstantPlayer()
    const again = await comeBack(await speaking(player), 4)
    again.line.send({ type: 'assistant_audio_end', seq: 5, assistant_audio_id: 'audio_1' })
    again.line.send(turnOver(6))
    await heard(again, 7)
    expect(fromHold(player)).toEqual(['hold', 'end audio_1', 'go'])
    again.session.close()
  })

  it('goes on at once where the turn was over before', async () => {
    const player = new InstantPlayer()
    const opened = await speaking(player)
    opened.line.send(turnOver(5))
    await heard(opened, 6)
    const { session } = await comeBack(opened, 6)
    expect(fromHold(player)).toEqual(['hold', 'go'])
    session.close()
  })

  it('is none where all was played, or nothing was said', async () => {
    const [one, other] = [new InstantPlayer(), new InstantPlayer()]
    const opened = await speaking(one)
    opened.line.send({ type: 'assistant_audio_end', seq: 5, assistant_audio_id: 'audio_1' })
    await heard(opened, 6)
    const played = await comeBack(opened, 6)
    const silent = await comeBack(await stage.opened({ player: other }), 1)
    expect([fromHold(one), fromHold(other)]).toEqual([
      ['hold', 'go'],
      ['hold', 'go'],
    ])
    played.session.close()
    silent.session.close()
  })

  it('waits on where the line is lost again before that is known', async () => {
    const player = new InstantPlayer()
    const once = await comeBack(await speaking(player), 4)
    const twice = await comeBack(once, 4)
    expect(fromHold(player)).toEqual(['hold'])
    twice.line.send(audioReset(5))
    await heard(twice, 6)
    expect(fromHold(player)).toEqual(['hold', 'reset audio_1', 'go'])
    twice.session.close()
  })
})

describe('a reset', () => {
  it('silences the player before anybody is told', async () => {
    const player = new InstantPlayer()
    const opened = await stage.opened({ player })
    const before: string[][] = []
    opened.session.on('audio_reset', () => void before.push([...player.orders]))
    opened.line.send(audioStart(2))
    opened.line.send(audioReset(3))
    await heard(opened, 4)
    expect(before).toEqual([expect.arrayContaining(['reset audio_1'])])
    opened.session.close()
  })
})

describe('a player that has failed', () => {
  const sounds = (opened: Opened): string[] => {
    const ids: string[] = []
    void (async () => {
      for await (const event of opened.session) if (event.type === 'audio') ids.push(event.assistant_audio_id)
    })()
    return ids
  }
  const stopped = (id: string, played_ms: number): PlaybackMark & { type: string } => ({
    type: 'playback_mark',
    assistant_audio_id: id,
    played_ms,
    buffered_ms: 0,
    state: 'stopped',
  })

  it('leaves the gateway waiting for no mark, and its sound to those who iterate', async () => {
    const player = new InstantPlayer()
    const opened = await stage.opened({ player })
    const { session, line } = opened
    const ids = sounds(opened)
    line.send(audioStart(2))
    giveSound(line, 3)
    await heard(opened, 4)
    expect(await line.receive()).toMatchObject({ played_ms: 10, state: 'playing' })
    expect(ids).toEqual([])
    player.listener?.failed('unplugged')
    expect(await line.receive()).toEqual(stopped('audio_1', 10))
    giveSound(line, 5)
    line.send(audioReset(6))
    line.send(audioStart(7, 'audio_2'))
    giveSound(line, 8, 'audio_2')
    expect(await line.receive()).toEqual(stopped('audio_2', 0))
    await heard(opened, 9)
    expect(ids).toEqual(['audio_1', 'audio_2'])
    // It is heeded no more.
    player.listener?.mark({ assistant_audio_id: 'audio_2', played_ms: 5, buffered_ms: 0, state: 'playing' })
    expect(session.mute()).toBe(true)
    expect(await line.receive()).toMatchObject({ op: 'mute' })
    session.close()
  })

  it('gives the very sound at which it failed to those who iterate', async () => {
    class Failing extends InstantPlayer {
      override give(): void {
        throw new Error('no loudspeaker')
      }
    }
    const opened = await stage.opened({ player: new Failing() })
    const ids = sounds(opened)
    opened.line.send(audioStart(2))
    giveSound(opened.line, 3)
    expect(await opened.line.receive()).toEqual(stopped('audio_1', 0))
    await heard(opened, 4)
    expect(ids).toEqual(['audio_1'])
    opened.session.close()
  })

  it('because it cannot even wait says so once there is a line', async () => {
    class Failing extends InstantPlayer {
      override hold(): void {
        throw new Error('it does not stop')
      }
    }
    const opened = await stage.opened({ player: new Failing() })
    opened.line.send(audioStart(2))
    await heard(opened, 3)
    const failed = next(opened.session, 'player_failed')
    const again = await comeBack(opened, 3)
    expect(await failed).toMatchObject({ why: 'it does not stop' })
    again.line.send(audioReset(4))
    expect(await again.line.receive()).toEqual(stopped('audio_1', 0))
    again.session.close()
  })
})

describe('a microphone', () => {
  it.each(['hold', 'go'] as const)('whose %s() throws is given up, and the session comes back', async (order) => {
    class Failing extends ToldMicrophone {
      [order](): void {
        throw new Error('it is stuck')
      }
    }
    const microphone = new Failing()
    const opened = await stage.opened({ microphone })
    const failures: string[] = []
    opened.session.on('microphone_failed', ({ why }) => void failures.push(why))
    const { session, line } = await comeBack(opened, 1)
    expect(await line.receive()).toEqual({ type: 'audio_stream_end' })
    expect(failures).toEqual(['it is stuck'])
    let sent = 0
    session.on('sound_sent', (bytes) => (sent += bytes))
    microphone.listener?.sound(new Uint8Array(640))
    expect(sent).toBe(0)
    session.close()
    expect(await session.ended).toMatchObject({ type: 'broken' })
    expect(microphone.orders.at(-1)).toBe('stop')
  })

  it('that is stopped before it has started has not failed', async () => {
    class Slow extends ToldMicrophone {
      #stopped: (error: Error) => void = () => undefined
      override start(listener: LiveMicrophoneListener): Promise<void> {
        super.start(listener)
        return new Promise((_resolve, reject) => {
          this.#stopped = reject
        })
      }
      override async stop(): Promise<void> {
        await super.stop()
        this.#stopped(new Error('The microphone was stopped.'))
      }
    }
    const microphone = new Slow()
    const { session } = await stage.opened({ microphone })
    const told: string[] = []
    session.on('*', ({ type }) => void told.push(type))
    session.close()
    await session.ended
    await new Promise(setImmediate)
    expect(told).toEqual(['hello_ack'])
    expect(microphone.orders).toEqual(['start', 'stop'])
  })
})

describe('a socket that cannot be closed', () => {
  const stuck: LiveDial = (url, protocols, listener) => {
    const socket = dial(url, protocols, listener)
    const refuse = (): never => {
      socket.terminate()
      throw new Error('it does not close')
    }
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      showsPings: true,
      send: (data) => socket.send(data),
      close: refuse,
      terminate: refuse,
    }
  }
  const options: LiveConnectOptions = { dial: stuck }

  it('keeps no session from its end', async () => {
    const { session } = await stage.opened(options)
    session.close()
    expect(await session.ended).toMatchObject({ type: 'broken' })
  })

  it('keeps no session from coming back', async () => {
    const opened = await stage.opened(options)
    const lost = next(opened.session, 'connection_lost')
    stage.clock.advance(45_000)
    expect(await lost).toMatchObject({ why: 'nothing came for too long' })
    stage.clock.advance(100)
    expect((await stage.gateway.next()).hello.resume?.session_id).toBe('live_1')
    opened.session.close()
    await opened.session.ended
  })
})
