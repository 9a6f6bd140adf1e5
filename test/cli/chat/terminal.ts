import { PassThrough } from 'node:stream'
import { readArguments } from '../../../cli/arguments.ts'
import { runChat } from '../../../cli/chat/run.ts'
import { until } from '../../until.ts'

/** `vai chat` as it runs in a terminal or in a pipe, without a process of its own. */
export interface Running {
  readonly exit: Promise<number>
  readonly output: () => string
  readonly errors: () => string
  /** Resolves once the output, or what is said besides, holds it. */
  saw(text: string | RegExp): Promise<void>
  /** Keys as they come. */
  press(keys: string | Uint8Array): void
  /** No more comes. */
  end(): void
  signal(name?: NodeJS.Signals): void
}

export interface RunningOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly isTerminal?: boolean
}

export function vaiChat(args: readonly string[], { environment = {}, isTerminal = false }: RunningOptions = {}): Running {
  const stream = () => Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 100 })
  const [stdin, stdout, stderr] = [stream(), stream(), stream()]
  let [output, errors] = ['', '']
  stdout.on('data', (chunk) => (output += chunk))
  stderr.on('data', (chunk) => (errors += chunk))
  const listeners = new Set<(signal: NodeJS.Signals) => void>()
  const read = readArguments(['chat', ...args])
  if (read.command !== 'chat') throw new Error(`${read.command} is not chat`)
  return {
    exit: runChat(read.chat, {
      streams: { stdin, stdout, stderr },
      environment,
      onSignal(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }),
    output: () => output,
    errors: () => errors,
    async saw(text) {
      await until(() => [output, errors].some((all) => (typeof text === 'string' ? all.includes(text) : text.test(all))))
    },
    press: (keys) => void stdin.write(keys),
    end: () => void stdin.end(),
    signal(name = 'SIGINT') {
      for (const listener of listeners) listener(name)
    },
  }
}
