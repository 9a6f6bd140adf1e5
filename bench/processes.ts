import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
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
  /** Collects garbage when asked, so that memory can be measured without what only waits to be collected. */
  readonly collectable?: boolean
  /** A module that is loaded before the script, in a process that may collect its garbage when it likes. */
  readonly preload?: URL
}

/** Runs a JavaScript file under this Node. Its environment is bare, but for `PATH`, `HOME` and `env`. */
export function startServer(script: string, { args = [], env = {}, collectable = false, preload }: ServerOptions): ServerProcess {
  const child = fork(script, [...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_ENV: 'production', ...env },
    execArgv: [
      ...(collectable || preload ? ['--expose-gc'] : []),
      ...(collectable ? ['--import', collectWhenAsked] : []),
      ...(preload ? ['--import', preload.href] : []),
    ],
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

/** Has a collectable process collect its garbage, twice, as finalizers free more. Throws where it does not. */
export async function collectGarbage({ child }: ServerProcess): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const signal = AbortSignal.timeout(5000)
    const collected = once(child, 'message', { signal })
    child.send('collect')
    await collected
    await pause(200)
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
  const [user = 0, system = 0] = statFields(pid).slice(11, 13).map(Number)
  return (user + system) / ticksPerSecond
}

/** From the third field on: the second is the command in parentheses and may hold blanks. 11 to 14 are utime, stime, cutime, cstime. */
function statFields(pid: number | 'self'): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** The share of the machine, 0 to 1, that others have used between the two calls; our ended children are our own. */
export function watchOthers(): () => number {
  const before = machineTicks()
  const ownBefore = ownTicks()
  return () => {
    const after = machineTicks()
    const own = ownTicks() - ownBefore
    return Math.max(0, after.busy - before.busy - own) / (after.all - before.all)
  }
}

function machineTicks(): { readonly busy: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  // user nice system idle iowait irq softirq steal; what follows is part of the first two.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  const busy = user + nice + system + irq + softirq + steal
  return { busy, all: busy + idle + iowait }
}

function ownTicks(): number {
  return statFields('self')
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0)
}

/** Resident memory now and at its highest, in bytes. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN)
  return { rss: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 }
}

/** USER_HZ, the same on every Linux that Node runs on. */
const ticksPerSecond = 100

const collectWhenAsked = `data:text/javascript,process.on('message',(m)=>{if(m==='collect'){globalThis.gc();process.send('collected')}})`
