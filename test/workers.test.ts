import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { buildBefore } from './built.ts'
import { type Gate, readerOf, startGate } from './gate.ts'
import { type Process, startProcess, startServer } from './process.ts'
import { noRedis, startRedis } from './redis.ts'
import { until } from './until.ts'

/** The built server as several processes on one port, whose workers come, go and are killed. */

const running: { close(): Promise<unknown> | unknown }[] = []
const longMs = 90_000

buildBefore()

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

interface Server extends Process {
  readonly url: string
  /** The workers that answer, in the order in which they started. */
  workers(): readonly number[]
}

async function serve(env: Record<string, string> = {}): Promise<Server> {
  const server = await startServer({ VAI_WORKERS: '2', VAI_OLLAMA_DETECT: 'false', ...env })
  const workers = (): readonly number[] => {
    const gone = pidsOf(server, 'a worker has ended', 'a worker ended by itself; another takes its place')
    return pidsOf(server, 'a worker answers').filter((pid) => !gone.includes(pid))
  }
  const all = { ...server, workers }
  running.push({
    async close() {
      server.signal('SIGKILL')
      // Whatever state they are in, and the one that may have been on its way.
      await until(() => {
        const left = pidsOf(server, 'a worker answers').filter(isAlive)
        for (const pid of left) sends(pid, 'SIGKILL')
        return left.length === 0
      })
      await server.close()
    },
  })
  // The log is written a moment after the banner, which may overtake it.
  await until(() => workers().length === Number(env.VAI_WORKERS || 2))
  return all
}

/** The workers of all log lines that say one of these. */
function pidsOf(server: Process, ...messages: readonly string[]): number[] {
  return linesOf(server).flatMap(({ msg, worker }) => (messages.includes(String(msg)) ? [Number(worker)] : []))
}

function linesOf(server: Process): Record<string, unknown>[] {
  return server
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
}

function isAlive(pid: number): boolean {
  return sends(pid, 0)
}

/** Whether there was still a process to send it to. */
function sends(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }
const slow = { ...hello, model: 'anthropic/any', stream: true }

function post(url: string, body: object): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return fetch(`${url}/v1/messages`, init)
}

async function openGate(): Promise<Gate & { readonly env: Record<string, string> }> {
  const gate = await startGate()
  running.push(gate)
  return { ...gate, env: { VAI_ANTHROPIC_BASE_URL: gate.url, ANTHROPIC_API_KEY: 'sk-test-anthropic-operator' } }
}

/** Over a connection of its own, which a worker that hangs cannot have. */
function getOnce(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = get(url, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.once('end', () => resolve(text)).once('error', reject)
    })
    outgoing.once('error', reject)
  })
}

/** Streams that have begun and wait for the gate; so many that each worker has some. */
async function startStreams(server: Server): Promise<ReturnType<typeof readerOf>[]> {
  const streams: ReturnType<typeof readerOf>[] = []
  while (streams.length < 16) {
    const text = readerOf(await post(server.url, slow))
    await text.until('Hel')
    streams.push(text)
  }
  return streams
}

/** Callers with connections that stay open, who ask one thing after the other until they are told to stop. */
function load(url: string, callers = 8) {
  const agent = new Agent({ keepAlive: true, maxSockets: callers })
  const outcomes = new Map<string, number>()
  let calls = 0
  let isOver = false
  const call = (): Promise<string> =>
    new Promise((resolve) => {
      const options = { method: 'POST', agent, headers: { 'content-type': 'application/json' } }
      const outgoing = request(`${url}/v1/messages`, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        response.once('end', () => resolve(text.includes('end_turn') ? 'answered' : `${response.statusCode}: ${text}`))
        response.once('error', (error) => resolve(error.message))
      })
      outgoing.once('error', (error) => resolve(error.message))
      outgoing.end(JSON.stringify({ ...hello, stream: calls++ % 2 === 0 }))
    })
  const work = Array.from({ length: callers }, async () => {
    while (!isOver) {
      const outcome = await call()
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  })
  return {
    answered: () => outcomes.get('answered') ?? 0,
    /** How many calls ended how. */
    async stop(): Promise<Record<string, number>> {
      isOver = true
      await Promise.all(work)
      agent.destroy()
      return Object.fromEntries(outcomes)
    },
  }
}

function yamlFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vai-test-'))
  running.push({ close: () => rmSync(folder, { recursive: true }) })
  const path = join(folder, 'vai.yaml')
  writeFileSync(path, text)
  return path
}

describe('several workers', () => {
  it('answer on one port, with one banner, and end together with 0', { timeout: longMs }, async () => {
    const server = await serve({ VAI_WORKERS: '3' })
    expect(server.workers()).toHaveLength(3)
    expect(server.output().match(/VAI Gateway/g)).toHaveLength(1)
    await until(async () => {
      // Connections that stay open would be of the same workers for ever.
      await Promise.all(Array.from({ length: 24 }, () => getOnce(`${server.url}/v1/models`)))
      return new Set(pidsOf(server, 'request')).size === 3
    })
    const workers = server.workers()
    server.signal('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(workers.filter(isAlive)).toEqual([])
  })

  it('have metrics that are sums, which do not fall when a worker hangs or is killed', { timeout: longMs }, async () => {
    const server = await serve()
    const count = 40
    await Promise.all(Array.from({ length: count }, async () => (await post(server.url, hello)).text()))
    const counted = async (): Promise<number> => {
      const text = await getOnce(`${server.url}/metrics`)
      const lines = text.split('\n').filter((line) => line.startsWith('vai_requests_total') && line.includes('/v1/messages'))
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    }
    await until(async () => (await counted()) === count)
    const [first = 0] = server.workers()
    process.kill(first, 'SIGSTOP')
    expect(await counted()).toBe(count)
    process.kill(first, 'SIGKILL')
    await until(() => server.workers().length === 2 && !server.workers().includes(first))
    expect(await counted()).toBe(count)
  })

  it('say that there are no metrics while the first process hangs, and answer all else', { timeout: longMs }, async () => {
    const server = await serve()
    server.signal('SIGSTOP')
    expect(JSON.parse(await getOnce(`${server.url}/metrics`))).toMatchObject({ error: { code: 'measurements_unavailable' } })
    expect((await post(server.url, hello)).status).toBe(200)
    server.signal('SIGCONT')
    await until(async () => (await getOnce(`${server.url}/metrics`)).startsWith('# HELP'))
  })

  it('say once what keeps them from starting', { timeout: longMs }, async () => {
    const { url } = await serve()
    const { port } = new URL(url)
    const other = startProcess(['serve'], { VAI_WORKERS: '3', VAI_PORT: port, VAI_LOG_LEVEL: 'silent' })
    running.push(other)
    expect(await other.ended).toBe(1)
    expect(other.errors()).toBe(`vai: port ${port} on 127.0.0.1 is in use by another process; set VAI_PORT to a free one.\n`)
    const wrong = startProcess(['serve'], { VAI_WORKERS: '3', VAI_GATEWAY_KEYS: '{"keys":[{"id":"a"}]}' })
    running.push(wrong)
    expect(await wrong.ended).toBe(2)
    expect(wrong.errors()).toBe('vai: gateway_keys: keys[0].hash is missing\n')
    expect(wrong.output()).toBe('')
  })

  it('answer although the one who is asked for the banner dies of it', { timeout: longMs }, async () => {
    const program = `import cluster from 'node:cluster'
const { emit } = process
if (cluster.isWorker) process.emit = function (name, message, ...rest) {
  if (name === 'message' && message?.question?.ask === 'banner') process.kill(process.pid, 'SIGKILL')
  return emit.call(this, name, message, ...rest)
}`
    const server = startProcess(['serve'], {
      VAI_WORKERS: '2',
      VAI_PORT: '0',
      VAI_OLLAMA_DETECT: 'false',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
    })
    running.push(server)
    await server.saw(/^ {2}VAI Gateway \S+\n$/m)
    await until(() => pidsOf(server, 'a worker answers').length === 3)
    server.signal('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(server.errors()).toBe('')
  })

  it('are given up where they die again and again before they answer', { timeout: longMs }, async () => {
    const dying = 'data:text/javascript,import%20cluster%20from%22node:cluster%22;if(cluster.isWorker)process.exit(7)'
    const server = startProcess(['serve'], { VAI_WORKERS: '2', VAI_PORT: '0', NODE_OPTIONS: `--import=${dying}` })
    running.push(server)
    expect(await server.ended).toBe(1)
    expect(server.errors()).toBe('vai: a worker ended before it had started, with 7\n')
  })
})

describe('SIGHUP', () => {
  it('replaces all workers, and no request fails meanwhile', { timeout: longMs }, async () => {
    const gate = await openGate()
    const server = await serve(gate.env)
    const before = server.workers()
    const streams = await startStreams(server)
    const callers = load(server.url)
    await until(() => callers.answered() > 100)
    server.signal('SIGHUP')
    await server.saw(/all workers have been replaced/)
    const answered = callers.answered()
    await until(() => callers.answered() > answered + 100)
    gate.open()
    for (const text of streams) expect((await text.rest()).trimEnd()).toMatch(/event: message_stop\ndata: .*$/)
    await until(() => server.workers().length === 2)
    expect(before.filter(isAlive)).toEqual([])
    expect(Object.keys(await callers.stop())).toEqual(['answered'])
  })

  it('reads the settings again, and changes nothing where they are wrong', { timeout: longMs }, async () => {
    const path = yamlFile('workers: 2\n')
    const server = await serve({ VAI_WORKERS: '', VAI_CONFIG: path })
    const before = server.workers()
    writeFileSync(path, 'workers: 2\ndrain_ms: soon\n')
    server.signal('SIGHUP')
    expect(await server.saw(/"reason":"(drain_ms .*?)","msg":"the workers could not be replaced/)).toContain('a whole number')
    expect(server.workers()).toEqual(before)
    writeFileSync(path, 'workers: 3\nmodel_aliases:\n  parrot: demo/echo\n')
    server.signal('SIGHUP')
    await until(() => server.workers().length === 3 && server.workers().every((pid) => !before.includes(pid)))
    expect((await post(server.url, { ...hello, model: 'parrot' })).status).toBe(200)
  })
})

describe('a worker that', () => {
  it('is killed breaks its own requests alone, and another takes its place', { timeout: longMs }, async () => {
    const gate = await openGate()
    const server = await serve({ ...gate.env, VAI_LIMIT_CONCURRENT_STREAMS: '16' })
    const [victim = 0] = server.workers()
    const streams = await startStreams(server)
    expect((await post(server.url, slow)).status).toBe(429)
    process.kill(victim, 'SIGKILL')
    const broken = streams.map((text) =>
      text.rest().then(
        () => false,
        () => true,
      ),
    )
    await until(() => server.workers().length === 2 && !server.workers().includes(victim))

    // The places of those that broke are free again, and no more than those.
    const again: Response[] = []
    let refused = 0
    while (refused < 3) {
      const response = await post(server.url, slow)
      if (response.status === 200) again.push(response)
      else {
        refused++
        await response.text()
      }
    }
    gate.open()
    const lost = (await Promise.all(broken)).filter((isBroken) => isBroken).length
    expect(lost).toBeGreaterThan(0)
    expect(again).toHaveLength(lost)
    for (const response of again) expect(await response.text()).toContain('message_stop')
  })

  it('is killed under load loses what it was answering, and nothing hangs or is wrong', { timeout: longMs }, async () => {
    const server = await serve()
    const callers = load(server.url)
    const kills = 4
    for (let kill = 0; kill < kills; kill++) {
      const [victim = 0] = server.workers()
      const answered = callers.answered()
      await until(() => callers.answered() > answered + 50)
      process.kill(victim, 'SIGKILL')
      await until(() => server.workers().length === 2 && !server.workers().includes(victim))
    }
    const { answered = 0, ...others } = await callers.stop()
    const lost = Object.entries(others).filter(([outcome]) =>
      /^(?:socket hang up|aborted|read ECONNRESET|write EPIPE)$/.test(outcome),
    )
    expect(Object.fromEntries(lost)).toEqual(others)
    expect(lost.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(kills * 8)
    expect(answered).toBeGreaterThan(kills * 50)
  })

  it('gets SIGTERM hands over without a failed request', { timeout: longMs }, async () => {
    const server = await serve()
    const [first = 0] = server.workers()
    const callers = load(server.url)
    await until(() => callers.answered() > 50)
    process.kill(first, 'SIGTERM')
    await until(() => server.workers().length === 2 && !server.workers().includes(first))
    expect(Object.keys(await callers.stop())).toEqual(['answered'])
  })
})

describe('limits', () => {
  const perMinute = 25
  const limit = { VAI_LIMIT_REQUESTS_PER_MINUTE: String(perMinute) }

  it('admit exactly as many requests as there may be, whoever answers them', { timeout: longMs }, async () => {
    const { admitted, refilled, refused } = await flood([await serve({ VAI_WORKERS: '3', ...limit })])
    expect(admitted).toBeGreaterThanOrEqual(perMinute)
    expect(admitted).toBeLessThanOrEqual(perMinute + refilled)
    expect(refused).toEqual([429])
  })

  it.skipIf(noRedis)('are those of Redis for several gateways of several workers', { timeout: longMs }, async () => {
    const redis = await startRedis()
    running.push(redis)
    // On a machine that is busy Redis may seem to be lost.
    const env = { VAI_REDIS_URL: redis.url, VAI_LIMIT_STORE_LOST: 'refuse', ...limit }
    const { admitted, refilled, refused } = await flood([await serve(env), await serve(env)])
    expect(admitted).toBeLessThanOrEqual(perMinute + refilled)
    for (const status of refused) expect([429, 503]).toContain(status)
  })

  /** Far more requests at once than are admitted; `refilled` is what may have become free meanwhile. */
  async function flood(servers: readonly Server[]) {
    const begin = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, index) => post(servers[index % servers.length]?.url ?? '', hello)),
    )
    const refilled = Math.ceil(((performance.now() - begin) / 60_000) * perMinute)
    await Promise.all(answers.map((answer) => answer.text()))
    const statuses = answers.map(({ status }) => status)
    return {
      admitted: statuses.filter((status) => status === 200).length,
      refilled,
      refused: [...new Set(statuses)].filter((status) => status !== 200),
    }
  }
})

describe('the end', () => {
  it('lets streams finish after SIGTERM', { timeout: longMs }, async () => {
    const gate = await openGate()
    const server = await serve(gate.env)
    const streams = await startStreams(server)
    server.signal('SIGTERM')
    await until(() => linesOf(server).filter(({ msg }) => msg === 'draining').length === 3)
    expect((await post(server.url, hello)).status).toBe(503)
    gate.open()
    for (const text of streams) expect((await text.rest()).trimEnd()).toMatch(/event: message_stop\ndata: .*$/)
    expect(await server.ended).toBe(0)
  })

  it('comes at once with a second signal', { timeout: longMs }, async () => {
    const gate = await openGate()
    const server = await serve(gate.env)
    const workers = server.workers()
    const streams = await startStreams(server)
    server.signal('SIGTERM')
    await server.saw(/"draining"/)
    server.signal('SIGINT')
    expect(await server.ended).toBe(1)
    for (const text of streams) await expect(text.rest()).rejects.toThrow()
    await until(() => !workers.some(isAlive))
  })

  it('comes for the workers when the first process is killed, after what they answer', { timeout: longMs }, async () => {
    const gate = await openGate()
    const server = await serve(gate.env)
    const workers = server.workers()
    const streams = await startStreams(server)
    server.signal('SIGKILL')
    await server.saw(/"draining"/)
    gate.open()
    for (const text of streams) expect((await text.rest()).trimEnd()).toMatch(/event: message_stop\ndata: .*$/)
    await until(() => !workers.some(isAlive))
  })
})
