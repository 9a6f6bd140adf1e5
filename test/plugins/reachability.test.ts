import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { anthropicKey } from '../upstreams/anthropic.ts'
import { json } from '../upstreams/behaviour.ts'
import { closedPort, startUpstream } from '../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const client = gatewayKey('app')
const admin = gatewayKey('boss', { role: 'admin' })

async function start(options?: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options)
  running.push(gateway)
  return gateway
}

describe('deep readiness', () => {
  it('tells which of the providers that are to be used can be reached', async () => {
    const upstream = await startUpstream(json({}, { status: 404 }))
    const gateway = await start({
      env: {
        VAI_ANTHROPIC_BASE_URL: `${upstream.url}/root`,
        VAI_OPENAI_BASE_URL: await closedPort(),
        VAI_PROVIDERS: 'ollama',
        VAI_OLLAMA_BASE_URL: await closedPort(),
      },
      keys: { anthropic: anthropicKey, openai: 'sk-test-openai' },
    })
    running.push(upstream)
    const response = await fetch(`${gateway.url}/readyz?deep=1`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      status: 'ready',
      providers: { anthropic: 'ok', openai: 'unreachable', ollama: 'unreachable' },
    })
    await fetch(`${gateway.url}/readyz?deep=1`)
    expect(upstream.requests.map(({ method, path, headers }) => [method, path, headers['x-api-key']])).toEqual([
      ['GET', '/root', undefined],
    ])
  })

  it('is for admins', async () => {
    const gateway = await start({ env: envWith([client, admin]) })
    const status = async (key?: string): Promise<number> =>
      (await fetch(`${gateway.url}/readyz?deep=1`, key ? { headers: { authorization: `Bearer ${key}` } } : {})).status
    expect([await status(), await status(client.key), await status(admin.key)]).toEqual([401, 403, 200])
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
  })

  it('takes no other word than 1', async () => {
    const gateway = await start()
    expect((await fetch(`${gateway.url}/readyz?deep=true`)).status).toBe(400)
  })
})
