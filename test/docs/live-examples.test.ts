import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { RawFormat } from '../../providers/speech.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { until } from '../until.ts'
import { quiet, speechOf } from '../upstreams/spoken-words.ts'

/** The clients that docs/live.md shows, as whoever follows it would run them. */

let gateway: Gateway
let folder: string
const started: { close(): unknown }[] = []

beforeEach(async () => {
  gateway = await startGateway()
  folder = await mkdtemp(join(tmpdir(), 'vai-examples-'))
})

afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.close()
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the shortest session', () => {
  it('writes the answer to a file', async () => {
    const client = run('typed.mjs', new URL(gateway.url).port)
    expect(await client.ended).toBe(0)
    expect(client.told()).toBe('Good morning! It is nine.\n')
    const sound = await readFile(join(folder, 'answer.raw'))
    expect(sound.length).toBeGreaterThan(24_000)
  })
})

describe('the client for the terminal', () => {
  it('hears what is said, plays the answer and ends once nobody speaks any more', async () => {
    const client = run('talk.mjs', new URL(gateway.url).port)
    client.child.stdin?.end(question)
    expect(await client.ended).toBe(0)
    expect(client.noted()).toMatch(/^you: Speech of \d\.\d seconds\.\nassistant: Speech of \d\.\d seconds\. \(end_turn\)\n$/)
    expect(client.said().some((byte) => byte !== 0)).toBe(true)
  })

  it('goes on after its socket was lost', async () => {
    const line = await lineTo(Number(new URL(gateway.url).port))
    const client = run('talk.mjs', String(line.port))
    client.child.stdin?.write(question)
    await until(() => client.said().some((byte) => byte !== 0))
    line.cut()
    client.child.stdin?.end()
    expect(await client.ended).toBe(0)
    expect(client.noted()).toMatch(/assistant: Speech of \d\.\d seconds\. \(end_turn\)\n$/)
    expect(line.connections()).toBe(2)
  })

  it('tries again where another process has the session', async () => {
    const { port, hellos } = await gatewayOf([
      (socket) => {
        socket.send(JSON.stringify({ type: 'hello_ack', seq: 1, session_id: 'live_1', resume_token: 'token', is_resumed: false }))
        socket.terminate()
      },
      (socket) => socket.close(1013, 'session_elsewhere'),
      (socket) => socket.close(1013, 'session_elsewhere'),
      (socket) => socket.close(1008, 'unknown_session'),
    ])
    const client = run('talk.mjs', String(port))
    expect(await client.ended).toBe(1)
    const again = expect.objectContaining({ resume: { session_id: 'live_1', token: 'token', last_server_seq: 1 } })
    expect(hellos).toEqual([expect.objectContaining({ model: 'demo/echo' }), again, again, again])
    expect(client.noted()).toBe('closed: 1008 unknown_session\n')
  })

  it('tells why it is turned away', async () => {
    const client = run('talk.mjs', new URL(gateway.url).port, ['demo/echo', 'demo/nobody'])
    expect(await client.ended).toBe(1)
    expect(client.noted()).toMatch(/^error unknown_voice: tts\.voice: [^\n]+\nclosed: 1008 /)
  })
})

const microphone: RawFormat = { encoding: 'pcm', rate: 16_000 }
const question = Buffer.concat([quiet(300, microphone), speechOf('Good morning everybody', microphone), quiet(1000, microphone)])

interface Run {
  readonly child: ChildProcess
  /** Resolves with the code that it ends with. */
  readonly ended: Promise<number | null>
  /** Standard output, as bytes and as text, and standard error so far. */
  readonly said: () => Buffer
  readonly told: () => string
  readonly noted: () => string
}

function run(name: string, port: string, more: readonly string[] = []): Run {
  const path = fileURLToPath(new URL(`../../examples/live/${name}`, import.meta.url))
  const env = { ...process.env, LIVE_URL: `ws://127.0.0.1:${port}/v1/live` }
  const child = spawn(process.execPath, [path, ...more], { cwd: folder, env, stdio: 'pipe' })
  const [out, notes]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (data: Buffer) => out.push(data))
  child.stderr.on('data', (data: Buffer) => notes.push(data))
  // What is written to one that has gone is lost, and that is all.
  child.stdin.on('error', () => undefined)
  started.push({ close: () => child.kill('SIGKILL') })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = (): Buffer => Buffer.concat(out)
  return { child, ended, said, told: () => said().toString(), noted: () => Buffer.concat(notes).toString() }
}

/** One that does something else with each line, once it has said hello. */
async function gatewayOf(
  answers: ((socket: WebSocket) => void)[],
): Promise<{ readonly port: number; readonly hellos: unknown[] }> {
  const hellos: unknown[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) =>
    socket.once('message', (data) => {
      hellos.push(JSON.parse(String(data)))
      answers.shift()?.(socket)
    }),
  )
  await once(server, 'listening')
  started.push(server)
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, hellos }
}

interface Line {
  readonly port: number
  /** Breaks what is connected. */
  cut(): void
  connections(): number
}

/** A way to a port that can be cut. */
async function lineTo(port: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let count = 0
  const server: Server = createServer((near) => {
    count++
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  started.push({
    close() {
      cut()
      server.close()
    },
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, cut, connections: () => count }
}
