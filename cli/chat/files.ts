import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { codeOf, readRegular, unreadable } from '../../plugins/auth/file.ts'
import { readSaved, type Saved, textOfSaved } from './saved.ts'

/** Conversations in files. Both reject with an `Error` that is told as it is. */

export async function load(file: string): Promise<Saved> {
  const text = await textOf(pathOf(file)).catch((error: unknown) => {
    throw new Error(`${file} ${unreadable(error)}`)
  })
  if (text === undefined) throw new Error(`${file} is too large: at most ${mostBytes} bytes are taken`)
  const read = readSaved(text)
  if ('saved' in read) return read.saved
  const [first = '', ...more] = read.problems
  throw new Error(`${file} is no conversation: ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`)
}

/** Takes the place of an earlier conversation, and of no other file. */
export async function save(file: string, saved: Saved): Promise<void> {
  const path = pathOf(file)
  if (!(await isFree(path))) throw new Error(`${file} is there and is no conversation; name another file`)
  const temporary = `${path}.new`
  try {
    // What is said to a model is nobody else's; and an earlier conversation is kept until this one is whole.
    await writeFile(temporary, textOfSaved(saved), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    // What was there before is somebody else's.
    if (codeOf(error) !== 'EEXIST') await rm(temporary, { force: true })
    throw new Error(`${temporary} cannot be written (${codeOf(error)})`)
  }
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new Error(`${file} cannot be written (${codeOf(error)})`)
  }
}

/** Undefined for a file that is too large. */
async function textOf(path: string): Promise<string | undefined> {
  return (await stat(path)).size > mostBytes ? undefined : readRegular(path)
}

async function isFree(path: string): Promise<boolean> {
  try {
    const text = await textOf(path)
    return text !== undefined && 'saved' in readSaved(text)
  } catch (error) {
    return codeOf(error) === 'ENOENT'
  }
}

/** As shells have it. */
function pathOf(file: string): string {
  return file.startsWith('~/') ? join(homedir(), file.slice(2)) : file
}

const mostBytes = 64 * 1024 * 1024
