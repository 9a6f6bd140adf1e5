import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pcmToMulaw } from '../../audio/g711.ts'
import { wavHeader, wavOf } from '../../audio/wav.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'
import { mp3, ogg, wavTone } from '../plugins/voice/sounds.ts'
import { type Behaviour, empty, hangUp, htmlPage, json, silence } from '../upstreams/behaviour.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'
import { deepgramEar, stt } from './ears.ts'
import { deepgram, type StartedVendor } from './vendors.ts'

/** Sound, voices and models that no vendor can do anything with: refused by name, at once, and before anybody is asked. */

let gateway: Gateway
let ear: Upstream
let hears: ((request: RecordedRequest) => Behaviour | undefined) | undefined

beforeAll(async () => {
  ear = await deepgramEar.start((request) => hears?.(request))
  gateway = await startGateway({
    env: { ...deepgramEar.env(ear.url), VAI_STT_MS: '3000', VAI_BREAKER_FAILURE_PERCENT: '0', VAI_LIMIT_AUDIO_SECONDS: '600' },
    keys: { deepgram: deepgram.key },
  })
})
afterEach(async () => {
  hears = undefined
  // Whatever was sent: the next caller is heard.
  const message = await messageOf(await ask([stt(wave)]))
  expect(message.metadata?.user_transcript).toBe('A wave of 4800 bytes.')
})
afterAll(async () => {
  await gateway.close()
  await ear.close()
})

const wave = wavTone(2400)
const body = { model: 'demo/echo', max_tokens: 100 }

function ask(content: readonly object[], more: object = {}): Promise<Response> {
  return gateway.post({ ...body, stt_model: deepgramEar.model, messages: [{ role: 'user', content }], ...more })
}

async function refused(
  response: Response,
  status = 400,
): Promise<{ param?: string | undefined; code: string; message: string }[]> {
  const error = await errorOf(response)
  expect(response.status, error.message).toBe(status)
  const { param, code = '', message } = error
  return (error.issues ?? [{ param, code, message }]).map((each) => ({
    param: each.param,
    code: each.code,
    message: each.message,
  }))
}

describe('sound that nobody can hear', () => {
  const silent = wavOf(Buffer.alloc(48_000), 24_000)
  const cases: readonly (readonly [string, object, string, string])[] = [
    ['no bytes', stt(Buffer.alloc(0)), 'messages[0].content[0].source.data', ''],
    ['text', stt(Buffer.from('What is said here is text.')), 'messages[0].content[0]', 'not_audio'],
    ['a page', stt(Buffer.from('<!doctype html><html></html>')), 'messages[0].content[0]', 'not_audio'],
    ['a picture', stt(Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1')), 'messages[0].content[0]', 'not_audio'],
    ['a film', stt(Buffer.from('RIFF0000AVI LIST', 'latin1')), 'messages[0].content[0]', 'not_audio'],
    ['half a header', stt(wave.subarray(0, 20)), 'messages[0].content[0]', 'invalid_audio'],
    ['a header alone', stt(wave.subarray(0, 44)), 'messages[0].content[0]', 'invalid_audio'],
    ['an Ogg file cut in its first page', stt(ogg(1).subarray(0, 20), 'audio/ogg'), 'messages[0].content[0]', 'invalid_audio'],
    ['digital silence', stt(silent), 'messages[0].content[0]', 'no_speech'],
    [
      'a header of nonsense',
      stt(Buffer.concat([Buffer.from(wavHeader(0)), Buffer.alloc(100, 1)])),
      'messages[0].content[0]',
      'invalid_audio',
    ],
    ['samples without a rate', stt(Buffer.alloc(100, 1), 'audio/pcm'), 'messages[0].content[0].sample_rate', 'required'],
    ['half a sample', stt(Buffer.alloc(101, 1), 'audio/pcm', { sample_rate: 8000 }), 'messages[0].content[0]', 'invalid_audio'],
    [
      'a file that is declared to be samples',
      stt(wave, 'audio/pcm', { sample_rate: 8000 }),
      'messages[0].content[0]',
      'invalid_audio',
    ],
    ['a rate beside a file', stt(wave, 'audio/wav', { sample_rate: 8000 }), 'messages[0].content[0].sample_rate', 'conflict'],
    [
      'a rate that nobody has',
      stt(Buffer.alloc(100, 1), 'audio/pcm', { sample_rate: 1 }),
      'messages[0].content[0].sample_rate',
      '',
    ],
    [
      'what is no language',
      stt(wave, 'audio/wav', { language: 'Klingon, please' }),
      'messages[0].content[0].language',
      'invalid',
    ],
    [
      'a language that is not heard',
      stt(wave, 'audio/wav', { language: 'tlh' }),
      'messages[0].content[0].language',
      'unsupported_language',
    ],
    [
      'what is no base64',
      { type: 'audio_stt', source: { type: 'base64', media_type: 'audio/wav', data: '***' } },
      'messages[0].content[0].source.data',
      '',
    ],
    [
      'a file of a provider',
      { type: 'audio_stt', source: { type: 'file', file_id: 'file_1' } },
      'messages[0].content[0].source',
      'unsupported_block',
    ],
    ['a field that is not known', stt(wave, 'audio/wav', { rate: 8000 }), 'messages[0].content[0].rate', 'unknown_field'],
  ]

  it.each(cases)('%s', async (_, block, param, code) => {
    const before = ear.requests.length
    const issues = await refused(await ask([block]))
    expect(issues.map((each) => each.param)).toContain(param)
    if (code !== '') expect(issues.map((each) => each.code)).toContain(code)
    expect(ear.requests.length).toBe(before)
  })

  it('is told of every block together, with everything else that is wrong', async () => {
    const content = [stt(Buffer.from('text')), stt(wave), stt(silent), stt(Buffer.alloc(100, 1), 'audio/pcm')]
    const first = await refused(
      await ask(content, { temperature: 'hot', stt_model: 'nobody/none', voice: { output: { voice: 'demo/softest' } } }),
    )
    const paths = first.map(({ param }) => param)
    expect(paths).toEqual(expect.arrayContaining(['temperature', 'stt_model', 'voice.output.voice']))
    const second = await refused(await ask(content))
    expect(second.map(({ param }) => param)).toEqual(['messages[0].content[3].sample_rate'])
    const third = await refused(await ask(content.slice(0, 3)))
    expect(third.map(({ param, code }) => [param, code])).toEqual([
      ['messages[0].content[0]', 'not_audio'],
      ['messages[0].content[2]', 'no_speech'],
    ])
  })

  it('may stand in messages of the user alone', async () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [stt(wave)] },
      { role: 'user', content: 'Hi' },
    ]
    const issues = await refused(await ask([], { messages }))
    expect(issues[0]?.param).toMatch(/^messages\[1\]\.content\[0\]/)
  })
})

describe('sound that is long, fine or mislabelled', () => {
  it('lasts too long', async () => {
    const hour = wavOf(Buffer.alloc(3600 * 8000 * 2, 1), 8000)
    const data = {
      type: 'base64',
      media_type: 'audio/wav',
      data: Buffer.from(hour.subarray(0, 44 + 601 * 16_000)).toString('base64'),
    }
    const issues = await refused(await ask([{ type: 'audio_stt', source: data }]))
    expect(issues).toMatchObject([{ param: 'messages[0].content[0]' }])
    expect(['audio_too_long', 'too_large']).toContain(issues[0]?.code)
    const minutes = stt(pcmToMulaw(new Uint8Array(8000 * 2 * 301).fill(3)), 'audio/basic')
    const together = await refused(await ask([minutes, minutes]))
    expect(together).toMatchObject([{ param: 'messages[0].content[1]', code: 'audio_too_long' }])
  })

  it('has 96,000 samples a second in two channels', async () => {
    const fine = wavTone(9600, { rate: 96_000, channels: 2, bits: 24 })
    const message = await messageOf(await ask([stt(fine)]))
    expect(message.metadata?.user_transcript).toBe('A wave of 57600 bytes.')
    const demo = await messageOf(await ask([stt(fine)], { stt_model: 'demo/meter' }))
    expect(demo.metadata?.user_transcript).toBe('Speech of 0.1 seconds.')
  })

  it.each([
    ['WAV as MP3', stt(wave, 'audio/mpeg'), 'A wave of 4800 bytes.'],
    ['MP3 as WAV', stt(mp3(30)), 'A file without samples.'],
    ['Ogg as WebM', stt(ogg(1), 'audio/webm'), 'A file without samples.'],
  ])('is what its bytes say: %s', async (_, block, heard) => {
    const message = await messageOf(await ask([block]))
    expect(message.metadata?.user_transcript).toBe(heard)
    const [type] = [ear.requests.at(-1)?.headers['content-type'] ?? '']
    expect(type).toBe(
      heard.startsWith('A wave')
        ? 'audio/wav'
        : ear.requests.at(-1)?.bytes.toString('latin1', 0, 4) === 'OggS'
          ? 'audio/ogg'
          : 'audio/mpeg',
    )
  })

  it('is a WAV file that was cut: what there is of it is heard', async () => {
    const message = await messageOf(await ask([stt(wave.subarray(0, 1044))]))
    expect(message.metadata?.transcripts?.[0]?.text).toMatch(/^A wave of/)
  })
})

describe('sound behind a URL', () => {
  it.each([
    'http://127.0.0.1:1/a.wav',
    'http://localhost/a.wav',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/a.wav',
    'file:///etc/passwd',
    'ftp://example.com/a.wav',
  ])('%s is not fetched', async (url) => {
    const response = await ask([{ type: 'audio_stt', source: { type: 'url', url } }])
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    const error = await errorOf(response)
    expect(error.issues?.[0]?.param ?? error.param).toMatch(/^messages\[0\]\.content\[0\]/)
    expect(JSON.stringify(error)).not.toContain('passwd:')
  })

  it('is not asked for at all on this machine', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked++
      response.end(wave)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const response = await ask([{ type: 'audio_stt', source: { type: 'url', url: `http://127.0.0.1:${port}/a.wav` } }])
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect((await errorOf(response)).code).toBe('address_not_allowed')
    expect(asked).toBe(0)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a vendor that fails to hear', () => {
  const ways: readonly (readonly [string, Behaviour, number])[] = [
    ['401', json({ err_code: 'INVALID_AUTH', err_msg: 'Who are you?' }, { status: 401 }), 401],
    ['400', json({ err_code: 'Bad Request', err_msg: 'corrupt data' }, { status: 400 }), 400],
    ['429', json({ err_code: 'TOO_MANY', err_msg: 'Slow down.' }, { status: 429, headers: { 'retry-after': '30' } }), 429],
    ['500', json({ err_msg: 'Oops.' }, { status: 500 }), 502],
    ['a page', htmlPage(200), 502],
    ['nothing', empty(), 502],
    ['JSON of another kind', json({ results: 7 }), 502],
    ['a broken connection', hangUp, 502],
  ]
  it.each(ways)('with %s: the block is named, and the status is kept', async (_, behaviour, status) => {
    hears = ({ bytes }) => (bytes.includes(Buffer.from('fLaC')) || bytes.length > 5000 ? behaviour : undefined)
    const response = await ask([{ type: 'text', text: 'Hi' }, stt(wave), stt(wavTone(4800))])
    const error = await errorOf(response)
    expect(response.status, error.message).toBe(status)
    expect(error.param).toBe('messages[0].content[2]')
    expect(error.message).toContain('messages[0].content[2]')
  })

  it('once: it is asked again', async () => {
    let left = 1
    hears = () => (left-- > 0 ? json({}, { status: 503 }) : undefined)
    const message = await messageOf(await ask([stt(wave)]))
    expect(message.metadata?.user_transcript).toBe('A wave of 4800 bytes.')
  })

  it('by saying nothing', async () => {
    hears = () => silence
    const response = await ask([stt(wave)])
    expect(response.status).toBe(504)
    expect((await errorOf(response)).param).toBe('messages[0].content[0]')
  })

  it('by hearing no words', async () => {
    hears = () =>
      json({ metadata: { duration: 1 }, results: { channels: [{ alternatives: [{ transcript: ' ', confidence: 0 }] }] } })
    expect(await refused(await ask([stt(wave)]))).toMatchObject([{ param: 'messages[0].content[0]', code: 'no_speech' }])
  })
})

describe('voices and models that do not exist, or cannot do it', () => {
  let voice: StartedVendor
  beforeAll(async () => {
    voice = await deepgram.start()
  })
  afterAll(() => voice.close())

  const keyed = {
    'x-provider-key-elevenlabs': 'sk-test-e',
    'x-provider-key-cartesia': 'sk-test-c',
    'x-provider-key-openai': 'sk-test-o',
    'x-provider-key-google': 'sk-test-g',
  }
  const cases: readonly (readonly [string, object, string, RegExp])[] = [
    ['no provider', { output: { voice: 'nobody/soft' } }, 'voice.output.voice', /no provider "nobody"/],
    ['no such voice', { output: { voice: 'demo/softer' } }, 'voice.output.voice', /soft/],
    ['a voice alone', { output: { voice: 'soft' } }, 'voice.output.voice', /provider\/voice/],
    ['a voice of another provider', { output: { voice: 'demo/aura-2-thalia-en' } }, 'voice.output.voice', /soft, low, bright/],
    ['no such voice of Deepgram', { output: { voice: 'deepgram/aura-2-nobody-en' } }, 'voice.output.voice', /voice/],
    ['a voice of Cartesia that is none', { output: { voice: 'cartesia/thalia' } }, 'voice.output.voice', /./],
    ['a voice of ElevenLabs that is none', { output: { voice: 'elevenlabs/../../v1/user' } }, 'voice.output.voice', /./],
    ['a voice of OpenAI that is none', { output: { voice: 'openai/thalia' } }, 'voice.output.voice', /alloy/],
    ['a voice of Google that is none', { output: { voice: 'google/thalia' } }, 'voice.output.voice', /./],
    [
      'a language that the voice lacks',
      { output: { voice: 'deepgram/aura-2-thalia-en', language: 'fr' } },
      'voice.output.language',
      /en/,
    ],
    ['a format that the voice lacks', { output: { voice: 'demo/soft', format: 'mp3' } }, 'voice.output.format', /wav or pcm/],
    ['a format that nobody has', { output: { voice: 'demo/soft', format: 'flac' } }, 'voice.output.format', /./],
    [
      'a rate of MP3',
      { output: { voice: 'deepgram/aura-2-thalia-en', format: 'mp3', sample_rate: 8000 } },
      'voice.output.sample_rate',
      /leave it out/,
    ],
    ['a speed that is too much', { output: { voice: 'deepgram/aura-2-thalia-en', speed: 3 } }, 'voice.output.speed', /1\.5/],
    ['an emotion of a tone', { output: { voice: 'demo/soft', emotion: 'joy' } }, 'voice.output.emotion', /no emotion/],
    ['a volume that cannot be chosen', { output: { voice: 'deepgram/aura-2-thalia-en', volume: 2 } }, 'voice.output.volume', /./],
    ['no voice', { output: {} }, 'voice.output.voice', /./],
    ['something else', { output: { voice: 'demo/soft' }, outputs: 1 }, 'voice.outputs', /./],
    ['hints to the demo', { input: { hints: ['Aisling'] } }, 'voice.input.hints', /./],
  ]
  it.each(cases)('%s', async (_, asked, param, message) => {
    const content = param.includes('input') ? [stt(wave)] : [{ type: 'text', text: 'Hi' }]
    const request = { ...body, stt_model: 'demo/meter', voice: asked, messages: [{ role: 'user', content }] }
    const issues = await refused(await gateway.post(request, keyed))
    const issue = issues.find((each) => each.param === param)
    expect(issue?.message, JSON.stringify(issues)).toMatch(message)
  })

  it.each([
    ['stt_model', 'nobody/none'],
    ['stt_model', 'google/none'],
    ['stt_model', ''],
    ['tts_model', 'nobody/none'],
    ['tts_model', 'deepgram/aura-2'],
  ])('%s is %s', async (field, id) => {
    const request = {
      ...body,
      [field]: id,
      voice: { output: { voice: 'demo/soft' } },
      messages: [{ role: 'user', content: [stt(wave)] }],
    }
    const issues = await refused(await gateway.post(request))
    const param = field === 'tts_model' && id.startsWith('deepgram') ? 'voice.output.voice' : field
    expect(issues.map((each) => each.param)).toContain(param)
  })

  it.each(['/v1/messages/count_tokens', '/v1/runs', '/v1/runs:stream'])('%s has no voice, and says so', async (path) => {
    const request = {
      model: 'demo/echo',
      stt_model: 'demo/meter',
      voice: { output: { voice: 'demo/soft' } },
      messages: [{ role: 'user', content: [stt(wave)] }],
    }
    const isRun = path.startsWith('/v1/runs')
    const issues = await refused(await gateway.post(isRun ? { request } : request, {}, path))
    const start = isRun ? 'request.' : ''
    const told = ['voice', 'stt_model', 'messages[0].content[0].type'].map((param) => start + param)
    expect(issues.map(({ param }) => param)).toEqual(expect.arrayContaining(told))
  })

  it('a model of the demo that is none: the block, or the answer, says so', async () => {
    const heard = await gateway.post({ ...body, stt_model: 'demo/nothing', messages: [{ role: 'user', content: [stt(wave)] }] })
    expect(heard.status).toBeGreaterThanOrEqual(400)
    expect(heard.status).toBeLessThan(500)
  })
})
