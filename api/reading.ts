import { nearest } from '../text/nearest.ts'
import { isRecord } from './json.ts'

/**
 * Reads what an operator has written, and says everything that is wrong with it, each with its path: `keys[2].hash: …`.
 * Values are never repeated, because one of them may be a key that was put in the wrong place.
 */
export type Tell = (problem: string) => void

/** Reads one value; where it is not what is expected, that is told, and what comes back is undefined or not whole. */
export type Kind<T> = (value: unknown, path: string, tell: Tell) => T | undefined

/** The members of one mapping. */
export class Members {
  readonly #mapping: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #tell: Tell

  /** Members that are not among `names` are told. */
  constructor(value: unknown, path: string, names: readonly string[], tell: Tell) {
    this.#mapping = mapping(value, path, tell)
    this.#path = path
    this.#tell = tell
    for (const name of Object.keys(this.#mapping)) {
      if (!names.includes(name)) tell(`${this.#at(name)} is not known here${hint(name, names)}`)
    }
  }

  optional<T>(name: string, kind: Kind<T>): T | undefined {
    const value = this.#mapping[name]
    return value === undefined ? undefined : kind(value, this.#at(name), this.#tell)
  }

  required<T>(name: string, kind: Kind<T>, standIn: T): T {
    if (this.#mapping[name] === undefined) this.#tell(`${this.#at(name)} is missing`)
    return this.optional(name, kind) ?? standIn
  }

  #at(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name
  }
}

/** A mapping, where nothing at all counts as an empty one, as YAML has it. */
export function mapping(value: unknown, path: string, tell: Tell): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value
  if (value !== null) tell(`${path ? `${path}: ` : ''}a mapping is expected`)
  return {}
}

/** A mapping by names that are not known beforehand. */
export function mapOf<T>(
  kind: Kind<T>,
  checkName: (name: string, path: string, tell: Tell) => void,
): Kind<ReadonlyMap<string, T>> {
  return (value, path, tell) => {
    const read = new Map<string, T>()
    for (const [name, member] of Object.entries(mapping(value, path, tell))) {
      const at = `${path}.${name}`
      checkName(name, at, tell)
      const item = kind(member, at, tell)
      if (item !== undefined) read.set(name, item)
    }
    return read
  }
}

export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return (value, path, tell) => {
    if (!Array.isArray(value)) {
      if (value !== null) tell(`${path}: a list is expected`)
      return []
    }
    return value.flatMap((item: unknown, index) => kind(item, `${path}[${index}]`, tell) ?? [])
  }
}

/** A list, or what would be its only item. */
export function oneOrMore<T>(kind: Kind<T>): Kind<readonly T[]> {
  const read = listOf(kind)
  return (value, path, tell) => {
    if (Array.isArray(value)) return read(value, path, tell)
    const item = kind(value, path, tell)
    return item === undefined ? [] : [item]
  }
}

/** A list that would not say what it means, were it empty. */
export function filledListOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  const read = listOf(kind)
  return (value, path, tell) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) {
      tell(`${path}: is empty; leave it out where everything is allowed`)
      return []
    }
    return read(value, path, tell)
  }
}

export function matching(form: RegExp, expected: string): Kind<string> {
  return (value, path, tell) => {
    if (typeof value === 'string' && form.test(value)) return value
    tell(`${path}: ${expected} is expected`)
    return undefined
  }
}

export const variableName: Kind<string> = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment's variable")

export function text(most: number): Kind<string> {
  return (value, path, tell) => {
    if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value.trim()
    tell(`${path}: text of at most ${most} characters is expected`)
    return undefined
  }
}

export function oneOf<const T extends string>(values: readonly T[]): Kind<T> {
  return (value, path, tell) => {
    const found = values.find((each) => each === value)
    if (found === undefined) tell(`${path}: one of ${values.join(', ')} is expected`)
    return found
  }
}

export function flag(value: unknown, path: string, tell: Tell): boolean | undefined {
  if (typeof value === 'boolean') return value
  tell(`${path}: true or false is expected`)
  return undefined
}

export function numberFrom(least: number, most: number, isWhole: boolean): Kind<number> {
  return (value, path, tell) => {
    const isNumber = typeof value === 'number' && (isWhole ? Number.isInteger(value) : Number.isFinite(value))
    if (isNumber && value >= least && value <= most) return value
    tell(`${path}: a ${isWhole ? 'whole ' : ''}number from ${least} to ${most} is expected`)
    return undefined
  }
}

/** A day (its beginning in UTC), or a day with a time and a zone; as milliseconds since 1970. */
export function moment(value: unknown, path: string, tell: Tell): number | undefined {
  const time = typeof value === 'string' ? momentOf(value) : undefined
  if (time === undefined) tell(`${path}: a day (2027-01-31) or a time with its zone (2027-01-31T12:00:00Z) is expected`)
  return time
}

/** What a text says of a moment, in milliseconds since 1970; undefined where it says none. */
export function momentOf(text: string): number | undefined {
  const day = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text)?.[1]
  const [time, beginning] = [Date.parse(text), Date.parse(`${day}T00:00:00Z`)]
  // The thirtieth of February would be taken for a day of March.
  if (Number.isNaN(time) || Number.isNaN(beginning) || !new Date(beginning).toISOString().startsWith(`${day}T`)) return undefined
  return time
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  return near ? `; did you mean ${near}?` : ''
}
