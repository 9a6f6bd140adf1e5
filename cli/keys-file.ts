import type { Stats } from 'node:fs'
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Document, isCollection, parseDocument } from 'yaml'
import { ConfigError } from '../config.ts'
import { codeOf, readRegular, unreadable } from '../plugins/auth/file.ts'
import { parseKeys } from '../plugins/auth/parse.ts'

/** A file of keys that is being changed, YAML or JSON. */
export interface KeysEdit {
  /** The whole of it as it is now. */
  document(): unknown
  addTenant(id: string): void
  addKey(record: object): void
  /** Sets members of the key at a place; undefined removes one. */
  setKey(index: number, members: Readonly<Record<string, unknown>>): void
  deleteKey(index: number): void
}

/** What a file of keys holds; undefined where there is no such file. Throws a `ConfigError` where its text is neither YAML nor JSON. */
export async function readKeysFile(path: string): Promise<unknown> {
  const text = await textOf(path)
  if (text === undefined) return undefined
  const parsed = await parseKeys(text)
  if ('problem' in parsed) throw new ConfigError([`${path}: ${parsed.problem}`])
  return parsed.document
}

/**
 * Changes a file of keys, or makes it. Whoever reads it meanwhile has either the old text or the new; what else is in it stays,
 * comments too. Where `change` throws, everything is as before.
 */
export async function changeKeysFile(path: string, change: (edit: KeysEdit) => void): Promise<void> {
  const target = await targetOf(path)
  // The new text has its own file, which nobody else can have made: two who change the keys do not undo each other's work.
  const temporary = `${target}.new`
  const handle = await open(temporary, 'wx', 0o600).catch((error: unknown) => {
    throw new ConfigError([whyNot(temporary, error)])
  })
  try {
    await readKeysFile(target)
    const text = await textOf(target)
    const document = text === undefined ? new Document({ tenants: {}, keys: [] }) : parseDocument(text)
    change(editOf(document))
    await handle.writeFile(
      isJson(text, path) ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 }),
    )
    if (text !== undefined) await keepOwner(handle, await stat(target))
    await handle.sync()
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readRegular(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new ConfigError([`${path}: ${unreadable(error)}`])
  }
}

/** Where a path leads to by links, even if nothing is there yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new ConfigError([`${path}: ${unreadable(error)}`])
    const link = await readlink(path).catch(() => undefined)
    return link === undefined ? path : targetOf(resolve(await realpath(dirname(path)), link))
  }
}

/** A gateway that runs as another user than this can read the file as before. */
async function keepOwner(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat()
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid)
  await handle.chmod(mode & 0o777)
}

function isJson(text: string | undefined, path: string): boolean {
  if (text === undefined) return path.endsWith('.json')
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function editOf(document: Document): KeysEdit {
  const listIn = (name: 'tenants' | 'keys', empty: object): void => {
    const present = document.get(name)
    if (present === undefined || present === null) document.set(name, document.createNode(empty))
    // What is added to `[]` would all stand in one line.
    else if (isCollection(present) && present.items.length === 0) present.flow = false
  }
  return {
    document: () => document.toJS(),
    addTenant(id) {
      listIn('tenants', {})
      if (!document.hasIn(['tenants', id])) document.setIn(['tenants', id], document.createNode({}))
    },
    addKey(record) {
      listIn('keys', [])
      document.addIn(['keys'], document.createNode(record))
    },
    setKey(index, members) {
      for (const [name, value] of Object.entries(members)) {
        if (value === undefined) document.deleteIn(['keys', index, name])
        else document.setIn(['keys', index, name], document.createNode(value))
      }
    },
    deleteKey: (index) => void document.deleteIn(['keys', index]),
  }
}

function whyNot(temporary: string, error: unknown): string {
  if (codeOf(error) === 'EEXIST')
    return `${temporary} is there: somebody else changes the keys at this moment. If nobody does, it was left over; remove it.`
  return `${temporary}: cannot be written (${codeOf(error)})`
}
