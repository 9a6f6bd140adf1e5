import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRequestId, newId } from '../../api/id.ts'

describe('newId', () => {
  it.each(['req', 'msg', 'toolu'] as const)('is %s_ and a ULID', (prefix) => {
    expect(newId(prefix, 1_700_000_000_000)).toMatch(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`))
  })

  it('sorts by the time it was made', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a !== b)
        expect(newId('req', a) < newId('req', b)).toBe(a < b)
      }),
    )
  })

  it('writes the time as the specification of ULIDs does', () => {
    expect(newId('req', 1_469_918_176_385).slice(4, 14)).toBe('01ARYZ6S41')
  })

  it('never gives the same id twice, even within one millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('msg', 5))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is a request id that is accepted when it comes back', () => {
    expect(isRequestId(newId('req', 1_700_000_000_000))).toBe(true)
  })
})

describe('isRequestId', () => {
  it.each(['abcdefgh', 'a.b-c_D9', '0123456789', 'x'.repeat(128)])('accepts %s', (text) => {
    expect(isRequestId(text)).toBe(true)
  })

  it.each([
    '',
    'short',
    'x'.repeat(129),
    'with space',
    'line\nbreak',
    'abcdefgh\n',
    'größe-0001',
    'a/b/c/d/e',
    '"quoted"',
    '<script>',
    'ab;cd;ef',
  ])('refuses %j', (text) => {
    expect(isRequestId(text)).toBe(false)
  })
})
