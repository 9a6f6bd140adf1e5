import { describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { openaiAudioDialect } from '../../../providers/openai-audio/capabilities.ts'
import { createOpenAiAudio, openaiAudio } from '../../../providers/openai-audio/index.ts'
import {
  type Flush,
  flush,
  type SpeechProvider,
  type SttEvent,
  type SttOptions,
  type TurnOptions,
} from '../../../providers/speech.ts'
import { babble } from '../../audio/babble.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each, type TestCall } from '../../speech-call.ts'
import { isObject } from '../../upstreams/json.ts'
import { sawtooth } from '../../upstreams/openai-audio.ts'
import { sentences } from '../../upstreams/openai-audio-realtime.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { started } from './stage.ts'

const none: SttOptions & TurnOptions = { hints: [] }
/** A second each. */
const speech = sawtooth(24_000)
const silent = Buffer.alloc(48_000)

function hear(
  audio: AsyncIterable<Uint8Array | Flush>,
  { call }: TestCall,
  options = none,
  provider: SpeechProvider = openaiAudio,
): AsyncIterable<SttEvent> {
  const events = provider.stt?.transcribe?.(audio, { encoding: 'pcm', rate: 24_000 }, options, call)
  if (!events) throw new Error('it hears no streams')
  return events
}

/** 20 ms at a time. */
function* frames(...pieces: readonly (Buffer | Flush)[]): Generator<Uint8Array | Flush> {
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) yield piece
    else for (let at = 0; at < piece.length; at += 960) yield piece.subarray(at, at + 960)
  }
}

function sent(upstream: Upstream, type: string): unknown[] {
  const all = (upstream.sockets[0]?.received ?? []).map((message): unknown => JSON.parse(message.toString()))
  return all.filter((message) => isObject(message) && message.type === type)
}

function told(events: readonly SttEvent[]): string {
  return events.map((event) => (event.type === 'final' ? event.text : '')).join('')
}

describe('sound is heard while it comes', () => {
  it('turn by turn, as the vendor tells them apart', async () => {
    const { upstream, test } = await started({ transcribes: sentences('Is it open?', 'Thank you.') }, 'gpt-4o-transcribe')
    const sound = each(frames(silent, speech, silent, speech, silent))
    const events = await collected(hear(sound, test, { language: 'en-IN', hints: ['Pune'], silenceMs: 300 }))
    expect(events.filter(({ type }) => type !== 'partial')).toEqual([
      { type: 'open' },
      { type: 'speech-start', atMs: 1000 },
      { type: 'final', text: 'Is it open?' },
      { type: 'turn-end', text: 'Is it open?' },
      { type: 'speech-start', atMs: 3000 },
      { type: 'final', text: ' Thank you.' },
      { type: 'turn-end', text: 'Thank you.' },
      // What was left at the end was silence, which comes to the same.
      { type: 'final', text: ' Thank you.' },
      { type: 'done', seconds: expect.any(Number) },
    ])
    expect(events).toContainEqual({ type: 'partial', text: 'Is it' })
    expect(upstream.sockets[0]?.opening).toMatchObject({ path: '/v1/realtime' })
    expect([...(upstream.sockets[0]?.opening.query ?? [])]).toEqual([['intent', 'transcription']])
    expect(sent(upstream, 'session.update')).toEqual([
      {
        type: 'session.update',
        session: {
          type: 'transcription',
          audio: {
            input: {
              format: { type: 'audio/pcm', rate: 24_000 },
              transcription: { model: 'gpt-4o-transcribe', language: 'en', prompt: 'Pune' },
              turn_detection: { type: 'server_vad', silence_duration_ms: 300 },
            },
          },
        },
      },
    ])
    await upstream.waitForSocketClose()
  })

  it('and told at a flush, where nothing tells turns apart', async () => {
    const { upstream, test } = await started({ transcribes: sentences('First.', 'Last.') }, 'gpt-live-transcribe')
    const events = await collected(hear(each(frames(speech, flush, speech)), test, { language: 'fr', hints: ['Lyon'] }))
    expect(events.filter(({ type }) => type !== 'partial')).toEqual([
      { type: 'open' },
      { type: 'final', text: 'First.', flushed: true },
      { type: 'final', text: ' Last.' },
      { type: 'done', seconds: 2 },
    ])
    expect(sent(upstream, 'session.update')[0]).toMatchObject({
      session: { audio: { input: { transcription: { languages: ['fr'], keywords: ['Lyon'] }, turn_detection: null } } },
    })
  })

  it.each([
    [0.1, 'high'],
    [0.5, 'medium'],
    [0.9, 'low'],
  ])('with a sense of what was said: a threshold of %f is %s', async (endThreshold, eagerness) => {
    const { upstream, test } = await started({}, 'gpt-4o-mini-transcribe')
    await collected(hear(each(frames(speech)), test, { hints: [], endThreshold }))
    expect(sent(upstream, 'session.update')[0]).toMatchObject({
      session: { audio: { input: { turn_detection: { type: 'semantic_vad', eagerness } } } },
    })
  })

  it('in order, though the vendor is done with the later first', async () => {
    const late: (() => void)[] = []
    const texts = ['One.', 'Two.', 'Three.']
    const { test } = await started(
      {
        transcribes: (stretch, socket) => {
          late.unshift(() => socket.transcribed(stretch, texts[stretch.index] ?? ''))
          if (late.length === 3) for (const tell of late) tell()
        },
      },
      'gpt-realtime-whisper',
    )
    const events = await collected(hear(each(frames(speech, flush, speech, flush, speech)), test))
    expect(told(events)).toBe('One. Two. Three.')
  })

  it('in pieces of any size', async () => {
    const { upstream, test } = await started({ transcribes: sentences('Long.') }, 'gpt-realtime-whisper')
    const long = Buffer.concat(Array.from({ length: 20 }, () => speech))
    expect(told(await collected(hear(each([long]), test)))).toBe('Long.')
    const bytes = sent(upstream, 'input_audio_buffer.append').map((message) =>
      Buffer.from(isObject(message) ? String(message.audio) : '', 'base64'),
    )
    expect(Buffer.concat(bytes).equals(long)).toBe(true)
  })

  it.each([
    ['nothing', [], 0],
    ['less than is committed', [sawtooth(1000)], 0],
    ['nothing after a flush', [speech, flush], 1],
    ['one flush after the other', [speech, flush, flush], 1],
  ])('which may be %s', async (_, pieces, commits) => {
    const { upstream, test } = await started({}, 'gpt-4o-transcribe')
    const events = await collected(hear(each(frames(...pieces)), test))
    expect(events.at(-1)?.type).toBe('done')
    expect(told(events)).toBe(commits > 0 ? 'Hello there.' : '')
    expect(sent(upstream, 'input_audio_buffer.commit')).toHaveLength(commits)
  })

  it('where a flush finds too little to be committed, and is answered all the same', async () => {
    const { test } = await started({}, 'gpt-4o-transcribe')
    const events = await collected(hear(each(frames(sawtooth(1000), flush, speech)), test))
    expect(events.find(({ type }) => type === 'final')).toEqual({ type: 'final', text: '', flushed: true })
    expect(told(events)).toBe('Hello there.')
  })

  it('by servers that want the model in the address and a session of the first form', async () => {
    const { hearing } = openaiAudioDialect
    if (!hearing) throw new Error('it does not hear')
    const elsewhere = createOpenAiAudio({
      ...openaiAudioDialect,
      hearing: { ...hearing, realtime: { modelInURL: true, session: 'flat' } },
    })
    const { upstream, test } = await started({ sockets: { connected: silentServer } }, 'whisper/small')
    const events = await collected(hear(each(frames(speech)), test, { hints: [], silenceMs: 700 }, elsewhere))
    expect(told(events)).toBe('Elsewhere.')
    expect([...(upstream.sockets[0]?.opening.query ?? [])]).toEqual([
      ['intent', 'transcription'],
      ['model', 'whisper/small'],
    ])
    expect(sent(upstream, 'session.update')).toEqual([
      {
        type: 'session.update',
        session: {
          input_audio_transcription: { model: 'whisper/small' },
          turn_detection: { type: 'server_vad', silence_duration_ms: 700 },
        },
      },
    ])
  })
})

/** Says nothing before it is asked to commit. */
function silentServer({ onMessage, json }: Upstream['sockets'][number]): void {
  onMessage((message) => {
    if (!message.includes('input_audio_buffer.commit')) return
    json({ type: 'input_audio_buffer.committed', item_id: 'x' })
    json({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'x', transcript: 'Elsewhere.' })
  })
}

describe('a stream that cannot be heard', () => {
  it('is told by the status of the handshake', async () => {
    const { test } = await started({}, 'gpt-4o-transcribe', { apiKey: new Secret('sk-test-wrong-0123456789') })
    await expect(collected(hear(each(frames(speech)), test))).rejects.toMatchObject({
      code: 'provider_authentication',
      providerError: { status: 401 },
    })
  })

  it('is told in the words of the vendor', async () => {
    const { test } = await started({}, 'gpt-9-transcribe')
    await expect(collected(hear(each(frames(speech)), test))).rejects.toThrow('The model `gpt-9-transcribe` does not exist')
  })

  it.each([
    ['closes without a word', (socket: Upstream['sockets'][number]) => socket.close(1011), 'provider_error', 'closed'],
    ['says why it closes', (socket) => socket.close(1008, 'Authentication failed'), 'provider_rejected', 'Authentication failed'],
    ['is cut off', (socket) => socket.drop(), 'provider_disconnected', 'closed'],
    ['sends garbage', (socket) => socket.send('{"type":'), 'provider_protocol', 'no JSON'],
    ['sends bytes', (socket) => socket.send(new Uint8Array([1, 2])), 'provider_protocol', 'no JSON'],
    ['sends a list', (socket) => socket.send('[]'), 'provider_protocol', 'no event'],
  ] satisfies [string, (socket: Upstream['sockets'][number]) => void, string, string][])(
    'is told where the server %s',
    async (_, act, code, words) => {
      const { test } = await started({ sockets: { connected: (socket) => socket.onMessage(() => act(socket)) } }, 'whisper-1')
      const heard = collected(hear(each(frames(speech)), test))
      await expect(heard).rejects.toMatchObject({ code })
      await expect(heard).rejects.toThrow(words)
    },
  )

  it('is told where a stretch is never transcribed', async () => {
    const timeouts = { firstByteMs: 5000, idleMs: 50 }
    const { upstream, test } = await started({ transcribes: () => undefined }, 'gpt-realtime-whisper', { timeouts })
    await expect(collected(hear(each(frames(speech)), test))).rejects.toMatchObject({ code: 'provider_timeout' })
    await upstream.waitForSocketClose()
  })

  it('is told where the server hears no more', async () => {
    const clock = new ManualClock()
    const deaf = ({ json }: Upstream['sockets'][number]) => json({ type: 'session.created', session: {} })
    const { upstream, test } = await started({ sockets: { connected: deaf } }, 'gpt-4o-transcribe', { clock })
    const more = signal()
    const over = signal()
    async function* hesitant(): AsyncGenerator<Uint8Array> {
      yield silent
      await more.given
      yield* babble(24_000, 20)
      await over.given
    }
    const heard = collected(hear(hesitant(), test))
    const socket = await upstream.waitForSocket()
    while (socket.received.length < 2) await turn()
    clock.advance(20_000)
    more.give()
    await expect(heard).rejects.toMatchObject({ code: 'provider_timeout' })
    over.give()
    await upstream.waitForSocketClose()
  })

  it('is not cut off where somebody speaks on and on', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await started({ transcribes: sentences('And so on.') }, 'gpt-4o-transcribe', { clock })
    const more = signal()
    async function* monologue(): AsyncGenerator<Uint8Array> {
      yield* babble(24_000, 1)
      await more.given
      yield* babble(24_000, 60)
      yield silent
    }
    const heard = collected(hear(monologue(), test))
    const socket = await upstream.waitForSocket()
    while (socket.received.length < 51) await turn()
    for (let seconds = 0; seconds < 30; seconds++) {
      clock.advance(1000)
      await turn()
    }
    more.give()
    expect(told(await heard)).toMatch(/^And so on\./)
  })

  it('is not cut off while nobody says a word', async () => {
    const clock = new ManualClock()
    const { upstream, test } = await started({ transcribes: sentences('At last.') }, 'gpt-4o-transcribe', { clock })
    const more = signal()
    async function* hesitant(): AsyncGenerator<Uint8Array> {
      yield silent
      await more.given
      yield speech
    }
    const heard = collected(hear(hesitant(), test))
    const socket = await upstream.waitForSocket()
    while (socket.received.length < 2) await turn()
    for (let minute = 0; minute < 10; minute++) {
      clock.advance(60_000)
      await turn()
    }
    more.give()
    expect(told(await heard)).toBe('At last.')
  })
})

/** Something that happens once. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give: () => give() }
}

/** Whatever is ready is done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the socket is closed', () => {
  async function* endless(left: () => void): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield speech.subarray(0, 960)
        await turn()
      }
    } finally {
      left()
    }
  }

  it('at once where the caller leaves, and the sound is left alone', async () => {
    const { upstream, test } = await started({}, 'gpt-4o-transcribe')
    const left = signal()
    const heard = collected(hear(endless(left.give), test))
    heard.catch(() => undefined)
    const socket = await upstream.waitForSocket()
    while (socket.received.length < 5) await turn()
    test.abort()
    await expect(heard).rejects.toThrow('the caller left')
    await Promise.all([upstream.waitForSocketClose(), left.given])
  })

  it('where the iteration is left', async () => {
    const { upstream, test } = await started({ transcribes: sentences('Stop.') }, 'gpt-4o-transcribe')
    const left = signal()
    for await (const event of hear(endless(left.give), test)) if (event.type === 'speech-start') break
    await Promise.all([upstream.waitForSocketClose(), left.given])
  })

  it('where the sound cannot be had any more', async () => {
    const { upstream, test } = await started({}, 'gpt-4o-transcribe')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield speech
      throw new Error('the microphone fell')
    }
    await expect(collected(hear(broken(), test))).rejects.toThrow('the microphone fell')
    await upstream.waitForSocketClose()
  })

  it('before it opens, where the caller has left already', async () => {
    const { upstream, test } = await started({}, 'gpt-4o-transcribe')
    test.abort()
    await expect(collected(hear(each(frames(speech)), test))).rejects.toThrow('the caller left')
    expect(upstream.sockets).toHaveLength(0)
  })
})
