/**
 * What a provider said that has no place in the canonical shape, kept for `metadata.provider`.
 *
 * Bounded: what does not fit is left out, and its name is kept so that the answer can say so.
 */
export class Carried {
  readonly #fields = new Map<string, unknown>()
  readonly #sizes = new Map<string, number>()
  #size = 0
  readonly leftOut = new Set<string>()

  /** Keeps the last value that a field had. Empty values say nothing and are passed over. */
  set(name: string, value: unknown): void {
    if (isEmpty(value) || this.#fields.get(name) === value) return
    this.#store(name, value)
  }

  /** Keeps the elements of a list that comes in pieces; anything else as `set` does. */
  append(name: string, value: unknown): void {
    if (!Array.isArray(value)) {
      this.set(name, value)
    } else if (value.length > 0) {
      const earlier = this.#fields.get(name)
      this.#store(name, Array.isArray(earlier) ? [...earlier, ...value] : value)
    }
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#fields)
  }

  #store(name: string, value: unknown): void {
    const size = JSON.stringify(value).length
    const total = this.#size - (this.#sizes.get(name) ?? 0) + size
    if (total > maxSize) {
      this.leftOut.add(name)
      return
    }
    this.#size = total
    this.#sizes.set(name, size)
    this.#fields.set(name, value)
  }
}

/** Characters of JSON. Search results and logprobs of a usual answer fit; generated images do not. */
const maxSize = 64 * 1024

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.values(value).every((inner) => inner === null || inner === undefined)
}
