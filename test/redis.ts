import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missing } from './programs.ts'

/** A real Redis of the test's own, on a free port of this machine, with nothing on disk. */
export interface TestRedis {
  /** `redis://127.0.0.1:<port>`, with the password where there is one. */
  readonly url: string
  readonly port: number
  /** Kills it; connections break. */
  stop(): Promise<void>
  /** Starts it anew on its port, with nothing in it. */
  start(): Promise<void>
  /** Keeps its connections and answers nobody, until `go`. */
  freeze(): void
  go(): void
  close(): Promise<void>
}

/** Why tests that need Redis cannot run here; undefined where they can. */
export const noRedis = missing('redis-server')

export async function startRedis({ password }: { readonly password?: string } = {}): Promise<TestRedis> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'vai-redis-'))
  let running: ChildProcess | undefined
  const redis: TestRedis = {
    url: `redis://${password ? `:${password}@` : ''}127.0.0.1:${port}`,
    port,
    async start() {
      running = await launch(port, folder, password)
    },
    async stop() {
      const child = running
      running = undefined
      if (!child || child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await ended
    },
    freeze: () => void running?.kill('SIGSTOP'),
    go: () => void running?.kill('SIGCONT'),
    async close() {
      await redis.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

async function launch(port: number, folder: string, password: string | undefined): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn('redis-server', [...options, ...(password ? ['--requirepass', password] : [])])
  await new Promise<void>((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('Ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`redis-server ended: ${output}`)))
  })
  return child
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
