import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../../api/error.ts'
import { invalidRequestDetails, issueAt, maxIssues } from '../../../api/issues.ts'
import type { Issue, LiveHello } from '../../../api/schemas.gen.ts'
import { nearest } from '../../../text/nearest.ts'
import type { Credentials, Keyed, KeyOwner } from '../../credentials.ts'

/**
 * The headers of an upgrade with the keys of providers that `hello` brought, each in its header, so that a session finds all keys in one place.
 *
 * Throws `invalid_request` for a provider that there is not, for one that takes no key, and for one whose key is another in the headers or
 * under another of its names: which of them was meant nobody can tell. Throws `provider_key_not_accepted` where callers may bring none.
 */
export function withBroughtKeys(
  headers: IncomingHttpHeaders,
  { byok }: Pick<LiveHello, 'byok'>,
  keyed: readonly Keyed[],
  credentials: Pick<Credentials, 'keyFor'>,
  principal: KeyOwner,
): IncomingHttpHeaders {
  if (!byok) return headers
  const all: IncomingHttpHeaders = { ...headers }
  const issues: Issue[] = []
  for (const [id, sent] of Object.entries(byok.keys)) {
    if (issues.length > maxIssues) break
    const owner = keyed.find((each) => each.id === id)
    const issue = owner ? taken(all, owner, sent.trim()) : unknown(id, keyed)
    if (issue) issues.push(issue)
    else if (owner) checkAccepted(owner, all, credentials, principal)
  }
  if (issues.length > 0) throw new GatewayError('invalid_request', invalidRequestDetails(issues))
  return all
}

/** Every key that `hello` holds, for masking. */
export function keysIn({ auth, byok }: Pick<LiveHello, 'auth' | 'byok'>): readonly string[] {
  return [...(auth ? [auth.gateway_api_key] : []), ...Object.values(byok?.keys ?? {})].map((key) => key.trim())
}

/** Puts a key into its header; says what speaks against it. */
function taken(headers: IncomingHttpHeaders, { id, name, upstream }: Keyed, key: string): Issue | undefined {
  if (!upstream) return issueAt(pathOf(id), 'unknown_provider', `${name} takes no key`)
  if (key === '') return issueAt(pathOf(id), 'empty', 'the key must not be empty')
  const header = upstream.keyHeader.toLowerCase()
  const before = headers[header]
  if (typeof before === 'string' && before.trim() !== '' && before.trim() !== key) {
    return issueAt(pathOf(id), 'conflict', `another key came for what ${upstream.keyHeader} is for; send one`)
  }
  headers[header] = key
  return undefined
}

function unknown(id: string, keyed: readonly Keyed[]): Issue {
  const ids = keyed.filter(({ upstream }) => upstream).map((each) => each.id)
  const near = nearest(id, ids)
  return issueAt(
    pathOf(id),
    'unknown_provider',
    `there is no such provider${near === undefined ? '' : `; did you mean "${near}"?`}`,
  )
}

function checkAccepted(
  owner: Keyed,
  headers: IncomingHttpHeaders,
  credentials: Pick<Credentials, 'keyFor'>,
  principal: KeyOwner,
): void {
  try {
    credentials.keyFor(owner, headers, principal)
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'provider_key_not_accepted') throw error
    throw new GatewayError('provider_key_not_accepted', { param: `byok.keys.${owner.id}` })
  }
}

function pathOf(id: string): readonly string[] {
  return ['byok', 'keys', id]
}
