import { GatewayError } from '../../../api/error.ts'
import { anyOf, MissingProviderKey } from '../../../api/missing-provider-key.ts'
import { paramOf } from '../../../api/param.ts'

/** Keys that are missing are told of by the fields of `hello`: many who say it, browsers above all, can send no headers. */

/** That a key of a provider is missing, by the field that would hold it; what needs the key begins the message. Any other error is itself. */
export function missedInHello(error: GatewayError): GatewayError {
  const missing = missingIn(error)
  if (!missing) return error
  const fields = missing.ids.map((id) => paramOf(['byok', 'keys', id]))
  const [param = ''] = fields
  const said = missing.messageWith(`in hello as ${anyOf(fields)}, or with the upgrade `)
  const isPlaced = error.param !== undefined && error.param !== missing.param
  const message = isPlaced ? `${error.param}: ${said}` : said
  const issues = [{ param, code: error.code, message }]
  return new GatewayError('missing_provider_key', { param, message, issues, cause: error })
}

function missingIn(error: unknown): MissingProviderKey | undefined {
  if (error instanceof MissingProviderKey) return error
  return error instanceof Error ? missingIn(error.cause) : undefined
}

/** That the key of the gateway is missing, by its field. Any other error is itself. */
export function keyedInHello(error: unknown): unknown {
  const isMissing = error instanceof GatewayError && error.code === 'missing_api_key'
  if (!isMissing) return error
  return new GatewayError('missing_api_key', { param: 'auth.gateway_api_key', message: sendKey, cause: error })
}

const sendKey =
  'A key of this gateway is needed: send it in hello as auth.gateway_api_key, or with the upgrade as `Authorization: Bearer vai_sk_…` or in the header x-api-key.'
