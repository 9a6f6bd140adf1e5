import { describe, expect, it } from 'vitest'
import { partsOf } from '../../../providers/deepgram/tts-feeder.ts'
import { speak } from '../../../providers/deepgram/tts-stream.ts'
import { type Flush, flush, type SpeechCall, type TtsEvent, type TtsOptions } from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type DeepgramScript, deepgramKey } from '../../upstreams/deepgram.ts'
import { soundOf } from '../../upstreams/deepgram-speak.ts'
import type { SocketConnection } from '../../upstreams/sockets.ts'
import { Faucet } from './faucet.ts'
import { staged } from './stage.ts'

const setUp = (script: DeepgramScript = {}, changes: Partial<SpeechCall> = {}, model = 'aura-2') => staged(model, script, changes)

const families: readonly [name: string, model: string, options: TtsOptions][] = [
  ['Aura', 'aura-2', { voice: 'aura-2-thalia-en', format: { encoding: 'pcm', rate: 24_000 } }],
  ['Flux', 'flux-tts', { voice: 'flux-haley-en', format: { encoding: 'pcm', rate: 24_000 } }],
]
const options = families[0]?.[2] ?? { voice: '', format: { encoding: 'mp3' } }

function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

function sent(socket: SocketConnection | undefined, type: string): number {
  return (socket?.received ?? []).filter((message) => String(message).includes(`"type":"${type}"`)).length
}

describe.each(families)('a text for %s that is still being written', (_, model, options) => {
  it('is spoken to its end, not a sample missing', async () => {
    const { upstream, test } = await setUp({}, {}, model)
    const text = ['Good ', 'morning. ', '', flush, 'How are ', 'you?']
    const events = await collected(speak(each(text), options, test.call))
    expect(soundIn(events).equals(soundOf('Good morning. How are you?', new URLSearchParams('sample_rate=24000')))).toBe(true)
    expect(events.filter(({ type }) => type !== 'audio')).toEqual([
      { type: 'flushed' },
      { type: 'done', ...(model === 'flux-tts' && { characters: 26 }) },
    ])
    await upstream.waitForSocketClose()
  })

  it('has the word flush in it like any other', async () => {
    const { upstream, test } = await setUp({}, {}, model)
    const events = await collected(speak(each(['Never ', 'flush', ' it.']), options, test.call))
    expect(soundIn(events).equals(soundOf('Never flush it.', new URLSearchParams('sample_rate=24000')))).toBe(true)
    expect(sent(upstream.sockets[0], 'Flush')).toBe(1)
  })

  it('is said to be spoken where the sound of it has come', async () => {
    const { test } = await setUp({}, {}, model)
    const text = new Faucet<string | Flush>()
    text.give('One.', flush)
    let bytes = 0
    for await (const event of speak(text, options, test.call)) {
      if (event.type === 'audio') bytes += event.bytes.length
      if (event.type !== 'flushed') continue
      expect(bytes).toBe(4 * 480 * 2)
      text.end()
    }
  })

  it('may have nothing in it', async () => {
    const { upstream, test } = await setUp({}, {}, model)
    expect(await collected(speak(each([flush, '']), options, test.call))).toEqual([{ type: 'done' }])
    expect(sent(upstream.sockets[0], 'Flush')).toBe(0)
    await upstream.waitForSocketClose()
  })

  it('may end long after all of it was spoken', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({}, { clock }, model)
    const text = new Faucet<string | Flush>()
    text.give('One.', flush)
    const events = speak(text, options, test.call)
    for await (const event of events) {
      if (event.type !== 'flushed') continue
      break
    }
    await upstream.waitForSocketClose()
    const patient = new Faucet<string | Flush>()
    patient.give('One.', flush)
    const all = collected(speak(patient, options, test.call))
    const socket = await upstream.waitForSocket(2)
    await until(() => sent(socket, 'Flush') === 1 && clock.nextInMs !== undefined && clock.nextInMs > 5000)
    // Nothing is owed while the text is being thought about.
    clock.advance(60_000)
    patient.give('Two.')
    patient.end()
    expect((await all).at(-1)?.type).toBe('done')
  })

  it('is sent in parts that are not too long', async () => {
    const { upstream, test } = await setUp({}, {}, model)
    const text = `${'word '.repeat(900)}end.`
    const events = await collected(speak(each([text]), options, test.call))
    expect(soundIn(events)).toHaveLength(text.length * 960)
    expect(sent(upstream.sockets[0], 'Speak')).toBe(3)
  })

  it('comes to nothing where no sound comes', async () => {
    const { test } = await setUp({ speak: { sound: () => Buffer.alloc(0) } }, {}, model)
    await expect(collected(speak(each(['Hello.']), options, test.call))).rejects.toMatchObject({
      code: 'provider_protocol',
      message: /empty/,
    })
    expect(await collected(speak(each(['…']), options, test.call))).toMatchObject([{ type: 'done' }])
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['half a sample', () => Buffer.alloc(961), /middle of a sample/],
    ['far too much', () => Buffer.alloc(24_000 * 2 * 70), /more than 66 seconds/],
    ['words', () => Buffer.from('{"error":"something"}'), /text where sound/],
  ])('fails where %s comes', async (_, sound, message) => {
    const { upstream, test } = await setUp({ speak: { sound } }, {}, model)
    await expect(collected(speak(each(['Hello.']), options, test.call))).rejects.toThrow(message)
    await upstream.waitForSocketClose()
  })

  it.each<[string, (connection: SocketConnection) => void, object]>([
    ['is cut off', (socket) => socket.drop(), { code: 'provider_disconnected' }],
    ['closes as if all were said', (socket) => socket.close(1000), { code: 'provider_disconnected' }],
    ['closes without a code', (socket) => socket.close(), { code: 'provider_disconnected' }],
    ['could not read it', (socket) => socket.close(1008, 'DATA-0000: no'), { code: 'provider_rejected' }],
    [
      'says that it failed',
      (socket) => socket.json({ type: 'Error', code: 'NET-0000', description: 'no' }),
      { code: 'provider_error' },
    ],
    ['sends garbage', (socket) => socket.send('garbage'), { code: 'provider_protocol' }],
  ])('fails where the socket %s', async (_, fault, error) => {
    const { upstream, test } = await setUp({ speak: { fault } }, {}, model)
    const text = new Faucet<string | Flush>()
    text.give('Hello.', flush)
    await expect(collected(speak(text, options, test.call))).rejects.toMatchObject(error)
    expect(text.isLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('fails where the sound that is owed does not come', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ speak: { fault: () => undefined } }, { clock }, model)
    const failure = expect(collected(speak(each(['Hello.']), options, test.call))).rejects.toMatchObject({
      code: 'provider_timeout',
    })
    const socket = await upstream.waitForSocket()
    await until(() => sent(socket, 'Flush') === 1)
    await until(() => clock.nextInMs === 5000)
    clock.advance(5000)
    await failure
    clock.advance(2000)
    await upstream.waitForSocketClose()
  })

  it('ends with a caller who leaves, who aborts, and with a text that breaks', async () => {
    const { upstream, test } = await setUp({}, {}, model)
    const left = new Faucet<string | Flush>()
    left.give('Hello.', flush)
    for await (const event of speak(left, options, test.call)) {
      expect(event.type).toBe('audio')
      break
    }
    expect(left.isLeft).toBe(true)
    await upstream.waitForSocketClose(1)

    const broken = new Faucet<string | Flush>()
    const failure = expect(collected(speak(broken, options, test.call))).rejects.toThrow('the model failed')
    await upstream.waitForSocket(2)
    broken.fail(new Error('the model failed'))
    await failure
    await upstream.waitForSocketClose(2)

    const aborted = new Faucet<string | Flush>()
    const end = expect(collected(speak(aborted, options, test.call))).rejects.toThrow('the caller left')
    await upstream.waitForSocket(3)
    test.abort()
    await end
    expect(aborted.isLeft).toBe(true)
    await upstream.waitForSocketClose(3)
  })
})

describe('the flushes of Aura', () => {
  it('beyond what is taken wait, stand for each other, and leave one for the end', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({}, { clock })
    const text = new Faucet<string | Flush>()
    const events = collected(speak(text, options, test.call))
    for (let count = 0; count < 25; count++) text.give('Hi. ', flush)
    const socket = await upstream.waitForSocket()
    await until(() => sent(socket, 'Speak') === 25)
    expect(sent(socket, 'Flush')).toBe(19)
    text.give('Bye.')
    text.end()
    const all = await events
    expect(sent(socket, 'Flush')).toBe(20)
    expect(soundIn(all)).toHaveLength((25 * 4 + 4) * 960)
    expect(all.filter(({ type }) => type === 'flushed')).toHaveLength(25)
  })

  it('that waited are sent when their time has come', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ speak: { flushWindowMs: 0 } }, { clock })
    const text = new Faucet<string | Flush>()
    const heard: TtsEvent[] = []
    const hearing = (async () => {
      for await (const event of speak(text, options, test.call)) heard.push(event)
    })()
    for (let count = 0; count < 21; count++) text.give('Hi. ', flush)
    const socket = await upstream.waitForSocket()
    await until(() => heard.filter(({ type }) => type === 'flushed').length === 19)
    await until(() => sent(socket, 'Speak') === 21)
    clock.advance(61_000)
    await until(() => heard.filter(({ type }) => type === 'flushed').length === 21)
    expect(sent(socket, 'Flush')).toBe(20)
    text.end()
    await hearing
  })

  it('are refused by the vendor where there are too many, without a word of sound', async () => {
    const { upstream } = await setUp()
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${upstream.url.replace('http', 'ws')}/v1/speak?model=aura-2-thalia-en`, {
      headers: { authorization: `Token ${deepgramKey}` },
    })
    const warned = new Promise((resolve) => {
      socket.on('message', (data) => String(data).includes('EXCESSIVE_FLUSH') && resolve(true))
    })
    socket.on('open', () => {
      for (let count = 0; count < 21; count++) socket.send('{"type":"Flush"}')
    })
    expect(await warned).toBe(true)
    socket.terminate()
  })
})

describe('a text that is not streamed', () => {
  it('is one that is wanted as MP3', async () => {
    const { upstream, test } = await setUp()
    const text = new Faucet<string | Flush>()
    const mp3: TtsOptions = { ...options, format: { encoding: 'mp3' } }
    await expect(collected(speak(text, mp3, test.call))).rejects.toMatchObject({ code: 'unsupported_format', param: 'format' })
    expect(text.isLeft).toBe(true)
    expect(upstream.sockets).toHaveLength(0)
  })

  it('is one for a voice that is none', async () => {
    const { test } = await setUp()
    const nobody = { ...options, voice: 'aura-2-nobody-en' }
    await expect(collected(speak(each(['Hi.']), nobody, test.call))).rejects.toThrow(/No such model/)
  })
})

describe('parts of a text', () => {
  it('are cut between words, else anywhere but within a character', () => {
    expect(partsOf('one two three', 8)).toEqual(['one two ', 'three'])
    expect(partsOf('onetwothree', 4)).toEqual(['onet', 'woth', 'ree'])
    expect(partsOf('ab😀cd', 3)).toEqual(['ab', '😀c', 'd'])
    expect(partsOf('', 4)).toEqual([])
  })
})
