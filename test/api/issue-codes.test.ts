import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isIssueCode } from '../../api/issue-codes.ts'

describe('the list of issue codes', () => {
  it('has every code that the contract names for what a union does not know', () => {
    const contract = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')
    const named = [...contract.matchAll(/x-unknown-code: (\S+)/g)].map(([, code]) => code)
    expect(named).toContain('unknown_block_type')
    expect(named.filter((code) => !isIssueCode(code))).toEqual([])
  })

  it.each(['constructor', '__proto__', 'nonsense', undefined, 5])('does not have %s', (code) => {
    expect(isIssueCode(code)).toBe(false)
  })
})
