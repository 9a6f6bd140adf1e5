import { isRecord } from '../../api/json.ts'
import {
  filledListOf,
  flag,
  type Kind,
  listOf,
  Members,
  mapOf,
  matching,
  moment,
  numberFrom,
  oneOf,
  oneOrMore,
  type Tell,
  variableName,
} from '../../api/reading.ts'
import { mask, type Secret } from '../../api/secret.ts'
import { isPattern, patternProblem, providerProblem } from '../../providers/model-policy.ts'
import { nearest } from '../../text/nearest.ts'
import { isToolPattern, toolPatternProblem } from '../../tools/allowed.ts'
import { type Allowances, allowances } from './allowances.ts'
import type { Role } from './principal.ts'

/** The gateway keys and tenants of all documents together. */
export interface KeysDocument {
  readonly tenants: ReadonlyMap<string, Tenant>
  readonly keys: readonly KeyRecord[]
}

export interface Tenant extends Allowed {
  readonly limits: Allowances
  /** The tenant's own keys, by the id of the provider or the service. */
  readonly providerKeys: ReadonlyMap<string, Secret>
}

export interface KeyRecord extends Allowed {
  readonly id: string
  /** The key's SHA-256, hexadecimal. */
  readonly hash: string
  readonly tenant: string | undefined
  readonly project: string | undefined
  readonly role: Role
  readonly limits: Allowances
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined
  readonly createdAt: number | undefined
  readonly disabled: boolean
  /** The keys before the last rotations, which are good for a while yet. */
  readonly previous: readonly PreviousKey[]
}

export interface PreviousKey {
  readonly hash: string
  readonly expiresAt: number
}

/** What may be used; everything, where a list is undefined. */
interface Allowed {
  readonly allowedModels: readonly string[] | undefined
  readonly allowedProviders: readonly string[] | undefined
  readonly allowedTools: readonly string[] | undefined
}

/** A document as it was parsed, and what its problems are told with: `keys.yaml`. */
export interface Source {
  readonly name: string
  readonly document: unknown
}

/** What is known of the gateway that the keys are for; what is undefined is not looked at. */
export interface Surroundings {
  readonly providers?: readonly string[]
  /** Whom tools ask, and a tenant may have a key for. */
  readonly services?: readonly string[]
  /** The names of tools. */
  readonly tools?: readonly string[]
  /** What a variable of the environment holds. */
  readonly variable?: (name: string) => Secret | undefined
}

/** What the documents say together, and every problem with it, each with its path. With any, what is read is not whole. */
export function readDocuments(
  sources: readonly Source[],
  surroundings: Surroundings,
): KeysDocument & { readonly problems: readonly string[] } {
  const problems: string[] = []
  const tenants = new Map<string, Tenant>()
  const placed: Placed[] = []
  for (const { name, document } of sources) {
    const tell: Tell = (problem) => void problems.push(mask(`${name}: ${problem}`))
    if (!isRecord(document)) {
      tell('a mapping with tenants and keys is expected')
      continue
    }
    const members = new Members(document, '', ['tenants', 'keys'], tell)
    for (const [id, tenant] of members.optional('tenants', mapOf(tenantOf(surroundings), checkTenantName)) ?? []) {
      if (tenants.has(id)) tell(`tenants.${id} stands elsewhere too`)
      tenants.set(id, tenant)
    }
    const keys = members.optional('keys', listOf(keyOf(surroundings))) ?? []
    placed.push(...keys.map((key, index) => ({ key, path: `keys[${index}]`, tell })))
  }
  checkTogether(placed, tenants)
  return { tenants, keys: placed.map(({ key }) => key), problems }
}

/** A key, and where it stands. */
interface Placed {
  readonly key: KeyRecord
  readonly path: string
  readonly tell: Tell
}

/** What must not be the same in two keys, and what they must refer to. */
function checkTogether(placed: readonly Placed[], tenants: ReadonlyMap<string, Tenant>): void {
  const unknown = new Map<string, string>()
  const ids = new Set<string>()
  const hashes = new Set<string>()
  for (const { key, path, tell } of placed) {
    if (key.id !== '' && ids.has(key.id)) tell(`${path}.id: another key has the same`)
    ids.add(key.id)
    const { tenant, previous } = key
    const single = previous.length === 1
    const old = previous.map((each, index) => [each.hash, single ? 'previous.hash' : `previous[${index}].hash`] as const)
    for (const [hash, at] of [[key.hash, 'hash'] as const, ...old]) {
      if (hash !== '' && hashes.has(hash)) tell(`${path}.${at}: another key has the same`)
      hashes.add(hash)
    }
    if (tenant !== undefined && !tenants.has(tenant)) {
      // Looked for once: thousands of keys may name a tenant that was renamed.
      const problem = unknown.get(tenant) ?? noTenant(tenant, [...tenants.keys()])
      unknown.set(tenant, problem)
      tell(`${path}.tenant: ${problem}`)
    }
  }
}

function noTenant(tenant: string, tenants: readonly string[]): string {
  const near = nearest(tenant, tenants)
  return `there is no ${tenant} in tenants${near ? `; did you mean ${near}?` : ''}`
}

// ── Tenants and keys ────────────────────────────────────────────────────────────────────────────────────────────────────

function tenantOf(surroundings: Surroundings): Kind<Tenant> {
  const { providers, services = [], variable } = surroundings
  const names = ['limits', ...allowedNames, 'provider_keys']
  const providerKeys = mapOf(
    (value, path, tell) => {
      const name = variableName(value, path, tell)
      const key = name === undefined ? undefined : variable?.(name)
      if (name !== undefined && variable && !key) tell(`${path}: the environment has no variable of this name, or an empty one`)
      return key
    },
    (name, path, tell) => tellProblem(providers && providerProblem(name, [...providers, ...services]), path, tell),
  )
  return (value, path, tell) => {
    const members = new Members(value, path, names, tell)
    return {
      ...limitsAndAllowed(members, surroundings),
      providerKeys: members.optional('provider_keys', providerKeys) ?? new Map(),
    }
  }
}

function keyOf(surroundings: Surroundings): Kind<KeyRecord> {
  const names = [
    'id',
    'hash',
    'tenant',
    'project',
    'role',
    'limits',
    ...allowedNames,
    'expires_at',
    'disabled',
    'created_at',
    'previous',
  ]
  return (value, path, tell) => {
    const members = new Members(value, path, names, tell)
    return {
      id: members.required('id', name, ''),
      hash: members.required('hash', hash, ''),
      tenant: members.optional('tenant', name),
      project: members.optional('project', name),
      role: members.optional('role', oneOf(['client', 'admin'])) ?? 'client',
      ...limitsAndAllowed(members, surroundings),
      expiresAt: members.optional('expires_at', moment),
      createdAt: members.optional('created_at', moment),
      disabled: members.optional('disabled', flag) ?? false,
      previous: members.optional('previous', oneOrMore(previous)) ?? [],
    }
  }
}

const allowedNames = ['allowed_models', 'allowed_providers', 'allowed_tools']

function limitsAndAllowed(members: Members, { providers, tools }: Surroundings): Allowed & { readonly limits: Allowances } {
  return {
    limits: members.optional('limits', limits) ?? {},
    allowedModels: members.optional('allowed_models', filledListOf(patternOf(providers))),
    allowedProviders: members.optional('allowed_providers', filledListOf(providerOf(providers))),
    allowedTools: members.optional('allowed_tools', filledListOf(toolOf(tools))),
  }
}

// ── Kinds of values ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of a key, a tenant or a project: it stands in logs and in the names of counts. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const nameExpected = 'a name of at most 64 letters, digits, ".", "_" and "-"'
const name = matching(nameForm, nameExpected)

function checkTenantName(tenant: string, path: string, tell: Tell): void {
  if (!nameForm.test(tenant)) tell(`${path}: ${nameExpected} is expected`)
}

function hash(value: unknown, path: string, tell: Tell): string | undefined {
  return matching(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits')(value, path, tell)?.slice('sha256:'.length)
}

function previous(value: unknown, path: string, tell: Tell): PreviousKey {
  const members = new Members(value, path, ['hash', 'expires_at'], tell)
  return { hash: members.required('hash', hash, ''), expiresAt: members.required('expires_at', moment, 0) }
}

function limits(value: unknown, path: string, tell: Tell): Allowances {
  const members = new Members(value, path, Object.keys(allowances), tell)
  const read = Object.entries(allowances).map(([limit, [least, most]]): [string, number | undefined] => [
    limit,
    members.optional(limit, numberFrom(least, most, !limit.endsWith('_usd'))),
  ])
  return Object.fromEntries(read.filter((entry): entry is [string, number] => entry[1] !== undefined))
}

function patternOf(providers: readonly string[] | undefined): Kind<string> {
  return (value, path, tell) => {
    if (typeof value !== 'string' || !isPattern(value)) {
      tell(`${path}: a model as provider/name, or a pattern with *, is expected`)
      return undefined
    }
    tellProblem(providers && patternProblem(value, providers), path, tell)
    return value
  }
}

function providerOf(providers: readonly string[] | undefined): Kind<string> {
  const provider = matching(/^[a-z][a-z0-9-]*$/, 'the name of a provider')
  return (value, path, tell) => {
    const id = provider(value, path, tell)
    if (id !== undefined) tellProblem(providers && providerProblem(id, providers), path, tell)
    return id
  }
}

function toolOf(tools: readonly string[] | undefined): Kind<string> {
  return (value, path, tell) => {
    if (typeof value !== 'string' || !isToolPattern(value)) {
      tell(`${path}: the name of a tool, or a pattern with *, is expected`)
      return undefined
    }
    tellProblem(tools && toolPatternProblem(value, tools), path, tell)
    return value
  }
}

function tellProblem(problem: string | undefined, path: string, tell: Tell): void {
  if (problem !== undefined) tell(`${path}: ${problem}`)
}
