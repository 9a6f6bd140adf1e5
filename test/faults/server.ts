import { readFileSync } from 'node:fs'
import { afterEach, vi } from 'vitest'
import { buildBefore } from '../built.ts'
import { type Process, startServer } from '../process.ts'

export interface FaultServer extends Process {
  readonly url: string
}

const running: { close(): unknown }[] = []

/** Has what a test starts closed after it, the last first. */
export function closedAfterwards<Started extends { close(): unknown }>(started: Started): Started {
  running.push(started)
  return started
}

/** To be called once in each file: builds the server where it is not, and closes after each test what it started. */
export function setUpServers(): void {
  // A few seconds each; several times as many where the machine has much else to do.
  vi.setConfig({ testTimeout: 60_000 })
  buildBefore()

  afterEach(async () => {
    for (const each of running.splice(0).reverse()) await each.close()
  })
}

/** A gateway as a process of its own. It writes warnings and errors alone, and is nobody's but the test's. */
export async function serve(env: Readonly<Record<string, string>>): Promise<FaultServer> {
  return closedAfterwards(await startServer({ VAI_LOG_LEVEL: 'warn', VAI_OLLAMA_DETECT: 'false', ...env }))
}

/** The lines of the log so far. */
export function linesOf(server: Process): Record<string, unknown>[] {
  return server
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
}

/** For a server whose memory is measured: the more a collector may leave lying about, as that of newer versions of Node, the less it says. */
export const tidy = { NODE_OPTIONS: '--max-semi-space-size=4' }

/** What a process has in memory, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024
}
