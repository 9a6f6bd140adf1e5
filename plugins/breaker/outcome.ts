import { GatewayError } from '../../api/error.ts'
import type { Outcome } from './circuit.ts'

/**
 * What a failed call says of its provider. A provider that refuses a request, a key or the rate of requests is well, whatever the
 * caller makes of it; a caller who left, or a fault of the gateway's own, says nothing.
 */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof GatewayError) || !error.providerError) return 'unknown'
  const { status } = error.providerError
  const isRefusal = status !== undefined && status >= 400 && status < 500
  return faults.has(error.code) && !isRefusal ? 'failure' : 'success'
}

/** The codes of failures that are the provider's own. */
const faults: ReadonlySet<string> = new Set([
  'provider_error',
  'provider_overloaded',
  'provider_unreachable',
  'provider_untrusted',
  'provider_disconnected',
  'provider_timeout',
  'provider_protocol',
])
