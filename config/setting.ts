import { isIP } from 'node:net'
import { Secret } from '../api/secret.ts'
import { baseURLProblem } from '../providers/base-url.ts'

/** The kinds of settings: each reads the environment's text or the file's value, and says what would be right. */

export interface Setting<T> {
  readonly env: string
  readonly meaning: string
  /** As it would be written in the environment. */
  readonly defaultText: string
  /** What may be written, in words: `0 to 65535`. */
  readonly accepts: string
  /** The value from the environment's text or the file's value; throws an error that says what would be right. */
  read(raw: unknown): T
}

export function text(env: string, fallback: string, meaning: string): Setting<string> {
  return { env, meaning, defaultText: fallback, accepts: 'text', read: (raw) => (raw === undefined ? fallback : asText(raw)) }
}

export function integer(env: string, fallback: number, least: number, most: number, meaning: string): Setting<number> {
  return numeric(env, fallback, [least, most], meaning, 'a whole number')
}

/** A whole number, or nothing where the default depends on more than the setting. */
export function optionalInteger(env: string, least: number, most: number, meaning: string): Setting<number | undefined> {
  const given = integer(env, least, least, most, meaning)
  return { ...given, defaultText: '', read: (raw) => (raw === undefined ? undefined : given.read(raw)) }
}

export function decimal(env: string, fallback: number, least: number, most: number, meaning: string): Setting<number> {
  return numeric(env, fallback, [least, most], meaning, 'a number')
}

function numeric(
  env: string,
  fallback: number,
  [least, most]: readonly [number, number],
  meaning: string,
  kind: 'a number' | 'a whole number',
): Setting<number> {
  return {
    env,
    meaning,
    defaultText: String(fallback),
    accepts: `${least} to ${most}`,
    read(raw) {
      if (raw === undefined) return fallback
      const isWritten = typeof raw === 'number' || (kind === 'a number' ? /^-?\d+(?:\.\d+)?$/ : /^-?\d+$/).test(asText(raw))
      const value = isWritten ? Number(raw) : Number.NaN
      const isOfKind = kind === 'a number' ? Number.isFinite(value) : Number.isInteger(value)
      if (!isOfKind || value < least || value > most)
        throw new Error(`${kind} from ${least} to ${most} is expected, not ${JSON.stringify(raw)}`)
      return value
    },
  }
}

export function flag(env: string, fallback: boolean, meaning: string): Setting<boolean> {
  return {
    env,
    meaning,
    defaultText: String(fallback),
    accepts: 'true, false',
    read(raw) {
      if (raw === undefined) return fallback
      if (raw === true || raw === 'true' || raw === '1') return true
      if (raw === false || raw === 'false' || raw === '0') return false
      throw new Error(`true or false is expected, not ${JSON.stringify(raw)}`)
    },
  }
}

export function choice<const T extends string>(env: string, values: readonly T[], fallback: T, meaning: string): Setting<T> {
  return { ...optionalChoice(env, values, meaning), defaultText: fallback, read: (raw) => oneOf(values, raw) ?? fallback }
}

export function optionalChoice<const T extends string>(
  env: string,
  values: readonly T[],
  meaning: string,
): Setting<T | undefined> {
  return { env, meaning, defaultText: '', accepts: values.join(', '), read: (raw) => oneOf(values, raw) }
}

function oneOf<T extends string>(values: readonly T[], raw: unknown): T | undefined {
  if (raw === undefined) return undefined
  const found = values.find((value) => value === raw)
  if (found === undefined) throw new Error(`one of ${values.join(', ')} is expected, not ${JSON.stringify(raw)}`)
  return found
}

export function url(env: string, fallback: string, meaning: string): Setting<URL> {
  return {
    env,
    meaning,
    defaultText: fallback,
    accepts: 'http:// or https:// URL',
    read(raw) {
      const value = raw === undefined ? fallback : asText(raw)
      const problem = baseURLProblem(value)
      if (problem) throw new Error(problem)
      return new URL(value)
    },
  }
}

/** A URL, or a host with its port, which stands for one of https. */
export function endpoint(env: string, fallback: string, meaning: string): Setting<URL> {
  const asURL = url(env, fallback, meaning)
  return {
    ...asURL,
    accepts: `host:port, or ${asURL.accepts}`,
    read: (raw) => asURL.read(typeof raw === 'string' && /^[\w.-]+:\d{1,5}$/.test(raw.trim()) ? `https://${raw.trim()}` : raw),
  }
}

export function optionalURL(env: string, meaning: string): Setting<URL | undefined> {
  const given = url(env, '', meaning)
  return { ...given, read: (raw) => (raw === undefined ? undefined : given.read(raw)) }
}

/** An address that may hold a password, and is not printed. */
export function secretURL(env: string, protocols: readonly string[], meaning: string): Setting<Secret | undefined> {
  const accepts = `${protocols.map((protocol) => `${protocol}//`).join(' or ')} URL`
  return {
    env,
    meaning,
    defaultText: '',
    accepts,
    read(raw) {
      if (raw === undefined) return undefined
      const value = asText(raw)
      if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) throw new Error(`a ${accepts} is expected`)
      return new Secret(value)
    },
  }
}

/** JSON in the environment, a value of any form in the file; what reads it says what is wrong with it. */
export function json(env: string, meaning: string): Setting<unknown> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: 'JSON',
    read(raw) {
      if (typeof raw !== 'string') return raw
      try {
        return JSON.parse(raw)
      } catch {
        // The parser quotes the text, which may be what must not be shown.
        throw new Error('JSON is expected')
      }
    },
  }
}

export function origins(env: string, meaning: string): Setting<readonly string[]> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: 'https://host, http://host:port, …',
    read: (raw) =>
      listOf(raw).map((text) => {
        // A star is a letter like any other to the parser of URLs, but stands in the origin of no page.
        const isOrigin = /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text
        if (!isOrigin) throw new Error(`an exact origin (https://app.example.com) is expected, not ${JSON.stringify(text)}`)
        return text
      }),
  }
}

export function addresses(env: string, meaning: string): Setting<readonly string[]> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: '10.0.0.1, 10.0.0.0/8, fd00::/8, loopback, …',
    read: (raw) =>
      listOf(raw).map((text) => {
        const [address = '', bits, ...rest] = text.split('/')
        const version = isIP(address)
        const isBlock = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
        if (!namedBlocks.has(text) && (version === 0 || !isBlock || rest.length > 0))
          throw new Error(`an address, or a block of them (10.0.0.0/8), is expected, not ${JSON.stringify(text)}`)
        if (bits !== undefined && Number(bits) === 0)
          throw new Error(`${text} is every address, so that every caller could say to have any; name the proxies alone`)
        return text
      }),
  }
}

const namedBlocks: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

function listOf(raw: unknown): string[] {
  if (raw === undefined) return []
  const all: readonly unknown[] = Array.isArray(raw) ? raw : asText(raw).split(',')
  return all.map((each) => asText(each)).filter((text) => text !== '')
}

/** Names in which `*` may stand. */
export function patterns(env: string, meaning: string, form: PatternForm): Setting<readonly string[]> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: form.accepts,
    read(raw) {
      if (raw === undefined) return []
      const all: readonly unknown[] = Array.isArray(raw) ? raw : asText(raw).split(',')
      return all.map((each) => {
        const pattern = typeof each === 'string' ? each.trim() : ''
        if (!form.is(pattern)) throw new Error(`${form.expected} is expected, not ${JSON.stringify(each)}`)
        return pattern
      })
    },
  }
}

export interface PatternForm {
  is(text: string): boolean
  /** What is right, in words: `a model as provider/name`. */
  readonly expected: string
  readonly accepts: string
}

export function map(env: string, meaning: string): Setting<Readonly<Record<string, string>>> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: 'name=provider/name, …',
    read(raw) {
      if (raw === undefined) return {}
      const pairs =
        typeof raw === 'string'
          ? raw
              .split(',')
              .filter((pair) => pair.trim() !== '')
              .map(pairOf)
          : Object.entries(asObject(raw))
      const entries = pairs.map(([name, target]): [string, string] => {
        if (!name || typeof target !== 'string' || !target.includes('/'))
          throw new Error(`${name}: a model as provider/name is expected, not ${JSON.stringify(target)}`)
        return [name, target]
      })
      return Object.fromEntries(entries)
    },
  }
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=')
  if (at < 1) throw new Error(`name=provider/name is expected, not ${JSON.stringify(pair)}`)
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
}

function asText(raw: unknown): string {
  if (typeof raw === 'string' && raw.trim() !== '') return raw.trim()
  if (typeof raw === 'number') return String(raw)
  throw new Error(`text is expected, not ${JSON.stringify(raw)}`)
}

/**
 * Servers to add, by their names: in the environment, or in a list, those of presets, each with an empty definition; in a mapping their
 * definitions.
 */
export function definitions(
  env: string,
  presets: readonly string[],
  meaning: string,
): Setting<Readonly<Record<string, unknown>>> {
  return {
    env,
    meaning,
    defaultText: '',
    accepts: `names of presets: ${presets.join(', ')}`,
    read(raw) {
      if (raw === undefined || raw === null) return {}
      if (typeof raw !== 'string' && !Array.isArray(raw)) return { ...asObject(raw) }
      const names: readonly unknown[] = typeof raw === 'string' ? raw.split(',') : raw
      return Object.fromEntries(names.map((name) => String(name).trim()).flatMap((name) => (name === '' ? [] : [[name, {}]])))
    },
  }
}

export function asObject(raw: unknown): object {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw
  throw new Error(`a mapping is expected, not ${JSON.stringify(raw)}`)
}
