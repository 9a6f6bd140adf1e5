import { readFile, stat } from 'node:fs/promises'
import type { Secret } from '../../api/secret.ts'
import { readDocuments, type Source, type Surroundings } from './document.ts'
import { Keys } from './keys.ts'
import { parseKeys } from './parse.ts'

/** Where keys come from: both together. */
export interface KeySources extends Surroundings {
  /** Of the settings, parsed already; undefined where there is none. */
  readonly document: unknown
  /** The path of a file, which is read again when it changes; empty where there is none. */
  readonly file: string
}

/** The keys there are now. A change of the file that cannot be read leaves them as they were. */
export class KeyStore {
  readonly #sources: KeySources
  readonly #providerKeys: Secret[] = []
  #keys = new Keys({ tenants: new Map(), keys: [] })
  #problems: readonly string[] = []
  /** What the file looked like when it was last read; undefined where it has to be read whatever it looks like. */
  #stamp: string | undefined

  constructor(sources: KeySources) {
    this.#sources = sources
  }

  get keys(): Keys {
    return this.#keys
  }

  /** What is wrong with the sources as they are now; none where the keys are theirs. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** Every provider's key that a tenant has or had, in a list that grows. */
  get providerKeys(): readonly Secret[] {
    return this.#providerKeys
  }

  get file(): string {
    return this.#sources.file
  }

  /** Reads what has changed since the last time. Says whether there is anything new: other keys, or other problems. Never throws. */
  async refresh(): Promise<boolean> {
    const { document, file } = this.#sources
    // Looked at before it is read, so that a change in between is seen the next time.
    const stamp = file ? await stampOf(file) : 'none'
    if (stamp === this.#stamp) return false
    this.#stamp = stamp
    const sources: Source[] = document === undefined ? [] : [{ name: 'gateway_keys', document }]
    const problems: string[] = []
    if (file) {
      const read = await this.#readFile(file)
      if ('problem' in read) problems.push(`${file}: ${read.problem}`)
      else sources.push({ name: file, document: read.document })
    }
    const { problems: found, ...read } = readDocuments(sources, this.#sources)
    return this.#take(read, [...problems, ...found])
  }

  async #readFile(file: string): ReturnType<typeof parseKeys> {
    try {
      return await parseKeys(await readFile(file, 'utf8'))
    } catch (error) {
      // It may well be readable the next time without having changed.
      this.#stamp = undefined
      return { problem: `cannot be read (${codeOf(error)})` }
    }
  }

  #take(read: ConstructorParameters<typeof Keys>[0], problems: readonly string[]): boolean {
    const isNew = problems.length === 0 || problems.join('\n') !== this.#problems.join('\n')
    this.#problems = problems
    if (problems.length > 0) return isNew
    this.#keys = new Keys(read)
    for (const key of [...read.tenants.values()].flatMap(({ providerKeys }) => [...providerKeys.values()])) {
      if (!this.#providerKeys.some((known) => known.reveal() === key.reveal())) this.#providerKeys.push(key)
    }
    return isNew
  }
}

/** Changes whenever the file does: also where another takes its place, or the place of a folder or a link on the way to it. */
async function stampOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
