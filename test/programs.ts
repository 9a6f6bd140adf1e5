import { spawnSync } from 'node:child_process'

/** Why tests that need a program cannot run here, in words for their name; undefined where they can. */
export function missing(program: string): string | undefined {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' })
  return error && `there is no ${program} on this machine`
}

/** The name of a test or a suite, with the reason where it is skipped for one. */
export function titled(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (skipped: ${reason})`
}
