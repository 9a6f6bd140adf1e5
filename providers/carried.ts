/**
 * What a provider said that has no place in the canonical shape, kept for `metadata.provider`.
 *
 * Bounded: what does not fit is left out, and its name is kept so that the answer can say so.
 */
export class Carried {
  readonly #fields = new Map<string, unknown>()
  // Those of the fields that are lists which still grow.
  readonly #lists = new Map<string, unknown[]>()
  // Those that are objects whose lists still grow.
  readonly #objects = new Map<string, Map<string, unknown>>()
  readonly #sizes = new Map<string, number>()
  #size = 0
  readonly #leftOut = new Set<string>()

  /** The names of what was left out; not all, where they are very many, and not to their end, where they are very long. */
  get leftOut(): ReadonlySet<string> {
    return this.#leftOut
  }

  /** Keeps the last value that a field had. Empty values say nothing and are passed over. */
  set(name: string, value: unknown): void {
    if (isEmpty(value) || this.#fields.get(name) === value) return
    const size = JSON.stringify(value).length
    if (this.#fits(name, size - (this.#sizes.get(name) ?? 0))) this.#fields.set(name, value)
  }

  /** Keeps the elements of a list that comes in pieces, up to the first that does not fit; anything else as `set` does. */
  append(name: string, value: unknown): void {
    if (!Array.isArray(value)) {
      this.set(name, value)
    } else if (value.length > 0 && this.#fitsOn(name, value)) {
      const list = this.#lists.get(name) ?? []
      for (const element of value) list.push(element)
      this.#lists.set(name, list)
      this.#fields.set(name, list)
    }
  }

  /** Keeps an object that comes in pieces: the lists in it grow, and of its other members the last value counts. */
  merge(name: string, value: Readonly<Record<string, unknown>>): void {
    if (isEmpty(value) || !this.#fitsOn(name, value)) return
    const object = this.#objects.get(name) ?? new Map<string, unknown>()
    for (const [member, part] of Object.entries(value)) {
      const known = object.get(member)
      if (!Array.isArray(part)) object.set(member, part)
      else if (Array.isArray(known)) for (const element of part) known.push(element)
      else object.set(member, [...part])
    }
    this.#objects.set(name, object)
    this.#fields.set(name, object)
  }

  /** Notes that something was left out, under this name. */
  leaveOut(name: string): void {
    const short = name.slice(0, maxNameLength)
    if (this.#leftOut.size < maxNames) this.#leftOut.add(short)
    // A list whose name is not kept could go on behind a gap: from here on nothing more is taken.
    else if (!this.#leftOut.has(short)) this.#size = Infinity
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  toObject(): Record<string, unknown> {
    const fields = [...this.#fields].map(([name, value]) => [name, value instanceof Map ? Object.fromEntries(value) : value])
    return Object.fromEntries(fields)
  }

  /** Whether what comes next of a field fits, and nothing of it was left out before. */
  #fitsOn(name: string, value: unknown): boolean {
    return !this.#leftOut.has(name.slice(0, maxNameLength)) && this.#fits(name, JSON.stringify(value).length)
  }

  #fits(name: string, growth: number): boolean {
    const cost = growth + (this.#sizes.has(name) ? 0 : name.length)
    if (this.#size + cost > maxSize) {
      this.leaveOut(name)
      return false
    }
    this.#size += cost
    this.#sizes.set(name, (this.#sizes.get(name) ?? 0) + growth)
    return true
  }
}

/** Characters of JSON. Search results and logprobs of a usual answer fit; generated images do not. */
const maxSize = 64 * 1024
const maxNames = 32
const maxNameLength = 100

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.values(value).every((inner) => inner === null || inner === undefined)
}
