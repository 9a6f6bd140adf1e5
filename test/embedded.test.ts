import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { operatorKeysFrom } from '../app.ts'
import { ConfigError, loadConfig, ownReached } from '../config.ts'
import { demo } from '../providers/demo/index.ts'
import type { LlmProvider } from '../providers/provider.ts'
import { type Gateway, startGateway } from './gateway.ts'

/** Two providers behind one root, as a vendor with two APIs has them. */
const upstream = {
  keyHeader: 'X-Provider-Key-Acme',
  keyVariables: ['ACME_API_KEY'],
  baseURLVariable: 'VAI_ACME_BASE_URL',
  defaultBaseURL: 'https://api.acme.test/v1',
}
const acme: LlmProvider = { ...demo, id: 'acme', name: 'Acme', demo: false, upstream }
const acmeLive: LlmProvider = { ...acme, id: 'acme-live', name: 'Acme Live' }
const providers = [acme, acmeLive]

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({ env, parts: { providers } })
  gateways.push(gateway)
  return gateway
}

describe('a gateway with providers that are not of this package', () => {
  it('serves them and no others', async () => {
    const { url } = await start()
    const { data }: { data: { id: string }[] } = JSON.parse(await (await fetch(`${url}/v1/models`)).text())
    expect(data.map(({ id }) => id)).toEqual(['acme/echo', 'acme/tools', 'acme-live/echo', 'acme-live/tools'])
  })

  it('serves them whether or not the demo of this package would be', async () => {
    const { url } = await start({ VAI_DEMO: 'false' })
    expect(await (await fetch(`${url}/v1/models`)).text()).toContain('acme/echo')
  })

  it('has one setting for the root that two of them share', async () => {
    const { baseURLs } = await loadConfig({ VAI_ACME_BASE_URL: 'http://127.0.0.1:9/v2' }, undefined, providers, [], [])
    expect([...baseURLs].map(([id, url]) => [id, url.href])).toEqual([
      ['acme', 'http://127.0.0.1:9/v2'],
      ['acme-live', 'http://127.0.0.1:9/v2'],
    ])
  })

  it('knows no setting of a provider that it does not have', async () => {
    await expect(loadConfig({ VAI_OPENAI_BASE_URL: 'http://127.0.0.1:9/v2' }, undefined, providers, [], [])).rejects.toThrow(
      ConfigError,
    )
  })

  it("has the operator's keys for them", () => {
    const env = { ACME_API_KEY: 'sk-test-acme-0123456789', OPENAI_API_KEY: 'sk-test-openai-0123456789' }
    expect([...operatorKeysFrom(env, providers).keys()]).toEqual(['acme', 'acme-live'])
    expect([...operatorKeysFrom(env).keys()]).toEqual(['openai', 'oai-resp'])
  })

  it('reads a key from the file that a variable names, where no other variable holds one', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'vai-key-')), 'key.json')
    writeFileSync(file, '{"type":"service_account"}\n')
    const inFile: LlmProvider = { ...acme, upstream: { ...upstream, keyFileVariables: ['ACME_KEY_FILE'] } }
    const keyFrom = (env: Record<string, string>): string | undefined => operatorKeysFrom(env, [inFile]).get('acme')?.reveal()
    expect(keyFrom({ ACME_KEY_FILE: file })).toBe('{"type":"service_account"}')
    expect(keyFrom({ ACME_KEY_FILE: file, ACME_API_KEY: 'sk-test-acme' })).toBe('sk-test-acme')
    // Whoever needs it is told that this is no key; the gateway starts, as others may use the same variable.
    expect(keyFrom({ ACME_KEY_FILE: '/nowhere/key.json' })).toBe('/nowhere/key.json')
    expect(keyFrom({})).toBeUndefined()
  })

  it('leaves their key headers out of its log', async () => {
    const { app, logLines } = await start()
    app.log.info({ headers: { 'x-provider-key-acme': 'q7-not-like-a-key' } })
    expect(logLines.at(-1)).toContain('"x-provider-key-acme":"[redacted]"')
  })
})

describe('the providers of this package, and the services that its tools ask,', () => {
  it('have a setting and a redacted header each', async () => {
    const gateway = await startGateway()
    gateways.push(gateway)
    for (const { upstream } of ownReached) {
      if (!upstream) continue
      const header = upstream.keyHeader.toLowerCase()
      gateway.app.log.info({ headers: { [header]: 'q7-not-like-a-key' } })
      expect(gateway.logLines.at(-1)).toContain(`"${header}":"[redacted]"`)
    }
  })
})

describe('a route of whoever builds the server', () => {
  it('may say what its answers look like', async () => {
    const gateway = await startGateway({
      routes: async (app) => {
        const schema = { response: { 200: { type: 'object', properties: { a: { type: 'integer' } } } } }
        app.get('/own', { schema, config: { auth: 'public' } }, async () => ({ a: 1, b: 'kept' }))
      },
    })
    gateways.push(gateway)
    expect(await (await fetch(`${gateway.url}/own`)).json()).toEqual({ a: 1, b: 'kept' })
  })
})
