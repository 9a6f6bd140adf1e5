import { isRecord } from '../../api/json.ts'
import { mask } from '../../api/secret.ts'
import { nearest } from '../../text/nearest.ts'
import { baseURLProblem } from '../base-url.ts'
import { holdsKey, isHeaderName, isHeaderText, transportHeaders } from '../operator-headers.ts'
import type { ChatDialect } from './dialect.ts'
import { type Preset, presetNames, presetOf } from './presets.ts'
import { dialectOf, plainQuirks } from './quirks.ts'
import { readQuirks, type Tell } from './read-quirks.ts'

/** What is there already, so that no name means two things. */
export interface Taken {
  readonly ids: readonly string[]
  /** In lower case. */
  readonly keyHeaders: readonly string[]
  /** Variables of the environment that are settings. */
  readonly variables: readonly string[]
}

/**
 * The dialect of a provider that an operator defines, from its member of `providers` in the configuration.
 *
 * Every mistake is told with its path; the dialect is undefined where one keeps it from being made. `path` is where the definition
 * stands. Whether an address was given at all is told by `upstream.defaultBaseURL`, which may be empty.
 */
export function readDefinition(id: string, value: unknown, path: string, taken: Taken, tell: Tell): ChatDialect | undefined {
  const problem = nameProblem(id, taken)
  if (problem) {
    tell(`${path}: ${problem}`)
    return undefined
  }
  const definition = value ?? {}
  if (!isRecord(definition)) {
    tell(`${path}: a mapping is expected, not ${said(definition)}`)
    return undefined
  }
  tellUnknown(definition, path, tell)
  const preset = readPreset(id, definition.preset, `${path}.preset`, tell)
  const text = (member: string): string | undefined => readText(definition[member], `${path}.${member}`, tell)
  const name = text('name') ?? preset?.name ?? id
  const baseURL = readBaseURL(definition.base_url, `${path}.base_url`, tell) ?? preset?.baseURL ?? ''
  const keyVariable =
    readVariable(definition.key_variable, `${path}.key_variable`, tell) ?? preset?.keyVariable ?? `${constant(id)}_API_KEY`
  const keyHeader = readHeaderName(definition.key_header, `${path}.key_header`, tell) ?? preset?.keyHeader
  const keyOptional = readFlag(definition.key_optional, `${path}.key_optional`, tell) ?? preset?.keyOptional ?? false
  const headers = readHeaders(definition.headers, `${path}.headers`, tell)
  const quirks = readQuirks(definition.quirks, preset?.quirks ?? plainQuirks, `${path}.quirks`, tell)
  const upstream = {
    keyHeader: keyHeaderOf(id),
    keyVariables: [keyVariable],
    ...(keyOptional && { keyOptional }),
    ...(preset?.conventionalName && { conventionalName: preset.conventionalName }),
    baseURLVariable: baseURLVariableOf(id),
    defaultBaseURL: baseURL,
  }
  const saysEfforts = isRecord(definition.quirks) && 'reasoning_efforts' in definition.quirks
  const dialect = dialectOf({ id, name, upstream }, quirks, saysEfforts ? undefined : preset?.modelEfforts)
  return { ...dialect, ...(headers && { headers }), ...(keyHeader && { keyHeader }) }
}

/** `my-server` is `X-Provider-Key-My-Server`. */
function keyHeaderOf(id: string): string {
  const words = id.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
  return `X-Provider-Key-${words.join('-')}`
}

function baseURLVariableOf(id: string): string {
  return `VAI_${constant(id)}_BASE_URL`
}

function constant(id: string): string {
  return id.toUpperCase().replaceAll('-', '_')
}

function nameProblem(id: string, { ids, keyHeaders, variables }: Taken): string | undefined {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) {
    return 'a name begins with a lower-case letter, consists of those, digits and -, and has at most 32 characters'
  }
  if (ids.includes(id)) return `there is a provider ${id} already; take another name`
  // Two names that are spelled alike in a header or a variable would share keys and addresses.
  if (keyHeaders.includes(keyHeaderOf(id).toLowerCase()))
    return `the header ${keyHeaderOf(id)} is another provider's; take another name`
  if (variables.includes(baseURLVariableOf(id))) return `the setting ${baseURLVariableOf(id)} is there already; take another name`
  return undefined
}

const known = ['preset', 'name', 'base_url', 'key_variable', 'key_header', 'key_optional', 'headers', 'quirks', 'models']
const secrets = ['key', 'api_key', 'apikey', 'token', 'secret', 'password']

function tellUnknown(definition: Record<string, unknown>, path: string, tell: Tell): void {
  for (const name of Object.keys(definition)) {
    if (known.includes(name)) continue
    if (secrets.includes(name.toLowerCase())) {
      tell(`${path}.${name}: keys do not stand in the file; name the environment's variable that holds it in key_variable`)
    } else {
      tell(`${path}.${name} is not known${hint(name, known)}`)
    }
  }
}

/** A provider that has a preset's name is of that preset, unless it says otherwise. */
function readPreset(id: string, value: unknown, path: string, tell: Tell): Preset | undefined {
  if (value === undefined || value === null) return presetOf(id)
  if (value === 'none') return undefined
  const preset = typeof value === 'string' ? presetOf(value) : undefined
  if (!preset) tell(`${path}: ${presetProblem(value)}`)
  return preset
}

export function presetProblem(name: unknown): string {
  const near = nearest(String(name), presetNames)
  return `there is no preset ${said(name)}${near ? `; did you mean ${near}?` : '.'} There are ${presetNames.join(', ')}`
}

function readText(value: unknown, path: string, tell: Tell): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  tell(`${path}: text is expected, not ${said(value)}`)
  return undefined
}

function readFlag(value: unknown, path: string, tell: Tell): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined
  tell(`${path}: true or false is expected, not ${said(value)}`)
  return undefined
}

function readBaseURL(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  const problem = text === undefined ? undefined : baseURLProblem(text)
  if (problem) tell(`${path}: ${problem}`)
  return problem ? undefined : text
}

function readVariable(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  if (text === undefined) return undefined
  if (mask(text) !== text) tell(`${path}: the name of a variable is expected, and this has the form of a key`)
  else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) tell(`${path}: the name of a variable is expected, not ${said(text)}`)
  else if (text.startsWith('VAI_')) tell(`${path}: ${text} begins with VAI_, as only settings do`)
  else return text
  return undefined
}

function readHeaderName(value: unknown, path: string, tell: Tell): string | undefined {
  const text = readText(value, path, tell)
  if (text === undefined) return undefined
  if (isHeaderName(text) && !ownHeaders.includes(text.toLowerCase())) return text.toLowerCase()
  tell(`${path}: the name of a header is expected, not ${said(text)}`)
  return undefined
}

function readHeaders(value: unknown, path: string, tell: Tell): Record<string, string> | undefined {
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

/** The transport's, and what the adapter says of each request. */
const ownHeaders = [...transportHeaders, 'accept', 'x-client-request-id']

function hint(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates)
  return near ? `; did you mean ${near}?` : ''
}

function said(value: unknown): string {
  return JSON.stringify(value).slice(0, 100)
}
