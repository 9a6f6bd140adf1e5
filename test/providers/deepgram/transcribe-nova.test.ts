import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { NovaDecoder } from '../../../providers/deepgram/stt-nova.ts'
import { transcribe } from '../../../providers/deepgram/stt-stream.ts'
import {
  type Flush,
  flush,
  type SpeechCall,
  type SttEvent,
  type SttOptions,
  type TurnOptions,
} from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type DeepgramScript, deepgramKey } from '../../upstreams/deepgram.ts'
import { fixturesDir } from '../../upstreams/replay.ts'
import { Faucet, frames, pcm } from './faucet.ts'
import { staged } from './stage.ts'

const setUp = (script: DeepgramScript = {}, changes: Partial<SpeechCall> = {}, model = 'nova-3') => staged(model, script, changes)

const format = { encoding: 'pcm', rate: 16_000 } as const

function hear(
  audio: AsyncIterable<Uint8Array | Flush>,
  test: TestCall,
  options: Partial<SttOptions & TurnOptions> = {},
): AsyncGenerator<SttEvent> {
  return transcribe(audio, format, { hints: [], ...options }, test.call)
}

function finals(events: readonly SttEvent[]): string {
  return events.map((event) => (event.type === 'final' ? event.text : '')).join('')
}

const hello = { text: 'Hello there.', fromMs: 200, toMs: 800 }
const noisy = { text: 'How are you?', fromMs: 2000, toMs: 2600, noisy: true }

describe('sound for Nova', () => {
  it('is heard word by word, utterance by utterance, to its end', async () => {
    const { test } = await setUp({ listen: { speech: [hello, noisy], latencyMs: 1 } })
    const events = await collected(hear(each(frames(4000)), test))
    expect(events.map(({ type }) => type)).toEqual([
      'open',
      ...['speech-start', 'partial', 'final', 'turn-end'],
      ...['speech-start', 'partial', 'final', 'turn-end', 'done'],
    ])
    expect(events[1]).toEqual({ type: 'speech-start', atMs: 200 })
    expect(events[2]).toMatchObject({ type: 'partial', text: 'Hello' })
    expect(events[3]).toEqual({
      type: 'final',
      text: 'Hello there.',
      confidence: 0.99,
      words: [
        { text: 'Hello', startMs: 200, endMs: 500, confidence: 0.98 },
        { text: 'there.', startMs: 500, endMs: 800, confidence: 0.98 },
      ],
    })
    expect(finals(events)).toBe('Hello there. How are you?')
    // Noise kept the silence from being heard: the gap after the words has told the end, and only once.
    expect(events.filter(({ type }) => type === 'turn-end')).toEqual([
      { type: 'turn-end', text: 'Hello there.' },
      { type: 'turn-end', text: 'How are you?' },
    ])
    expect(events.at(-1)).toEqual({ type: 'done', seconds: 4 })
  })

  it('is asked for in the words of the vendor', async () => {
    const { upstream, test } = await setUp({ listen: { speech: [hello] } })
    await collected(hear(each(frames(1000)), test, { language: 'en-US', hints: ['Mahesh Iyer', 'Vango'], silenceMs: 300 }))
    const { query } = upstream.sockets[0]?.opening ?? {}
    expect(query?.getAll('keyterm')).toEqual(['Mahesh Iyer', 'Vango'])
    expect(Object.fromEntries(query ?? [])).toMatchObject({
      language: 'en',
      endpointing: '300',
      utterance_end_ms: '1000',
      sample_rate: '16000',
    })
  })

  it('is sent as it comes, byte for byte', async () => {
    const { upstream, test } = await setUp({ listen: { speech: [] } })
    const pieces = [new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3, 4, 5, 6])]
    await collected(hear(each(pieces), test))
    expect(upstream.sockets[0]?.received.map(String)).toEqual([
      '\u0001\u0002',
      '\u0003\u0004\u0005\u0006',
      '{"type":"CloseStream"}',
    ])
  })

  it('without a word has nothing but an end', async () => {
    const { test } = await setUp({ listen: { speech: [] } })
    expect(await collected(hear(each([]), test))).toEqual([{ type: 'open' }, { type: 'done', seconds: 0 }])
  })

  it('that ends within an utterance ends the utterance', async () => {
    const { test } = await setUp({ listen: { speech: [hello] } })
    const events = await collected(hear(each(frames(600)), test))
    expect(events.slice(-3)).toMatchObject([
      { type: 'final', text: 'Hello there.' },
      { type: 'turn-end', text: 'Hello there.' },
      { type: 'done' },
    ])
  })

  it('is told at once where that is asked for', async () => {
    const { test } = await setUp({ listen: { speech: [hello] } })
    const sound = new Faucet<Uint8Array | Flush>()
    const events = hear(sound, test)
    sound.give(pcm(600), flush)
    for await (const event of events) {
      if (event.type !== 'final') continue
      expect(event).toMatchObject({ text: 'Hello there.', flushed: true })
      sound.end()
    }
  })

  it('answers a flush of silence as well', async () => {
    const { test } = await setUp({ listen: { speech: [] } })
    const events = await collected(hear(each([pcm(100), flush]), test))
    expect(events).toEqual([{ type: 'open' }, { type: 'final', text: '', flushed: true }, { type: 'done', seconds: 0.1 }])
  })
})

describe('a pause before Nova', () => {
  it('is bridged by signs of life, as text, until sound comes', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [] } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const events = hear(sound, test)
    expect(await events.next()).toMatchObject({ value: { type: 'open' } })
    const first = events.next()
    const socket = await upstream.waitForSocket()
    await until(() => clock.nextInMs === 4000)
    for (let count = 1; count <= 3; count++) {
      clock.advance(4000)
      await until(() => socket.received.length === count)
    }
    clock.advance(3999)
    sound.give(pcm(20))
    await until(() => socket.received.length === 4)
    clock.advance(3999)
    sound.end()
    expect(await first).toEqual({ done: false, value: { type: 'done', seconds: 0.02 } })
    expect(socket.received.map((message) => (typeof message === 'string' ? message : message.length))).toEqual([
      ...Array(3).fill('{"type":"KeepAlive"}'),
      640,
      '{"type":"CloseStream"}',
    ])
    await events.return(undefined)
    await upstream.waitForSocketClose()
  })

  it('without a sign of life closes the socket, which is no normal end', async () => {
    const clock = new ManualClock()
    const { test } = await setUp({ listen: { speech: [], patienceMs: 30 } }, { clock })
    const sound = new Faucet<Uint8Array>()
    await expect(collected(hear(sound, test))).rejects.toMatchObject({
      code: 'provider_timeout',
      message: expect.stringContaining('NET-0001'),
    })
    expect(sound.isLeft).toBe(true)
  })
})

describe('a socket of Nova that breaks', () => {
  it.each<
    [
      string,
      (connection: { close(code?: number, reason?: string): void; drop(): void; send(text: string): void }) => void,
      object,
    ]
  >([
    ['closes without a code', (socket) => socket.close(), { code: 'provider_disconnected' }],
    ['closes as if all were said', (socket) => socket.close(1000), { code: 'provider_disconnected' }],
    [
      'cannot decode the sound',
      (socket) => socket.close(1008, 'DATA-0000: cannot decode'),
      { code: 'provider_rejected', message: /DATA-0000/ },
    ],
    ['fails', (socket) => socket.close(1011, 'NET-0000: server error'), { code: 'provider_error', message: /NET-0000/ }],
    ['fails without a word', (socket) => socket.close(1011), { code: 'provider_error' }],
    ['is cut off', (socket) => socket.drop(), { code: 'provider_disconnected' }],
    ['sends what is no JSON', (socket) => socket.send('<html>'), { code: 'provider_protocol' }],
    ['says that it failed', (socket) => socket.send('{"type":"Error","description":"no"}'), { code: 'provider_error' }],
  ])('because it %s', async (_, act, error) => {
    const { upstream, test } = await setUp({ listen: { speech: [hello], fault: { atMs: 1000, act } } })
    const sound = new Faucet<Uint8Array>()
    sound.give(...frames(2000))
    const { message, ...others } = { message: /./, ...error }
    const heard: SttEvent[] = []
    const failure = (async () => {
      for await (const event of hear(sound, test)) heard.push(event)
    })()
    await expect(failure).rejects.toMatchObject(others)
    await expect(failure).rejects.toThrow(message)
    // What was said before is not lost.
    expect(finals(heard)).toBe('Hello there.')
    expect(sound.isLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('is noticed where it hears and says nothing', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [hello], mute: true } }, { clock })
    const sound = new Faucet<Uint8Array>()
    const failure = expect(collected(hear(sound, test))).rejects.toMatchObject({ code: 'provider_timeout' })
    const socket = await upstream.waitForSocket()
    sound.give(pcm(9000))
    await until(() => socket.received.length === 1)
    clock.advance(3000)
    clock.advance(3000)
    sound.give(pcm(2000))
    await failure
    await upstream.waitForSocketClose()
  })

  it('is noticed where it does not answer the goodbye', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await setUp({ listen: { speech: [], neverCloses: true } }, { clock })
    const failure = expect(collected(hear(each([pcm(20)]), test))).rejects.toMatchObject({ code: 'provider_timeout' })
    const socket = await upstream.waitForSocket()
    await until(() => socket.received.length === 2)
    clock.advance(5000)
    await failure
    // The goodbye of the socket itself has a bound of its own.
    clock.advance(2000)
    await upstream.waitForSocketClose()
    expect(clock.waiting).toBe(0)
  })

  it.each<[string, { status: number; headers?: Record<string, string>; body?: string }, string]>([
    ['a wrong key', { status: 401, headers: { 'dg-error': 'Invalid credentials.' } }, 'provider_authentication'],
    [
      'no money left',
      { status: 402, body: '{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"Project does not have enough credits."}' },
      'provider_quota',
    ],
    ['too many at once', { status: 429 }, 'provider_rate_limit'],
    ['a page', { status: 503, body: '<html></html>' }, 'provider_overloaded'],
  ])('is not opened because of %s', async (_, refuse, code) => {
    const { test } = await setUp({ refuse })
    const sound = new Faucet<Uint8Array>()
    await expect(collected(hear(sound, test))).rejects.toMatchObject({ code })
    expect(sound.isLeft).toBe(true)
  })

  it('is not opened for a model that is none', async () => {
    const { test } = await setUp({}, {}, 'supernova')
    await expect(collected(hear(each([]), test))).rejects.toThrow(/Deepgram: Bad Request: No such model/)
  })
})

describe('a caller of Nova', () => {
  it('who leaves closes the socket and lets go of the sound', async () => {
    const { upstream, test } = await setUp({ listen: { speech: [hello] } })
    const sound = new Faucet<Uint8Array>()
    sound.give(...frames(400))
    for await (const event of hear(sound, test)) {
      if (event.type === 'open') continue
      expect(event.type).toBe('speech-start')
      break
    }
    expect(sound.isLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('who aborts is told so at once', async () => {
    const { upstream, test } = await setUp({ listen: { speech: [] } })
    const sound = new Faucet<Uint8Array>()
    const failure = expect(collected(hear(sound, test))).rejects.toThrow('the caller left')
    await upstream.waitForSocket()
    test.abort()
    await failure
    expect(sound.isLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('whose sound breaks is told why', async () => {
    const { upstream, test } = await setUp({ listen: { speech: [] } })
    const sound = new Faucet<Uint8Array>()
    const failure = expect(collected(hear(sound, test))).rejects.toThrow('the microphone is gone')
    await upstream.waitForSocket()
    sound.fail(new Error('the microphone is gone'))
    await failure
    await upstream.waitForSocketClose()
  })
})

const source = { id: 'deepgram', name: 'Deepgram', apiKey: new Secret(deepgramKey) }

function result(transcript: string, flags: object = {}): Record<string, unknown> {
  return { type: 'Results', is_final: true, speech_final: false, channel: { alternatives: [{ transcript }] }, ...flags }
}

describe('the words of Nova', () => {
  it('are put together as their writing asks for', () => {
    const decoder = new NovaDecoder(source)
    const events = [result('नमस्ते।'), result('आप कैसे हैं?'), result('你好。'), result('今天'), result('ok')].flatMap((message) =>
      decoder.take(message),
    )
    expect(finals(events)).toBe('नमस्ते। आप कैसे हैं? 你好。今天 ok')
  })

  it('end an utterance once, however often that is said', () => {
    const decoder = new NovaDecoder(source)
    const messages = [
      result('one'),
      result('two', { speech_final: true }),
      { type: 'UtteranceEnd' },
      result('', { speech_final: true }),
    ]
    expect(messages.flatMap((message) => decoder.take(message)).filter(({ type }) => type === 'turn-end')).toEqual([
      { type: 'turn-end', text: 'one two' },
    ])
  })

  it('that nobody knows are passed over', () => {
    const decoder = new NovaDecoder(source)
    expect(decoder.take({ type: 'Sneezed' })).toEqual([])
    expect(decoder.take({ type: 'Results', is_final: true, channel: null })).toEqual([])
  })
})

const recorded = resolve(fixturesDir() ?? '', 'audio/deepgram/listen-last-results.jsonl')

describe.skipIf(!existsSync(recorded))('recorded words of Nova (skipped where the recordings are not there)', () => {
  it('are read', () => {
    const lines = readFileSync(recorded, 'utf8').trim().split('\n')
    const told = lines.map((line) => new NovaDecoder(source).take(JSON.parse(line).msg))
    expect(told.map((events) => events.map(({ type }) => type))).toEqual([...Array(3).fill(['final', 'turn-end']), []])
    expect(told.map(finals)).toEqual([
      'For the United States of America.',
      'Testing. 123. Testing. 123.',
      'Ensure domestic tranquility.',
      '',
    ])
    expect(told[0]?.[0]).toMatchObject({ words: [{ text: 'For', startMs: 17_560, endMs: 17_720 }, {}, {}, {}, {}, {}] })
  })
})
