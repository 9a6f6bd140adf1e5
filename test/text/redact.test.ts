import { describe, expect, it } from 'vitest'
import { redactMembers } from '../../text/redact.ts'

const redact = redactMembers(['apiKey', 'authorization', 'x-api-key', 'token'])

function redacted(value: unknown): unknown {
  const line = redact(`${JSON.stringify(value)}\n`)
  expect(line.endsWith('}\n')).toBe(true)
  return JSON.parse(line)
}

describe('members that are left out of a line', () => {
  it.each<[unknown, unknown]>([
    [
      { apiKey: 'sk-test-1', msg: 'x' },
      { apiKey: '[redacted]', msg: 'x' },
    ],
    [
      { req: { headers: { Authorization: 'Bearer x', host: 'y' } } },
      { req: { headers: { Authorization: '[redacted]', host: 'y' } } },
    ],
    [{ a: [{ b: { c: { 'x-api-key': ['a', 'b'] } } }] }, { a: [{ b: { c: { 'x-api-key': '[redacted]' } } }] }],
    [
      { token: { deep: 'x' }, APIKEY: 1 },
      { token: '[redacted]', APIKEY: '[redacted]' },
    ],
  ])('%j', (value, expected) => {
    expect(redacted(value)).toEqual(expected)
  })

  it.each([{ msg: '"apiKey":"sk"' }, { tokens: 1, my_token: 2, msg: 'apiKey' }, { msg: 'token' }])('are not %j', (value) => {
    const line = `${JSON.stringify(value)}\n`
    expect(redact(line)).toBe(line)
  })

  it('take a line with them that cannot be read', () => {
    expect(redact('{"token":"abc\n')).not.toContain('abc')
  })
})
