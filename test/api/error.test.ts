import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cancelled, catalogue, type ErrorCode, GatewayError } from '../../api/error.ts'
import { ErrorType } from '../../api/schemas.gen.ts'
import { problemsWith } from '../contract-schemas.ts'

/** The contract's table: which statuses a type may have, the usual one first. */
const statuses: Readonly<Record<ErrorType, readonly number[]>> = {
  invalid_request_error: [400, 413, 426, 431],
  authentication_error: [401],
  permission_error: [403],
  not_found_error: [404],
  rate_limit_error: [429],
  timeout_error: [504, 408],
  overloaded_error: [529, 503],
  provider_error: [502],
  api_error: [500],
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code)
}

const codes = Object.keys(catalogue).filter(isErrorCode)

describe('the catalogue of errors', () => {
  it('knows the types of the contract and no others', () => {
    expect(problemsWith('ErrorType', 'teapot_error')).not.toEqual([])
    expect(Object.keys(statuses).flatMap((type) => problemsWith('ErrorType', type))).toEqual([])
    expect(ErrorType).toMatchObject({ enum: Object.keys(statuses) })
  })

  it.each(codes)('%s has a status that the contract gives to its type', (code) => {
    const error = new GatewayError(code)
    expect(statuses[error.type]).toContain(error.status)
    expect(error.type).toBe(catalogue[code].type)
  })

  it.each(codes)('%s says something to the caller, in a sentence', (code) => {
    expect(new GatewayError(code).message).toMatch(/^[A-Z].{10,}\.$/)
  })

  it.each(codes)('%s makes a body that fits the contract', (code) => {
    const body = new GatewayError(code).toBody('req_test_0001')
    expect(problemsWith('ErrorResponse', body)).toEqual([])
    expect(body).toMatchObject({ request_id: 'req_test_0001', error: { code, request_id: 'req_test_0001' } })
  })

  it.each<[ErrorCode, number]>([
    ['request_too_large', 413],
    ['request_timeout', 408],
    ['provider_timeout', 504],
    ['provider_overloaded', 529],
    ['shutting_down', 503],
    ['provider_protocol', 502],
    ['internal_error', 500],
    ['provider_authentication', 401],
    ['context_length_exceeded', 400],
  ])('%s is a %i', (code, status) => {
    expect(new GatewayError(code).status).toBe(status)
  })

  it('lets only those be tried again that may pass by themselves', () => {
    expect(codes.filter((code) => new GatewayError(code).transient).sort()).toEqual([
      'provider_disconnected',
      'provider_error',
      'provider_overloaded',
      'provider_rate_limit',
      'provider_timeout',
      'provider_unreachable',
    ])
  })
})

describe('a GatewayError', () => {
  const details = fc.record(
    {
      message: fc.string(),
      code: fc.string(),
      param: fc.string(),
      retryAfter: fc.double({ min: 0, max: 1e6, noNaN: true }),
      issues: fc.array(fc.record({ param: fc.string(), code: fc.string(), message: fc.string() }), { minLength: 1 }),
      providerError: fc.record(
        { provider: fc.string(), status: fc.integer({ min: 100, max: 599 }), body: fc.jsonValue() },
        { requiredKeys: ['provider'] },
      ),
    },
    { requiredKeys: [] },
  )

  it('tells everything it knows in a body that fits the contract, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), details, (code, given) => {
        const { error } = new GatewayError(code, given).toBody('req_test_0001')
        expect(problemsWith('ErrorResponse', new GatewayError(code, given).toBody('req_test_0001'))).toEqual([])
        expect(error).toEqual({
          type: catalogue[code].type,
          message: given.message ?? catalogue[code].message,
          code: given.code ?? code,
          request_id: 'req_test_0001',
          ...('param' in given && { param: given.param }),
          ...('retryAfter' in given && { retry_after: given.retryAfter }),
          ...('issues' in given && { issues: given.issues }),
          ...('providerError' in given && { provider_error: given.providerError }),
        })
      }),
    )
  })

  it('keeps its cause for the log and out of the body', () => {
    const cause = new Error('password=hunter2')
    const error = new GatewayError('internal_error', { cause })
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error.toBody('req_test_0001'))).not.toContain('hunter2')
  })

  it('is an Error with a name and a stack; a caller who left is another kind', () => {
    const error = new GatewayError('invalid_json')
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('GatewayError')
    expect(error.stack).toContain('error.test.ts')
    expect(new Cancelled()).not.toBeInstanceOf(GatewayError)
  })
})
