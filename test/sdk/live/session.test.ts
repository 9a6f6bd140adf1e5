import { APIError, AuthenticationError, type LiveSession, VAI } from '@vai/sdk'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey } from '../../gateway-keys.ts'
import { leaksIn } from '../../leaks.ts'
import { startNetwork } from '../../live/network.ts'
import { until } from '../../until.ts'
import { InstantPlayer, ToldMicrophone } from './instruments.ts'
import { dial, next } from './stage.ts'

/** The SDK's live sessions against a gateway as it would run, with its demo models and voices. */
const user = gatewayKey('user')
const params = { model: 'demo/echo', tts: { voice: 'demo/soft' } }

let gateway: Gateway
let guarded: Gateway
const sessions: LiveSession[] = []

beforeAll(async () => {
  gateway = await startGateway()
  guarded = await startGateway({ env: envWith([user]) })
})
afterEach(async () => {
  for (const session of sessions.splice(0)) {
    session.close()
    await session.ended
  }
})
afterAll(async () => {
  await gateway.close()
  await guarded.close()
})

type Params = Parameters<VAI['live']['connect']>[0]
type Options = Parameters<VAI['live']['connect']>[1]

async function connect(more: Params = {}, options: Options = {}, baseURL = gateway.url): Promise<LiveSession> {
  const session = await new VAI({ baseURL, dial }).live.connect({ ...params, ...more }, options)
  sessions.push(session)
  return session
}

const text = 'Good morning. It is nine.'

describe('a session', () => {
  it('answers what is typed, in its order, and ends', async () => {
    const session = await connect()
    expect(session.id).toMatch(/^live_/)
    expect(session.ack).toMatchObject({ model: 'demo/echo', features: { send_playback_marks: false } })
    expect(session.say(text)).toBe(true)
    const types: string[] = []
    const seqs: number[] = []
    let [said, bytes] = ['', 0]
    for await (const event of session) {
      if (types.at(-1) !== event.type) types.push(event.type)
      if ('seq' in event) seqs.push(event.seq)
      if (event.type === 'audio') bytes += event.sound.length
      if (event.type === 'assistant_text_delta') said += event.text
      if (event.type === 'turn_complete') void session.end()
    }
    expect(said.trim()).toBe(text)
    expect(types[0]).toBe('hello_ack')
    expect(types.filter((type) => type !== 'turn_state' && type !== 'assistant_text_delta' && type !== 'audio')).toEqual([
      'hello_ack',
      'assistant_audio_start',
      'assistant_audio_end',
      'turn_complete',
      'session_end',
    ])
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(bytes).toBeGreaterThan(24_000)
    expect(await session.ended).toMatchObject({ type: 'ended', reason: 'end_session', usage: { turns: 1 } })
    expect(session.say('Hello?')).toBe(false)
  })

  it('gives its sound to a player, whose marks are sent, and keeps it from those who iterate', async () => {
    const player = new InstantPlayer()
    const session = await connect({}, { player })
    const sent: object[] = []
    session.on('sent', (message) => void sent.push(message))
    let told = 0
    session.on('audio', ({ sound }) => (told += sound.length))
    const began: string[] = []
    session.on('playback_began', ({ assistant_audio_id }) => void began.push(assistant_audio_id))
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of session) seen.push(event.type)
    })()
    session.say(text)
    const complete = await next(session, 'turn_complete')
    expect(complete.played_text).toBe(text)
    await session.end()
    await reading
    const [id = ''] = player.bytes.keys()
    expect(player.orders).toEqual(['open pcm_s16le 24000', 'go', `begin ${id}`, `end ${id}`, 'close'])
    expect([told, began]).toEqual([player.bytes.get(id), [id]])
    expect(seen).not.toContain('audio')
    const marks = sent.filter((message) => 'state' in message)
    expect(marks.length).toBeGreaterThan(2)
    expect(marks.at(-1)).toMatchObject({ type: 'playback_mark', assistant_audio_id: id, state: 'finished' })
    expect(session.ack.features.send_playback_marks).toBe(true)
  })

  it('does without a player that fails: answers end where their sound begins, and nothing of them counts as heard', async () => {
    class Mute extends InstantPlayer {
      override begin(): void {
        throw new Error('no loudspeaker')
      }
    }
    const session = await connect({}, { player: new Mute() })
    const failed = next(session, 'player_failed')
    for (let turn = 0; turn < 2; turn++) {
      const over = next(session, 'turn_cancelled')
      session.say(text)
      expect(await over).toMatchObject({ reason: 'interrupted' })
    }
    expect(await failed).toMatchObject({ why: 'no loudspeaker' })
  })

  it('stops the assistant, and counts what was heard', async () => {
    const session = await connect({ features: { send_playback_marks: true } })
    const start = next(session, 'assistant_audio_start')
    session.say('One and two and three and four. Five and six and seven and eight.')
    const { assistant_audio_id } = await start
    await next(session, 'audio')
    const reset = next(session, 'audio_reset')
    const over = next(session, 'turn_cancelled')
    session.interrupt()
    expect(await reset).toMatchObject({ assistant_audio_id, reason: 'barge_in' })
    expect(session.mark({ assistant_audio_id, played_ms: 0, buffered_ms: 0, state: 'stopped' })).toBe(true)
    expect(await over).toMatchObject({ reason: 'interrupted' })
  })

  it('takes sound as base64 where it is to come so, and sends it so', async () => {
    const microphone = new ToldMicrophone()
    const session = await connect({ stt: { model: 'demo/meter' }, features: { audio_transport: 'base64_json' } }, { microphone })
    expect(session.ack.audio_in).toEqual(microphone.format)
    const heard = next(session, 'utterance_final')
    const sound = next(session, 'audio')
    let frames = 0
    session.on('sound_sent', () => frames++)
    // A second of a tone, and a second of silence.
    const tone = Int16Array.from({ length: 16_000 }, (_, index) => 8000 * Math.sin(index / 10))
    microphone.listener?.sound(new Uint8Array(tone.buffer))
    microphone.listener?.sound(new Uint8Array(32_000))
    expect((await heard).text).toMatch(/^Speech of /)
    expect((await sound).sound.length).toBeGreaterThan(100)
    // No frame is larger than what the gateway takes.
    expect(frames).toBe(8)
    await session.end()
    expect(microphone.orders).toEqual(['start', 'stop'])
  })

  it('hears sound that is sent without a microphone', async () => {
    const session = await connect({
      stt: { model: 'demo/meter' },
      audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 16_000 },
    })
    expect(session.sendAudio(new Uint8Array(640))).toBe(false)
    expect(session.startAudio()).toBe(true)
    const heard = next(session, 'utterance_final')
    const tone = Int16Array.from({ length: 16_000 }, (_, index) => 8000 * Math.sin(index / 10))
    expect(session.sendAudio(new Uint8Array(tone.buffer))).toBe(true)
    expect(session.sendAudio(new Uint8Array(32_000))).toBe(true)
    expect(() => session.sendAudio(new Uint8Array(3))).toThrow('whole samples')
    expect((await heard).text).toMatch(/^Speech of /)
    expect(session.endAudio()).toBe(true)
    expect(session.sendAudio(new Uint8Array(640))).toBe(false)
    const deaf = await connect()
    expect(() => deaf.startAudio()).toThrow('it needs `audio_in`')
  })

  it('calls tools of the client, and goes on with their results', async () => {
    const tool = { name: 'set_timer', input_schema: { type: 'object' as const, properties: { minutes: { type: 'integer' } } } }
    const session = await connect({ model: 'demo/tools', tools: { client_tools: [tool] } })
    session.on('tool_call', ({ tool_use_id, name }) => void session.toolResult(tool_use_id, `${name} is done.`))
    const over = next(session, 'turn_complete')
    session.say('Set a timer.')
    const { append, played_text } = await over
    expect(played_text).toContain('set timer is done.')
    expect(JSON.stringify(append)).toContain('tool_result')
  })

  it('changes what it is, and tells what cannot be', async () => {
    const session = await connect()
    const wrong = next(session, 'error')
    expect(session.update({ tts: { voice: 'demo/none' } })).toBe(true)
    expect(await wrong).toMatchObject({ scope: 'session', param: 'tts.voice', close: false })
    expect([session.mute(), session.unmute(), session.cancelTurn()]).toEqual([true, true, true])
    expect(session.say('Look at this.', { commit: false })).toBe(true)
    const over = next(session, 'turn_complete')
    session.say('And at that.')
    const { append } = await over
    expect(JSON.stringify(append)).toContain('Look at this.')
  })

  it('comes back where its line is lost, with nothing lost and nothing twice', async () => {
    const network = await startNetwork(gateway.url, systemClock)
    try {
      const player = new InstantPlayer()
      const session = await connect({}, { player }, network.url)
      const seqs: number[] = []
      const told: string[] = []
      session.on('*', (event) => {
        if (event.type !== 'hello_ack' && 'seq' in event) seqs.push(event.seq)
        if (/^connection_|^turn_complete$/.test(event.type)) told.push(event.type)
      })
      const over = next(session, 'turn_complete')
      const lost = next(session, 'connection_lost')
      session.on('assistant_audio_start', () => told.length === 0 && network.drop())
      session.say(text)
      await lost
      expect(session.say('Is anybody there?')).toBe(false)
      expect((await over).played_text).toBe(text)
      expect(told).toEqual(['connection_lost', 'connection_resumed', 'turn_complete'])
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
      expect(session.ack.is_resumed).toBe(true)
      expect(player.orders.filter((order) => order === 'hold' || order === 'go')).toEqual(['go', 'hold', 'go'])
      expect(await session.end()).toMatchObject({ type: 'ended' })
    } finally {
      await network.close()
    }
  })
})

describe('keys', () => {
  it('go into hello, and a line that is lost is taken up again with the same', async () => {
    const network = await startNetwork(guarded.url, systemClock)
    try {
      const messages: string[] = []
      const session = await new VAI({
        baseURL: network.url,
        dial,
        apiKey: user.key,
        providerKeys: { openai: 'sk-test-brought-key' },
      }).live.connect(params, {
        prepare: (early) => void early.on('sent', (message) => void messages.push(JSON.stringify(message))),
      })
      sessions.push(session)
      const resumed = next(session, 'connection_resumed')
      network.drop()
      await resumed
      expect(messages).toHaveLength(2)
      expect(messages[0]).toContain('"auth":{"gateway_api_key":"…"},"byok":{"keys":{"openai":"…"}}')
      expect(messages[1]).toContain('"resume"')
      expect(messages[1]).not.toContain('"byok"')
      expect(leaksIn([...messages, JSON.stringify(session), ...guarded.logLines], [user.key, 'sk-test-brought-key'])).toEqual([])
      expect((await session.end()).type).toBe('ended')
    } finally {
      await network.close()
    }
  })

  it.each([
    ['that are wrong', 'vai_sk_test_wrong_key', 'invalid_api_key'],
    ['that are missing', undefined, 'missing_api_key'],
  ])('%s are an error of that kind', async (_, apiKey, code) => {
    const refused = new VAI({ baseURL: guarded.url, dial, apiKey }).live.connect(params)
    const error = await refused.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code, status: undefined, request_id: undefined })
    expect(leaksIn([String(error), JSON.stringify(error)], ['vai_sk_test_wrong_key'])).toEqual([])
  })

  it('of providers come beside those of the client, by names in any case, and may be left out', async () => {
    const vai = new VAI({ baseURL: gateway.url, dial, providerKeys: { openai: 'sk-test-1', nobody: 'sk-test-2' } })
    await expect(vai.live.connect(params)).rejects.toMatchObject({ name: 'InvalidRequestError', param: 'byok.keys.nobody' })
    const session = await vai.live.connect(params, { providerKeys: { Nobody: undefined, Deepgram: 'sk-test-3' } })
    sessions.push(session)
    expect(session.id).toMatch(/^live_/)
  })
})

describe('what is refused', () => {
  it('is told with all that is wrong, and what plays and records is given up', async () => {
    const [player, microphone] = [new InstantPlayer(), new ToldMicrophone()]
    const refused = connect({ tts: { voice: 'demo/none' }, model: 'nobody/none' }, { player, microphone })
    const error = await refused.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ issues: expect.arrayContaining([expect.objectContaining({ param: 'tts.voice' })]) })
    expect([player.orders, microphone.orders]).toEqual([['close'], ['stop']])
    await expect(connect({ model: 'nobody/none' })).rejects.toBeInstanceOf(APIError)
  })

  it('takes the model of the client where none is named', async () => {
    const session = await new VAI({ baseURL: gateway.url, dial, defaultModel: 'demo/tools' }).live.connect({ tts: params.tts })
    sessions.push(session)
    expect(session.ack.model).toBe('demo/tools')
  })

  it.skipIf('WebSocket' in globalThis)('says what to do where there is no WebSocket', async () => {
    const player = new InstantPlayer()
    const vai = new VAI({ baseURL: gateway.url })
    await expect(vai.live.connect(params, { player })).rejects.toThrow('dial: webSocketDial(WebSocket)')
    expect(player.isClosed).toBe(true)
  })
})

it('leaves no socket open at the gateway', async () => {
  await Promise.all(sessions.map((session) => session.end()))
  await until(
    async () => (await (await fetch(`${gateway.url}/metrics`)).text()).match(/^vai_live_sockets_open(?:\{.*\})? 0$/m) !== null,
  )
})
