import { describe, expect, it } from 'vitest'
import { checkOf } from '../../tools/schema.ts'
import type { ObjectSchema } from '../../tools/tool.ts'

describe('the check of what a model says to a tool', () => {
  it('does not match what is too long with patterns, and says how long it may be', async () => {
    const check = await checkOf({ type: 'object', properties: { text: { type: 'string', pattern: '^x*$' } } })
    const most = 256 * 1024 - JSON.stringify({ text: '' }).length
    expect(check({ text: 'x'.repeat(most) })).toEqual([])
    expect(check({ text: `${'x'.repeat(most - 1)}y` })).toMatchObject([{ param: 'text' }])
    for (const input of [{ text: `${'x'.repeat(most)}y` }, { other: Array(100_000).fill('y') }]) {
      expect(check(input)).toEqual([
        { code: 'too_large', message: 'must have at most 262144 characters as JSON, all members together' },
      ])
    }
  })

  it.each<[ObjectSchema, object, string[]]>([
    [{ type: 'object', properties: { constructor: { type: 'string' } } }, {}, []],
    [{ type: 'object', required: ['toString'] }, {}, ['toString']],
    [{ type: 'object', required: ['toString'] }, { toString: 1 }, []],
    [{ type: 'object', properties: { a: {} }, additionalProperties: false }, { constructor: 1 }, ['constructor']],
  ])('takes no member for given that every object has: %j, %j', async (schema, input, params) => {
    const check = await checkOf(schema)
    expect(check(input).map(({ param }) => param)).toEqual(params)
  })
})
