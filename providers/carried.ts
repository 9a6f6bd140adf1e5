/**
 * What a provider said that has no place in the canonical shape, kept for `metadata.provider`.
 *
 * Bounded: what does not fit is left out, and its name is kept so that the answer can say so.
 */
export class Carried {
  readonly #fields = new Map<string, unknown>()
  // Those of the fields that are lists which still grow.
  readonly #lists = new Map<string, unknown[]>()
  readonly #sizes = new Map<string, number>()
  #size = 0
  /** The names of what was left out; not all, where they are very many. */
  readonly leftOut = new Set<string>()

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
    } else if (value.length > 0 && !this.leftOut.has(name) && this.#fits(name, JSON.stringify(value).length)) {
      const list = this.#lists.get(name) ?? []
      list.push(...value)
      this.#lists.set(name, list)
      this.#fields.set(name, list)
    }
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#fields)
  }

  #fits(name: string, growth: number): boolean {
    const cost = growth + (this.#sizes.has(name) ? 0 : name.length)
    if (this.#size + cost > maxSize) {
      this.#leaveOut(name)
      return false
    }
    this.#size += cost
    this.#sizes.set(name, (this.#sizes.get(name) ?? 0) + growth)
    return true
  }

  #leaveOut(name: string): void {
    if (this.leftOut.size < maxNames) this.leftOut.add(name)
    // A list whose name is not kept could go on behind a gap: from here on nothing more is taken.
    else if (!this.leftOut.has(name)) this.#size = Infinity
  }
}

/** Characters of JSON. Search results and logprobs of a usual answer fit; generated images do not. */
const maxSize = 64 * 1024
const maxNames = 32

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.values(value).every((inner) => inner === null || inner === undefined)
}
