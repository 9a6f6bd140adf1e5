import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Collector, startCollector } from './collector.ts'
import { readerOf, startGate } from './gate.ts'
import { gatewayKey } from './gateway-keys.ts'
import { leaksIn } from './leaks.ts'
import { type Process, startProcess, startServer } from './process.ts'
import { noRedis, startRedis, type TestRedis } from './redis.ts'
import { until } from './until.ts'
import { json } from './upstreams/behaviour.ts'
import { type RecordedRequest, startUpstream } from './upstreams/upstream.ts'

/**
 * Keys and prompts are planted in a whole process and all that it is connected to. Then everything that comes out of it is searched:
 * answers, its output, measurements, traces, what it leaves in Redis, and what it says when it dies.
 */

const admin = gatewayKey('admin', { role: 'admin', tenant: 'acme' })
const client = gatewayKey('client', { tenant: 'acme', project: 'app' })
const expired = gatewayKey('expired', { expires_at: '2020-01-01T00:00:00Z' })
const unknown = gatewayKey('unknown')
const gatewayKeys = [admin, client, expired, unknown]
const operatorKeys = {
  ANTHROPIC_API_KEY: 'q7f2-operator-key-of-anthropic',
  OPENAI_API_KEY: 'w3k9-operator-key-of-openai',
  TAVILY_API_KEY: 't6y0-operator-key-of-tavily',
  OWN_TOOL_KEY: 'z8m4-key-of-the-own-tool',
  OWN_TOOL_SIGNING_KEY: 'o4v8-signing-key-of-the-own-tool',
}
const tenantKey = 'e6d1-key-of-the-tenant-for-openai'
const ownKey = 'r2p5-key-that-the-caller-brought'
const password = 'u8b3-password-of-redis'
const collectorKey = 'i1n6-key-for-the-collector'
const prompt = 'j4x7-what-the-caller-said'
const keys = [
  ...gatewayKeys.flatMap(({ key, record }) => [key, record.hash.replace('sha256:', '')]),
  ...Object.values(operatorKeys),
  tenantKey,
  ownKey,
  password,
  collectorKey,
]

// A few seconds each; several times as many where the machine has much else to do.
vi.setConfig({ testTimeout: 60_000 })

const running: { close(): unknown }[] = []
beforeAll(() => {
  const script = fileURLToPath(new URL('../scripts/ensure-built.mjs', import.meta.url))
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the server could not be built: ${stdout}${stderr}`)
}, 120_000)
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

function closedAfterwards<Started extends { close(): unknown }>(started: Started): Started {
  running.push(started)
  return started
}

const env = {
  ...operatorKeys,
  ACME_OPENAI_KEY: tenantKey,
  VAI_LOG_LEVEL: 'trace',
  VAI_OLLAMA_DETECT: 'false',
  VAI_AUTH_MODE: 'required',
  VAI_GATEWAY_KEYS: JSON.stringify({
    tenants: {
      acme: { provider_keys: { openai: 'ACME_OPENAI_KEY' }, limits: { requests_per_minute: 10_000, cost_per_day_usd: 1000 } },
    },
    keys: [admin, client, expired].map(({ record }) => record),
  }),
  VAI_RETRY_ATTEMPTS: '0',
  VAI_BREAKER_FAILURE_PERCENT: '0',
}

const ownTool = {
  description: 'Repeats everything.',
  auth: { bearer: 'OWN_TOOL_KEY' },
  signing_key: 'OWN_TOOL_SIGNING_KEY',
}

interface Place {
  readonly server: Process & { readonly url: string }
  readonly redis: TestRedis | undefined
  readonly collector: Collector
}

/** A gateway before a provider that repeats whatever it is sent, keys and all, as an error or as an answer. */
async function start(more: Readonly<Record<string, string>> = {}): Promise<Place> {
  const upstream = closedAfterwards(await startUpstream(careless))
  const collector = closedAfterwards(await startCollector())
  const redis = noRedis ? undefined : closedAfterwards(await startRedis({ password }))
  const server = closedAfterwards(
    await startServer({
      ...env,
      VAI_ANTHROPIC_BASE_URL: upstream.url,
      VAI_OPENAI_BASE_URL: `${upstream.url}/v1`,
      VAI_TAVILY_BASE_URL: upstream.url,
      VAI_TOOLS: JSON.stringify({ own_tool: { ...ownTool, url: upstream.url } }),
      VAI_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${collectorKey}`,
      ...(redis && { VAI_REDIS_URL: redis.url }),
      ...more,
    }),
  )
  return { server, redis, collector }
}

function careless(request: RecordedRequest) {
  const said = `${JSON.stringify(request.headers)} ${request.body}`
  if (request.index % 2 === 0)
    return json({ type: 'error', error: { type: 'api_error', message: said, code: said } }, { status: 500 })
  return json({ type: 'message', content: said, choices: said })
}

const models = ['anthropic/claude-sonnet-4-5', 'openai/gpt-5-mini', 'demo/echo', 'demo/nothing', 'nobody/knows']

/** Everything that can be asked, by everybody; the answers, heads and all. */
async function askEverything(url: string): Promise<string[]> {
  const answers: string[] = []
  const note = async (response: Response): Promise<void> => {
    answers.push(`${JSON.stringify([...response.headers])}\n${await response.text()}`)
  }
  const callers = [
    ...gatewayKeys.flatMap(({ key }) => [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]),
    {
      'x-api-key': client.key,
      'x-provider-key-openai': ownKey,
      'x-provider-key-anthropic': ownKey,
      'x-provider-key-tavily': ownKey,
    },
    {},
  ]
  for (const headers of callers) {
    for (const model of models) {
      for (const stream of [true, false]) {
        // What the demo says is what it was asked: that is no leak, and would hide one.
        const said = model === 'demo/echo' ? 'Hello' : prompt
        const body = {
          model,
          stream,
          max_tokens: 100,
          system: prompt,
          metadata: { user_id: prompt },
          messages: [{ role: 'user', content: said }],
        }
        await note(await post(url, body, headers))
      }
    }
    await note(await post(url, { model: 'demo/echo', nonsense: prompt }, headers))
    for (const tool of ['own_tool', 'vai_web_search', 'vai_web_fetch']) {
      const request = { model: 'demo/tools', messages: [{ role: 'user', content: 'Hello' }] }
      const run = { request, builtins: [tool], run: { tool_config: { [tool]: {} } } }
      for (const path of ['/v1/runs', '/v1/runs:stream']) await note(await post(url, run, headers, path))
    }
    for (const path of [
      '/v1/models',
      '/metrics',
      '/readyz',
      '/readyz?deep=1',
      '/healthz',
      `/nothing?key=${ownKey}`,
      '/openapi.json',
    ]) {
      await note(await fetch(url + path, { headers }))
    }
  }
  return answers
}

function post(url: string, body: object, headers: Readonly<Record<string, string>>, path = '/v1/messages'): Promise<Response> {
  const all = { 'content-type': 'application/json', ...headers }
  return fetch(url + path, { method: 'POST', headers: all, body: JSON.stringify(body) })
}

/** Every key that is in it and what it holds, as text. */
async function contentsOf({ url }: TestRedis): Promise<string[]> {
  const redis = new Redis(url)
  try {
    const names = await redis.keys('*')
    const read = async (name: string): Promise<string> => {
      const isSet = (await redis.type(name)) === 'zset'
      return `${name} ${isSet ? (await redis.zrange(name, '0', '-1')).join(' ') : await redis.get(name)}`
    }
    return await Promise.all(names.map(read))
  } finally {
    redis.disconnect()
  }
}

function outputOf(server: Process): string[] {
  return [server.output(), server.errors()]
}

describe('a process with keys and prompts in it', () => {
  it('shows none in answers, lines, measurements and traces, and leaves none in Redis', async () => {
    const { server, redis, collector } = await start()
    const answers = await askEverything(server.url)
    await until(() => collector.spans().some(({ name }) => name.startsWith('chat ')))
    const stored = redis ? await contentsOf(redis) : []
    // Losing what counts and what collects is told of, too.
    await redis?.stop()
    answers.push(...(await askEverything(server.url)))
    server.signal('SIGTERM')
    expect(await server.ended).toBe(0)

    expect(answers.length).toBeGreaterThan(300)
    expect(answers.some((answer) => answer.includes('[redacted]'))).toBe(true)
    expect(answers.some((answer) => answer.includes('vai_requests_total'))).toBe(true)
    expect(answers.some((answer) => answer.includes('run_complete') && answer.includes('webhook-signature'))).toBe(true)
    expect(server.output()).toContain('"tenant":"acme"')
    expect(collector.requests.some(({ headers }) => headers.authorization === `Bearer ${collectorKey}`)).toBe(true)
    expect(stored.length > 0).toBe(redis !== undefined)
    const traces = collector.requests.map(({ body }) => body.toString())
    expect(leaksIn(answers, keys)).toEqual([])
    expect(leaksIn([...outputOf(server), ...traces, ...stored], [...keys, prompt])).toEqual([])
    const measured = answers.filter((answer) => answer.includes('vai_requests_total'))
    expect(leaksIn(measured, [prompt])).toEqual([])
  })

  it('shows none where its settings are printed, or keep it from starting', async () => {
    const url = `redis://:${password}@127.0.0.1:1`
    const attempts: [string[], Record<string, string>][] = [
      [['config'], { VAI_REDIS_URL: url, OTEL_EXPORTER_OTLP_HEADERS: `authorization=${collectorKey}` }],
      [['config'], { VAI_TOOLS: JSON.stringify({ own_tool: { ...ownTool, url: `http://127.0.0.1:9?key=${ownKey}` } }) }],
      [['serve'], { VAI_TOOLS: JSON.stringify({ own_tool: { ...ownTool, url: ownKey, auth: { bearer: ownKey } } }) }],
      [['serve'], { VAI_TOOLS: `{"own_tool": "${ownKey}` }],
      [['keys', 'list'], {}],
      [['keys', 'show', 'client'], {}],
      [['serve'], { VAI_REDIS_URL: `nothing-${password}` }],
      [['serve'], { VAI_REDIS_URL: url.replace('redis:', 'http:') }],
      [['serve'], { VAI_GATEWAY_KEYS: `{"keys": "${client.key}` }],
      [['serve'], { VAI_GATEWAY_KEYS: JSON.stringify({ keys: [{ ...client.record, hash: client.key }] }) }],
      [['serve'], { VAI_GATEWAY_KEYS: JSON.stringify({ keys: [client.record, client.record] }) }],
      [
        ['serve'],
        {
          VAI_GATEWAY_KEYS: JSON.stringify({
            tenants: { acme: { provider_keys: { openai: tenantKey } } },
            keys: [client.record],
          }),
        },
      ],
    ]
    for (const [args, more] of attempts) {
      const command = closedAfterwards(startProcess(args, { ...env, ...more }))
      const code = await command.ended
      expect({ args, code }).toEqual({ args, code: args[0] === 'serve' ? 2 : 0 })
      // Of a hash one may be shown as much as tells it from others, of a key nothing.
      expect(leaksIn(outputOf(command), keys)).toEqual([])
    }
  })

  it.skipIf(noRedis !== undefined)('shows none where Redis does not take its password', async () => {
    const redis = closedAfterwards(await startRedis({ password: 'another' }))
    const wrong = { VAI_REDIS_URL: redis.url.replace('another', password), VAI_LIMIT_STORE_LOST: 'refuse' }
    const { server } = await start(wrong)
    const answers = await askEverything(server.url)
    expect(answers.some((answer) => answer.includes('limits_unavailable'))).toBe(true)
    expect(leaksIn([...answers, ...outputOf(server)], keys)).toEqual([])
  })
})

describe('a process that dies of an error', () => {
  const alone = (server: Process): number[] => [server.pid]
  it.each([
    ['thrown', '1', alone, 'throw broken()'],
    ['rejected', '1', alone, 'Promise.reject(broken())'],
    ['thrown in the first of several processes', '2', alone, 'throw broken()'],
    ['thrown in those that answer', '2', workersOf, 'throw broken()'],
  ])('%s while a request runs, shows none of what the error holds', async (_, workers, who, how) => {
    const gate = closedAfterwards(await startGate())
    const { server } = await start({
      VAI_ANTHROPIC_BASE_URL: gate.url,
      VAI_WORKERS: workers,
      TEST_HELD: heldByError(workers === '1' ? [] : [tenantKey, ownKey]),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(dying(how))}`,
    })
    const body = {
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: prompt }],
    }
    const answer = readerOf(await post(server.url, body, { 'x-api-key': client.key, 'x-provider-key-anthropic': ownKey }))
    await answer.until('Hel')
    const pids = who(server)
    for (const pid of pids) process.kill(pid, 'SIGWINCH')
    await until(() => server.output().split('ends after an error').length === pids.length + 1)
    gate.open()
    expect(await answer.rest()).toContain('message_stop')
    if (who === alone) expect(await server.ended).toBe(1)
    expect(server.output()).toContain('it broke')
    expect(server.output()).toContain('[redacted]')
    expect(leaksIn(outputOf(server), [...keys, prompt])).toEqual([])
  })
})

/** A module that has its process fail at a signal, as somebody else's code might, with whatever it knows in what it throws. */
function dying(how: string): string {
  return `
    const { message, ...held } = JSON.parse(process.env.TEST_HELD)
    const broken = () => Object.assign(new Error(message, { cause: new Error(message) }), held)
    process.on('SIGWINCH', () => { ${how} })
  `
}

/**
 * Not the hashes of gateway keys: nobody gets in with one. Nor what the process cannot know that fails: the first of several has no
 * tenant's key in its hands, and only one of the others that of the caller.
 */
function heldByError(unknown: readonly string[]): string {
  const held = keys.filter((key) => !gatewayKeys.some(({ record }) => record.hash.endsWith(key)) && !unknown.includes(key))
  return JSON.stringify({
    message: `it broke with ${held.join(' ')}`,
    command: { name: 'auth', args: [password] },
    headers: { authorization: `Bearer ${client.key}`, 'x-api-key': ownKey },
    keys: held,
  })
}

function workersOf(server: Process): number[] {
  return [...server.output().matchAll(/"worker":(\d+),"msg":"a worker answers"/g)].map(([, pid]) => Number(pid))
}
