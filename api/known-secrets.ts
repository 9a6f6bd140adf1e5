import { leastSecret, placeholder, type Secret } from './secret.ts'

/**
 * Secrets that are known by value, to be masked wherever they turn up. However many there are, a text is gone through once: the last
 * characters up to each place say which secrets can end there, and almost always that is none.
 */
export class KnownSecrets {
  readonly #canEnd = new Uint8Array(buckets)
  // By their ends, because many begin alike.
  #byEnd: ReadonlyMap<number, readonly string[]> = new Map()

  constructor(secrets: Iterable<Secret> = []) {
    this.replace(secrets)
  }

  /** From now on these are known, and no others. */
  replace(secrets: Iterable<Secret>): void {
    const values = new Set([...secrets].map((secret) => secret.reveal()).filter(({ length }) => length >= leastSecret))
    const byEnd = new Map<number, string[]>()
    // The longest comes first, for another may be its end.
    for (const value of [...values].sort((a, b) => b.length - a.length)) {
      const bucket = bucketAtEndOf(value)
      const others = byEnd.get(bucket)
      if (others) others.push(value)
      else byEnd.set(bucket, [value])
    }
    this.#byEnd = byEnd
    this.#canEnd.fill(0)
    for (const bucket of byEnd.keys()) this.#canEnd[bucket] = 1
  }

  /** The text with every secret replaced by a placeholder, those that overlap by one. */
  mask(text: string): string {
    if (this.#byEnd.size === 0) return text
    const found: Stretch[] = []
    const canEnd = this.#canEnd
    let bucket = 0
    for (let end = 1; end <= text.length; end++) {
      bucket = rolled(bucket, text.charCodeAt(end - 1))
      if (canEnd[bucket] !== 1) continue
      const secret = this.#byEnd.get(bucket)?.find((value) => text.endsWith(value, end))
      if (secret !== undefined) addStretch(found, { start: end - secret.length, end })
    }
    return found.length === 0 ? text : withoutStretches(text, found)
  }
}

/** Offsets into a text. */
interface Stretch {
  readonly start: number
  readonly end: number
}

/** Ends come in order, starts need not. */
function addStretch(found: Stretch[], { start, end }: Stretch): void {
  let first = start
  for (let last = found.at(-1); last && last.end > first; last = found.at(-1)) {
    first = Math.min(first, last.start)
    found.pop()
  }
  found.push({ start: first, end })
}

function withoutStretches(text: string, found: readonly Stretch[]): string {
  let masked = ''
  let shown = 0
  for (const { start, end } of found) {
    masked += text.slice(shown, start) + placeholder
    shown = end
  }
  return masked + text.slice(shown)
}

/** Goes on by one character. What comes out of it depends on the last four alone, since those before are shifted out. */
function rolled(bucket: number, code: number): number {
  return ((bucket << 5) ^ code) & (buckets - 1)
}

function bucketAtEndOf(text: string): number {
  let bucket = 0
  for (let at = 0; at < text.length; at++) bucket = rolled(bucket, text.charCodeAt(at))
  return bucket
}

const buckets = 1 << 16
