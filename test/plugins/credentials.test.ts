import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../api/error.ts'
import { Secret } from '../../api/secret.ts'
import { type Credentials, type CredentialsOptions, credentials } from '../../plugins/credentials.ts'
import type { Service } from '../../tools/tool.ts'

const service: Service = {
  id: 'finder',
  name: 'Finder',
  upstream: {
    keyHeader: 'X-Provider-Key-Finder',
    keyVariables: ['FINDER_API_KEY'],
    baseURLVariable: 'VAI_FINDER_BASE_URL',
    defaultBaseURL: 'https://finder.example',
  },
}
const sent = { 'x-provider-key-finder': ' own-key ' }
const nobody = { providerKey: () => undefined }
const acme = { providerKey: (id: string) => (id === 'finder' ? new Secret('tenants-key') : undefined) }
const operators = new Map([['finder', new Secret('operators-key')]])

async function credentialsWith(
  mode: CredentialsOptions['mode'],
  operatorKeys: ReadonlyMap<string, Secret> = operators,
): Promise<Credentials> {
  const app = Fastify()
  await app.register(credentials, { mode, operatorKeys })
  return app.credentials
}

/** The key, or the code of the error. */
function keyOf(all: Credentials, ...[upstream, headers, principal]: Parameters<Credentials['keyFor']>): string {
  try {
    return all.keyFor(upstream, headers, principal).reveal()
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

describe('the key for a service', () => {
  it.each([
    ['byok', sent, acme, 'own-key', true],
    ['byok', {}, acme, 'missing_provider_key', false],
    ['hybrid', sent, acme, 'own-key', true],
    ['hybrid', {}, acme, 'tenants-key', true],
    ['hybrid', {}, nobody, 'operators-key', true],
    ['hybrid', { 'x-provider-key-finder': ' ' }, nobody, 'operators-key', true],
    ['managed', {}, acme, 'tenants-key', true],
    ['managed', {}, nobody, 'operators-key', true],
    // That there is one is so, and that it is not taken is better said than passed over.
    ['managed', sent, nobody, 'provider_key_not_accepted', true],
  ] as const)('%s, with %j', async (mode, headers, principal, key, isThere) => {
    const all = await credentialsWith(mode)
    expect(keyOf(all, service, headers, principal)).toBe(key)
    expect(all.hasKey(service, headers, principal)).toBe(isThere)
  })

  it('is missing where nobody has one', async () => {
    const all = await credentialsWith('hybrid', new Map())
    expect(all.hasKey(service, {}, nobody)).toBe(false)
    expect(all.hasOperatorKey(service)).toBe(false)
    expect(() => all.keyFor(service, {}, nobody)).toThrow(
      'There is no key for Finder: send yours in the header X-Provider-Key-Finder, or start the gateway with FINDER_API_KEY set.',
    )
  })

  it('is not needed where the service needs none', async () => {
    const open = { ...service, upstream: { ...service.upstream, keyOptional: true } }
    const all = await credentialsWith('byok')
    expect(all.hasKey(open, {}, nobody)).toBe(true)
    expect(keyOf(all, open, {}, nobody)).toBe('')
    expect(all.hasKey({ ...service, upstream: undefined }, {}, nobody)).toBe(true)
  })
})
