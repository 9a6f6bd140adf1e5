import { encode } from '@msgpack/msgpack'
import { afterEach, describe, expect, it } from 'vitest'
import { measured } from '../measured.ts'
import { type Stage, startStage, type Talk } from './stage.ts'

/** What clients get wrong in a session that is open: what each is told, how it is closed, and that nobody else notices. */
let stage: Stage
afterEach(async () => {
  await stage.close()
})

/** Sessions wait for a lost client for ten seconds. */
const soonForgotten = { VAI_LIVE_RESUME_MS: '10000' }
const long = 'This is an answer that takes a while to say, so that something can go wrong while it is being said.'

/** Waits until the client was told of an error or a warning with that code. */
function code(talk: Talk, wanted: string) {
  return stage.time.until(() => [...talk.client.of('error'), ...talk.client.of('warning')].find((told) => told.code === wanted), {
    describe: () => `${wanted}: ${JSON.stringify(talk.client.told.slice(-3))}`,
  })
}

function closed(talk: Talk) {
  return stage.time.until(() => talk.client.closed, { describe: () => JSON.stringify(talk.client.told.slice(-3)) })
}

/** It still talks. */
async function goesOn(talk: Talk): Promise<void> {
  const before = talk.turns.length
  await talk.says('Are you still there?')
  expect(await talk.turnOver(before + 1)).toMatchObject({ type: 'turn_complete' })
}

describe('messages', () => {
  it('of no type that there is, or with a field that there is not, are refused with what is wrong', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    const wrong: [object, string][] = [
      [{ type: 'sing' }, 'type'],
      [{ type: 'control', op: 'mute', volume: 1 }, 'volume'],
      [{ type: 'control', op: 'jump' }, 'op'],
      [{ type: 'playback_mark', assistant_audio_id: 'audio_1', played_ms: -1, state: 'playing' }, 'played_ms'],
      [{ type: 'playback_mark', assistant_audio_id: 'audio_1', played_ms: 1, state: 'over' }, 'state'],
      [{ type: 'input_text', content: '' }, 'content'],
      [{ type: 'tool_result', tool_use_id: 'x' }, 'content'],
    ]
    for (const [message, param] of wrong) {
      const before = talk.client.of('error').length
      talk.client.send(message)
      const error = await talk.told('error', before + 1)
      expect(error, JSON.stringify(message)).toMatchObject({ code: 'invalid_message', scope: 'session', close: false })
      expect(error.param ?? '').toContain(param)
    }
    await goesOn(talk)
    expect(await stage.leftovers()).toEqual([])
  })

  it.each<[string, number, (talk: Talk) => void]>([
    ['hello_repeated', 1008, (talk) => talk.client.send(talk.hello)],
    ['invalid_json', 1007, (talk) => talk.client.sendRaw('{"type":')],
    ['invalid_json', 1007, (talk) => talk.client.sendRaw('')],
    ['half_sample', 1007, (talk) => talk.client.sendRaw(Buffer.alloc(641))],
    ['unexpected_audio_frame', 1003, (talk) => talk.client.send({ type: 'audio_frame', seq: 1, data_b64: 'AAAA' })],
    [
      'message_too_large',
      1009,
      (talk) => talk.client.sendRaw(JSON.stringify({ type: 'input_text', content: 'a'.repeat(70_000) })),
    ],
  ])('that end it: %s, with %i', async (name, number, send) => {
    stage = await startStage({ gateway: { env: { ...soonForgotten, VAI_LIVE_MESSAGE_BYTES: '65536' } } })
    const [talk, other] = [await stage.talk(), await stage.talk()]
    send(talk)
    expect(await code(talk, name)).toMatchObject({ close: true })
    expect(await closed(talk)).toEqual({ code: number, reason: name })
    await goesOn(other)
    const { value } = await measured(stage.gateway)
    // It waits for its client, who may have been misled by a proxy.
    expect(value('vai_live_sessions_lost')).toBe(1)
    await stage.time.run(11_000)
    expect(await stage.leftovers()).toEqual([])
  })

  it('as text where MessagePack was agreed, and as bytes where base64 was', async () => {
    stage = await startStage({ gateway: { env: soonForgotten } })
    const packed = await stage.talk({ isMsgpack: true })
    packed.client.sendRaw(JSON.stringify({ type: 'control', op: 'mute' }))
    expect(await closed(packed)).toEqual({ code: 1003, reason: 'unexpected_text' })
    const broken = await stage.talk({ isMsgpack: true })
    broken.client.sendRaw(Buffer.from([0xc1, 0xff]))
    expect(await closed(broken)).toEqual({ code: 1007, reason: 'invalid_msgpack' })
    const misplaced = await stage.talk({ isMsgpack: true })
    misplaced.client.sendRaw(Buffer.from(encode({ type: 'input_text', content: Buffer.from('abc') })))
    expect(await code(misplaced, 'invalid_message')).toMatchObject({ param: 'content' })
    await goesOn(misplaced)
    const base64 = await stage.talk({ features: { audio_transport: 'base64_json' } })
    base64.client.sendRaw(Buffer.alloc(640))
    expect(await closed(base64)).toEqual({ code: 1003, reason: 'unexpected_binary' })
    await stage.time.run(11_000)
    expect(await stage.leftovers()).toEqual([])
  })

  it('a thousand a second end it', async () => {
    stage = await startStage({ gateway: { env: soonForgotten } })
    const talk = await stage.talk()
    for (let sent = 0; sent < 1000; sent++) talk.client.send({ type: 'control', op: sent % 2 === 0 ? 'mute' : 'unmute' })
    expect(await closed(talk)).toEqual({ code: 1008, reason: 'too_many_messages' })
    await stage.time.run(11_000)
    expect(await stage.leftovers()).toEqual([])
  })

  it('that are wrong again and again end it', async () => {
    stage = await startStage({ gateway: { env: soonForgotten } })
    const talk = await stage.talk()
    for (let sent = 0; sent < 30; sent++) talk.client.send({ type: 'sing' })
    expect(await closed(talk)).toEqual({ code: 1008, reason: 'too_many_errors' })
    expect(talk.client.of('error').length).toBeLessThanOrEqual(21)
    await stage.time.run(11_000)
    expect(await stage.leftovers()).toEqual([])
  })

  it('that change the session to what cannot be are refused, and nothing is changed', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    const wrong: [object, RegExp][] = [
      [{ tts: { voice: 'nobody/nothing' } }, /tts/],
      [{ stt: { model: 'nobody/deaf' } }, /stt/],
      [{ tools: { server_tools: ['no_such_tool'] } }, /tools/],
      [{ turn: { silence_ms: 1 } }, /turn/],
      [{ model: 'openai/gpt-4o' }, /model/],
    ]
    for (const [change, param] of wrong) {
      const before = talk.client.of('error').length
      talk.client.send({ type: 'session_update', ...change })
      const error = await talk.told('error', before + 1)
      expect(`${error.param} ${error.message}`, JSON.stringify(change)).toMatch(param)
      expect(error.close).toBe(false)
    }
    await goesOn(talk)
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('sound', () => {
  it('before the stream begins is dropped, and so is that after its end', async () => {
    stage = await startStage()
    const talk = await stage.connect()
    talk.client.send(talk.hello)
    await talk.told('hello_ack')
    for (let frame = 0; frame < 10; frame++) talk.client.sendSound(Buffer.alloc(640))
    await code(talk, 'audio_not_started')
    expect(talk.client.of('error')).toHaveLength(1)
    talk.client.send({ type: 'audio_stream_start', format: { encoding: 'pcm_s16le', sample_rate_hz: 8000 } })
    await code(talk, 'audio_format')
    talk.client.send({ type: 'audio_stream_start' })
    talk.person.isOn = true
    await goesOn(talk)
    talk.person.isOn = false
    talk.client.send({ type: 'audio_stream_end' })
    talk.client.sendSound(Buffer.alloc(640))
    await stage.time.until(() => talk.client.of('error').filter((told) => told.code === 'audio_not_started').length === 2)
    expect(await stage.leftovers()).toEqual([])
  })

  it('in frames that are too large is dropped with a warning, and where that goes on, it ends the session', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    talk.client.sendSound(Buffer.alloc(8194))
    await code(talk, 'mic_overrun')
    await goesOn(talk)
    for (let sent = 0; sent < 40 && !talk.client.closed; sent++) {
      talk.client.sendSound(Buffer.alloc(10_000))
      await stage.time.run(100)
    }
    expect(await closed(talk)).toMatchObject({ code: 1008 })
    expect(talk.client.of('error').at(-1)).toMatchObject({ code: 'mic_overrun', close: true })
    expect(talk.client.of('session_end').at(-1)).toMatchObject({ reason: 'error' })
    expect(await stage.leftovers()).toEqual([])
  })

  it('faster than it is spoken is dropped beyond what a network may have held up, and then ends the session', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    talk.person.isOn = false
    for (let step = 0; step < 150 && !talk.client.closed; step++) {
      for (let frame = 0; frame < 20; frame++) talk.client.sendSound(Buffer.alloc(640))
      await stage.time.run(100)
    }
    expect(await closed(talk)).toMatchObject({ code: 1008 })
    expect(talk.client.of('warning').map((told) => told.code)).toEqual(['mic_overrun'])
    expect(await stage.leftovers()).toEqual([])
  })

  it('whose frames are empty or out of order is not heard', async () => {
    stage = await startStage()
    const talk = await stage.talk({ features: { audio_transport: 'base64_json' } })
    talk.client.send({ type: 'audio_frame', seq: 1, data_b64: '' })
    await code(talk, 'empty_frame')
    talk.client.send({ type: 'audio_frame', seq: 0, data_b64: 'AAA=' })
    await code(talk, 'frame_out_of_order')
    talk.client.send({ type: 'audio_frame', seq: 1_000_000, data_b64: 'AAA' })
    await code(talk, 'invalid_message')
    await goesOn(talk)
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('marks', () => {
  it('of sound that there is not, or that is still to come, count for nothing', async () => {
    stage = await startStage({ answers: [{ say: long }] })
    const talk = await stage.talk({ turn: { grace_ms: 0 } })
    await talk.says('Please talk to me.')
    await talk.heard('This is an')
    talk.player.isMute = true
    const mark = (assistant_audio_id: string, played_ms: number, state = 'playing'): void =>
      talk.client.send({ type: 'playback_mark', assistant_audio_id, played_ms, state })
    mark('audio_7', 100)
    mark('nothing', 100)
    mark('audio_1', 3_600_000)
    await stage.time.until(() => talk.client.of('warning').filter((told) => told.code === 'mark_invalid').length === 3)
    // Backward.
    mark('audio_1', 1)
    await stage.time.run(40)
    talk.client.send({ type: 'control', op: 'interrupt' })
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', stop_reason: 'interrupted' })
    const [turn] = talk.turns
    const heard = turn?.type === 'turn_complete' ? turn.played_text.trim() : ''
    expect(heard).toMatch(/^This( is( an)?)?/)
    expect(`${talk.player.textOf()} `).toContain(`${heard} `)
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('tool results', () => {
  it('that nobody asked for are refused', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    talk.client.send({ type: 'tool_result', tool_use_id: 'call_of_nobody', content: 'x' })
    expect(await code(talk, 'unknown_tool_use')).toMatchObject({ scope: 'turn', close: false })
    await goesOn(talk)
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('after the end', () => {
  it('nothing is heard and nothing is answered', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    talk.client.send({ type: 'control', op: 'end_session' })
    talk.client.send({ type: 'input_text', content: 'And one more thing.' })
    talk.client.send({ type: 'sing' })
    expect(await closed(talk)).toMatchObject({ code: 1000 })
    expect(talk.client.told.at(-1)).toMatchObject({ type: 'session_end', reason: 'end_session' })
    expect(stage.model.asked).toEqual([])
    expect(await stage.leftovers()).toEqual([])
  })

  it('nobody comes back', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    talk.client.send({ type: 'control', op: 'end_session' })
    await closed(talk)
    await talk.comeBack().catch(() => undefined)
    expect(talk.client.of('error').at(-1)).toMatchObject({ close: true })
    expect(await stage.leftovers()).toEqual([])
  }, 30_000)
})

describe('a client that stops reading', () => {
  it('is reset, or cut off, before much of it lies here', async () => {
    stage = await startStage({ gateway: { env: soonForgotten }, answers: [{ say: `${long} `.repeat(20).trim() }] })
    const talk = await stage.talk({ audioOut: { encoding: 'pcm', rate: 48_000 }, features: { send_playback_marks: false } })
    await talk.says('Please talk to me for long.')
    await talk.heard('This is an')
    stage.network.refuseDownstream(true)
    await stage.time.run(140_000)
    stage.network.refuseDownstream(false)
    await stage.time.until(() => talk.client.closed !== undefined || talk.turns.length > 0)
    const reasons = talk.client.of('audio_reset').map(({ reason }) => reason)
    expect(talk.client.closed !== undefined || reasons.includes('backpressure')).toBe(true)
    await stage.time.run(11_000)
    expect(await stage.leftovers()).toEqual([])
  }, 60_000)
})
