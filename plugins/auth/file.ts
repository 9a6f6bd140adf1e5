import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/**
 * Changes whenever a file does: also where another takes its place, or the place of a folder or a link on the way to it. Never
 * rejects; a file that cannot be looked at is told from others by the system's code.
 */
export async function stampOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return codeOf(error)
  }
}

/**
 * The text of a file. Nothing but a regular file is opened: whoever opens a pipe waits for somebody to write to it, perhaps for good.
 * Rejects with an error that `unreadable` can tell of.
 */
export async function readRegular(file: string): Promise<string> {
  if (!(await stat(file)).isFile()) throw new NotRegularError()
  // What took its place in between is opened without waiting, and looked at once more.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile()) throw new NotRegularError()
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Why a file could not be read, as is told to people. */
export function unreadable(error: unknown): string {
  return error instanceof NotRegularError ? 'is not a regular file' : `cannot be read (${codeOf(error)})`
}

/** `ENOENT`, where the system says so. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}

class NotRegularError extends Error {}
