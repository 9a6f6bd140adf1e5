import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import { parseWav, pcmOfWav, wavOf } from '../../../audio/wav.ts'
import { publicDialer } from '../../../plugins/egress/dialer.ts'
import { fetchPublic } from '../../../plugins/egress/fetch.ts'
import type { Heard } from '../../../plugins/voice/hear.ts'
import type { SoundBlock } from '../../../plugins/voice/plan.ts'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { demoStt } from '../../../providers/demo/speech-stt.ts'
import type { Flush, RawFormat, SpeechProvider, SttStreamCapabilities } from '../../../providers/speech.ts'
import { tone, heard as toneIn } from '../../audio/tone.ts'
import { ManualClock } from '../../manual-clock.ts'
import { type Behaviour, endless, htmlPage, json, redirect, reply, silence } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'
import { earAt, type Listening, type ListeningOptions, planOf, startListening } from './listening.ts'
import { blockOf, flac, inOrder, mp3, ogg, urlBlock, wavTone } from './sounds.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

function listen(options: ListeningOptions = {}): Listening {
  const listening = startListening(options)
  open.push(listening)
  return listening
}

async function vendor(script: Behaviour | readonly [Behaviour, ...Behaviour[]]): Promise<Upstream> {
  const upstream = await startUpstream(script)
  open.push(upstream)
  return upstream
}

async function failureOf(heard: Promise<Heard>): Promise<GatewayError> {
  const error = await heard.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof GatewayError) return error
  throw new Error('it did not fail as it should', { cause: error })
}

const ear = earAt(['wav', 'mp3', 'flac'])
const second = wavOf(tone(440, 16_000, 16_000), 16_000)
const said = (text: string): Behaviour => json({ text })

/** Blocks that are told apart by how many samples they have. */
const blocksOf = (...samples: readonly number[]): SoundBlock[] =>
  inOrder(samples.map((count) => blockOf(wavOf(tone(440, 8000, count), 8000))))

describe('blocks that are heard', () => {
  it('give their transcripts in order, with all that is known', async () => {
    const upstream = await vendor(async ({ bytes }) => json({ text: ` ${bytes.length} `, language: 'en', seconds: bytes.length }))
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const blocks = blocksOf(100, 200, 300)
    const heard = await hear(planOf(ear, blocks, ['Ada']), caller)
    expect(heard.transcripts).toEqual(
      [244, 444, 644].map((bytes, index) => {
        const param = `messages[0].content[${index}]`
        return { param, text: String(bytes), model: 'ear/sharp', language: 'en', seconds: bytes }
      }),
    )
    expect(heard.seconds).toBe(244 + 444 + 644)
    expect(measured.map(([outcome]) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(told).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('are asked with their language and the hints', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const heard = await hear(planOf(ear, [blockOf(second, 'audio/mpeg', { language: 'de' })], ['Ada', 'Grace']), caller)
    const request = await upstream.waitForRequest()
    expect(request.path).toBe('/listen?language=de&hint=Ada&hint=Grace')
    expect(request.headers['content-type']).toBe('audio/wav')
    expect(request.bytes.equals(second)).toBe(true)
    expect(heard).toEqual({
      transcripts: [{ param: 'messages[0].content[0]', text: 'hello', model: 'ear/sharp', seconds: 1 }],
      seconds: 1,
    })
  })

  it('stay in order where the last one is heard first, and no more at a time than may be', async () => {
    const answers = [gate(), gate(), gate(), gate(), gate()]
    let [asked, most] = [0, 0]
    const upstream = await vendor(async ({ index, bytes }) => {
      most = Math.max(most, ++asked)
      await answers[index]?.opened
      asked--
      return said(String(bytes.length))
    })
    const { hear, caller } = listen({ url: upstream.url, limits: { parallel: 2 } })
    const heard = hear(planOf(ear, blocksOf(100, 200, 300, 400, 500)), caller)
    for (const next of [1, 2, 3, 4, 0]) {
      await upstream.waitForRequest(next + 1)
      answers[next]?.open()
    }
    expect((await heard).transcripts.map(({ text }) => text)).toEqual(['244', '444', '644', '844', '1044'])
    expect(most).toBe(2)
  })

  it('say nothing of what was said to the log', async () => {
    const upstream = await vendor([json({}, { status: 503 }), said('a secret word')])
    const { hear, caller, logged } = listen({ url: upstream.url })
    await hear(planOf(ear, [blockOf(second)], ['a secret name']), caller)
    expect(logged).toHaveLength(1)
    expect(logged.join()).not.toMatch(/secret|sk-test/)
  })
})

const noVoice = spawnSync('espeak-ng', ['--version']).error ? 'there is no espeak-ng on this machine' : undefined

describe.skipIf(noVoice)('a voice', () => {
  it('is heard, in a file whose header was written before its length was known', async () => {
    const { stdout } = spawnSync('espeak-ng', ['--stdout', 'The weather in Lisbon is lovely today.'])
    const { hear, caller } = listen()
    const heard = await hear(planOf(demoSpeech, [blockOf(stdout)]), caller)
    expect(heard.transcripts[0]?.text).toMatch(/^\[speech of \d/)
    expect(heard.seconds).toBeGreaterThan(1)
    expect(heard.seconds).toBeLessThan(10)
  })
})

/** Something to wait for until a test says so. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('sound that a model does not take as it came', () => {
  it('is sent as it came where the model takes it, whatever it is', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const files = [wavTone(9600, { rate: 96_000, channels: 2, bits: 24 }), mp3(5), flac(1)]
    await hear(planOf(ear, inOrder(files.map((file) => blockOf(file)))), caller)
    const sent = upstream.requests.map(({ bytes }) => bytes.length).sort((a, b) => a - b)
    expect(sent).toEqual(files.map(({ length }) => length).sort((a, b) => a - b))
  })

  it.each([
    ['96 kHz, stereo, 24 bits', { rate: 96_000, channels: 2, bits: 24 }, 400_000, 48_000],
    ['96 kHz, stereo, floats', { rate: 96_000, channels: 2, bits: 32, float: true }, 60_000, 16_000],
    ['48 kHz, stereo', { rate: 48_000, channels: 2, bits: 16 }, 150_000, 48_000],
  ])('of %s becomes smaller where it is too large', async (_, shape, maxBytes, rate) => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const heard = await hear(planOf(earAt(['wav'], maxBytes), [blockOf(wavTone(shape.rate, shape))]), caller)
    const { bytes } = await upstream.waitForRequest()
    const wav = parseWav(bytes)
    expect(bytes.length).toBeLessThanOrEqual(maxBytes)
    expect(wav).toMatchObject({ format: 's16le', channels: 1, rate, frames: rate })
    const { level, rest } = toneIn(pcmOfWav(wav), 440, rate)
    expect(Math.abs(level)).toBeLessThan(0.1)
    expect(rest).toBeLessThan(-60)
    expect(heard.seconds).toBe(1)
  })

  it('is refused where nothing makes it small enough, and where its kind is another', async () => {
    const { hear, caller } = listen()
    const large = await failureOf(hear(planOf(earAt(['wav', 'mp3'], 1000), [blockOf(second)]), caller))
    expect(large).toMatchObject({ status: 400, code: 'too_large', param: 'messages[0].content[0]' })
    expect(large.message).toContain('is a file of 32044 bytes, of which ear/sharp takes at most 1000')
    const kind = await failureOf(hear(planOf(ear, [blockOf(ogg(1))]), caller))
    expect(kind).toMatchObject({ status: 400, code: 'unsupported_audio' })
    expect(kind.message).toContain('is of the kind Ogg; ear/sharp takes WAV, MP3, FLAC')
    const odd = await failureOf(hear(planOf(earAt(['wav'], 1000), [blockOf(wavTone(2000, { rate: 2000 }))]), caller))
    expect(odd.code).toBe('too_large')
  })
})

describe('a model that takes streams alone', () => {
  const usual: SttStreamCapabilities = { pcmRates: [16_000, 24_000], mulaw: false, turns: 'silence', eagerEnd: false }

  /** The demo's ear without files, and what came to it. */
  function streaming(
    stream: SttStreamCapabilities,
  ): SpeechProvider & { readonly came: { format?: RawFormat; pieces: Uint8Array[] } } {
    const came: { format?: RawFormat; pieces: Uint8Array[] } = { pieces: [] }
    const stt = {
      models: demoStt.models,
      capabilities: () => ({ stream, hints: false }),
      transcribe: (audio: AsyncIterable<Uint8Array | Flush>, format: RawFormat, ...rest: TranscribeRest) => {
        came.format = format
        const seen = async function* (): AsyncGenerator<Uint8Array | Flush> {
          for await (const piece of audio) {
            if (piece instanceof Uint8Array) came.pieces.push(piece)
            yield piece
          }
        }
        if (!demoStt.transcribe) throw new Error('the demo hears streams')
        return demoStt.transcribe(seen(), format, ...rest)
      },
    }
    return { id: 'stream', name: 'Stream', upstream: undefined, stt, came }
  }
  type TranscribeRest =
    Parameters<NonNullable<typeof demoStt.transcribe>> extends [unknown, unknown, ...infer Rest] ? Rest : never

  it('hears the samples of a file in pieces', async () => {
    const provider = streaming(usual)
    const { hear, caller } = listen()
    const heard = await hear(planOf(provider, [blockOf(second)]), caller)
    expect(heard.transcripts[0]).toMatchObject({ text: '[speech of 1.0 seconds]', seconds: 1 })
    expect(provider.came.format).toEqual({ encoding: 'pcm', rate: 16_000 })
    expect(provider.came.pieces.length).toBe(10)
    expect(Buffer.concat(provider.came.pieces).equals(second.subarray(44))).toBe(true)
  })

  it.each([
    [
      'of a rate that it does not take',
      wavTone(44_100, { rate: 44_100, channels: 2 }),
      usual,
      { encoding: 'pcm', rate: 16_000 },
      32_000,
    ],
    ['of the rate that it takes second', wavTone(24_000), usual, { encoding: 'pcm', rate: 24_000 }, 48_000],
    [
      'as µ-law',
      wavTone(16_000, { rate: 16_000 }),
      { ...usual, pcmRates: [], mulaw: true },
      { encoding: 'mulaw', rate: 8000 },
      8000,
    ],
  ])('hears those %s', async (_, file, stream, format, bytes) => {
    const provider = streaming(stream)
    const { hear, caller } = listen()
    expect((await hear(planOf(provider, [blockOf(file)]), caller)).seconds).toBe(1)
    expect(provider.came.format).toEqual(format)
    expect(Buffer.concat(provider.came.pieces).length).toBe(bytes)
  })

  it('is asked for no file that cannot be decoded, and for no rate that cannot be made', async () => {
    const { hear, caller } = listen()
    const plan = (file: Buffer) => planOf(streaming(usual), [blockOf(file)])
    expect((await failureOf(hear(plan(mp3(5)), caller))).message).toContain('is of the kind MP3; stream/meter takes WAV')
    expect((await failureOf(hear(plan(wavTone(2000, { rate: 2000 })), caller))).code).toBe('unsupported_audio')
  })
})

describe('sound that is no good', () => {
  it('is told of all blocks together, and nothing is sent', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller, measured } = listen({ url: upstream.url, limits: { blockSeconds: 2 } })
    const long = wavOf(tone(440, 8000, 8000 * 3), 8000)
    const blocks = [second, Buffer.from('<html>'), new Uint8Array(), long, ogg(1), mp3(50_000), second].map((file) =>
      blockOf(file),
    )
    const error = await failureOf(hear(planOf(ear, inOrder(blocks)), caller))
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'not_audio',
      param: 'messages[0].content[1]',
    })
    expect(error.message).toBe('messages[0].content[1]: is no file of sound; it looks like an HTML page (and 4 more in issues)')
    expect(error.issues?.map(({ param, code }) => `${param} ${code}`)).toEqual([
      'messages[0].content[1] not_audio',
      'messages[0].content[2] empty',
      'messages[0].content[3] audio_too_long',
      'messages[0].content[4] unsupported_audio',
      'messages[0].content[5] audio_too_long',
    ])
    expect(error.issues?.[2]?.message).toBe('lasts 3 seconds; at most 2 are allowed')
    expect(error.issues?.[4]?.message).toBe('lasts 3600 seconds; at most 2 are allowed')
    expect(upstream.requests).toHaveLength(0)
    expect(measured).toEqual([])
  })

  it('is too much together though no block is too long', async () => {
    const { hear, caller } = listen({ limits: { blockSeconds: 10, totalSeconds: 2.5 } })
    const error = await failureOf(hear(planOf(ear, inOrder([1, 2, 3, 4].map(() => blockOf(second)))), caller))
    expect(error).toMatchObject({ code: 'audio_too_long', param: 'messages[0].content[2]' })
    expect(error.message).toContain('lasts 3 seconds or more; at most 2.5 are allowed together')
  })

  it('is too large', async () => {
    const { hear, caller } = listen({ limits: { blockBytes: 1000 } })
    expect(await failureOf(hear(planOf(ear, [blockOf(second)]), caller))).toMatchObject({ status: 400, code: 'too_large' })
  })

  it('is silence, which nobody is asked about, or what the vendor finds nothing in', async () => {
    const upstream = await vendor(said(' \n'))
    const { hear, caller } = listen({ url: upstream.url })
    const silent = await failureOf(hear(planOf(ear, [blockOf(wavOf(new Uint8Array(32_000), 16_000))]), caller))
    expect(silent).toMatchObject({ status: 400, code: 'no_speech', param: 'messages[0].content[0]' })
    expect(upstream.requests).toHaveLength(0)
    const empty = await failureOf(hear(planOf(ear, inOrder([blockOf(second)])), caller))
    expect(empty).toMatchObject({ status: 400, code: 'no_speech', param: 'messages[0].content[0]' })
    expect(empty.message).toBe('messages[0].content[0]: no speech was heard in it by ear/sharp')
  })

  it('whatever it is, is told as an error or is heard', async () => {
    const { hear, caller } = listen()
    const head = fc.constantFrom(second.subarray(0, 44), second.subarray(0, 20), mp3(2), ogg(1), flac(1), Buffer.alloc(0))
    const mediaType = fc.constantFrom('audio/wav', 'audio/pcm', 'audio/basic')
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 300 }), mediaType, async (begin, rest, type) => {
        const block = blockOf(Buffer.concat([begin, rest]), type, { sampleRate: 8000 })
        await hear(planOf(demoSpeech, [block]), caller).catch((error: unknown) => {
          expect(error).toBeInstanceOf(GatewayError)
          expect(error).toMatchObject({ param: block.param, message: expect.stringMatching(/^messages\[0\]\.content\[0\]: /) })
        })
      }),
      { numRuns: 200 },
    )
  })
})

describe('a vendor that fails', () => {
  const refusal = (status: number, headers = {}): Behaviour => json({ error: { message: 'no sk-test-ear' } }, { status, headers })

  it.each([
    [401, 401, 'provider_authentication'],
    [404, 404, 'provider_not_found'],
    [400, 400, 'provider_rejected'],
    [413, 413, 'provider_request_too_large'],
  ])('with %i is told with its status, and names the block', async (answered, status, code) => {
    const upstream = await vendor(refusal(answered))
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const error = await failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    expect(error).toMatchObject({
      status,
      code,
      param: 'messages[0].content[0]',
      providerError: { provider: 'ear', status: answered },
    })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: Ear: no /)
    expect(JSON.stringify(error.toBody('req_test'))).not.toContain('sk-test-ear')
    expect(upstream.requests).toHaveLength(1)
    expect([measured, told]).toEqual([[[code, undefined]], [code]])
  })

  it('is asked once more where that may help', async () => {
    const upstream = await vendor([refusal(503), said('hello')])
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const { transcripts } = await hear(planOf(ear, [blockOf(second)]), caller)
    expect(transcripts[0]?.text).toBe('hello')
    expect(measured).toEqual([
      ['provider_overloaded', undefined],
      ['ok', 1],
    ])
    expect(told).toEqual(['provider_overloaded', 'succeeded'])
  })

  it('is asked once more and no more', async () => {
    const upstream = await vendor(refusal(503))
    const { hear, caller } = listen({ url: upstream.url })
    expect(await failureOf(hear(planOf(ear, [blockOf(second)]), caller))).toMatchObject({
      status: 529,
      code: 'provider_overloaded',
    })
    expect(upstream.requests).toHaveLength(2)
  })

  it('is asked again when it says, unless that is too late', async () => {
    const soon = await vendor([refusal(429, { 'retry-after-ms': '5' }), said('hello')])
    await startHearing(soon)
    expect(soon.requests).toHaveLength(2)
    const late = await vendor([refusal(429, { 'retry-after': '3' }), said('hello')])
    expect(await failureOf(startHearing(late))).toMatchObject({ status: 429, retryAfter: 3, param: 'messages[0].content[0]' })
    expect(late.requests).toHaveLength(1)
  })

  function startHearing(upstream: Upstream): Promise<Heard> {
    const { hear, caller } = listen({ url: upstream.url })
    return hear(planOf(ear, [blockOf(second)]), caller)
  }

  it('ends the other blocks', async () => {
    const others = gate()
    const upstream = await vendor(async ({ bytes }) => {
      if (bytes.length !== 244) return silence
      await others.opened
      return refusal(401)
    })
    const { hear, caller, measured, told } = listen({ url: upstream.url, limits: { parallel: 3 } })
    const failed = failureOf(hear(planOf(ear, blocksOf(200, 300, 100, 400)), caller))
    await upstream.waitForRequest(3)
    others.open()
    expect(await failed).toMatchObject({ status: 401, param: 'messages[0].content[2]' })
    await upstream.waitForClose(2)
    expect(upstream.requests).toHaveLength(3)
    expect(measured.map(([outcome]) => outcome)).toEqual(['provider_authentication', 'cancelled', 'cancelled'])
    // They say nothing of the vendor.
    expect(told).toEqual(['provider_authentication', 'Error', 'Error'])
  })

  it('is left alone where the breaker says so, and has failed for its own reason where it says so late', async () => {
    const refuse = (): never => {
      throw new GatewayError('provider_unavailable')
    }
    const refused = listen({ calls: { enter: refuse } })
    const error = await failureOf(refused.hear(planOf(ear, [blockOf(second)]), refused.caller))
    expect(error).toMatchObject({ status: 503, code: 'provider_unavailable', param: 'messages[0].content[0]' })
    expect(refused.measured).toEqual([])

    const upstream = await vendor(refusal(503))
    let entered = 0
    const enter = () => (entered++ === 0 ? { succeeded: () => undefined, failed: () => undefined } : refuse())
    const late = listen({ url: upstream.url, calls: { enter } })
    expect((await failureOf(late.hear(planOf(ear, [blockOf(second)]), late.caller))).code).toBe('provider_overloaded')
  })

  it('has no key', async () => {
    const to = (): never => {
      throw new GatewayError('missing_provider_key', { param: 'x-provider-key-ear' })
    }
    const { hear, caller, told } = listen({ calls: { to } })
    const error = await failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    expect(error).toMatchObject({ status: 401, code: 'missing_provider_key', param: 'x-provider-key-ear' })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: /)
    expect(told).toEqual([])
  })

  it('keeps its own code and its status', async () => {
    const { hear, caller } = listen()
    const error = await failureOf(hear(planOf(demoSpeech, [blockOf(second)], ['Ada']), caller))
    expect(error).toMatchObject({ status: 400, code: 'unsupported_hints', param: 'messages[0].content[0]' })
  })

  it('does not answer in time', async () => {
    const upstream = await vendor(silence)
    const clock = new ManualClock()
    const { hear, caller, measured, told } = listen({ url: upstream.url, clock, limits: { ms: 20_000 } })
    const failed = failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    await upstream.waitForRequest()
    clock.advance(20_000)
    const error = await failed
    expect(error).toMatchObject({ status: 504, code: 'provider_timeout', param: 'messages[0].content[0]' })
    expect(error.message).toContain('Ear has not heard the sound within 20 seconds.')
    await upstream.waitForClose()
    expect(upstream.requests).toHaveLength(1)
    expect([measured, told]).toEqual([[['provider_timeout', undefined]], ['provider_timeout']])
    expect(clock.waiting).toBe(0)
  })
})

describe('a caller who leaves', () => {
  it('ends all at once', async () => {
    const upstream = await vendor(silence)
    const { hear, caller, measured, abort } = listen({ url: upstream.url, limits: { parallel: 2 } })
    const heard = hear(planOf(ear, blocksOf(100, 200, 300)), caller)
    await upstream.waitForRequest(2)
    abort()
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose(2)
    expect(upstream.requests).toHaveLength(2)
    expect(measured.map(([outcome]) => outcome)).toEqual(['cancelled', 'cancelled'])
    await expect(hear(planOf(ear, blocksOf(100)), caller)).rejects.toBeInstanceOf(Cancelled)
  })

  it('ends the wait before another try, and a fetch', async () => {
    const clock = new ManualClock()
    const upstream = await vendor([json({}, { status: 503 }), silence])
    const waiting = listen({ url: upstream.url, clock })
    const heard = waiting.hear(planOf(ear, [blockOf(second)]), waiting.caller)
    heard.catch(() => undefined)
    await expect.poll(() => waiting.logged.length).toBe(1)
    waiting.abort()
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
    expect(clock.waiting).toBe(0)

    const fetching = listen({ url: upstream.url })
    const fetched = fetching.hear(planOf(ear, [urlBlock(`${upstream.url}/sound`)]), fetching.caller)
    await upstream.waitForRequest(2)
    fetching.abort()
    await expect(fetched).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose()
  })

  it('ends the making of a smaller file', async () => {
    const { hear, caller, abort } = listen()
    const file = wavTone(960_000, { rate: 96_000 })
    const heard = hear(planOf(earAt(['wav'], 1_500_000), [blockOf(file)]), caller)
    setImmediate(abort)
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
  })
})

describe('sound behind a URL', () => {
  async function heardFrom(behaviour: Behaviour, limits: ListeningOptions['limits'] = {}): Promise<Heard> {
    const site = await vendor(behaviour)
    const { hear, caller } = listen({ limits })
    return await hear(planOf(demoSpeech, [urlBlock(`${site.url}/sound.mp3`)]), caller)
  }

  it('is fetched and told by its bytes', async () => {
    const heard = await heardFrom(reply(second, { headers: { 'content-type': 'text/plain' } }))
    expect(heard.transcripts[0]).toMatchObject({ text: '[speech of 1.0 seconds]', seconds: 1 })
  })

  it.each<[string, Behaviour, object, string]>([
    ['is not there', htmlPage(404), { status: 502, code: 'fetch_failed' }, 'The URL was answered with HTTP 404.'],
    ['is a page', htmlPage(200), { status: 400, code: 'not_audio' }, 'looks like an HTML page'],
    ['is empty', reply(''), { status: 400, code: 'empty' }, 'holds no sound'],
    ['has no end', endless('0123456789'), { status: 502, code: 'fetch_failed' }, 'larger than 100000 bytes'],
    ['goes around in a circle', redirect('/again'), { status: 502, code: 'fetch_failed' }, 'redirects too often'],
  ])('is told of with its block where it %s', async (_, behaviour, expected, message) => {
    const error = await failureOf(heardFrom(behaviour, { blockBytes: 100_000 }))
    expect(error).toMatchObject({ ...expected, param: 'messages[0].content[0]' })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: /)
    expect(error.message).toContain(message)
  })

  it('is not fetched from where it is not public', async () => {
    const site = await vendor(reply(second))
    const dialer = publicDialer({ connectMs: 5000 })
    open.push({ close: () => dialer.destroy() })
    const { hear, caller } = listen({ fetchPublic: (url, how) => fetchPublic(dialer, new ManualClock(), url, how) })
    const error = await failureOf(hear(planOf(demoSpeech, [urlBlock(site.url)]), caller))
    expect(error).toMatchObject({ status: 403, code: 'address_not_allowed', param: 'messages[0].content[0]' })
    expect(site.requests).toHaveLength(0)
  })

  it('is no more in all than the largest blocks that are fetched at a time', async () => {
    const site = await vendor(reply(second))
    const { hear, caller } = listen({ limits: { parallel: 2, blockBytes: second.length } })
    const blocks = inOrder([1, 2, 3].map(() => urlBlock(site.url)))
    const error = await failureOf(hear(planOf(demoSpeech, blocks), caller))
    expect(error).toMatchObject({ status: 400, code: 'too_large', param: 'messages[0].content[2]' })
  })

  it('is not fetched for longer than it may take', async () => {
    const site = await vendor(silence)
    const clock = new ManualClock()
    const plain = listen({ clock, limits: { ms: 5000 } })
    const failed = failureOf(plain.hear(planOf(demoSpeech, [urlBlock(site.url)]), plain.caller))
    await site.waitForRequest()
    clock.advance(5000)
    expect(await failed).toMatchObject({ status: 504, code: 'fetch_timeout', param: 'messages[0].content[0]' })
  })
})
