import type { Secret } from '../../api/secret.ts'
import type { Allowances } from './allowances.ts'

/** Who asks: a key, or somebody without one where the gateway allows that. */
export interface Principal {
  /** What limits are counted by: `key:<id>`, `anonymous`, or `address:<address>`. Never a key. */
  readonly id: string
  readonly role: Role
  /** The key's id; undefined for somebody without a key. */
  readonly keyId: string | undefined
  readonly tenant: string | undefined
  readonly project: string | undefined
  /** The key's own. */
  readonly allowances: Allowances
  /** Those of its tenant. */
  readonly tenantAllowances: Allowances
  /** Whether the key and its tenant may use and see a model, by its full id. The operator's own list holds besides. */
  mayUse(model: string): boolean
  /** Whether the key and its tenant may use a tool, by its name. The operator's own list holds besides. */
  mayUseTool(name: string): boolean
  /** The tenant's own key for a provider or for a service that tools ask, by its id, where it has one. */
  providerKey(id: string): Secret | undefined
}

export type Role = 'client' | 'admin'

/**
 * Who may call a route. `client`: every principal. `client-later`: every principal, but a key that no header holds may come once there is an
 * answer; until then the route does nothing for its caller. `public`: nobody is asked who they are.
 */
export type RouteAuth = 'public' | Role | 'client-later'
