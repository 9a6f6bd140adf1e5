import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { Accesses } from '../../../providers/google/credentials.ts'
import { google } from '../../../providers/google/index.ts'
import { collected, each, speechCall } from '../../speech-call.ts'
import { type GoogleTts, startGoogleTts } from '../../upstreams/google-tts.ts'

const servers: GoogleTts[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const account = {
  type: 'service_account',
  project_id: 'a-project',
  private_key_id: '0123456789abcdef',
  private_key: pem,
  client_email: 'voice@a-project.iam.gserviceaccount.com',
  // None of these is asked.
  token_uri: 'http://127.0.0.1:9/token',
  auth_uri: 'http://127.0.0.1:9/auth',
  universe_domain: 'example.com',
}

describe('a service account', () => {
  it('is let in with a token that is signed here', async () => {
    const server = await startGoogleTts({ publicKey: pair.publicKey })
    servers.push(server)
    await speak(server, JSON.stringify(account, undefined, 2))
    await speak(server, JSON.stringify(account, undefined, 2))
    const [first, second] = server.calls.map(({ metadata }) => String(metadata.get('authorization')[0]))
    expect(first).toBe(second)
    const [header, claims] = (first ?? '').replace('Bearer ', '').split('.')
    expect(parsed(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: '0123456789abcdef' })
    expect(parsed(claims)).toMatchObject({
      iss: account.client_email,
      sub: account.client_email,
      aud: 'https://texttospeech.googleapis.com/',
    })
    expect(server.calls[0]?.metadata.get('x-goog-api-key')).toEqual([])
  })

  it('is told of in no error', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const server = await startGoogleTts({ publicKey: other.publicKey })
    servers.push(server)
    const error = await speak(server, JSON.stringify(account)).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'provider_authentication', status: 401 })
    const told = JSON.stringify([error, String(error)])
    expect(told).not.toContain(pem.slice(40, 80))
    expect(told).not.toContain(String(server.calls[0]?.metadata.get('authorization')[0]).slice(0, 40))
  })

  it('has a token for as long as it is good for, and then another', async () => {
    const accesses = new Accesses()
    const key = new Secret(JSON.stringify(account))
    const at = (ms: number) => accesses.for(key, 1_700_000_000_000 + ms).then(({ headers }) => headers.authorization)
    const first = await at(0)
    expect(await at(49 * 60_000)).toBe(first)
    const second = await at(51 * 60_000)
    expect(second).not.toBe(first)
    // A clock that was set back would have tokens from the future.
    expect(await at(-60 * 60_000)).not.toBe(second)
  })
})

describe('an API key', () => {
  it('is sent as it is', async () => {
    const { headers } = await new Accesses().for(new Secret('AIzaSyTest-key_0123456789'), 0)
    expect(headers).toEqual({ 'x-goog-api-key': 'AIzaSyTest-key_0123456789' })
  })

  it('that is wrong is refused by Google as such', async () => {
    const server = await startGoogleTts()
    servers.push(server)
    await expect(speak(server, 'sk-test-wrong-key')).rejects.toMatchObject({
      code: 'provider_authentication',
      providerError: { status: 400, body: { status: 'INVALID_ARGUMENT', reason: 'API_KEY_INVALID' } },
    })
  })
})

describe('a key that cannot be used', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })

  it.each<[string, unknown]>([
    ['the path of a file', '/etc/google/key.json'],
    ['a path relative to where the gateway runs', './key.json'],
    ['a file URL', 'file:///etc/passwd'],
    ['a URL', 'https://example.com/key.json'],
    ['two lines', 'AIza\nAIza'],
    ['nothing', ' '],
    ['broken JSON', '{"type": "service_account"'],
    ['a list in JSON', '{}'],
    ['a user', { ...account, type: 'authorized_user' }],
    ['an external account', { type: 'external_account', credential_source: { file: '/etc/passwd' }, ...{ private_key: pem } }],
    [
      'a program that is to be started',
      { ...account, type: 'external_account', credential_source: { executable: { command: 'id' } } },
    ],
    ['an impersonated account', { ...account, type: 'impersonated_service_account' }],
    ['no address', { ...account, client_email: undefined }],
    ['an address that is none', { ...account, client_email: 'somebody' }],
    ['no private key', { ...account, private_key: '' }],
    ['a path in the place of the private key', { ...account, private_key: '/etc/ssl/private/key.pem' }],
    ['a key that is too weak', { ...account, private_key: small }],
    ['a key of a curve', { ...account, private_key: curve }],
    ['a file that is far too long', { ...account, filler: 'x'.repeat(20_000) }],
  ])('is %s', async (_, key) => {
    const server = await startGoogleTts()
    servers.push(server)
    const text = typeof key === 'string' ? key : JSON.stringify(key)
    const error = await speak(server, text).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'provider_key_unusable', status: 401 })
    expect(String(error)).not.toContain('passwd')
    expect(server.calls).toEqual([])
  })
})

async function speak(server: GoogleTts, key: string): Promise<unknown> {
  const { call, close } = speechCall(server.url, key, 'chirp-3-hd')
  try {
    const options = { voice: 'Kore', format: { encoding: 'pcm', rate: 24_000 } } as const
    return await collected(google.tts?.synthesize('Hello.', options, call) ?? each([]))
  } finally {
    await close()
  }
}

function parsed(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString())
}
