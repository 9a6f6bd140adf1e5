import type { Principal } from '../../../plugins/auth/principal.ts'

/** Who calls where no key is asked for. */
export const anybody: Principal = {
  id: 'anonymous',
  role: 'client',
  keyId: undefined,
  tenant: undefined,
  project: undefined,
  allowances: {},
  tenantAllowances: {},
  mayUse: () => true,
  mayUseTool: () => true,
  providerKey: () => undefined,
}
