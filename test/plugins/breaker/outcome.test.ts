import { describe, expect, it } from 'vitest'
import { Cancelled, catalogue, type ErrorCode, GatewayError } from '../../../api/error.ts'
import { outcomeOf } from '../../../plugins/breaker/outcome.ts'

const failed = (code: ErrorCode, status?: number): GatewayError =>
  new GatewayError(code, { providerError: { provider: 'openai', ...(status !== undefined && { status }) } })

describe('what a failed call says of its provider', () => {
  it.each<[ErrorCode, number?]>([
    ['provider_error', 500],
    ['provider_error'],
    ['provider_overloaded', 529],
    ['provider_overloaded', 503],
    ['provider_overloaded'],
    ['provider_unreachable'],
    ['provider_untrusted'],
    ['provider_disconnected'],
    ['provider_timeout'],
    ['provider_timeout', 504],
    ['provider_protocol', 200],
    ['provider_protocol', 302],
  ])('%s (%s) is its failure', (code, status) => {
    expect(outcomeOf(failed(code, status))).toBe('failure')
  })

  it.each<[ErrorCode, number?]>([
    ['provider_rejected', 400],
    ['provider_authentication', 401],
    ['provider_quota', 402],
    ['provider_permission', 403],
    ['provider_not_found', 404],
    ['provider_timeout', 408],
    ['provider_error', 409],
    ['provider_rate_limit', 429],
    ['provider_rate_limit'],
    ['context_length_exceeded'],
  ])('%s (%s) shows that it is there', (code, status) => {
    expect(outcomeOf(failed(code, status))).toBe('success')
  })

  it.each([
    new Cancelled(),
    new TypeError('a mistake'),
    new GatewayError('stream_duration'),
    new GatewayError('shutting_down'),
    new GatewayError('provider_key_unusable'),
    undefined,
  ])('%s says nothing', (error) => {
    expect(outcomeOf(error)).toBe('unknown')
  })

  it('is never a failure where the fault is the request', () => {
    const codes = Object.entries(catalogue).filter(([, { type }]) => type === 'invalid_request_error')
    for (const [code] of codes) expect(outcomeOf(new GatewayError('invalid_request', { code }))).not.toBe('failure')
  })
})
