import { generateKeyPairSync } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { until } from '../until.ts'
import { type GoogleScript, type GoogleTts, googleKey, refused, type Step, startGoogleTts } from '../upstreams/google-tts.ts'
import { expectOrder, streamed } from './answers.ts'
import { startModel } from './model.ts'
import { google } from './vendors.ts'

/** Google's voices over gRPC: what fails there, and who leaves. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const first = 'The first sentence is here.'
const second = 'The second one follows.'
const text = `${first} ${second}`

async function stageFor(script: GoogleScript, env: Record<string, string> = {}, key = googleKey) {
  const [vendor, model]: [GoogleTts, Awaited<ReturnType<typeof startModel>>] = [
    await startGoogleTts(script),
    await startModel(text),
  ]
  open.push({ close: async () => vendor.close() }, model.upstream)
  const gateway: Gateway = await startGateway({
    env: {
      ...google.env(vendor.url),
      ...model.env,
      VAI_TTS_FIRST_AUDIO_MS: '500',
      VAI_TTS_IDLE_MS: '500',
      VAI_BREAKER_FAILURE_PERCENT: '0',
      ...env,
    },
    keys: { ...model.keys, google: key },
  })
  open.push(gateway)
  const voice = { output: { voice: google.voice, format: 'pcm' } }
  const body = { model: model.name, max_tokens: 100, stream: true, voice, messages: [{ role: 'user', content: 'Speak.' }] }
  return { vendor, gateway, body }
}

const speak: Step = { type: 'speak' }

describe('a voice of Google', () => {
  it.each<[string, Step]>([
    ['UNAVAILABLE', refused(status.UNAVAILABLE, 'The service is currently unavailable.')],
    ['UNAUTHENTICATED', refused(status.UNAUTHENTICATED, 'Request had invalid authentication credentials.')],
    ['RESOURCE_EXHAUSTED', refused(status.RESOURCE_EXHAUSTED, 'Quota exceeded.')],
    ['INTERNAL in the middle of the sound', refused(status.INTERNAL, 'Internal error encountered.', 2)],
    ['an end without sound', { type: 'hangUp', after: 0 }],
    ['silence', { type: 'silent', after: 0 }],
    ['sound that never ends, though all of it has come', { type: 'silent' }],
    ['garbage', { type: 'send', messages: [Buffer.from('{"not":"sound"}')], raw: true }],
    ['sound without an end', { type: 'flood', bytes: 60_000 }],
  ])('that fails with %s: the text is complete, and the sound is said to be missing', async (_, step) => {
    const { gateway, body } = await stageFor({ steps: [step] })
    const answered = await streamed(await gateway.post(body))
    expectOrder(answered)
    expect(answered.text).toBe(text)
    expect(answered.unavailable?.error.code).not.toBe('internal_error')
    expect(answered.unavailable).toBeDefined()
  })

  it('that fails once is asked again, and nothing is missing', async () => {
    const { gateway, body } = await stageFor({ steps: [refused(status.UNAVAILABLE, 'Not now.', 2), speak] })
    const answered = await streamed(await gateway.post(body))
    expect(answered.unavailable).toBeUndefined()
    expect(answered.audio).toEqual(Buffer.concat([google.sound(first, 24_000), google.sound(second, 24_000)]))
  })

  it('is asked with the service account that the operator has', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const account = JSON.stringify({
      type: 'service_account',
      project_id: 'project',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'robot@project.iam.gserviceaccount.com',
      client_id: '1',
      token_uri: 'https://oauth2.googleapis.com/token',
    })
    const { gateway, body, vendor } = await stageFor({ publicKey }, {}, account)
    const answered = await streamed(await gateway.post(body))
    expect(answered.unavailable).toBeUndefined()
    expect(answered.transcript).toBe(text)
    expect(vendor.calls[0]?.metadata.get('x-goog-api-key')).toEqual([])
  })

  it('is let go when the caller leaves', async () => {
    const { gateway, body, vendor } = await stageFor({ steps: [{ type: 'silent', after: 1 }] }, { VAI_TTS_IDLE_MS: '60000' })
    const controller = new AbortController()
    const answer = fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: controller.signal,
    })
    answer.catch(() => undefined)
    await until(() => vendor.calls.length === 2)
    controller.abort()
    await until(() => vendor.calls.every(({ cancelled }) => cancelled))
  })
})
