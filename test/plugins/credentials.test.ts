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
    ['byok', sent, acme, 'own-key'],
    ['byok', {}, acme, 'missing_provider_key'],
    ['hybrid', sent, acme, 'own-key'],
    ['hybrid', {}, acme, 'tenants-key'],
    ['hybrid', {}, nobody, 'operators-key'],
    ['hybrid', { 'x-provider-key-finder': ' ' }, nobody, 'operators-key'],
    ['managed', {}, acme, 'tenants-key'],
    ['managed', {}, nobody, 'operators-key'],
    // That there is one is so, and that it is not taken is better said than passed over.
    ['managed', sent, nobody, 'provider_key_not_accepted'],
  ] as const)('%s, with %j', async (mode, headers, principal, key) => {
    const all = await credentialsWith(mode)
    expect(keyOf(all, service, headers, principal)).toBe(key)
  })

  it('is missing where nobody has one', async () => {
    const all = await credentialsWith('hybrid', new Map())
    expect(all.hasOperatorKey(service)).toBe(false)
    expect(() => all.keyFor(service, {}, nobody)).toThrow(
      'There is no key for Finder: send yours in the header X-Provider-Key-Finder, or start the gateway with FINDER_API_KEY set.',
    )
  })

  it('is not needed where the service needs none', async () => {
    const open = { ...service, upstream: { ...service.upstream, keyOptional: true } }
    const all = await credentialsWith('byok')
    expect(keyOf(all, open, {}, nobody)).toBe('')
    expect(keyOf(all, { ...service, upstream: undefined }, {}, nobody)).toBe('')
  })
})

describe('the key for one of several services', () => {
  const named = (name: string): Service => ({
    id: name.toLowerCase(),
    name,
    upstream: { ...service.upstream, keyHeader: `X-Provider-Key-${name}`, keyVariables: [`${name.toUpperCase()}_API_KEY`] },
  })
  const services = [named('Finder'), named('Seeker'), named('Digger')] as const
  const own = { 'x-provider-key-seeker': 'own-key' }
  const tenants = { providerKey: (id: string) => (id === 'digger' ? new Secret('tenants-key') : undefined) }

  it.each([
    ['byok', own, tenants, 'seeker', 'own-key'],
    // What the caller brings is used, so that nobody else pays.
    ['hybrid', own, tenants, 'seeker', 'own-key'],
    ['hybrid', { ...own, 'x-provider-key-digger': 'other' }, tenants, 'seeker', 'own-key'],
    ['hybrid', {}, tenants, 'digger', 'tenants-key'],
    ['hybrid', {}, nobody, 'finder', 'operators-key'],
    ['managed', {}, tenants, 'digger', 'tenants-key'],
    ['managed', {}, nobody, 'finder', 'operators-key'],
  ] as const)('%s, with %j', async (mode, headers, principal, id, key) => {
    const chosen = (await credentialsWith(mode)).chooseKey(services, headers, principal)
    expect([chosen.service.id, chosen.key.reveal()]).toEqual([id, key])
  })

  it('needs none where one of them needs none, and takes one that is there', async () => {
    const [finder, seeker] = services
    const open = { ...finder, upstream: { ...finder.upstream, keyOptional: true } }
    const all = await credentialsWith('byok')
    expect(all.chooseKey([seeker, open], {}, nobody).service).toBe(open)
    expect(all.chooseKey([open, seeker], own, nobody).service).toBe(seeker)
  })

  it('is not taken from a caller who may not bring one', async () => {
    const all = await credentialsWith('managed')
    expect(() => all.chooseKey(services, own, tenants)).toThrow(
      expect.objectContaining({ code: 'provider_key_not_accepted', param: 'X-Provider-Key-Seeker' }),
    )
  })

  it.each([
    [
      'byok',
      'There is no key for Finder, Seeker or Digger: send one of yours in the header X-Provider-Key-Finder, X-Provider-Key-Seeker or X-Provider-Key-Digger.',
    ],
    [
      'hybrid',
      'There is no key for Finder, Seeker or Digger: send one of yours in the header X-Provider-Key-Finder, X-Provider-Key-Seeker or X-Provider-Key-Digger, or start the gateway with FINDER_API_KEY, SEEKER_API_KEY or DIGGER_API_KEY set.',
    ],
    ['managed', 'The operator of this gateway has set no key for Finder, Seeker or Digger.'],
  ] as const)('is missing with a word that fits where nobody has one: %s', async (mode, message) => {
    const all = await credentialsWith(mode, new Map())
    const missing = { code: 'missing_provider_key', param: 'X-Provider-Key-Finder', message }
    expect(() => all.chooseKey(services, {}, nobody)).toThrow(expect.objectContaining(missing))
  })
})
