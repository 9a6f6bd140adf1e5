import { describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { FluxDecoder } from '../../../providers/deepgram/stt-flux.ts'
import { transcribe } from '../../../providers/deepgram/stt-stream.ts'
import {
  type Flush,
  flush,
  type RawFormat,
  type SpeechCall,
  type SttEvent,
  type SttOptions,
  type TurnOptions,
} from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type DeepgramScript, deepgramKey } from '../../upstreams/deepgram.ts'
import type { SocketConnection } from '../../upstreams/sockets.ts'
import { Faucet, frames, pcm } from './faucet.ts'
import { staged } from './stage.ts'

const setUp = (script: DeepgramScript = {}, changes: Partial<SpeechCall> = {}, model = 'flux-general-en') =>
  staged(model, script, changes)

function hear(
  audio: AsyncIterable<Uint8Array | Flush>,
  test: TestCall,
  options: Partial<SttOptions & TurnOptions> = {},
  format: RawFormat = { encoding: 'pcm', rate: 16_000 },
): AsyncGenerator<SttEvent> {
  return transcribe(audio, format, { hints: [], ...options }, test.call)
}

/** The lengths of what was sent as sound, in milliseconds at 16 kHz. */
function soundMs(socket: SocketConnection | undefined): number[] {
  return (socket?.received ?? []).flatMap((message) => (typeof message === 'string' ? [] : [message.length / 32]))
}

const hello = { text: 'Hello over there.', fromMs: 200, toMs: 800, eagerAtMs: 550 }
const how = { text: 'How are you?', fromMs: 2000, toMs: 2600 }

describe('sound for Flux', () => {
  it('is heard turn by turn', async () => {
    const { test } = await setUp({ listen: { speech: [hello, how], latencyMs: 1 } })
    const events = await collected(hear(each(frames(4000)), test))
    expect(events).toEqual([
      { type: 'open' },
      { type: 'speech-start', atMs: 200 },
      { type: 'partial', text: 'Hello' },
      { type: 'partial', text: 'Hello over' },
      { type: 'partial', text: 'Hello over there.' },
      {
        type: 'final',
        text: 'Hello over there.',
        words: [
          { text: 'Hello', startMs: 200, endMs: 400, confidence: 0.98 },
          { text: 'over', startMs: 400, endMs: 600, confidence: 0.98 },
          { text: 'there.', startMs: 600, endMs: 800, confidence: 0.98 },
        ],
      },
      { type: 'turn-end', text: 'Hello over there.' },
      { type: 'speech-start', atMs: 2000 },
      { type: 'partial', text: ' How' },
      { type: 'partial', text: ' How are' },
      { type: 'partial', text: ' How are you?' },
      expect.objectContaining({ type: 'final', text: ' How are you?' }),
      { type: 'turn-end', text: 'How are you?' },
      { type: 'done', seconds: 4 },
    ])
  })

  it('has the end of a turn foretold where that is asked for', async () => {
    const { test } = await setUp({ listen: { speech: [hello] } })
    const events = await collected(hear(each(frames(2000)), test, { eagerThreshold: 0.4 }))
    const turns = events.filter(({ type }) => type.startsWith('turn-'))
    expect(turns).toEqual([
      { type: 'turn-eager-end', text: 'Hello over' },
      { type: 'turn-resumed' },
      { type: 'turn-eager-end', text: 'Hello over there.' },
      { type: 'turn-end', text: 'Hello over there.' },
    ])
  })

  it('is asked for on the scale of the vendor', async () => {
    const { upstream, test } = await setUp({}, {}, 'flux-general-multi')
    const options = { language: 'hi-IN', hints: ['Vango'], silenceMs: 200, endThreshold: 0.4, eagerThreshold: 0.95 }
    await collected(hear(each([pcm(80)]), test, options))
    expect(Object.fromEntries(upstream.sockets[0]?.opening.query ?? [])).toEqual({
      model: 'flux-general-multi',
      encoding: 'linear16',
      sample_rate: '16000',
      eot_threshold: '0.5',
      eager_eot_threshold: '0.5',
      eot_timeout_ms: '500',
      language_hint: 'hi',
      keyterm: 'Vango',
    })
  })

  it('is put together where it comes in small pieces, and left alone where not', async () => {
    const { upstream, test } = await setUp({}, { clock: new ManualClock() })
    const sizes = [20, 20, 20, 30, 200, 100, 10]
    await collected(hear(each(sizes.map(pcm)), test))
    // 90 ms: one piece of 80 and 10 that wait for the 70 which fill them up.
    expect(soundMs(upstream.sockets[0])).toEqual([80, 80, 130, 100, 10])
    expect(upstream.sockets[0]?.received.at(-1)).toBe('{"type":"CloseStream"}')
  })

  it('is sent whole, however it was cut', async () => {
    const { upstream, test } = await setUp({}, { clock: new ManualClock() })
    const sound = Uint8Array.from({ length: 64_000 }, (_, index) => (index * 7919) % 251)
    const pieces: Uint8Array[] = []
    for (let at = 0, size = 2; at < sound.length; at += size) {
      size = 2 + ((at * 31) % 4800) * 2
      pieces.push(sound.subarray(at, at + size))
    }
    await collected(hear(each(pieces), test))
    const received = upstream.sockets[0]?.received.filter((message) => typeof message !== 'string') ?? []
    expect(Buffer.concat(received).equals(sound)).toBe(true)
    expect(received.slice(0, -1).every(({ length }) => length >= 80 * 32)).toBe(true)
  })

  it('is not held back longer than it takes to fill a piece', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({}, { clock })
    const sound = new Faucet<Uint8Array | Flush>()
    const events = collected(hear(sound, test))
    const socket = await upstream.waitForSocket()
    sound.give(pcm(20))
    await until(() => clock.nextInMs === 80)
    clock.advance(80)
    await until(() => soundMs(socket).length === 1)
    sound.give(pcm(40), flush)
    await until(() => soundMs(socket).length === 2)
    expect(soundMs(socket)).toEqual([20, 40])
    sound.end()
    await events
  })

  it('is not held back either where some of it was', async () => {
    const { upstream, test } = await setUp()
    const sound = new Faucet<Uint8Array>()
    const events = collected(hear(sound, test))
    const socket = await upstream.waitForSocket()
    for (const [index, sizes] of [[20], [40, 40], [30]].entries()) {
      sound.give(...sizes.map(pcm))
      await until(() => soundMs(socket).length === index + 1)
    }
    expect(soundMs(socket)).toEqual([20, 80, 30])
    sound.end()
    await events
  })

  it('that stops in the middle of a turn gives way to silence, until the turn has ended', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [hello, { ...how, fromMs: 1820, toMs: 2400 }] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const heard: SttEvent[] = []
    const hearing = (async () => {
      for await (const event of hear(sound, test)) heard.push(event)
    })()
    const socket = await upstream.waitForSocket()
    sound.give(...frames(800))
    await until(() => soundMs(socket).length === 10 && heard.at(-1)?.type === 'partial')
    // Before anybody has finished nothing is sent but silence, at the pace of time.
    clock.advance(500)
    await until(() => heard.at(-1)?.type === 'turn-end')
    expect(soundMs(socket).slice(10)).toEqual([500])
    // The turn is over: there is nothing to be kept going.
    clock.advance(5000)
    // Words are told of by the caller's own time: half a second of the vendor's was not theirs.
    sound.give(...frames(2000))
    await until(() => heard.some((event) => event.type === 'turn-end' && event.text === how.text))
    expect(
      soundMs(socket)
        .slice(10)
        .filter((ms) => ms === 500),
    ).toHaveLength(1)
    const last = heard.findLast((event) => event.type === 'final')
    expect(last).toMatchObject({ words: [{ startMs: 1320 }, {}, { endMs: 1900 }] })
    sound.end()
    await hearing
    expect(heard.at(-1)).toEqual({ type: 'done', seconds: 2.8 })
    await upstream.waitForSocketClose()
    expect(clock.waiting).toBeLessThanOrEqual(1)
  })

  it('that stops for minutes while nobody speaks is silence now and then, which holds the socket open', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [{ ...hello, fromMs: 6100, toMs: 6700 }] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const heard: SttEvent[] = []
    const hearing = (async () => {
      for await (const event of hear(sound, test)) heard.push(event)
    })()
    const socket = await upstream.waitForSocket()
    sound.give(pcm(80))
    await until(() => soundMs(socket).length === 1)
    for (let count = 1; count <= 12; count++) {
      clock.advance(10_000)
      await until(() => soundMs(socket).length === 1 + count)
    }
    expect(soundMs(socket)).toEqual([80, ...Array(12).fill(500)])
    sound.give(pcm(2000))
    await until(() => heard.at(-1)?.type === 'turn-end')
    // Six seconds of the vendor's time were not the caller's.
    expect(heard.findLast((event) => event.type === 'final')).toMatchObject({ words: [{ startMs: 100 }, {}, { endMs: 700 }] })
    sound.end()
    await hearing
    expect(heard.at(-1)).toEqual({ type: 'done', seconds: 2.08 })
  })

  it('waits longer before silence where it comes in long pieces', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [{ ...hello, toMs: 5000 }] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const events = hear(sound, test)
    sound.give(pcm(1000))
    await events.next()
    await events.next()
    const hearing = collected(events)
    const socket = await upstream.waitForSocket()
    clock.advance(1999)
    sound.give(pcm(80))
    await until(() => soundMs(socket).length === 2)
    clock.advance(500)
    await until(() => soundMs(socket).length === 3)
    expect(soundMs(socket)).toEqual([1000, 80, 500])
    sound.end()
    await hearing
  })

  it('of µ-law is silent where silence is put in', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [hello] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const heard: SttEvent[] = []
    const hearing = (async () => {
      for await (const event of hear(sound, test, {}, { encoding: 'mulaw', rate: 8000 })) heard.push(event)
    })()
    const socket = await upstream.waitForSocket()
    sound.give(new Uint8Array(800 * 8))
    await until(() => heard.at(-1)?.type === 'partial')
    clock.advance(1600)
    await until(() => heard.at(-1)?.type === 'turn-end')
    expect(socket.received.at(-1)).toEqual(Buffer.alloc(4000, 0xff))
    sound.end()
    await hearing
  })

  it('that ends in the middle of a turn ends the turn with what was understood', async () => {
    const { test } = await setUp({ listen: { speech: [hello] } })
    const events = await collected(hear(each(frames(640)), test))
    expect(events.slice(-3)).toMatchObject([
      { type: 'final', text: 'Hello over' },
      { type: 'turn-end', text: 'Hello over' },
      { type: 'done', seconds: 0.64 },
    ])
  })

  // The vendor says something of every quarter of a second, and nothing of what is left at the end.
  it.each<[number, RawFormat, number]>([
    [32_000, { encoding: 'pcm', rate: 16_000 }, 1],
    [28_800, { encoding: 'pcm', rate: 16_000 }, 0.9],
    [48_000 + 2, { encoding: 'pcm', rate: 24_000 }, 24_001 / 24_000],
    [7999, { encoding: 'mulaw', rate: 8000 }, 0.999875],
    [0, { encoding: 'pcm', rate: 16_000 }, 0],
  ])('is told of whole: %i bytes of %j are %d seconds', async (bytes, format, seconds) => {
    const { test } = await setUp()
    const sound = new Uint8Array(bytes)
    const pieces = Array.from({ length: Math.ceil(bytes / 640) }, (_, index) => sound.subarray(index * 640, (index + 1) * 640))
    const events = await collected(hear(each(pieces), test, {}, format))
    expect(events).toEqual([{ type: 'open' }, { type: 'done', seconds: expect.closeTo(seconds, 9) }])
  })
})

describe('a socket of Flux that breaks', () => {
  it.each<[string, (connection: SocketConnection) => void, object]>([
    [
      'says that it failed',
      (socket) => socket.json({ type: 'Error', sequence_id: 99, code: 'INTERNAL_SERVER_ERROR', description: 'Try again.' }),
      { code: 'provider_error', message: /INTERNAL_SERVER_ERROR: Try again/ },
    ],
    [
      'could not read a message',
      (socket) => socket.json({ type: 'Error', code: 'UNPARSABLE_CLIENT_MESSAGE', description: 'What?' }),
      { code: 'provider_rejected' },
    ],
    ['closes without a code', (socket) => socket.close(), { code: 'provider_disconnected' }],
    ['closes as if all were said', (socket) => socket.close(1000), { code: 'provider_disconnected' }],
    ['is cut off', (socket) => socket.drop(), { code: 'provider_disconnected' }],
    ['sends bytes', (socket) => socket.send(new Uint8Array(3)), { code: 'provider_protocol' }],
  ])('because it %s', async (_, act, error) => {
    const { upstream, test } = await setUp({ listen: { speech: [hello], fault: { atMs: 400, act } } })
    const sound = new Faucet<Uint8Array>()
    sound.give(...frames(2000))
    const { message, ...others } = { message: /./, ...error }
    const failure = collected(hear(sound, test))
    await expect(failure).rejects.toMatchObject(others)
    await expect(failure).rejects.toThrow(message)
    expect(sound.isLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('is noticed where silence alone is what it was sent', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [{ ...hello, toMs: 100_000 }] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const events = hear(sound, test)
    sound.give(pcm(400))
    for (let event = 0; event < 3; event++) await events.next()
    const failure = expect(events.next()).rejects.toMatchObject({ code: 'provider_timeout' })
    const socket = await upstream.waitForSocket()
    for (let count = 1; count < 20; count++) {
      clock.advance(800)
      await until(() => soundMs(socket).length === 1 + count)
    }
    clock.advance(800)
    await failure
    expect(sound.isLeft).toBe(true)
  })

  it('is not opened for a model that is none', async () => {
    const { test } = await setUp({}, {}, 'flux-general-xx')
    await expect(collected(hear(each([]), test))).rejects.toMatchObject({ code: 'provider_rejected' })
  })
})

describe('the words of Flux', () => {
  const source = { id: 'deepgram', name: 'Deepgram', apiKey: new Secret(deepgramKey) }
  const info = (event: string, transcript: string, sequence: number): Record<string, unknown> => ({
    type: 'TurnInfo',
    event,
    transcript,
    sequence_id: sequence,
    words: [],
  })

  it('that were overtaken are passed over', () => {
    const decoder = new FluxDecoder(source)
    const messages = [
      info('StartOfTurn', 'a', 1),
      info('Update', 'a b c', 3),
      info('Update', 'a b', 2),
      info('EndOfTurn', 'a b c', 4),
    ]
    const texts = messages.flatMap((message) => decoder.take(message)).map((event) => ('text' in event ? event.text : event.type))
    expect(texts).toEqual(['speech-start', 'a', 'a b c', 'a b c', 'a b c'])
  })

  it('may be none: a turn of nothing ends as well', () => {
    const decoder = new FluxDecoder(source)
    const events = [info('StartOfTurn', '', 1), info('EndOfTurn', '', 2)].flatMap((message) => decoder.take(message))
    expect(events).toEqual([{ type: 'speech-start' }, { type: 'turn-end', text: '' }])
  })

  it('may come without the beginning of their turn', () => {
    const decoder = new FluxDecoder(source)
    const events = decoder.take(info('EndOfTurn', 'yes', 1))
    expect(events.map(({ type }) => type)).toEqual(['speech-start', 'final', 'turn-end'])
  })

  it('may come before a turn was begun, which they begin', () => {
    const decoder = new FluxDecoder(source)
    const events = [info('Update', '', 1), info('Update', 'yes', 2), info('Update', 'yes', 3)].flatMap((message) =>
      decoder.take(message),
    )
    expect(events).toEqual([{ type: 'speech-start' }, { type: 'partial', text: 'yes' }])
    expect(decoder.isInTurn).toBe(true)
  })

  it('that nobody knows are passed over', () => {
    const decoder = new FluxDecoder(source)
    expect(decoder.take({ type: 'ConfigureFailure', sequence_id: 1 })).toEqual([])
    expect(decoder.take(info('Sneezed', '', 2))).toEqual([])
  })
})
