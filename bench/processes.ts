import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Processes of the benchmark and what the kernel says of them. Linux only: the figures come from /proc. */

export interface ServerProcess {
  readonly pid: number
  readonly child: ChildProcess
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Collect garbage at SIGUSR2, so that memory can be measured without what only waits to be collected. */
  readonly collectable?: boolean
}

/** Runs a JavaScript file under this Node. Its environment is bare, but for `PATH`, `HOME` and `env`. */
export function startServer(script: string, { args = [], env = {}, collectable = false }: ServerOptions): ServerProcess {
  const child = fork(script, [...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_ENV: 'production', ...env },
    execArgv: collectable ? ['--expose-gc', '--import', collectAtSignal] : [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  if (child.pid === undefined) throw new Error(`${script} cannot be started`)
  const { pid } = child
  let complaints = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000)
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let stopping = false
  child.once('exit', (code) => {
    process.off('exit', kill)
    if (!stopping) console.error(`${script} has ended by itself, with code ${code}. ${complaints}`)
  })
  return {
    pid,
    child,
    async stop() {
      stopping = true
      kill()
      await exited
    },
  }
}

/** Asks a collectable process for its garbage, twice, as finalizers free more. */
export async function collectGarbage({ pid }: ServerProcess): Promise<void> {
  for (let round = 0; round < 2; round++) {
    process.kill(pid, 'SIGUSR2')
    await pause(250)
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

/** Resolves once `url` answers 200. Throws where it does not within 20 seconds, or the process ends. */
export async function untilReady(url: string, server: ServerProcess): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (server.child.exitCode !== null) throw new Error(`the server of ${url} has ended`)
    const status = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    if (status === 200) return
    await pause(50)
  }
  throw new Error(`${url} is not ready after 20 seconds`)
}

/** User and system time of all its threads so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the command in parentheses and may hold blanks; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Resident memory now and at its highest, in bytes. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN)
  return { rss: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 }
}

/** USER_HZ, the same on every Linux that Node runs on. */
const ticksPerSecond = 100

const collectAtSignal = 'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())'
