import { describe, expect, it } from 'vitest'
import { keysIn } from '../../../sdk/typescript/live/hello.ts'
import { errorOf, refusedByMessage, refusedUpgrade } from '../../../sdk/typescript/live/refusal.ts'
import { maskOf } from '../../../sdk/typescript/mask.ts'

const key = 'vai_sk_test_secret_key'
const other = `${key}_and_more`
const byok = { keys: { openai: other, exa: 'code' } }
const mask = maskOf(keysIn({ type: 'hello', protocol_version: '1', auth: { gateway_api_key: key }, byok }))

describe('an error that comes as a message', () => {
  const error = { type: 'error', seq: 1, scope: 'session', retryable: false, close: true } as const

  it.each([
    ['rate_limit_error', 'RateLimitError'],
    ['provider_error', 'ProviderError'],
    ['invalid_request_error', 'InvalidRequestError'],
  ] as const)('of the type %s is a %s, whatever its code', (error_type, name) => {
    const told = { ...error, error_type, code: 'something_new', message: 'no' }
    expect(errorOf(refusedByMessage(told, mask), 'There is no session')).toMatchObject({
      name,
      type: error_type,
      code: 'something_new',
      request_id: undefined,
    })
  })

  it('of a type that nobody knows here is an APIError and nothing more exact', () => {
    const told = JSON.parse(JSON.stringify({ ...error, error_type: 'tired_error', code: 'yawn', message: 'no' }))
    expect(errorOf(refusedByMessage(told, mask), 'There is no session')).toMatchObject({ name: 'APIError', type: 'tired_error' })
  })

  it('of no type at all is none of the contract, and told as it is', () => {
    const told = JSON.parse(JSON.stringify({ ...error, code: 'x', message: `Not with ${key}.` }))
    expect(errorOf(refusedByMessage(told, mask), 'There is no session')).toMatchObject({
      name: 'ConnectionError',
      message: 'There is no session: Not with ….',
    })
  })

  it('has all that is wrong, and no keys', () => {
    const issues = [{ param: 'byok.keys.x', code: 'unknown_provider', message: 'there is none' }]
    const told = { ...error, error_type: 'invalid_request_error', code: 'x', message: `Not with ${key}.`, issues } as const
    const refusal = refusedByMessage(told, mask)
    expect(errorOf(refusal, 'There is no session')).toMatchObject({ message: 'Not with ….', issues })
    expect(refusal.why).toBe('Not with ….')
  })
})

describe('an upgrade that is refused', () => {
  const whatOf = (status: number | undefined, body: string) =>
    errorOf(
      refusedUpgrade({ why: `status ${status}`, body, ...(status !== undefined && { status }) }, mask),
      'There is no session',
    )

  it('is the error of the contract, where it is one', () => {
    const error = { type: 'rate_limit_error', message: 'Later.', code: 'request_rate_limit', request_id: 'req_1', retry_after: 3 }
    expect(whatOf(429, JSON.stringify({ type: 'error', error }))).toMatchObject({
      name: 'RateLimitError',
      status: 429,
      code: 'request_rate_limit',
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

  it('keeps no key that comes back with it, also where a part of it is beyond what is kept', () => {
    expect(whatOf(404, `<html>${key} ${other} code`)).toMatchObject({ body: '<html>… … code' })
    expect(whatOf(404, `${'x'.repeat(1990)}${other}`)).toMatchObject({ body: `${'x'.repeat(1990)}…` })
    const error = { type: 'authentication_error', message: `${key} is wrong.` }
    expect(whatOf(401, JSON.stringify({ type: 'error', error }))).toMatchObject({ message: '… is wrong.' })
    expect(errorOf(refusedUpgrade({ why: `bad ${key}` }, mask), 'There is no session').message).not.toContain(key)
  })
})
