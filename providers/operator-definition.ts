import { isRecord } from '../api/json.ts'
import { mask } from '../api/secret.ts'
import { nearest } from '../text/nearest.ts'
import { baseURLProblem } from './base-url.ts'
import { holdsKey, isHeaderName, isHeaderText, transportHeaders } from './operator-headers.ts'

/**
 * Reading what an operator says of a server of theirs in the configuration. Each function takes one member with the path at which it
 * stands, tells what is wrong with it, and gives undefined where it is absent or wrong.
 */

/** Told of each mistake, with its path. */
export type Tell = (problem: string) => void

/** What is there already, so that no name means two things. */
export interface Taken {
  readonly ids: readonly string[]
  /** In lower case. */
  readonly keyHeaders: readonly string[]
  /** Variables of the environment that are settings. */
  readonly variables: readonly string[]
}

/** `my-server` is `X-Provider-Key-My-Server`. */
export function keyHeaderOf(id: string): string {
  const words = id.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
  return `X-Provider-Key-${words.join('-')}`
}

export function keyVariableOf(id: string): string {
  return `${constant(id)}_API_KEY`
}

export function baseURLVariableOf(id: string): string {
  return `VAI_${constant(id)}_BASE_URL`
}

function constant(id: string): string {
  return id.toUpperCase().replaceAll('-', '_')
}

/** Why a server cannot have a name; undefined where it can. */
export function nameProblem(id: string, { ids, keyHeaders, variables }: Taken): string | undefined {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) {
    return 'a name begins with a lower-case letter, consists of those, digits and -, and has at most 32 characters'
  }
  if (ids.includes(id)) return `there is a provider ${id} already; take another name`
  // Two names that are spelled alike in a header or a variable would share keys and addresses.
  if (keyHeaders.includes(keyHeaderOf(id).toLowerCase())) {
    return `the header ${keyHeaderOf(id)} is another provider's; take another name`
  }
  if (variables.includes(baseURLVariableOf(id))) return `the setting ${baseURLVariableOf(id)} is there already; take another name`
  return undefined
}

/** Tells of every member that is none of those known, and of keys, which do not stand in files. */
export function tellUnknown(
  definition: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
  tell: Tell,
): void {
  for (const name of Object.keys(definition)) {
    if (known.includes(name)) continue
    if (secrets.includes(name.toLowerCase())) {
      tell(`${path}.${name}: keys do not stand in the file; name the environment's variable that holds it in key_variable`)
    } else {
      tell(`${path}.${name} is not known${hint(name, known)}`)
    }
  }
}

const secrets = ['key', 'api_key', 'apikey', 'token', 'secret', 'password']

/** A mapping; an absent one is empty. */
export function readMapping(value: unknown, path: string, tell: Tell): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return {}
  if (isRecord(value)) return value
  tell(`${path}: a mapping is expected, not ${said(value)}`)
  return undefined
}

export function readText(value: unknown, path: string, tell: Tell): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  tell(`${path}: text is expected, not ${said(value)}`)
  return undefined
}

export function readFlag(value: unknown, path: string, tell: Tell): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined
  tell(`${path}: true or false is expected, not ${said(value)}`)
  return undefined
}

export function readInteger(
  value: unknown,
  [least, most]: readonly [number, number],
  path: string,
  tell: Tell,
): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  tell(`${path}: a whole number from ${least} to ${most} is expected, not ${said(value)}`)
  return undefined
}

/** A list of texts with at least one. */
export function readTexts(value: unknown, path: string, tell: Tell): readonly [string, ...string[]] | undefined {
  if (value === undefined || value === null) return undefined
  const texts = Array.isArray(value) ? value.map((each: unknown) => (typeof each === 'string' ? each.trim() : '')) : []
  const [first, ...others] = texts
  if (first !== undefined && texts.every((text) => text !== '')) return [first, ...others]
  tell(`${path}: a list of texts is expected, not ${said(value)}`)
  return undefined
}

/** A list of some of `values`, with at least one. */
export function readChoices<const Value extends string>(
  value: unknown,
  values: readonly Value[],
  path: string,
  tell: Tell,
): readonly Value[] | undefined {
  const texts = readTexts(value, path, tell)
  if (!texts) return undefined
  const chosen = values.filter((each) => texts.includes(each))
  const wrong = texts.find((text) => !values.some((each) => each === text))
  if (wrong === undefined) return chosen
  tell(`${path}: ${said(wrong)} is none of ${values.join(', ')}${hint(wrong, values)}`)
  return undefined
}

export function readBaseURL(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  const problem = text === undefined ? undefined : baseURLProblem(text)
  if (problem) tell(`${path}: ${problem}`)
  return problem ? undefined : text
}

/** A path below a base URL, with its slash. */
export function readPath(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  if (text === undefined || /^\/[\x21-\x7e]*$/.test(text)) return text
  tell(`${path}: a path that begins with / is expected, not ${said(text)}`)
  return undefined
}

export function readVariable(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  if (text === undefined) return undefined
  if (mask(text) !== text) tell(`${path}: the name of a variable is expected, and this has the form of a key`)
  else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) tell(`${path}: the name of a variable is expected, not ${said(text)}`)
  else if (text.startsWith('VAI_')) tell(`${path}: ${text} begins with VAI_, as only settings do`)
  else return text
  return undefined
}

export function readHeaderName(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  if (text === undefined) return undefined
  if (isHeaderName(text) && !ownHeaders.includes(text.toLowerCase())) return text.toLowerCase()
  tell(`${path}: the name of a header is expected, not ${said(text)}`)
  return undefined
}

export function readHeaders(value: unknown, path: string, tell: Tell): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined
  if (!isRecord(value)) {
    tell(`${path}: a mapping of texts is expected, not ${said(value)}`)
    return undefined
  }
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    const problem = headerProblem(name, text)
    if (problem) tell(`${path}.${name}: ${problem}`)
    else headers[name.toLowerCase()] = String(text)
  }
  return headers
}

function headerProblem(name: string, text: unknown): string | undefined {
  if (!isHeaderName(name)) return 'this is no name of a header'
  if (holdsKey(name, text)) {
    return "keys do not stand in the file; name the environment's variable in key_variable, and its header in key_header"
  }
  if (ownHeaders.includes(name.toLowerCase())) return 'the gateway sets this header itself'
  return isHeaderText(text) ? undefined : 'text of ASCII characters is expected'
}

/** The transport's, and what the adapters say of each request. */
const ownHeaders = [...transportHeaders, 'accept', 'x-client-request-id']

/** What is said of a name that is none of the presets'. */
export function noPreset(name: unknown, presets: readonly string[]): string {
  const near = hint(String(name), presets)
  return `there is no preset ${said(name)}${near || '.'} There are ${presets.join(', ')}`
}

/** `; did you mean …?`, where one of the candidates may have been meant. */
export function hint(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates)
  return near ? `; did you mean ${near}?` : ''
}

export function said(value: unknown): string {
  return JSON.stringify(value).slice(0, 100)
}
