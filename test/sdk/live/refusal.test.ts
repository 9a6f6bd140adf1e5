import { describe, expect, it } from 'vitest'
import { catalogue } from '../../../api/error.ts'
import { errorOf, refusedByMessage, refusedUpgrade, typeOf } from '../../../sdk/typescript/live/refusal.ts'

describe('the type of an error that names its code alone', () => {
  it.each(Object.entries(catalogue).map(([code, { type }]) => [code, type]))('of %s is %s', (code, type) => {
    expect(typeOf(code)).toBe(type)
  })

  it('is that of a wrong request where nobody knows the code, or where issues say what is wrong', () => {
    expect(typeOf('something_new')).toBe('invalid_request_error')
    const issues = [{ param: 'byok.keys.x', code: 'unknown_provider', message: 'there is none' }]
    const error = { type: 'error', seq: 1, scope: 'session', message: 'no', retryable: false, close: true } as const
    const told = errorOf(refusedByMessage({ ...error, code: 'unknown_provider', issues }), 'There is no session')
    expect(told).toMatchObject({ name: 'InvalidRequestError', code: 'unknown_provider', issues, request_id: undefined })
  })
})

describe('an upgrade that is refused', () => {
  const whatOf = (status: number | undefined, body: string) =>
    errorOf(refusedUpgrade({ why: `status ${status}`, body, ...(status !== undefined && { status }) }), 'There is no session')

  it('is the error of the contract, where it is one', () => {
    const error = { type: 'rate_limit_error', message: 'Later.', code: 'request_rate_limit', request_id: 'req_1', retry_after: 3 }
    expect(whatOf(429, JSON.stringify({ type: 'error', error }))).toMatchObject({
      name: 'RateLimitError',
      status: 429,
      request_id: 'req_1',
      retry_after: 3,
    })
  })

  it.each(['<html>', '', '[]', '{"error":"no"}', '{"error":{"type":1,"message":"x"}}'])(
    'is somebody else’s answer: %s',
    (body) => {
      expect(whatOf(404, body)).toMatchObject({
        name: 'UnexpectedResponseError',
        status: 404,
        body,
        message: 'There is no session: status 404',
      })
    },
  )

  it('is no answer', () => {
    expect(whatOf(undefined, '')).toMatchObject({ name: 'ConnectionError' })
  })

  it('keeps no more of a body than anybody reads', () => {
    expect(whatOf(500, 'x'.repeat(100_000))).toMatchObject({ body: 'x'.repeat(2000) })
  })
})
