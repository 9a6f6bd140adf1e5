import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { GatewayError } from '../../api/error.ts'
import { isRecord, parseJson, stringOf } from '../../api/json.ts'
import { Secret } from '../../api/secret.ts'

/** What a call is let in by. */
export interface Access {
  /** Of the call's metadata. */
  readonly headers: Readonly<Record<string, string>>
  /** What must not be told on; the key itself among them. */
  readonly secrets: readonly Secret[]
}

/**
 * What lets a key in: an API key as it is, or a token that is signed here with the private key of a service account. Nothing that stands in a
 * key makes the gateway read a file, start a process or ask anybody, so that no other kind of credentials is taken.
 *
 * Throws `provider_key_unusable`.
 */
export class Accesses {
  /** By the hash of the whole key. The first is the one that was asked for longest ago. */
  readonly #tokens = new Map<string, Token>()

  /** `wallclock` is in milliseconds since 1970. */
  async for(key: Secret, wallclock: number): Promise<Access> {
    const text = key.reveal().trim()
    if (!text.startsWith('{')) return apiKeyAccess(text, key)
    const id = createHash('sha256').update(text).digest('hex')
    let token = this.#tokens.get(id)
    this.#tokens.delete(id)
    if (!token || wallclock > token.renewAt || wallclock < token.renewAt - lifetimeMs) {
      token = { renewAt: wallclock + lifetimeMs - marginMs, access: signedAccess(text, key, wallclock) }
    }
    this.#tokens.set(id, token)
    const [oldest] = this.#tokens.keys()
    if (this.#tokens.size > mostTokens && oldest !== undefined) this.#tokens.delete(oldest)
    try {
      return await token.access
    } catch (error) {
      if (this.#tokens.get(id) === token) this.#tokens.delete(id)
      throw error
    }
  }
}

interface Token {
  /** Milliseconds since 1970. */
  readonly renewAt: number
  readonly access: Promise<Access>
}

/** Google takes a token for an hour, and the clocks of both sides differ. */
const lifetimeMs = 3_600_000
const marginMs = 600_000
const mostTokens = 500
/** A key file has some 2,400 characters; a private key of 4,096 bits has 3,300. */
const longestKeyFile = 16_384
const longestPrivateKey = 8192

/** Which service the token is for, wherever it is reached. */
const audience = 'https://texttospeech.googleapis.com/'

function apiKeyAccess(text: string, key: Secret): Access {
  // No slash and no space: whatever else is put here by mistake, such as the path of a file, is not sent to Google.
  if (!/^[\w.~-]{1,512}$/.test(text)) throw unusable('it is neither an API key nor the JSON of a service account.')
  return { headers: { 'x-goog-api-key': text }, secrets: [key] }
}

async function signedAccess(text: string, key: Secret, wallclock: number): Promise<Access> {
  const { email, keyId, privateKey, pem } = serviceAccount(text)
  const issuedAt = Math.floor(wallclock / 1000)
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId !== '' && { kid: keyId }) }
  const claims = { iss: email, sub: email, aud: audience, iat: issuedAt, exp: issuedAt + lifetimeMs / 1000 }
  const signed = `${base64url(header)}.${base64url(claims)}`
  const token = `${signed}.${(await signature(signed, privateKey)).toString('base64url')}`
  const secrets = [key, new Secret(token), new Secret(pem), new Secret(pem.trim())]
  return { headers: { authorization: `Bearer ${token}` }, secrets }
}

interface ServiceAccount {
  readonly email: string
  /** Empty where the file names none. */
  readonly keyId: string
  readonly privateKey: KeyObject
  readonly pem: string
}

/** Whatever else stands in the file is not looked at: addresses in it are the file's writer's. */
function serviceAccount(text: string): ServiceAccount {
  const file = text.length > longestKeyFile ? undefined : parseJson(text)
  if (!isRecord(file)) throw unusable('it begins as JSON does, but is none that can be read.')
  if (file.type !== 'service_account') {
    throw unusable('of files with credentials only that of a service account is taken, whose "type" is "service_account".')
  }
  const [email, pem] = [stringOf(file.client_email), stringOf(file.private_key)]
  if (!/^[^\s@]{1,256}@[^\s@]{1,256}$/.test(email)) throw unusable('its "client_email" is missing or no address.')
  if (pem === '' || pem.length > longestPrivateKey) throw unusable('its "private_key" is missing or too long.')
  return { email, keyId: stringOf(file.private_key_id), privateKey: rsaKey(pem), pem }
}

function rsaKey(pem: string): KeyObject {
  const key = readKey(pem)
  const bits = key?.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0
  if (!key || bits < 2048 || bits > 4096) throw unusable('its "private_key" is no RSA key of 2,048 to 4,096 bits in PEM.')
  return key
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // What OpenSSL says of it is of no use to whoever sent it.
    return undefined
  }
}

/** Signed beside the event loop, which a thousand microseconds would hold up. */
function signature(text: string, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(text), key, (error, bytes) => {
      if (error) reject(unusable('nothing can be signed with its "private_key".'))
      else resolve(bytes)
    })
  })
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function unusable(why: string): GatewayError {
  return new GatewayError('provider_key_unusable', {
    message: `Google Cloud: the key cannot be used: ${why}`,
    providerError: { provider: 'google' },
  })
}
