import type { Secret } from '../api/secret.ts'
import type { KeyRecord } from '../plugins/auth/document.ts'
import { isoOf } from './time.ts'

/** What is told of a key: everything but its hash. */
export interface DescribedKey {
  readonly id: string
  readonly state: 'active' | 'disabled' | 'expired'
  readonly tenant?: string
  readonly project?: string
  readonly role: string
  readonly limits?: object
  readonly allowed_models?: readonly string[]
  readonly allowed_providers?: readonly string[]
  readonly allowed_tools?: readonly string[]
  readonly expires_at?: string
  readonly created_at?: string
  /** Until when keys from before rotations are good, the last of them. */
  readonly previous_expires_at?: string
}

export function describe(key: KeyRecord, now: number): DescribedKey {
  const {
    id,
    tenant,
    project,
    role,
    limits,
    allowedModels,
    allowedProviders,
    allowedTools,
    expiresAt,
    createdAt,
    disabled,
    previous,
  } = key
  const previousUntil = Math.min(Math.max(...previous.map((each) => each.expiresAt)), expiresAt ?? Infinity)
  const isExpired = expiresAt !== undefined && expiresAt <= now
  return {
    id,
    state: disabled ? 'disabled' : isExpired ? 'expired' : 'active',
    ...(tenant !== undefined && { tenant }),
    ...(project !== undefined && { project }),
    role,
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(allowedModels && { allowed_models: allowedModels }),
    ...(allowedProviders && { allowed_providers: allowedProviders }),
    ...(allowedTools && { allowed_tools: allowedTools }),
    ...(expiresAt !== undefined && { expires_at: isoOf(expiresAt) }),
    ...(createdAt !== undefined && { created_at: isoOf(createdAt) }),
    ...(previousUntil > now && { previous_expires_at: isoOf(previousUntil) }),
  }
}

export function listText(keys: readonly DescribedKey[]): string {
  if (keys.length === 0) return 'There are no keys.'
  const rows = [
    ['ID', 'STATE', 'ROLE', 'TENANT', 'PROJECT', 'EXPIRES', 'CREATED'],
    ...keys.map(({ id, state, role, tenant, project, expires_at, created_at }) => [
      id,
      state,
      role,
      tenant ?? '-',
      project ?? '-',
      expires_at ?? '-',
      created_at ?? '-',
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function createdText(key: Secret, id: string, where: { readonly file: string } | { readonly document: object }): string {
  const kept =
    'file' in where
      ? `It was added to ${where.file} as ${id}. A gateway that runs with this file knows it within seconds.`
      : `Start the gateway with this, or name a file with --file:\n\n  VAI_GATEWAY_KEYS='${JSON.stringify(where.document)}'`
  return `${shown(key)}\n\n${kept}`
}

/** `untils`: until when the keys before it stay good, the newest first. */
export function rotatedText(key: Secret, id: string, [old, ...older]: readonly string[]): string {
  const sentences = [
    `It takes the place of ${id}.`,
    old === undefined ? 'No older key is good any more.' : `The old key is good until ${old}.`,
    ...(older.length > 0
      ? [`So are those of earlier rotations: until ${older.join(', ')}; rotate with --grace 0 to end them all.`]
      : []),
  ]
  return `${shown(key)}\n\n${sentences.join(' ')}`
}

function shown(key: Secret): string {
  const word = key.reveal()
  return `${word}

This is the only time that the key is shown. It is sent as \`Authorization: Bearer\` or in the header x-api-key:

  curl http://127.0.0.1:8080/v1/models -H 'x-api-key: ${word}'
  ANTHROPIC_BASE_URL=http://127.0.0.1:8080 ANTHROPIC_API_KEY=${word}`
}
