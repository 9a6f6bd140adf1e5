import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { RunResponse } from '../api/schemas.gen.ts'
import { Secret } from '../api/secret.ts'
import { settingsTable } from '../cli/settings-table.ts'
import { loadConfig } from '../config.ts'
import { errorOf, type Gateway, startGateway } from './gateway.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'
import { leaksIn } from './leaks.ts'
import { missing, titled } from './programs.ts'
import { type Behaviour, json, reply } from './upstreams/behaviour.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstreams/upstream.ts'

// None has a form that could be known as a key's.
const toolKey = 'q7f2-key-of-the-crm'
const signingKey = `whsec_${Buffer.from('w3k9-signing-key-of-the-crm-tool').toString('base64')}`
const basic = Buffer.from(`gateway:${toolKey}`).toString('base64')
const variables: Readonly<Record<string, string>> = { CRM_KEY: toolKey, CRM_SIGNING_KEY: signingKey }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface House {
  readonly gateway: Gateway
  readonly crm: Upstream
}

/** A gateway with tools of its operator's. */
async function start(behaviour: Behaviour, env: Readonly<Record<string, string>> = {}): Promise<House> {
  const crm = await startUpstream(behaviour)
  open.push(crm)
  const description = 'Looks a customer up.'
  const tools = {
    crm_lookup: {
      description,
      url: `${crm.url}/lookup`,
      input_schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      auth: { basic: { username: 'gateway', password: 'CRM_KEY' } },
      signing_key: 'CRM_SIGNING_KEY',
    },
    crm_delete: { description, url: `${crm.url}/delete`, auth: { bearer: 'CRM_KEY' } },
    stock: { description, url: `${crm.url}/stock` },
  }
  const gateway = await startGateway({
    env: { VAI_TOOLS: JSON.stringify(tools), ...env },
    parts: { variable: (name) => (variables[name] === undefined ? undefined : new Secret(variables[name])) },
  })
  open.push(gateway)
  return { gateway, crm }
}

function run({ gateway }: House, tool: string, headers: Record<string, string> = {}, path = '/v1/runs'): Promise<Response> {
  const request = { model: 'demo/tools', messages: [{ role: 'user', content: 'Who is Zoë?' }] }
  return gateway.post({ request, builtins: [tool] }, headers, path)
}

describe('a tool of the operator’s', () => {
  it('is called in a run like any other, signed, and its answer reaches the model', async () => {
    const house = await start(json({ content: 'Zoë, gold' }))
    const response = await run(house, 'crm_lookup', { 'x-request-id': 'req-of-zoe-1' })
    const { result }: RunResponse = JSON.parse(await response.text())
    expect(result).toMatchObject({ stop_reason: 'end_turn', tool_call_count: 1 })
    expect(JSON.stringify(result.messages)).toContain('Zoë, gold')
    const { headers, body, path } = await house.crm.waitForRequest()
    expect(path).toBe('/lookup')
    expect(headers.authorization).toBe(`Basic ${basic}`)
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    expect(new Webhook(signingKey).verify(body, sent)).toMatchObject({
      tool: 'crm_lookup',
      request_id: 'req-of-zoe-1',
      tenant: null,
      input: { name: expect.any(String) },
    })
  })

  it('keeps the gateway from starting where its keys are missing; all of them are named, beside what is wrong with gateway keys', async () => {
    const tools = { crm: { description: 'x', url: 'http://127.0.0.1:9', auth: { bearer: 'CRM_KEY' }, signing_key: 'OTHER' } }
    const env = { VAI_TOOLS: JSON.stringify(tools), VAI_GATEWAY_KEYS: '{"keys": [5]}' }
    const missing = 'the environment has no variable of this name, or an empty one'
    await expect(startGateway({ env })).rejects.toThrow(
      [
        `tools.crm.auth.bearer: ${missing}`,
        `tools.crm.signing_key: ${missing}`,
        'gateway_keys: keys[0]: a mapping is expected',
      ].join('\n'),
    )
  })

  it('is told with what is wrong with it, where it stands in the environment', async () => {
    const tools = { vai_crm: { description: 'x', url: 'http://127.0.0.1:9' }, crm: {} }
    await expect(loadConfig({ VAI_TOOLS: JSON.stringify(tools) })).rejects.toThrow(
      "VAI_TOOLS: tools.vai_crm: names that begin with vai_ are the gateway's own; take another\nVAI_TOOLS: tools.crm.url is missing\nVAI_TOOLS: tools.crm.description is missing",
    )
    await expect(loadConfig({ VAI_TOOLS: 'crm' })).rejects.toThrow('VAI_TOOLS: JSON is expected')
  })

  it('is printed with its address and the names of its variables', async () => {
    const tools = {
      crm: { description: 'x', url: 'https://crm.example/a?code=q7-secret', auth: { bearer: 'CRM_KEY' }, signing_key: 'SIGN' },
    }
    const printed = settingsTable(await loadConfig({ VAI_TOOLS: JSON.stringify(tools) }))
    expect(printed).toContain('VAI_TOOLS=crm\n')
    expect(printed).toContain('Your tools:\n    crm: https://crm.example/a, key from CRM_KEY, signed with SIGN')
    expect(printed).not.toContain('q7-secret')
  })
})

describe('the page about tools', () => {
  const page = readFileSync(new URL('../docs/tools.md', import.meta.url), 'utf8')
  const exampleIn = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''

  it('shows a definition that can be used', async () => {
    const { tools }: { tools: object } = parse(exampleIn('yaml'))
    const config = await loadConfig({ VAI_TOOLS: JSON.stringify(tools) })
    expect(config.tools).toMatchObject([{ name: 'crm_lookup', signingKey: 'CRM_SIGNING_KEY', timeoutMs: 5000 }])
  })

  /** A call as it came, and others that somebody has changed. */
  async function calls(): Promise<{ headers: Record<string, string>; body: string; isGenuine: boolean }[]> {
    const house = await start(json({ content: 'ok' }))
    await run(house, 'crm_lookup')
    const { headers, body } = await house.crm.waitForRequest()
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    const old = { ...sent, 'webhook-timestamp': String(Number(sent['webhook-timestamp']) - 301) }
    return [
      { headers: sent, body, isGenuine: true },
      { headers: sent, body: `${body} `, isGenuine: false },
      { headers: { ...sent, 'webhook-id': 'msg_other' }, body, isGenuine: false },
      { headers: { ...sent, 'webhook-signature': 'v1,ä' }, body, isGenuine: false },
      { headers: old, body, isGenuine: false },
    ]
  }

  it('shows how a call is verified in JavaScript', async () => {
    const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(exampleIn('js'))}`)
    for (const call of await calls()) expect(isGenuine(call.headers, call.body, signingKey)).toBe(call.isGenuine)
  })

  const noPython = missing('python3')
  it.skipIf(noPython)(titled('shows how a call is verified in Python', noPython), async () => {
    // Python compares no letters beyond ASCII, which is as good as a no.
    const all = (await calls()).filter(({ headers }) => !headers['webhook-signature']?.includes('ä'))
    const input = JSON.stringify(all.map((call) => ({ ...call, key: signingKey })))
    const script = `${exampleIn('python')}
import json, sys
print([is_genuine(c["headers"], c["body"].encode(), c["key"]) for c in json.load(sys.stdin)])`
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { input, encoding: 'utf8' })
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '[True, False, False, False]', stderr: '' })
  })
})

describe('who may use a tool', () => {
  it('is said by the operator, the tenant and the key together', async () => {
    const everything = gatewayKey('everything')
    const tenants = gatewayKey('tenants', { tenant: 'acme' })
    const narrow = gatewayKey('narrow', { tenant: 'acme', allowed_tools: ['stock', 'crm_lookup'] })
    const nothing = gatewayKey('nothing', { allowed_tools: ['none'] })
    const house = await start(json({ content: 'ok' }), {
      ...envWith([everything, tenants, narrow, nothing], { acme: { allowed_tools: ['crm_*'] } }),
      VAI_ALLOWED_TOOLS: 'crm_*,stock',
    })
    const may = async (key: string): Promise<string[]> => {
      const tools = ['crm_lookup', 'crm_delete', 'stock', 'vai_web_search']
      const answers = await Promise.all(
        tools.map(async (tool) => ({ tool, response: await run(house, tool, { 'x-api-key': key }) })),
      )
      for (const { response } of answers.filter((each) => each.response.status !== 200)) {
        expect(response.status).toBe(403)
        expect((await errorOf(response)).code).toBe('tool_not_allowed')
      }
      return answers.filter(({ response }) => response.status === 200).map(({ tool }) => tool)
    }
    expect(await may(everything.key)).toEqual(['crm_lookup', 'crm_delete', 'stock'])
    expect(await may(tenants.key)).toEqual(['crm_lookup', 'crm_delete'])
    expect(await may(narrow.key)).toEqual(['crm_lookup'])
    expect(await may(nothing.key)).toEqual([])
  })

  it('is everybody where nobody says so, and nobody where the operator says none', async () => {
    expect((await run(await start(json({ content: 'ok' })), 'stock')).status).toBe(200)
    expect((await run(await start(json({ content: 'ok' }), { VAI_ALLOWED_TOOLS: 'none' }), 'stock')).status).toBe(403)
  })

  it('is not said by names that there are not', async () => {
    await expect(loadConfig({ VAI_ALLOWED_TOOLS: 'vai_web_serch' })).rejects.toThrow(
      'allowed_tools: vai_web_serch: there is no tool vai_web_serch; did you mean vai_web_search?',
    )
    const key = gatewayKey('a', { allowed_tools: ['vai_web_serch'] })
    await expect(startGateway({ env: envWith([key]) })).rejects.toThrow(
      'keys[0].allowed_tools[0]: there is no tool vai_web_serch',
    )
  })

  it('tells the tool whose run it is', async () => {
    const key = gatewayKey('a', { tenant: 'acme' })
    const house = await start(json({ content: 'ok' }), envWith([key], { acme: null }))
    await run(house, 'stock', { 'x-api-key': key.key })
    expect((await house.crm.waitForRequest()).json).toMatchObject({ tool: 'stock', tenant: 'acme' })
  })
})

describe('the keys of the operator’s tools', () => {
  const secrets = [toolKey, signingKey, signingKey.slice('whsec_'.length), basic]
  const everything = ({ headers }: RecordedRequest): string => `${JSON.stringify(headers)} ${secrets.join(' ')}`

  it.each<[string, (request: RecordedRequest) => Behaviour]>([
    ['in an answer', (request) => json({ content: everything(request) })],
    ['in other JSON', (request) => json({ [toolKey]: everything(request) })],
    ['as an error', (request) => json({ content: everything(request), is_error: true })],
    ['with a status', (request) => reply(everything(request), { status: 500, headers: { 'content-type': 'text/plain' } })],
    ['with a strange type', (request) => reply(everything(request), { headers: { 'content-type': `image/${toolKey}` } })],
  ])('are in no answer, log or measurement, though the tool repeats them %s', async (_, behaviour) => {
    const house = await start(behaviour)
    const said: string[] = []
    for (const tool of ['crm_lookup', 'crm_delete']) {
      for (const path of ['/v1/runs', '/v1/runs:stream']) {
        const response = await run(house, tool, {}, path)
        expect(response.status).toBe(200)
        said.push(JSON.stringify([...response.headers]), await response.text())
      }
    }
    expect(house.crm.requests).toHaveLength(4)
    said.push(await (await fetch(`${house.gateway.url}/metrics`)).text())
    // Whatever else writes a line may have them in it.
    house.gateway.app.log.error({ err: new Error(`it broke with ${secrets.join(' ')}`) }, 'it broke')
    expect(house.gateway.logLines.join()).toContain('it broke with [redacted]')
    expect(leaksIn([...said, ...house.gateway.logLines], secrets)).toEqual([])
  })
})
