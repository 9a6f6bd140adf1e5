import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Clock } from '../../api/clock.ts'
import type { Program } from './programs.ts'

export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams
  /** Ends it: at once, or, where it is given time for what it still has, once that is over. */
  end(graceMs: number): Promise<void>
}

/**
 * Starts a program that records or plays. `onEnded` is told why it has ended where nobody ended it. Ctrl-C in the terminal does not reach it,
 * so that the session can end in its own way; it ends with this process at the latest.
 */
export function startProgram(program: Program, clock: Clock, onEnded: (why: string) => void): RunningProgram {
  const { command, args, env } = program
  const child = spawn(command, args, {
    stdio: 'pipe',
    detached: process.platform !== 'win32',
    windowsHide: true,
    env: { ...process.env, ...env },
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let said = ''
  let isWanted = true
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-mostSaid)
  })
  const ended = new Promise<void>((resolve) => {
    const over = (why: string): void => {
      process.off('exit', kill)
      resolve()
      if (isWanted) onEnded(why)
      isWanted = false
    }
    child.once('error', (error) => over(`${program.name} cannot be started: ${error.message}`))
    child.once('close', (code) => {
      const how = code ? `${program.name} ended with ${code}` : `${program.name} ended`
      over([how, lastLine(said)].filter((part) => part !== '').join(': '))
    })
  })
  // That it has ended is told above.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined)
  return {
    child,
    async end(graceMs) {
      isWanted = false
      child.stdin.end()
      if (graceMs === 0) kill()
      const bound = clock.after(graceMs, kill)
      await ended
      bound.cancel()
    },
  }
}

const mostSaid = 2000

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
