import { isRecord } from '../api/json.ts'
import { flag, type Kind, Members, mapOf, mapping, matching, numberFrom, type Tell, text, variableName } from '../api/reading.ts'
import { holdsKey, isHeaderName, isHeaderText, transportHeaders } from '../providers/operator-headers.ts'
import { isTooDeep, maxJsonDepth } from '../text/json-depth.ts'
import { checkOf } from './schema.ts'
import type { ObjectSchema } from './tool.ts'

/** A tool of the operator's own, as the configuration has it. Keys are named, by the environment's variables that hold them. */
export interface HttpToolDefinition {
  readonly name: string
  readonly description: string
  readonly url: URL
  readonly inputSchema: ObjectSchema
  /** Of every call, by their names in lower case; not secret. */
  readonly headers: Readonly<Record<string, string>>
  readonly auth: HttpToolAuth | undefined
  /** The variable with the key that calls are signed with. */
  readonly signingKey: string | undefined
  /** The most that a call may take, in milliseconds; undefined where only the run's own bound counts. */
  readonly timeoutMs: number | undefined
  readonly maxResultBytes: number
  /** Whether what it says comes from people that nobody vouches for. */
  readonly untrusted: boolean
}

/** How the gateway says who it is; `variable` has the key. */
export type HttpToolAuth =
  | { readonly kind: 'bearer'; readonly variable: string }
  | { readonly kind: 'header'; readonly name: string; readonly variable: string }
  | { readonly kind: 'basic'; readonly username: string; readonly variable: string }

/**
 * The tools of `tools` in the configuration, a mapping by their names, and every mistake in it with its path. With any, what is read
 * is not whole. `taken` are the names of the tools that are there already.
 */
export async function readHttpTools(
  value: unknown,
  taken: readonly string[],
  tell: Tell,
): Promise<readonly HttpToolDefinition[]> {
  const read = mapOf(
    (member, path, tell) => ({ path, members: definitionOf(member, path, tell) }),
    (name, path, tell) => tellName(name, taken, path, tell),
  )
  const definitions: HttpToolDefinition[] = []
  for (const [name, { path, members }] of read(value, 'tools', tell) ?? []) {
    const { inputSchema = noArguments, url, ...others } = members
    const problem = await schemaProblem(inputSchema)
    if (problem !== undefined) tell(`${path}.input_schema: ${problem}`)
    if (url) definitions.push({ name, url, inputSchema, ...others })
  }
  return definitions
}

const noArguments: ObjectSchema = { type: 'object', properties: {}, additionalProperties: false }
const defaultResultBytes = 64 * 1024

type ReadDefinition = Omit<HttpToolDefinition, 'name' | 'url' | 'inputSchema'> &
  Partial<Pick<HttpToolDefinition, 'url' | 'inputSchema'>>

function definitionOf(value: unknown, path: string, tell: Tell): ReadDefinition {
  const members = new Members(value, path, memberNames, tell)
  const url = members.required<URL | undefined>('url', address, undefined)
  const inputSchema = members.optional('input_schema', objectSchema)
  return {
    // Some providers take no longer one.
    description: members.required('description', text(1024), ''),
    ...(url && { url }),
    ...(inputSchema && { inputSchema }),
    headers: members.optional('headers', headers) ?? {},
    auth: members.optional('auth', auth),
    signingKey: members.optional('signing_key', variableName),
    timeoutMs: members.optional('timeout_ms', numberFrom(1, 3_600_000, true)),
    maxResultBytes: members.optional('max_result_bytes', numberFrom(1, 16 * 1024 * 1024, true)) ?? defaultResultBytes,
    untrusted: members.optional('untrusted', flag) ?? false,
  }
}

const memberNames = [
  'description',
  'url',
  'input_schema',
  'headers',
  'auth',
  'signing_key',
  'timeout_ms',
  'max_result_bytes',
  'untrusted',
]

// ── Names and addresses ─────────────────────────────────────────────────────────────────────────────────────────────────

function tellName(name: string, taken: readonly string[], path: string, tell: Tell): void {
  // What every provider takes for the name of a tool.
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name))
    tell(`${path}: a name begins with a letter or _, consists of letters, digits, _ and -, and has at most 63 characters`)
  else if (/^vai_/i.test(name)) tell(`${path}: names that begin with vai_ are the gateway's own; take another`)
  else if (taken.includes(name) || name === 'none') tell(`${path}: the name means something already; take another`)
}

function address(value: unknown, path: string, tell: Tell): URL | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) tell(`${path}: a URL that begins with http:// or https:// is expected`)
  else if (url.username || url.password || url.hash) tell(`${path}: the URL must have no user, password or fragment; see auth`)
  else return url
  return undefined
}

// ── Schemas ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function objectSchema(value: unknown, path: string, tell: Tell): ObjectSchema | undefined {
  if (isRecord(value) && value.type === 'object') return { ...value, type: 'object' }
  tell(`${path}: a JSON schema with type: object is expected, as arguments are named`)
  return undefined
}

/** Why a schema is none that arguments could be checked against, or undefined. */
async function schemaProblem(schema: ObjectSchema): Promise<string | undefined> {
  try {
    if (isTooDeep(JSON.stringify(schema))) return `is nested deeper than ${maxJsonDepth} levels`
    // Ajv's own word. A check that has to be waited for would be taken for one that has passed.
    if ('$async' in schema) return '$async is no keyword of JSON Schema'
    await checkOf(schema)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

// ── Headers and keys ────────────────────────────────────────────────────────────────────────────────────────────────────

function headers(value: unknown, path: string, tell: Tell): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const [name, said] of Object.entries(mapping(value, path, tell))) {
    const problem = headerProblem(name, said)
    if (problem === undefined) read[name.toLowerCase()] = String(said)
    else tell(`${path}.${name}: ${problem}`)
  }
  return read
}

function headerProblem(name: string, said: unknown): string | undefined {
  if (!isHeaderName(name)) return 'this is no name of a header'
  if (holdsKey(name, said)) return "keys do not stand in the file; name the environment's variable in auth"
  if (isOwnHeader(name)) return 'the gateway sets this header itself'
  return isHeaderText(said) ? undefined : 'text of ASCII characters is expected'
}

function isOwnHeader(name: string): boolean {
  return transportHeaders.includes(name.toLowerCase()) || /^(?:webhook-.*|traceparent|tracestate)$/i.test(name)
}

const headerName: Kind<string> = (value, path, tell) => {
  if (typeof value === 'string' && isHeaderName(value) && !isOwnHeader(value)) return value.toLowerCase()
  tell(`${path}: the name of a header is expected, of one that the gateway does not set itself`)
  return undefined
}

function auth(value: unknown, path: string, tell: Tell): HttpToolAuth | undefined {
  const members = new Members(value, path, ['bearer', 'header', 'value', 'basic'], tell)
  const bearer = members.optional('bearer', variableName)
  const name = members.optional('header', headerName)
  const variable = members.optional('value', variableName)
  const basic = members.optional('basic', basicAuth)
  const given = isRecord(value) ? ['bearer', 'header', 'basic'].filter((each) => value[each] !== undefined) : []
  const hasValue = isRecord(value) && value.value !== undefined
  if (given.length !== 1) tell(`${path}: one of bearer, header and basic is expected`)
  else if (given.includes('header') !== hasValue)
    tell(`${path}: header has the name of a header, and value that of the environment's variable that holds what it says`)
  else if (bearer !== undefined) return { kind: 'bearer', variable: bearer }
  else if (name !== undefined && variable !== undefined) return { kind: 'header', name, variable }
  else return basic
  return undefined
}

function basicAuth(value: unknown, path: string, tell: Tell): HttpToolAuth {
  const members = new Members(value, path, ['username', 'password'], tell)
  return {
    kind: 'basic',
    username: members.required('username', username, ''),
    variable: members.required('password', variableName, ''),
  }
}

const username = matching(/^[\x20-\x39\x3b-\x7e]+$/, 'ASCII characters without a colon')
