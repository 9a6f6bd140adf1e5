import { KnownSecrets } from '../../api/known-secrets.ts'
import { Secret } from '../../api/secret.ts'
import { allowances } from './allowances.ts'
import { readDocuments, type Source, type Surroundings } from './document.ts'
import { readRegular, stampOf, unreadable } from './file.ts'
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
  readonly #providerKeys = new KnownSecrets()
  /** When each provider's key of a tenant was last seen to be one, in milliseconds; `Infinity` where it is one now. */
  readonly #seenUntil = new Map<string, number>()
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

  /** Every provider's key that a tenant has, or had until lately. */
  get providerKeys(): KnownSecrets {
    return this.#providerKeys
  }

  get file(): string {
    return this.#sources.file
  }

  /**
   * Reads what has changed since the last time. Says whether there is anything new: other keys, or other problems. Never throws.
   * `now` is the time by a clock that only goes on, in milliseconds.
   */
  async refresh(now = 0): Promise<boolean> {
    const { document, file } = this.#sources
    this.#forget(now)
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
    return this.#take(read, [...problems, ...found], now)
  }

  /** The file has not answered for long. That is a problem until what is being read has been read. */
  miss(): void {
    // It has to be read even if it is found as it was.
    this.#stamp = undefined
    this.#problems = [`${this.#sources.file}: does not answer`]
  }

  async #readFile(file: string): ReturnType<typeof parseKeys> {
    try {
      return await parseKeys(await readRegular(file))
    } catch (error) {
      // It may well be readable the next time without having changed.
      this.#stamp = undefined
      return { problem: unreadable(error) }
    }
  }

  #take(read: ConstructorParameters<typeof Keys>[0], problems: readonly string[], now: number): boolean {
    const isNew = problems.length === 0 || problems.join('\n') !== this.#problems.join('\n')
    this.#problems = problems
    if (problems.length > 0) return isNew
    this.#keys = new Keys(read)
    this.#know(
      [...read.tenants.values()].flatMap(({ providerKeys }) => [...providerKeys.values()]),
      now,
    )
    return isNew
  }

  #know(providerKeys: readonly Secret[], now: number): void {
    for (const [value, until] of this.#seenUntil) if (until === Infinity) this.#seenUntil.set(value, now)
    for (const key of providerKeys) this.#seenUntil.set(key.reveal(), Infinity)
    this.#mask()
  }

  #forget(now: number): void {
    const before = this.#seenUntil.size
    for (const [value, until] of this.#seenUntil) if (until + forgottenAfterMs <= now) this.#seenUntil.delete(value)
    if (this.#seenUntil.size < before) this.#mask()
  }

  #mask(): void {
    this.#providerKeys.replace([...this.#seenUntil.keys()].map((value) => new Secret(value)))
  }
}

/** As long as an answer may take that was begun with the key. */
const [, forgottenAfterMs] = allowances.stream_ms
