import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTooDeep, maxJsonDepth } from '../../text/json-depth.ts'

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('JSON that is too deep', () => {
  it('is nested deeper than the limit', () => {
    expect(isTooDeep(lists(maxJsonDepth))).toBe(false)
    expect(isTooDeep(lists(maxJsonDepth + 1))).toBe(true)
    expect(isTooDeep(`${'{"a":'.repeat(maxJsonDepth + 1)}1`)).toBe(true)
    expect(isTooDeep(`{"a":${lists(maxJsonDepth)}}`)).toBe(true)
  })

  it('is not long, nor full of brackets in its strings', () => {
    expect(isTooDeep(JSON.stringify(Array.from({ length: 10_000 }, () => [{}])))).toBe(false)
    expect(isTooDeep(JSON.stringify(['['.repeat(10_000), '"'.repeat(10_000), '\\'.repeat(10_001)]))).toBe(false)
    expect(isTooDeep(`"${'['.repeat(10_000)}`)).toBe(false)
  })

  it('is none of what is written of values that are not', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 20 }), (text) => !isTooDeep(text + ' '.repeat(maxJsonDepth))))
  })
})
