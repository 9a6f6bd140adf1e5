import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'

export interface Surroundings {
  readonly folder: string
  /** Beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** How long it may take; 120 by default. */
  readonly seconds?: number
}

/** A moment until which something is waited for. */
export class Deadline {
  /** From its beginning. */
  readonly seconds: number
  readonly #at: number

  constructor(seconds: number) {
    this.seconds = seconds
    this.#at = performance.now() + seconds * 1000
  }

  /** How many seconds are left; not below 0. */
  get left(): number {
    return Math.max(0, (this.#at - performance.now()) / 1000)
  }
}

/** Something that a test needs is not on this machine, or cannot be fetched: a reason to skip it, in a sentence. */
export class Unavailable extends Error {}

/** A command ended with something else than 0, or took too long, or said too much. */
export class Failed extends Error {
  /** The end of what it said, both ways. */
  readonly output: string
  readonly isTimedOut: boolean

  constructor(message: string, output: string, isTimedOut: boolean) {
    super(`${message}\n${output}`)
    this.output = output
    this.isTimedOut = isTimedOut
  }
}

/** What a Java machine that runs for seconds is told: not to spend most of them on making code fast. */
export const shortLived: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

const mostCharacters = 4_000_000
const shownCharacters = 6_000

/**
 * What a command writes to its standard output. It is killed with all that it started when its time is over. It gives way to other tests, since
 * compilers take all the processors that there are. Throws `Unavailable` where there is no such program, otherwise `Failed`.
 */
export function outputOf(command: string, args: readonly string[], surroundings: Surroundings): Promise<string> {
  const { folder, env = {}, seconds = 120 } = surroundings
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    let all = ''
    let ended: 'timed out' | 'said too much' | undefined
    const end = (how: 'timed out' | 'said too much'): void => {
      ended ??= how
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const timer = setTimeout(() => end('timed out'), seconds * 1000)
    const hear = (text: string): void => {
      all += text
      if (all.length > mostCharacters) end('said too much')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      hear(text)
    })
    child.stderr.setEncoding('utf8').on('data', hear)
    child.once('spawn', () => giveWay(child.pid))
    child.once('error', (error) => {
      clearTimeout(timer)
      const isMissing = 'code' in error && error.code === 'ENOENT'
      reject(isMissing ? new Unavailable(`There is no ${command} on this machine.`) : error)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 && ended === undefined) return resolve(output)
      const how = ended ?? `ended with ${code ?? signal}`
      reject(new Failed(`${command} ${args.join(' ')} ${how}`, all.slice(-shownCharacters), ended === 'timed out'))
    })
  })
}

/** How Maven, pip and Go say that a registry cannot be reached. */
const unreachable =
  /Unknown host|No plugin found for prefix|Temporary failure in name resolution|Could not transfer|failed to transfer|offline mode|Network is unreachable|No route to host|NewConnectionError|NameResolutionError|ConnectTimeout|Read timed out|ProxyError|dial tcp|i\/o timeout|Connection refused|connection refused|Connection reset/

/**
 * What a step gives that fetches something, in the seconds that it is told. Throws `Unavailable` where its registry cannot be reached, or not before
 * the deadline; other failures stay what they are.
 */
export async function fetched<T>(what: string, deadline: Deadline, step: (seconds: number) => Promise<T>): Promise<T> {
  const late = `${what} could not be fetched: all that has to be did not come within ${deadline.seconds} s.`
  const seconds = deadline.left
  if (seconds === 0) throw new Unavailable(late)
  try {
    return await step(seconds)
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    if (error.isTimedOut) throw new Unavailable(late)
    if (!unreachable.test(error.output)) throw error
    throw new Unavailable(`${what} could not be fetched: the registry cannot be reached.`)
  }
}

/** Throws `Unavailable` where a program is older than what is needed. `version` says its own version in any words. */
export function atLeast(needed: string, name: string, version: string): void {
  const [, found = ''] = /(\d+(?:\.\d+)*)/.exec(version) ?? []
  const [are, need] = [found, needed].map((text) => text.split('.').map(Number))
  for (const [index, least] of (need ?? []).entries()) {
    const is = are?.[index] ?? 0
    if (is > least) return
    if (is < least) throw new Unavailable(`${name} ${needed} or newer is needed; this is ${found}.`)
  }
}

function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already.
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
