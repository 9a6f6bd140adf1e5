import { PassThrough } from 'node:stream'
import { systemClock } from '../../../api/clock.ts'
import { readArguments } from '../../../cli/arguments.ts'
import { runLive, type Surroundings } from '../../../cli/live/run.ts'
import { until } from '../../until.ts'

/** `vai live` as it runs in a terminal or in a pipe, without a process of its own. */
export interface Running {
  readonly exit: Promise<number>
  readonly output: () => string
  readonly errors: () => string
  /** Resolves once the output, or what is said besides, holds it. */
  saw(text: string | RegExp): Promise<void>
  type(line: string): void
  /** No more lines come. */
  end(): void
  /** Ctrl-C. */
  signal(): void
}

export interface RunningOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly isTerminal?: boolean
}

export function vaiLive(args: readonly string[], { environment = {}, isTerminal = false }: RunningOptions = {}): Running {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY: isTerminal }),
  )
  if (!stdin || !stdout || !stderr) throw new Error('no streams')
  let [output, errors] = ['', '']
  stdout.on('data', (chunk) => (output += chunk))
  stderr.on('data', (chunk) => (errors += chunk))
  const listeners = new Set<() => void>()
  const around: Surroundings = {
    streams: { stdin, stdout, stderr },
    environment,
    platform: 'linux',
    version: '0.0.0-test',
    clock: systemClock,
    onSignal(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const read = readArguments(['live', ...args])
  if (read.command !== 'live') throw new Error(`${read.command} is not live`)
  return {
    exit: runLive(read.talk, around),
    output: () => output,
    errors: () => errors,
    async saw(text) {
      await until(() => `${output}\n${errors}`.search(text) >= 0)
    },
    type: (line) => void stdin.write(`${line}\n`),
    end: () => void stdin.end(),
    signal() {
      for (const listener of listeners) listener()
    },
  }
}
