import { isRecord } from '../../api/json.ts'
import { nearest } from '../../text/nearest.ts'
import { checkEntry } from './check.ts'
import type { CatalogueEntry } from './entry.ts'

/** Entries, and every mistake that was found on the way to them, each with its path. With any, the entries are not whole. */
export interface ReadEntries {
  readonly entries: readonly CatalogueEntry[]
  readonly problems: readonly string[]
}

/**
 * The entries that a parsed file of the catalogue makes of those there are already.
 *
 * The file is a mapping by the ids of models, `openai/gpt-5`, or `openai,oai-resp/gpt-5` for one that several providers have.
 * Each value is what an entry says; it is merged into the entry there is, member by member, and null removes a member or, in
 * the place of the whole, the entry. Names of other models in it (`aliases`, `deprecation.replacement`) have no provider before
 * them: they are the same provider's. `providers` are those that an entry may belong to.
 */
export function readCatalogue(file: unknown, present: readonly CatalogueEntry[], providers: readonly string[]): ReadEntries {
  if (file === null || file === undefined) return { entries: present, problems: [] }
  if (!isRecord(file)) return { entries: present, problems: ['a mapping by the ids of models is expected'] }
  const problems: string[] = []
  const entries = new Map(present.map((entry) => [entry.id, entry]))
  for (const [key, change] of Object.entries(file)) {
    for (const id of idsOf(key, providers, problems)) applyChange(entries, id, change, key, problems)
  }
  problems.push(...sharedNames([...entries.values()]))
  return { entries: [...entries.values()], problems: [...new Set(problems)] }
}

/**
 * The entries of one provider's own models: a list of mappings as in a file of the catalogue, each with its `id`, the model's
 * name as the provider knows it. `path` is where the list stands, for the problems.
 */
export function readModels(list: unknown, provider: string, path: string): ReadEntries {
  if (!Array.isArray(list)) return { entries: [], problems: [`${path}: a list is expected`] }
  const problems: string[] = []
  const entries = new Map<string, CatalogueEntry>()
  for (const [index, item] of list.entries()) {
    const at = `${path}[${index}]`
    if (!isRecord(item) || typeof item.id !== 'string' || !isName(item.id)) {
      problems.push(`${at}.id: the name of a model is expected`)
    } else if (entries.has(`${provider}/${item.id}`)) {
      problems.push(`${at}.id: ${item.id} is in the list already`)
    } else {
      const { id, ...members } = item
      applyChange(entries, `${provider}/${id}`, members, at, problems)
    }
  }
  problems.push(...sharedNames([...entries.values()]).map((problem) => `${path}: ${problem}`))
  return { entries: [...entries.values()], problems }
}

// ── Ids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function idsOf(key: string, providers: readonly string[], problems: string[]): string[] {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  if (slash < 1 || !isName(name)) {
    problems.push(`${JSON.stringify(key)}: a model is written provider/name`)
    return []
  }
  const named = key.slice(0, slash).split(',')
  for (const provider of named.filter((each) => !providers.includes(each))) {
    const near = nearest(provider, providers)
    problems.push(`${key}: there is no provider ${JSON.stringify(provider)}${near ? `; did you mean ${near}?` : ''}`)
  }
  return named.filter((provider) => providers.includes(provider)).map((provider) => `${provider}/${name}`)
}

function isName(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name)
}

/** Names that two models claim, so that it could not be told which is meant. */
function sharedNames(entries: readonly CatalogueEntry[]): string[] {
  const owners = new Map(entries.map(({ id }) => [id, id]))
  const problems: string[] = []
  for (const { id, aliases } of entries) {
    // What is no list of texts has been told already.
    for (const alias of Array.isArray(aliases) ? aliases : []) {
      const owner = owners.get(alias)
      if (owner !== undefined) problems.push(`${id}: aliases: ${alias} is also a name of ${owner}`)
      else owners.set(alias, id)
    }
  }
  return problems
}

// ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function applyChange(entries: Map<string, CatalogueEntry>, id: string, change: unknown, path: string, problems: string[]): void {
  const present = entries.get(id)
  if (change === null) {
    if (!present) problems.push(`${path}: there is no such model to remove${hint(id, [...entries.keys()])}`)
    entries.delete(id)
    return
  }
  if (!isRecord(change)) {
    problems.push(`${path}: a mapping is expected, not ${JSON.stringify(change)}`)
    return
  }
  const { id: _, ...before } = present ?? { id }
  const members = merged(before, withProvider(change, id.slice(0, id.indexOf('/') + 1)))
  const found: string[] = []
  checkEntry(members, '', (problem) => found.push(problem))
  const entry = { id, ...members }
  if (found.length === 0 && isEntry(entry)) {
    found.push(...contradictions(entry))
    entries.set(id, entry)
  }
  problems.push(...found.map((problem) => `${path}: ${problem}`))
}

function hint(id: string, ids: readonly string[]): string {
  const near = nearest(id, ids)
  return near ? `; did you mean ${near}?` : ''
}

/** A change with the provider before the names of other models. What is no name is left for the check to find. */
function withProvider(change: Record<string, unknown>, prefix: string): Record<string, unknown> {
  const full = (name: unknown): unknown => (typeof name === 'string' && name !== '' ? prefix + name : name)
  const { aliases, deprecation } = change
  return {
    ...change,
    ...(Array.isArray(aliases) && { aliases: aliases.map(full) }),
    ...(isRecord(deprecation) &&
      'replacement' in deprecation && { deprecation: { ...deprecation, replacement: full(deprecation.replacement) } }),
  }
}

/** Mappings are merged, null removes, and anything else takes the place of what was there. */
function merged(before: Readonly<Record<string, unknown>>, change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...before }
  for (const [name, value] of Object.entries(change)) {
    const old = result[name]
    if (value === null) delete result[name]
    else result[name] = isRecord(value) ? merged(isRecord(old) ? old : {}, value) : value
  }
  return result
}

/** `checkEntry` has vouched for every member. */
function isEntry(entry: { readonly id: string }): entry is CatalogueEntry {
  return entry.id !== ''
}

/** What cannot be true together. */
function contradictions(entry: CatalogueEntry): string[] {
  const { context_window: context, max_output_tokens: output, default_max_tokens: usual, deprecation } = entry
  const problems: string[] = []
  if (output !== undefined && context !== undefined && output > context)
    problems.push(`max_output_tokens: ${output} is more than the context_window of ${context}`)
  if (usual !== undefined && output !== undefined && usual > output)
    problems.push(`default_max_tokens: ${usual} is more than the max_output_tokens of ${output}`)
  const { deprecated_on: deprecated, retires_on: retires } = deprecation ?? {}
  if (deprecated !== undefined && retires !== undefined && retires < deprecated)
    problems.push(`deprecation.retires_on: ${retires} is before deprecated_on, ${deprecated}`)
  if (entry.prices)
    problems.push(
      ...unordered(
        'prices.above',
        entry.prices.above?.map((tier) => tier.input_tokens),
      ),
    )
  for (const [index, { above }] of (entry.later_prices ?? []).entries())
    problems.push(
      ...unordered(
        `later_prices[${index}].above`,
        above?.map((tier) => tier.input_tokens),
      ),
    )
  problems.push(
    ...unordered(
      'later_prices',
      entry.later_prices?.map(({ from }) => from),
    ),
  )
  return problems
}

function unordered<T extends number | string>(path: string, values: readonly T[] = []): string[] {
  const isOrdered = values.every((value, index) => {
    const previous = values[index - 1]
    return previous === undefined || previous < value
  })
  return isOrdered ? [] : [`${path}: is not in ascending order`]
}
