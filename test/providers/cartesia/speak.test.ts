import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { cartesia } from '../../../providers/cartesia/index.ts'
import { type Flush, flush, type SpeechCall, type TtsEvent, type TtsOptions } from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { concurrencyLimited } from '../../upstreams/cartesia-rules.ts'
import type { Fault } from '../../upstreams/cartesia-speech.ts'
import { isObject } from '../../upstreams/json.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { failureOf, Hand, spokenIn, staged, voice } from './stage.ts'

describe('a text that is still being written', () => {
  it('is spoken as it was written, piece by piece, to the last sample', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    const pieces = ['Hel', 'lo the', 're. How', ' are', ' you? Fine']
    const events = await collected(speak(each(pieces), voice, call))
    expect(spokenIn(events)).toBe(pieces.join(''))
    expect(events.at(-1)).toEqual({ type: 'done' })
    expect(messages(upstream).map(({ transcript }) => transcript)).toEqual([...pieces, ''])
    expect(messages(upstream)[0]).not.toHaveProperty('max_buffer_delay_ms')
  })

  it('is not waited for where it comes in whole sentences, and each flush is answered in its place', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    const events = await collected(speak(each(['One. ', flush, 'Two!', flush, flush]), voice, call))
    expect(spokenIn(events)).toBe('One. Two!')
    expect(shape(events)).toEqual(['audio', 'flushed', 'audio', 'flushed', 'flushed', 'done'])
    expect(messages(upstream)[0]).toMatchObject({ max_buffer_delay_ms: 0, continue: true })
    expect(messages(upstream)[1]).toMatchObject({ transcript: '', flush: true, continue: true })
    expect(messages(upstream).at(-1)).toMatchObject({ transcript: '', continue: false })
  })

  it('has the word flush in it like any other', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    const events = await collected(speak(each(['Never ', 'flush', ' it.']), voice, call))
    expect(spokenIn(events)).toBe('Never flush it.')
    expect(shape(events)).toEqual(['audio', 'done'])
    expect(messages(upstream).filter((message) => 'flush' in message)).toEqual([])
  })

  it('takes its options with it', async () => {
    const { call, upstream } = await staged('sonic-3')
    const options = { ...voice, language: 'pt-BR', speed: 1.2, volume: 0.8, emotion: 'calm' }
    await collected(speak(each(['Olá.']), { ...options, format: { encoding: 'mulaw', rate: 8000 } }, call))
    expect(messages(upstream)[0]).toMatchObject({
      model_id: 'sonic-3',
      voice: { mode: 'id', id: voice.voice },
      output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8000 },
      locale: 'pt-BR',
      generation_config: { speed: 1.2, volume: 0.8, emotion: 'calm' },
    })
    expect(upstream.sockets[0]?.opening.headers).toMatchObject({ 'cartesia-version': '2026-08-14' })
  })

  it('costs nothing and says nothing where there is none', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    expect(await collected(speak(each(['', ' \n', flush]), voice, call))).toEqual([{ type: 'flushed' }, { type: 'done' }])
    expect(messages(upstream)).toEqual([])
  })

  it('says when each word is spoken, counted from the beginning over several contexts', async () => {
    const { call } = await staged('sonic-3.5', { speech: { expiryMs: 0 } })
    const text = new Hand<string | Flush>()
    const events = speak(text, { ...voice, alignment: true }, call)[Symbol.asyncIterator]()
    text.give('One two. ', flush)
    const first = await through(events, 'flushed')
    text.give('Three.')
    text.end()
    const all = [...first, ...(await through(events, 'done'))]
    const times = all.flatMap((event) => (event.type === 'alignment' ? [event] : []))
    expect(times.map(({ tokens, startMs, durationMs }) => ({ tokens, startMs, durationMs }))).toEqual([
      { tokens: ['One', 'two.'], startMs: [0, 40], durationMs: [30, 40] },
      { tokens: ['Three.'], startMs: [90], durationMs: [60] },
    ])
  })
})

describe('a context', () => {
  it('that was over before later text came is followed by another on the same socket', async () => {
    const { call, upstream } = await staged('sonic-3.5', { speech: { expiryMs: 0 } })
    const text = new Hand<string | Flush>()
    const events = speak(text, voice, call)[Symbol.asyncIterator]()
    text.give('First.', flush)
    const first = await through(events, 'flushed')
    text.give('Second.')
    text.end()
    const all = [...first, ...(await through(events, 'done'))]
    expect(spokenIn(all)).toBe('First.Second.')
    expect(new Set(messages(upstream).map(({ context_id }) => context_id)).size).toBe(2)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('whose end crossed with more text does not swallow it, and says nothing twice', async () => {
    const { call } = await staged('sonic-3.5', { speech: { expiresBeforeSecond: true } })
    const text = new Hand<string | Flush>()
    const events = speak(text, voice, call)[Symbol.asyncIterator]()
    text.give('First. ')
    const first = [...(await through(events, 'audio')), ...(await through(events, 'audio'))]
    text.give('Second.', flush, 'Third.')
    text.end()
    const all = [...first, ...(await through(events, 'done'))]
    expect(spokenIn(all)).toBe('First. Second.Third.')
    expect(shape(all)).toEqual(['audio', 'flushed', 'audio', 'done'])
  })

  it('is deaf to the sound of others', async () => {
    const { call } = await staged('sonic-3.5', { speech: { strays: true } })
    expect(spokenIn(await collected(speak(each(['Mine.']), voice, call)))).toBe('Mine.')
  })

  it('is cancelled by a caller who leaves, whose source is let go as well', async () => {
    const { call, upstream } = await staged('sonic-3.5', { speech: { strays: true } })
    const text = new Hand<string | Flush>()
    text.give('One. ', 'Two. ')
    for await (const event of speak(text, voice, call)) if (event.type === 'audio') break
    expect(text.wasLeft).toBe(true)
    const socket = await upstream.waitForSocketClose()
    expect(socket.received.at(-1)).toBe(JSON.stringify({ context_id: 'req_test-1', cancel: true }))
  })

  it('opens another socket where the vendor closed one on which nothing was said', async () => {
    const { call, upstream } = await staged('sonic-3.5', { speech: { expiryMs: 0, idleMs: 30 } })
    const text = new Hand<string | Flush>()
    const events = speak(text, voice, call)[Symbol.asyncIterator]()
    text.give('First.', flush)
    const first = await through(events, 'flushed')
    await upstream.waitForSocketClose()
    // The goodbye has been answered, and still has to be read here.
    await until(() => upstream.connections === 0)
    text.give('Second.')
    text.end()
    expect(spokenIn([...first, ...(await through(events, 'done'))])).toBe('First.Second.')
    expect(upstream.sockets).toHaveLength(2)
  })
})

describe('a call that is over', () => {
  it('leaves no timer and no listener behind, whoever ended it', async () => {
    const clock = new ManualClock()
    const { call, upstream } = await staged('sonic-3.5', {}, { clock })
    for (let calls = 0; calls < 5; calls++) {
      await collected(speak(each(['One. ', flush, 'Two.']), voice, call))
      for await (const _ of speak(each(['One. ', 'Two.']), voice, call)) break
    }
    await upstream.waitForSocketClose(10)
    await until(() => clock.waiting === 0)
    expect(getEventListeners(call.signal, 'abort')).toEqual([])
  })
})

describe('a caller who is gone', () => {
  it('gets the reason at once, and closes the socket', async () => {
    const { call, upstream, abort } = await staged('sonic-3.5')
    const text = new Hand<string | Flush>()
    text.give('One. ')
    const events = speak(text, voice, call)[Symbol.asyncIterator]()
    await events.next()
    const rest = failureOf({ [Symbol.asyncIterator]: () => events })
    abort()
    expect((await rest).error).toEqual(new Error('the caller left'))
    await upstream.waitForSocketClose()
    expect(text.wasLeft).toBe(true)
  })

  it('gets what its own source throws', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    const broken = async function* (): AsyncGenerator<string> {
      yield 'One. '
      throw new Error('the model failed')
    }
    expect((await failureOf(speak(broken(), voice, call))).error).toEqual(new Error('the model failed'))
    await upstream.waitForSocketClose()
  })
})

describe('a vendor that fails', () => {
  const failures: readonly (readonly [fault: Fault, expected: Record<string, unknown>])[] = [
    ['stalls', { code: 'provider_timeout' }],
    ['says nothing', { code: 'provider_protocol', message: 'Cartesia: the answer is empty.', transient: true }],
    ['no JSON', { code: 'provider_protocol', message: 'Cartesia: a message is no JSON object.' }],
    ['no base64', { code: 'provider_protocol', message: 'Cartesia: a piece of sound is not base64.' }],
    ['half a sample', { code: 'provider_protocol', message: 'Cartesia: the sound ends in the middle of a sample.' }],
    ['without end', { code: 'provider_protocol', message: 'Cartesia: it sent more than 66 seconds of sound for 6 characters.' }],
    ['breaks', { code: 'provider_disconnected' }],
    ['closes', { code: 'provider_error', message: 'Cartesia: it closed the connection with code 1011: internal.' }],
    [{ error: concurrencyLimited }, { code: 'provider_rate_limit', status: 429, transient: true }],
    [
      { error: { status: 402, code: 'quota_exceeded', title: 'Credits', message: 'No credits are left.' } },
      { code: 'provider_quota', message: 'Cartesia: No credits are left.' },
    ],
  ]
  it.each(failures)('by %o is told as what it is', async (fault, expected) => {
    const { call, upstream } = await staged(
      'sonic-3.5',
      { speech: { fault: () => fault } },
      fault === 'stalls' ? { timeouts: quick } : {},
    )
    expect((await failureOf(speak(each(['Hello.']), voice, call))).error).toMatchObject(expected)
    await upstream.waitForSocketClose()
  })

  it('is one where a second context is more than the plan allows', async () => {
    const { call } = await staged('sonic-3.5', { speech: { concurrency: 0 } })
    const { error } = await failureOf(speak(each(['Hello.']), voice, call))
    expect(error).toMatchObject({
      code: 'provider_rate_limit',
      message: "Cartesia: You have exceeded your plan's concurrency limit.",
    })
  })

  it('refuses a handshake in its own words, without the key', async () => {
    const { call } = await staged('sonic-3.5', { maxSockets: 0 })
    expect((await failureOf(speak(each(['Hello.']), voice, call))).error).toMatchObject({ code: 'provider_rate_limit' })
    const stranger = await staged('sonic-3.5', {})
    const wrong = { ...stranger.call, apiKey: new Secret('sk-test-wrong-key') }
    const { error } = await failureOf(speak(each(['Hello.']), voice, wrong))
    expect(error).toMatchObject({ code: 'provider_authentication' })
    expect(String(error)).not.toContain('sk-test-wrong-key')
  })

  it('is not to blame for a slow writer', async () => {
    const clock = new ManualClock()
    const { call } = await staged('sonic-3.5', {}, { clock })
    const text = new Hand<string | Flush>()
    const events = speak(text, voice, call)[Symbol.asyncIterator]()
    text.give('One.', flush)
    const first = await through(events, 'flushed')
    const next = events.next()
    clock.advance(600_000)
    text.give('Two.')
    text.end()
    const second = await next
    expect(spokenIn([...first, ...(second.done ? [] : [second.value]), ...(await through(events, 'done'))])).toBe('One.Two.')
  })
})

describe('a format that is not raw', () => {
  it('is not streamed', async () => {
    const { call } = await staged('sonic-3.5')
    const { error } = await failureOf(speak(each(['Hello.']), { ...voice, format: { encoding: 'mp3' } }, call))
    expect(error).toMatchObject({ code: 'unsupported_parameter' })
  })
})

const quick = { firstByteMs: 5000, idleMs: 150 }

function speak(text: AsyncIterable<string | Flush>, options: TtsOptions, call: SpeechCall): AsyncIterable<TtsEvent> {
  const events = cartesia.tts?.speak?.(text, options, call)
  if (!events) throw new Error('it does not stream')
  return events
}

/** The events up to the first of a type. */
async function through(events: AsyncIterator<TtsEvent>, type: TtsEvent['type']): Promise<TtsEvent[]> {
  const all: TtsEvent[] = []
  for (;;) {
    const next = await events.next()
    if (next.done) throw new Error(`ended before ${type}`)
    all.push(next.value)
    if (next.value.type === type) return all
  }
}

/** The types, without how the sound was cut. */
function shape(events: readonly TtsEvent[]): string[] {
  return events.map(({ type }) => type).filter((type, index, types) => type !== 'audio' || types[index - 1] !== 'audio')
}

function messages(upstream: Upstream): Record<string, unknown>[] {
  return upstream.sockets.flatMap(({ received }) => received.map((message) => JSON.parse(String(message)))).filter(isObject)
}
