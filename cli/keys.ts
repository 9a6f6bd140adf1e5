import type { Secret } from '../api/secret.ts'
import { type Config, ConfigError } from '../config.ts'
import { type KeyRecord, type KeysDocument, type PreviousKey, readDocuments, type Source } from '../plugins/auth/document.ts'
import { hashOf, newKey, randomWord } from '../plugins/auth/key.ts'
import { nearest } from '../text/nearest.ts'
import type { KeysArguments } from './arguments.ts'
import { changeKeysFile, readKeysFile } from './keys-file.ts'
import { createdText, describe, listText, rotatedText } from './keys-text.ts'
import { durationOf, isoOf, laterThan } from './time.ts'

/** What `vai keys` does and prints. `now` is in milliseconds since 1970. Throws a `ConfigError` with what is wrong. */
export async function runKeys(args: KeysArguments, config: Config, now: number): Promise<string> {
  const file = args.options.file ?? config.gateway_keys_file
  const context: Context = { args, config, file, now }
  switch (args.action) {
    case 'create':
      return create(context)
    case 'list':
      return list(context)
    case 'show':
      return show(context)
    case 'rotate':
      return rotate(context)
    case 'revoke':
      return revoke(context)
  }
}

interface Context {
  readonly args: KeysArguments
  readonly config: Config
  /** Empty where there is none. */
  readonly file: string
  readonly now: number
}

async function create(context: Context): Promise<string> {
  const { args, config, file } = context
  const key = newKey()
  const record = newRecord(context, key)
  const { tenant } = record
  const added = { tenants: tenant === undefined ? {} : { [tenant]: {} }, keys: [record] }
  checkAlone(added, config)
  if (!file) {
    const document = joined(config.gateway_keys, added)
    refuseProblems([{ name: 'VAI_GATEWAY_KEYS', document }])
    return args.options.json ? jsonOf({ key: key.reveal(), record, document }) : createdText(key, record.id, { document })
  }
  await changeKeysFile(file, (edit) => {
    refuseProblems([...ownSource(config), { name: file, document: edit.document() }])
    if (tenant !== undefined) edit.addTenant(tenant)
    edit.addKey(record)
    refuseProblems([...ownSource(config), { name: file, document: edit.document() }])
  })
  return args.options.json ? jsonOf({ key: key.reveal(), record, file }) : createdText(key, record.id, { file })
}

async function list(context: Context): Promise<string> {
  const { keys } = await readAll(context)
  const described = keys.map((key) => describe(key, context.now))
  return context.args.options.json ? jsonOf(described) : listText(described)
}

async function show(context: Context): Promise<string> {
  const key = found(await readAll(context), context.args)
  const described = describe(key, context.now)
  if (context.args.options.json) return jsonOf(described)
  const { stringify } = await import('yaml')
  return stringify(described, { lineWidth: 0 }).trimEnd()
}

async function rotate(context: Context): Promise<string> {
  const { args, now } = context
  const grace = args.options.grace ?? '24h'
  const graceMs = durationOf(grace)
  if (graceMs === undefined) throw new ConfigError([`--grace: a length of time as 24h or 7d is expected, or 0, not ${grace}`])
  const expires = expiresAt(context)
  const key = newKey()
  const end = expires === undefined ? Infinity : Date.parse(expires)
  const stay = (old: KeyRecord): readonly PreviousKey[] =>
    // Nobody says which of them has leaked.
    graceMs === 0 ? [] : stillGood(old, now, now + graceMs, end)
  const { file, record } = await changeOne(context, (old) => {
    if (old.disabled) throw new ConfigError([`${old.id} has been turned off; create another key.`])
    if (expires === undefined && old.expiresAt !== undefined && old.expiresAt <= now)
      throw new ConfigError([`${old.id} has expired; say with --expires until when the new key is good.`])
    const previous = stay(old).map(({ hash, expiresAt }) => ({
      hash: `sha256:${hash}`,
      expires_at: isoOf(expiresAt),
    }))
    return {
      hash: `sha256:${hashOf(key.reveal())}`,
      ...(expires !== undefined && { expires_at: expires }),
      // A single one stands without a list, as people write it.
      previous: previous.length > 1 ? previous : previous[0],
    }
  })
  if (args.options.json) return jsonOf({ key: key.reveal(), id: record.id, file })
  return rotatedText(
    key,
    record.id,
    stay(record).map((each) => isoOf(each.expiresAt)),
  )
}

/**
 * The keys that stay good beside a new one, the newest first: the old one until `until`, those of earlier rotations as long as was
 * promised, and none for longer than its own time or beyond `end`, when the new one ends. All in milliseconds since 1970.
 */
function stillGood(old: KeyRecord, now: number, until: number, end: number): readonly PreviousKey[] {
  const last = Math.min(old.expiresAt ?? Infinity, end)
  return [{ hash: old.hash, expiresAt: until }, ...old.previous]
    .map((each) => ({ hash: each.hash, expiresAt: Math.min(each.expiresAt, last) }))
    .filter((each) => each.expiresAt > now)
}

async function revoke(context: Context): Promise<string> {
  const isDeleted = context.args.options.delete === true
  const { file, record } = await changeOne(context, () => (isDeleted ? 'delete' : { disabled: true }))
  if (context.args.options.json) return jsonOf({ id: record.id, deleted: isDeleted, file })
  return `The key ${record.id} was ${isDeleted ? `removed from ${file}` : `turned off in ${file}`}. A gateway that runs knows it within seconds.`
}

// ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A key as documents have it. */
function newRecord(context: Context, key: Secret) {
  const { id = `key-${randomWord(8)}`, options } = context.args
  const { tenant, project, role, limit, models, providers, tools } = options
  const expires = expiresAt(context)
  return {
    id,
    hash: `sha256:${hashOf(key.reveal())}`,
    ...(tenant !== undefined && { tenant }),
    ...(project !== undefined && { project }),
    ...(role !== undefined && { role }),
    ...(limit && { limits: Object.fromEntries(limit.map(limitOf)) }),
    ...(models !== undefined && { allowed_models: listOf(models) }),
    ...(providers !== undefined && { allowed_providers: listOf(providers) }),
    ...(tools !== undefined && { allowed_tools: listOf(tools) }),
    ...(expires !== undefined && { expires_at: expires }),
    created_at: isoOf(context.now),
  }
}

function limitOf(text: string): [string, number] {
  const [, name, count] = /^([a-z_]+)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(text) ?? []
  if (name === undefined) throw new ConfigError([`--limit: name=number is expected, as requests_per_minute=100, not ${text}`])
  return [name, Number(count)]
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function expiresAt({ args: { options }, now }: Context): string | undefined {
  const { expires } = options
  if (expires === undefined) return undefined
  const at = laterThan(now, expires)
  if (at === undefined) throw new ConfigError([`--expires: a time to come is expected, as 30d or 2027-01-31, not ${expires}`])
  return isoOf(at)
}

// ── Documents ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function readAll({ args, config, file }: Context): Promise<KeysDocument> {
  const document = file ? await readKeysFile(file) : undefined
  if (file && document === undefined) throw new ConfigError([`${file}: there is no such file; vai keys create makes it.`])
  // A file that is named on the command line is looked at alone.
  return refuseProblems([...(args.options.file ? [] : ownSource(config)), ...(file ? [{ name: file, document }] : [])])
}

/** Changes the key that is asked for, in the file. */
async function changeOne(
  context: Context,
  change: (key: KeyRecord) => Readonly<Record<string, unknown>> | 'delete',
): Promise<{ readonly file: string; readonly record: KeyRecord }> {
  const { args, file } = context
  if (!file)
    throw new ConfigError([
      'a file of keys is needed: name it with --file or VAI_GATEWAY_KEYS_FILE. What stands in VAI_GATEWAY_KEYS is changed there.',
    ])
  if ((await readKeysFile(file)) === undefined) throw new ConfigError([`${file}: there is no such file.`])
  const changed: KeyRecord[] = []
  await changeKeysFile(file, (edit) => {
    const document = refuseProblems([{ name: file, document: edit.document() }])
    const key = found(document, args)
    const members = change(key)
    const index = document.keys.indexOf(key)
    if (members === 'delete') edit.deleteKey(index)
    else edit.setKey(index, members)
    refuseProblems([{ name: file, document: edit.document() }])
    changed.push(key)
  })
  const [record] = changed
  if (!record) throw new ConfigError([`${file}: nothing was changed.`])
  return { file, record }
}

function found({ keys }: KeysDocument, { id, action }: KeysArguments): KeyRecord {
  const ids = keys.map((key) => key.id)
  if (id === undefined)
    throw new ConfigError([`vai keys ${action} needs the id of a key${ids.length > 0 ? `: ${ids.join(', ')}` : ''}`])
  const key = keys.find((each) => each.id === id)
  if (key) return key
  const near = nearest(id, ids)
  throw new ConfigError([`there is no key ${id}${near ? `; did you mean ${near}?` : ''}`])
}

/** The new key is looked at alone first, so that its problems are told as what was asked for. */
function checkAlone(document: object, { providers, builtins, tools }: Config): void {
  const name = 'new'
  const { problems } = readDocuments([{ name, document }], {
    providers: providers.map(({ id }) => id),
    tools: [...builtins, ...tools].map((tool) => tool.name),
  })
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => problem.replace(/^new: (?:keys\[0\]\.)?/, '')))
}

function refuseProblems(sources: readonly Source[]): KeysDocument {
  const { problems, ...document } = readDocuments(sources, {})
  if (problems.length > 0) throw new ConfigError(problems)
  return document
}

function ownSource({ gateway_keys: document }: Config): readonly Source[] {
  return document === undefined ? [] : [{ name: 'gateway_keys', document }]
}

/** A document of the settings with more keys. What is wrong with it is found when it is read. */
function joined(present: unknown, added: { readonly tenants: object; readonly keys: readonly object[] }): object {
  const { tenants, keys } = isDocument(present) ? present : {}
  return { tenants: { ...added.tenants, ...tenants }, keys: [...(keys ?? []), ...added.keys] }
}

function isDocument(value: unknown): value is { readonly tenants?: object; readonly keys?: readonly unknown[] } {
  return typeof value === 'object' && value !== null && (!('keys' in value) || Array.isArray(value.keys))
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
