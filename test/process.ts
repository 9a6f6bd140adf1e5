import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built server as a process of its own. */
export interface Process {
  readonly pid: number
  /** Standard output so far. */
  output(): string
  /** Standard error so far. */
  errors(): string
  /** Resolves with the first match in the output, past or to come; rejects where the process ends without one. */
  saw(pattern: RegExp): Promise<string>
  /** Resolves once it has ended, with its exit code; null where a signal killed it. */
  readonly ended: Promise<number | null>
  signal(name: NodeJS.Signals): void
  /** Ends it if it still runs. */
  close(): Promise<void>
}

/** Starts `vai` with the given arguments, by this Node or another; of the environment it has nothing but what is given. */
export function startProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  node: string = process.execPath,
): Process {
  const server = fileURLToPath(new URL('../dist/server.js', import.meta.url))
  const child = spawn(node, [server, ...args], { env: { PATH: process.env.PATH ?? '', ...env } })
  let output = ''
  let errors = ''
  const looks = new Set<() => void>()
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdout.on('data', (chunk) => {
    output += chunk
    for (const look of looks) look()
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  return {
    pid: child.pid ?? Number.NaN,
    output: () => output,
    errors: () => errors,
    ended,
    signal: (name) => void child.kill(name),
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output)
          if (found) resolve(found[1] ?? found[0])
        }
        looks.add(look)
        look()
        void ended.then((code) => reject(new Error(`ended with ${code} before ${pattern}: ${output}${errors}`)))
      }),
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Starts the server on a free port and resolves with its URL once it listens. */
export async function startServer(
  env: Readonly<Record<string, string>> = {},
  node?: string,
): Promise<Process & { readonly url: string }> {
  const server = startProcess(['serve'], { VAI_PORT: '0', ...env }, node)
  try {
    const url = await server.saw(/^ {2}(http:\S+:\d+)$/m)
    await server.saw(/curl -N .*\n/)
    return { ...server, url }
  } catch (error) {
    await server.close()
    throw error
  }
}
