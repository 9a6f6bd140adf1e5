import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { cartesia } from '../../../providers/cartesia/index.ts'
import {
  type Flush,
  flush,
  type RawFormat,
  type SpeechCall,
  type SttEvent,
  type SttOptions,
  type TurnOptions,
} from '../../../providers/speech.ts'
import { babble } from '../../audio/babble.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { silenceOf, soundOf } from '../../upstreams/cartesia-sound.ts'
import type { SocketConnection } from '../../upstreams/sockets.ts'
import { failureOf, Hand, staged } from './stage.ts'

const pcm: RawFormat = { encoding: 'pcm', rate: 16_000 }
const plain: SttOptions & TurnOptions = { hints: [] }
const inTurns: SttOptions & TurnOptions = { hints: [], endThreshold: 0.8, eagerThreshold: 0.6 }

describe('sound while it comes', () => {
  it.each<RawFormat>([pcm, { encoding: 'mulaw', rate: 8000 }])('is heard word by word in $encoding', async (format) => {
    const { call, upstream } = await staged('ink-whisper')
    const sound = soundOf('Good evening to all.', format)
    const pieces = [sound.subarray(0, 640), sound.subarray(640, 1600), sound.subarray(1600)]
    const events = await collected(transcribe(each(pieces), format, plain, call))
    expect(events).toEqual([
      { type: 'open' },
      { type: 'partial', text: 'Good ' },
      { type: 'partial', text: 'Good evening ' },
      { type: 'partial', text: 'Good evening to ' },
      {
        type: 'final',
        text: 'Good evening to all.',
        language: 'en',
        words: [{ text: 'Good evening to all.', startMs: 0, endMs: 200 }],
      },
      { type: 'done' },
    ])
    expect(upstream.sockets[0]?.received.filter((message) => typeof message === 'string')).toEqual(['finalize', 'close'])
  })

  it('is written down at once where that is asked for, and put together as it is', async () => {
    const { call } = await staged('ink-2')
    const pieces = [soundOf('One', pcm), flush, soundOf(' two ', pcm), flush, flush, soundOf('three', pcm)] as const
    const events = await collected(transcribe(each(pieces), pcm, plain, call))
    const finals = events.flatMap((event) => (event.type === 'final' ? [event] : []))
    expect(finals.map(({ text }) => text).join('')).toBe('One two three')
    expect(finals.map(({ text, flushed = false }) => [text, flushed])).toEqual([
      ['One', false],
      ['', true],
      [' two ', false],
      ['', true],
      ['', true],
      ['three', false],
    ])
  })

  it('is asked for in the words of each model', async () => {
    const two = await staged('ink-2')
    await collected(transcribe(each([]), pcm, { language: 'en-GB', hints: ['Cartesia', 'Ink Two'], silenceMs: 500 }, two.call))
    expect(opening(two.upstream.sockets[0])).toEqual(
      '/stt/websocket?model=ink-2&encoding=pcm_s16le&sample_rate=16000&language=en&keyterm=Cartesia&keyterm=Ink+Two',
    )
    const whisper = await staged('ink-whisper')
    await collected(transcribe(each([]), pcm, { language: 'hi', hints: [], silenceMs: 500, endThreshold: 0.7 }, whisper.call))
    expect(opening(whisper.upstream.sockets[0])).toEqual(
      '/stt/websocket?model=ink-whisper&encoding=pcm_s16le&sample_rate=16000&language=hi&max_silence_duration_secs=0.5',
    )
  })

  it('is heard in silence for as long as nobody speaks', async () => {
    const clock = new ManualClock()
    const { call, upstream } = await staged('ink-whisper', {}, { clock })
    const audio = new Hand<Uint8Array | Flush>()
    const events = transcribe(audio, pcm, plain, call)[Symbol.asyncIterator]()
    expect(await events.next()).toMatchObject({ value: { type: 'open' } })
    const first = events.next()
    const socket = await upstream.waitForSocket()
    // The vendor closes after three minutes without a message.
    for (let minutes = 1; minutes <= 10; minutes++) {
      await until(() => clock.waiting > 1)
      clock.advance(60_000)
      await until(() => socket.received.length === minutes)
    }
    audio.give(soundOf('At last.', pcm))
    audio.end()
    expect(await first).toMatchObject({ value: { type: 'partial', text: 'At ' } })
    expect((await rest(events)).at(-1)).toEqual({ type: 'done' })
  })
})

describe('turns', () => {
  it('are told by what was said', async () => {
    const { call, upstream } = await staged('ink-2')
    const sound = [soundOf('How are', pcm), silenceOf(400, pcm), soundOf(' you?', pcm), silenceOf(900, pcm), soundOf('Fine', pcm)]
    const events = await collected(transcribe(each(sound), pcm, inTurns, call))
    expect(events).toEqual([
      { type: 'open' },
      { type: 'speech-start' },
      { type: 'partial', text: 'How ' },
      { type: 'turn-eager-end', text: 'How are' },
      { type: 'turn-resumed' },
      { type: 'partial', text: 'How are ' },
      { type: 'turn-eager-end', text: 'How are you?' },
      { type: 'final', text: 'How are you?' },
      { type: 'turn-end', text: 'How are you?' },
      { type: 'speech-start' },
      { type: 'partial', text: 'Fine' },
      { type: 'final', text: 'Fine' },
      { type: 'turn-end', text: 'Fine' },
      { type: 'done' },
    ])
    expect(opening(upstream.sockets[0])).toBe(
      '/stt/turns/websocket?model=ink-2&encoding=pcm_s16le&sample_rate=16000&turn_eager_end_threshold=0.4&turn_end_threshold=0.2',
    )
  })

  it('are not foretold where that was not asked for', async () => {
    const { call } = await staged('ink-2')
    const sound = [soundOf('How are', pcm), silenceOf(400, pcm), soundOf(' you?', pcm), silenceOf(900, pcm)]
    const events = await collected(transcribe(each(sound), pcm, { hints: [], endThreshold: 0.8 }, call))
    expect(events.map(({ type }) => type)).toEqual(['open', 'speech-start', 'partial', 'partial', 'final', 'turn-end', 'done'])
  })

  it('do not dangle where the sound stops', async () => {
    const clock = new ManualClock()
    const { call, upstream } = await staged('ink-2', {}, { clock })
    const audio = new Hand<Uint8Array | Flush>()
    const events = transcribe(audio, pcm, inTurns, call)[Symbol.asyncIterator]()
    audio.give(soundOf('Muted', pcm))
    expect(await events.next()).toMatchObject({ value: { type: 'open' } })
    expect(await events.next()).toMatchObject({ value: { type: 'speech-start' } })
    const ended = through(events, 'turn-end')
    const socket = await upstream.waitForSocket()
    clock.advance(500)
    for (let pieces = 2; pieces <= 8; pieces++) {
      await until(() => socket.received.length === pieces)
      clock.advance(100)
    }
    expect((await ended).at(-1)).toEqual({ type: 'turn-end', text: 'Muted' })
    audio.end()
    expect(await rest(events)).toEqual([{ type: 'done' }])
  })

  it('are not for other models or languages', async () => {
    const whisper = await staged('ink-whisper')
    await collected(transcribe(each([]), pcm, inTurns, whisper.call))
    expect(whisper.upstream.sockets[0]?.opening.path).toBe('/stt/websocket')
  })
})

describe('a call that is over', () => {
  it('leaves no timer and no listener behind, whoever ended it', async () => {
    const clock = new ManualClock()
    const { call, upstream } = await staged('ink-2', {}, { clock })
    for (const options of [plain, inTurns]) {
      await collected(transcribe(each([soundOf('One two', pcm), silenceOf(100, pcm)]), pcm, options, call))
      for await (const _ of transcribe(each([soundOf('One two', pcm)]), pcm, options, call)) break
    }
    await upstream.waitForSocketClose(4)
    await until(() => clock.waiting === 0)
    expect(getEventListeners(call.signal, 'abort')).toEqual([])
  })
})

describe('a caller who is gone', () => {
  it('closes the socket and lets go of the sound', async () => {
    const { call, upstream } = await staged('ink-2')
    const audio = new Hand<Uint8Array | Flush>()
    audio.give(soundOf('One two', pcm))
    for await (const _ of transcribe(audio, pcm, plain, call)) break
    expect(audio.wasLeft).toBe(true)
    await upstream.waitForSocketClose()
  })

  it('gets its reason at once', async () => {
    const { call, upstream, abort } = await staged('ink-2')
    const audio = new Hand<Uint8Array | Flush>()
    const failure = failureOf(transcribe(audio, pcm, plain, call))
    await upstream.waitForSocket()
    abort()
    expect((await failure).error).toEqual(new Error('the caller left'))
    await upstream.waitForSocketClose()
    expect(audio.wasLeft).toBe(true)
  })

  it('gets what its own source throws', async () => {
    const { call, upstream } = await staged('ink-2')
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield soundOf('One', pcm)
      throw new Error('the microphone broke')
    }
    expect((await failureOf(transcribe(broken(), pcm, plain, call))).error).toEqual(new Error('the microphone broke'))
    await upstream.waitForSocketClose()
  })
})

describe('a vendor that fails', () => {
  const limit = { status: 429, code: 'concurrency_limited', title: 'Too many', message: 'Too many streams.' }
  const failures = [
    ['breaks', { code: 'provider_disconnected' }],
    ['closes without a code', { code: 'provider_disconnected' }],
    ['says nothing', { code: 'provider_timeout' }],
    ['no JSON', { code: 'provider_protocol', message: 'Cartesia: a message is no JSON object.' }],
    [{ error: limit }, { code: 'provider_rate_limit', message: 'Cartesia: Too many streams.' }],
  ] as const
  it.each(failures)('by %o is told as what it is', async (fault, expected) => {
    const { call, upstream } = await staged('ink-2', { hearing: { fault } }, { timeouts: { firstByteMs: 5000, idleMs: 100 } })
    expect((await failureOf(transcribe(each([soundOf('One', pcm)]), pcm, plain, call))).error).toMatchObject(expected)
    await upstream.waitForSocketClose()
  })

  it.each([
    ['word by word', plain],
    ['in turns', inTurns],
  ])('that hears no more %s is noticed by what is said', async (_, options) => {
    const clock = new ManualClock()
    const { call, upstream } = await staged('ink-2', { hearing: { isDeaf: true } }, { clock })
    const audio = new Hand<Uint8Array | Flush>()
    const failure = failureOf(transcribe(audio, pcm, options, call))
    const socket = await upstream.waitForSocket()
    // Of silence nobody has to say anything.
    audio.give(silenceOf(30_000, pcm))
    await until(() => socket.received.length === 1)
    clock.advance(20_000)
    audio.give(...babble(16_000, 20))
    await expect(failure).resolves.toMatchObject({ error: { code: 'provider_timeout' }, before: 1 })
    expect(audio.wasLeft).toBe(true)
  })

  it('closes in the middle of a turn, which is no end of it', async () => {
    const { call } = await staged('ink-2', { hearing: { fault: 'closes without a code' } })
    const audio = new Hand<Uint8Array | Flush>()
    audio.give(soundOf('One', pcm))
    expect((await failureOf(transcribe(audio, pcm, inTurns, call))).error).toMatchObject({ code: 'provider_disconnected' })
  })

  it('refuses a language in its own words', async () => {
    const { call } = await staged('ink-2')
    const { error } = await failureOf(transcribe(each([]), pcm, { hints: [], language: 'fr' }, call))
    expect(error).toMatchObject({ code: 'provider_rejected', message: 'Cartesia: ink-2 is English only' })
  })
})

function transcribe(
  audio: AsyncIterable<Uint8Array | Flush>,
  format: RawFormat,
  options: SttOptions & TurnOptions,
  call: SpeechCall,
): AsyncIterable<SttEvent> {
  const events = cartesia.stt?.transcribe?.(audio, format, options, call)
  if (!events) throw new Error('it does not stream')
  return events
}

async function rest(events: AsyncIterator<SttEvent>): Promise<SttEvent[]> {
  return collected({ [Symbol.asyncIterator]: () => events })
}

async function through(events: AsyncIterator<SttEvent>, type: SttEvent['type']): Promise<SttEvent[]> {
  const all: SttEvent[] = []
  for (;;) {
    const next = await events.next()
    if (next.done) throw new Error(`ended before ${type}`)
    all.push(next.value)
    if (next.value.type === type) return all
  }
}

function opening(connection: SocketConnection | undefined): string {
  return `${connection?.opening.path}?${connection?.opening.query}`
}
