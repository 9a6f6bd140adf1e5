import { afterEach, describe, expect, it } from 'vitest'
import { google } from '../../../providers/google/index.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { collected, speechCall, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type GoogleScript, type GoogleTts, googleKey, type Step, saidIn, startGoogleTts } from '../../upstreams/google-tts.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

describe('a whole text', () => {
  it('is spoken by a stream that is told of the voice first and of the end right away', async () => {
    const { server, call } = await started()
    const events = await collected(synthesize('Guten Morgen, schöne Welt.', { voice: 'Kore', language: 'de', speed: 1.5 }, call))
    expect(saidIn(soundIn(events), 'pcm')).toBe('Guten Morgen, schöne Welt.')
    expect(events.at(-1)).toEqual({ type: 'done' })
    const [stream] = server.calls
    expect(stream?.method).toBe('StreamingSynthesize')
    expect(stream?.inputs).toEqual(['Guten Morgen, schöne Welt.'])
    expect(stream?.config?.voice).toMatchObject({ name: 'de-DE-Chirp3-HD-Kore', languageCode: 'de-DE' })
    expect(stream?.config?.streamingAudioConfig).toMatchObject({ audioEncoding: 7, sampleRateHertz: 24_000, speakingRate: 1.5 })
    expect(stream?.halfClosed).toBe(true)
    expect(stream?.metadata.get('x-goog-api-key')).toEqual([googleKey])
  })

  it.each(['pcm', 'mulaw', 'opus', 'mp3'] as const)('comes as %s', async (encoding) => {
    const { server, call } = await started()
    const events = await collected(
      synthesize('One two three.', { voice: 'en-GB-Chirp3-HD-Puck', format: formats[encoding] }, call),
    )
    expect(saidIn(soundIn(events), encoding)).toBe('One two three.')
    expect(server.calls[0]?.method).toBe(encoding === 'mp3' ? 'SynthesizeSpeech' : 'StreamingSynthesize')
  })

  it.each(['pcm', 'mulaw', 'opus', 'mp3'] as const)('comes at once from a voice of another family, as %s', async (encoding) => {
    const { server, call } = await started()
    const options = { voice: 'en-US-Neural2-F', format: formats[encoding], volume: 2, speed: 0.5 }
    const events = await collected(synthesize('One two three.', options, call))
    expect(saidIn(soundIn(events), encoding)).toBe('One two three.')
    expect(server.calls[0]?.method).toBe('SynthesizeSpeech')
    expect(server.calls[0]?.request?.audioConfig).toMatchObject({ speakingRate: 0.5, volumeGainDb: expect.closeTo(6.02, 2) })
  })

  it('carries the trace on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { server, call } = await started({}, { trace: { traceparent } })
    await collected(synthesize('Hello.', {}, call))
    expect(server.calls[0]?.metadata.get('traceparent')).toEqual([traceparent])
  })

  it('is spoken beside many others over connections that are kept', async () => {
    const { server, call } = await started()
    const texts = Array.from({ length: 150 }, (_, index) => `This is sentence number ${index}.`)
    const spoken = await Promise.all(
      texts.map((text) => collected(synthesize(text, {}, { ...call, signal: new AbortController().signal }))),
    )
    expect(spoken.map((events) => saidIn(soundIn(events), 'pcm'))).toEqual(texts)
    expect(server.calls).toHaveLength(150)
  })
})

describe('what cannot be spoken', () => {
  it('is refused before anything is sent', async () => {
    const { server, call } = await started()
    await expect(collected(synthesize('Hello.', { voice: 'Korre' }, call))).rejects.toMatchObject({
      code: 'unknown_voice',
      param: 'voice',
      status: 400,
    })
    await expect(collected(synthesize('é'.repeat(2501), {}, call))).rejects.toMatchObject({ code: 'provider_request_too_large' })
    expect(server.calls).toEqual([])
  })

  it.each<[string, readonly [Step], string, RegExp]>([
    ['nothing', [{ type: 'send', messages: [] }], 'provider_protocol', /answer is empty/],
    ['messages without sound', [{ type: 'send', messages: many(1001, 0) }], 'provider_protocol', /without sound/],
    ['half a sample at the end', [{ type: 'send', messages: many(1, 3) }], 'provider_protocol', /middle of a sample/],
    [
      'bytes that are no message',
      [{ type: 'send', messages: [Buffer.from([0x0a, 0xff])], raw: true }],
      'provider_protocol',
      /cannot be read/,
    ],
    ['a page', [{ type: 'send', messages: [Buffer.from('<!DOCTYPE html><html>')] }], 'provider_protocol', /text where sound/],
    ['JSON', [{ type: 'send', messages: [Buffer.from('{"error":{"code":500}}')] }], 'provider_protocol', /text where sound/],
    ['far too much', [{ type: 'flood', bytes: 400_000 }], 'provider_protocol', /more than 66 seconds/],
  ])('fails with words on %s', async (_, steps, code, message) => {
    const { call } = await started({ steps })
    await expect(collected(synthesize('Hello.', {}, call))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it.each<[string, Uint8Array, TtsOptions['format'], RegExp]>([
    ['nothing', Buffer.alloc(0), { encoding: 'mp3' }, /answer is empty/],
    ['a page', Buffer.from('<html>'), { encoding: 'mp3' }, /text where sound/],
    ['a broken WAV file', Buffer.from('RIFF0000JUNK'), { encoding: 'mulaw', rate: 8000 }, /WAV/],
  ])('fails with words on %s at once', async (_, message, format, words) => {
    const { call } = await started({ steps: [{ type: 'send', messages: [message] }] })
    await expect(collected(synthesize('Hello.', { voice: 'en-US-Standard-A', format }, call))).rejects.toMatchObject({
      code: 'provider_protocol',
      message: expect.stringMatching(words),
    })
  })

  it('fails where the sound breaks off and the stream ends in the middle of a sample', async () => {
    const { call } = await started({ steps: [{ type: 'hangUp', after: 1 }] })
    await expect(collected(synthesize('Hello, my friend.', {}, call))).rejects.toMatchObject({ code: 'provider_protocol' })
  })
})

describe('a call that is given up', () => {
  it('is cancelled at once where the caller aborts, and tells the reason', async () => {
    const { server, call, abort } = await started({ steps: [{ type: 'silent', after: 1 }] })
    const events = synthesize('Hello, my friend.', {}, call)[Symbol.asyncIterator]()
    await events.next()
    const rest = events.next()
    abort()
    await expect(rest).rejects.toThrow('the caller left')
    await until(() => server.calls[0]?.cancelled)
  })

  it('is cancelled at once where the listener leaves', async () => {
    const { server, call } = await started({ steps: [{ type: 'silent', after: 1 }] })
    for await (const event of synthesize('Hello, my friend.', {}, call)) {
      if (event.type === 'audio') break
    }
    await until(() => server.calls[0]?.cancelled)
  })

  it('is not begun where the caller has left', async () => {
    const { server, call, abort } = await started()
    abort()
    await expect(collected(synthesize('Hello.', {}, call))).rejects.toThrow('the caller left')
    expect(server.calls).toEqual([])
  })

  it.each([
    ['has not begun', 0, /did not begin/],
    ['has begun', 1, /in the middle/],
  ])('times out where the answer %s', async (_, after, message) => {
    // A call that has come to its server by then, however busy the machine is.
    const timeouts = { firstByteMs: 500, idleMs: 60 }
    const { server, call } = await started({ steps: [{ type: 'silent', after }] }, { timeouts })
    await expect(collected(synthesize('Hello, my friend.', {}, call))).rejects.toMatchObject({
      code: 'provider_timeout',
      message: expect.stringMatching(message),
    })
    await until(() => server.calls[0]?.cancelled)
  })

  it('takes no more from the server than it is asked for', async () => {
    const { server, call } = await started({ steps: [{ type: 'flood', bytes: 20_000 }] })
    const events = synthesize('Hello.', {}, call)[Symbol.asyncIterator]()
    await events.next()
    let before = -1
    await until(() => {
      const settled = before === server.calls[0]?.sent
      before = server.calls[0]?.sent ?? 0
      return settled
    })
    await events.return?.()
    await until(() => server.calls[0]?.cancelled)
  })
})

const formats = {
  pcm: { encoding: 'pcm', rate: 24_000 },
  mulaw: { encoding: 'mulaw', rate: 8000 },
  opus: { encoding: 'opus' },
  mp3: { encoding: 'mp3' },
} as const

async function started(script?: GoogleScript, changes?: Partial<SpeechCall>): Promise<TestCall & { readonly server: GoogleTts }> {
  const server = await startGoogleTts(script)
  const test = speechCall(server.url, googleKey, 'chirp-3-hd', changes)
  open.push(server, test)
  return { ...test, server }
}

function synthesize(text: string, options: Partial<TtsOptions>, call: SpeechCall): AsyncIterable<TtsEvent> {
  const { tts } = google
  if (!tts) throw new Error('it speaks')
  const model = tts.about?.(options.voice ?? '').model ?? call.model
  return tts.synthesize(text, { voice: 'Kore', format: formats.pcm, ...options }, { ...call, model })
}

function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

function many(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, () => Buffer.alloc(bytes))
}
