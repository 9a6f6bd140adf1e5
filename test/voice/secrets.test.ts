import { generateKeyPairSync } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../api/secret.ts'
import { type Collector, startCollector } from '../collector.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { leaksIn } from '../leaks.ts'
import { measured } from '../measured.ts'
import { wavTone } from '../plugins/voice/sounds.ts'
import { type Behaviour, hangUp, json, reply } from '../upstreams/behaviour.ts'
import { type GoogleTts, refused, startGoogleTts } from '../upstreams/google-tts.ts'
import { type RecordedRequest, startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { stt } from './ears.ts'

/**
 * Keys of vendors of speech, what is spoken and what is heard are planted wherever they can be; vendors repeat all of it in every way to
 * fail; and then every log line, every answer, every trace and every measurement is searched for them.
 */

const operatorKeys = {
  deepgram: 'q7f2-operator-key-of-deepgram',
  openai: 'w3k9-operator-key-of-openai',
  cartesia: 'e6d1-operator-key-of-cartesia',
  elevenlabs: 'r2p5-operator-key-of-elevenlabs',
}
const tenantKeys = { ACME_DEEPGRAM: 'x5n0-key-for-deepgram-of-acme', ACME_CARTESIA: 'b3s8-key-for-cartesia-of-acme' }
const ownKeys = {
  'x-provider-key-deepgram': 'z8m4-own-key-for-deepgram',
  'x-provider-key-openai': 'h5r1-own-key-for-openai',
  'x-provider-key-cartesia': 'l0s7-own-key-for-cartesia',
  'x-provider-key-elevenlabs': 'm9g2-own-key-for-elevenlabs',
}
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const account = JSON.stringify({
  type: 'service_account',
  project_id: 'project-of-nobody',
  private_key_id: 'k1-id-of-a-private-key',
  private_key: pem,
  client_email: 'robot@project-of-nobody.iam.gserviceaccount.com',
  client_id: '1',
  token_uri: 'https://oauth2.googleapis.com/token',
})
/** Each line of the private key, and the key as JSON has it. */
const pieces = pem.split('\n').filter((line) => line.length > 30 && !line.startsWith('---'))
const keys = [...Object.values(operatorKeys), ...Object.values(tenantKeys), ...Object.values(ownKeys), ...pieces]
const prompt = 'j4x7 what the caller said, and the answer says'
const transcript = 'p2w6 what was heard in the sound'

const acme = gatewayKey('acme', { tenant: 'acme' })
const free = gatewayKey('free')
const boss = gatewayKey('boss', { role: 'admin' })
const tenants = { acme: { provider_keys: { deepgram: 'ACME_DEEPGRAM', cartesia: 'ACME_CARTESIA' } } }

const voices = [
  'deepgram/aura-2-thalia-en',
  'openai/alloy',
  'cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02',
  'elevenlabs/21m00Tcm4TlvDq8ikWAM',
  'google/en-US-Chirp3-HD-Kore',
]
const ears = [
  'deepgram/nova-3',
  'deepgram/flux-general-en',
  'openai/gpt-4o-transcribe',
  'cartesia/ink-whisper',
  'cartesia/ink-2',
  'elevenlabs/scribe_v2',
]

let upstream: Upstream
let google: GoogleTts
let gateway: Gateway
let collector: Collector
let behaviour: Behaviour = hangUp
const answers: string[] = []

beforeAll(async () => {
  upstream = await startUpstream((request) => (typeof behaviour === 'function' ? behaviour(request) : behaviour))
  google = await startGoogleTts({ steps: [refused(status.INTERNAL, `${prompt} ${pieces[0]} ${account}`)] })
  collector = await startCollector()
  gateway = await startGateway({
    env: {
      ...envWith([acme, free, boss], tenants),
      VAI_LOG_LEVEL: 'trace',
      VAI_DEEPGRAM_BASE_URL: upstream.url,
      VAI_OPENAI_BASE_URL: `${upstream.url}/v1`,
      VAI_CARTESIA_BASE_URL: upstream.url,
      VAI_ELEVENLABS_BASE_URL: upstream.url,
      VAI_GOOGLE_TTS_ENDPOINT: google.url,
      VAI_BREAKER_FAILURE_PERCENT: '0',
      VAI_OTLP_ENDPOINT: collector.url,
      VAI_TTS_CACHE_BYTES: '0',
    },
    keys: { ...operatorKeys, google: account },
    parts: { variable: (name) => new Secret(Object.entries(tenantKeys).find(([each]) => each === name)?.[1] ?? '') },
  })
})
afterAll(async () => {
  await gateway.close()
  await collector.close()
  google.close()
  await upstream.close()
})

const headers = [{ 'x-api-key': acme.key }, { 'x-api-key': free.key }, { 'x-api-key': free.key, ...ownKeys }]
const body = { model: 'demo/echo', max_tokens: 200, messages: [{ role: 'user', content: prompt }] }
const sound = [{ role: 'user', content: [stt(wavTone(2400))] }]

/** Everybody asks everybody for everything. */
async function drive(next: Behaviour): Promise<number[]> {
  behaviour = next
  const asked = [
    ...voices.flatMap((voice) => [true, false].map((stream) => ({ ...body, stream, voice: { output: { voice } } }))),
    ...ears.map((model) => ({ ...body, stt_model: model, messages: sound })),
  ]
  const all = asked.flatMap((each) => headers.map((own) => gateway.post(each, own)))
  return Promise.all(
    all.map(async (answer) => {
      const response = await answer
      answers.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`)
      return response.status
    }),
  )
}

function keyIn({ headers }: RecordedRequest): string {
  const key = headers.authorization?.replace(/^(?:Bearer|Token) /, '') ?? headers['x-api-key'] ?? headers['xi-api-key']
  return String(key)
}

/** What a careless vendor says of a request: all of it. */
function everythingIn(request: RecordedRequest): string {
  return `${JSON.stringify(request.headers)} ${keyIn(request)} ${request.body} ${prompt} ${transcript}`
}

describe('vendors that repeat what they are sent', () => {
  it.each([400, 401, 403, 404, 422, 429, 500, 503])('with %i', async (status) => {
    await drive((request) => {
      const said = everythingIn(request)
      const words = { err_code: keyIn(request), err_msg: said, error_code: keyIn(request), title: said, message: said }
      const more = {
        detail: { status: keyIn(request), message: said },
        error: { message: said, code: keyIn(request), type: said },
      }
      const echoed = { 'x-echo': keyIn(request), 'request-id': keyIn(request), 'dg-error': keyIn(request), 'retry-after': '60' }
      return json({ ...words, ...more }, { status, headers: echoed })
    })
  })

  it.each(['text/html', 'text/plain', 'application/json', 'text/event-stream', 'audio/pcm'])('as %s', async (type) => {
    for (const status of [200, 500]) {
      await drive((request) => reply(everythingIn(request), { status, headers: { 'content-type': type } }))
    }
  })

  it('in the place of sound and of words', async () => {
    await drive((request) =>
      json({ error: everythingIn(request), text: [everythingIn(request)], results: everythingIn(request) }),
    )
    await drive((request) => json(everythingIn(request)))
    await drive(hangUp)
  })

  it('or do as they are asked, with words that nobody else is to read', async () => {
    await drive(() => {
      const heard = { alternatives: [{ transcript, confidence: 1, words: [] }] }
      return json({
        text: transcript,
        type: 'transcript',
        language_code: 'eng',
        words: [],
        metadata: { request_id: 'r', duration: 1, channels: 1 },
        results: { channels: [heard] },
      })
    })
    expect(answers.some((answer) => answer.includes(transcript))).toBe(true)
  })
})

describe('afterwards', () => {
  it('the search would have found something', () => {
    expect(gateway.logLines.length).toBeGreaterThan(500)
    expect(answers.length).toBeGreaterThan(500)
    expect(answers.some((answer) => answer.includes('[redacted]'))).toBe(true)
    expect(google.calls.length).toBeGreaterThan(10)
    const shown = upstream.requests.map((request) => keyIn(request))
    for (const key of [...Object.values(operatorKeys), ...Object.values(tenantKeys), ...Object.values(ownKeys)]) {
      expect(shown).toContain(key)
    }
  })

  it("nothing that a vendor did was taken for the gateway's own fault", () => {
    expect(answers.filter((answer) => answer.includes('internal_error')).map((answer) => answer.slice(-1000))).toEqual([])
  })

  it('no key is in any answer or header', () => {
    expect(leaksIn(answers, keys)).toEqual([])
  })

  it('no key is in any log line', () => {
    expect(leaksIn(gateway.logLines, keys)).toEqual([])
  })

  it('neither what was spoken nor what was heard is in any log line', () => {
    expect(leaksIn(gateway.logLines, [prompt, transcript])).toEqual([])
  })

  it('none of it is in any measurement', async () => {
    const { text } = await measured(gateway, { 'x-api-key': boss.key })
    expect(text).toContain('vai_tts_calls_total{provider="deepgram"')
    expect(leaksIn([text], [...keys, prompt, transcript])).toEqual([])
  })

  it("no vendor was shown another vendor's key, or the gateway's own", () => {
    const seen = upstream.requests.map(({ path, headers }) => `${path} ${JSON.stringify(headers)}`)
    expect(leaksIn(seen, [acme.key, free.key, ...pieces])).toEqual([])
    const others = Object.entries({
      '/v1/text-to-speech': 'eleven',
      '/tts/': 'cartesia',
      '/v1/audio/': 'openai',
      '/v1/speak': 'deepgram',
    })
    for (const [path, own] of others) {
      const shown = seen.filter((line) => line.startsWith(path))
      expect(shown.length, path).toBeGreaterThan(20)
      expect(
        leaksIn(
          shown,
          keys.filter((key) => !key.includes(own)),
        ),
      ).toEqual([])
    }
  })

  // The last one, as the rest of the spans leave when the gateway is closed.
  it('none of it is in any trace', async () => {
    await gateway.close()
    const sent = collector.requests.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body.toString('latin1')}`)
    expect(collector.spans().length).toBeGreaterThan(300)
    expect(leaksIn(sent, [...keys, prompt, transcript])).toEqual([])
  })
})
