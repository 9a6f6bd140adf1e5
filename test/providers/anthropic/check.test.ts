import { describe, expect, it } from 'vitest'
import type { MessageRequest, Tool } from '../../../api/schemas.gen.ts'
import { check } from '../../../providers/anthropic/check.ts'
import { familyOf } from '../../../providers/anthropic/families.ts'
import { request } from './streams.ts'

const screen: Tool = { type: 'computer_use', config: { display_width_px: 800, display_height_px: 600 } }

function paramsRefused(model: string, changes: Partial<MessageRequest>): (string | undefined)[] {
  return check({ ...request, model: `anthropic/${model}`, ...changes }, model).map(({ param }) => param)
}

describe('sampling', () => {
  const unusual = { temperature: 0.2, top_p: 0.5, top_k: 40 }

  it.each([
    'claude-opus-4-7',
    'claude-opus-4-8',
    'claude-sonnet-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
    'claude-opus-5-5-20260922',
    'claude-fable-5',
    'claude-fable-5-2',
    'claude-mythos-5-1',
    'claude-mythos-preview',
  ])('other than the usual is refused by %s, the usual is not', (model) => {
    expect(paramsRefused(model, unusual)).toEqual(['temperature', 'top_p', 'top_k'])
    expect(paramsRefused(model, { temperature: 1, top_p: 1 })).toEqual([])
    expect(paramsRefused(model, { top_p: 0.99 })).toEqual([])
    expect(paramsRefused(model, {})).toEqual([])
  })

  it.each([
    'claude-opus-4-6',
    'claude-sonnet-4-6',
    'claude-opus-4-5-20251101',
    'claude-haiku-4-5',
    'claude-opus-4-20250514',
    'claude-3-7-sonnet-20250219',
    'claude-3-opus-20240229',
    'a-name-of-a-proxy',
  ])('is for the caller of %s to choose', (model) => {
    expect(paramsRefused(model, unusual)).toEqual([])
  })

  it('that a beta has made something else of is left for Anthropic to judge', () => {
    const body: MessageRequest = JSON.parse(
      '{"model":"anthropic/claude-opus-5","messages":[],"temperature":{"of":1},"top_k":null}',
    )
    expect(check(body, 'claude-opus-5')).toEqual([])
  })

  it('is refused with what would do instead', () => {
    expect(check({ ...request, model: 'anthropic/claude-opus-5', temperature: 0 }, 'claude-opus-5')).toEqual([
      {
        param: 'temperature',
        code: 'unsupported_parameter',
        message:
          'the model anthropic/claude-opus-5 takes no temperature but 1; leave it out, and steer the model with output_config.effort or in words',
      },
    ])
  })
})

describe('a portable screen', () => {
  it.each([
    ['claude-sonnet-4-5-20250929', 'computer_20250124'],
    ['claude-haiku-4-5', 'computer_20250124'],
    ['claude-opus-4-1-20250805', 'computer_20250124'],
    ['claude-3-7-sonnet-20250219', 'computer_20250124'],
    ['claude-opus-4-5', 'computer_20251124'],
    ['claude-opus-4-6', 'computer_20251124'],
    ['claude-sonnet-4-6', 'computer_20251124'],
    ['claude-opus-4-8', 'computer_20251124'],
    ['claude-sonnet-5', 'computer_20251124'],
    ['claude-opus-5', 'computer_20251124'],
    ['claude-fable-5-1', 'computer_20251124'],
    ['a-name-of-a-proxy', 'computer_20251124'],
  ])('is for %s %s', (model, type) => {
    expect(familyOf(model).screen?.type).toBe(type)
    expect(paramsRefused(model, { tools: [screen] })).toEqual([])
  })

  it.each(['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5-2', 'claude-mythos-5-2'])(
    'is refused by %s, which has a set of tools in its place',
    (model) => {
      const tools: Tool[] = [{ type: 'web_search' }, screen]
      const issues = check({ ...request, model: `anthropic/${model}`, tools }, model)
      expect(issues).toMatchObject([{ param: 'tools[1].type', code: 'unsupported_tool' }])
      expect(issues[0]?.message).toContain('computer_toolset_20260801')
      expect(paramsRefused(model, { tools: [{ type: 'computer_toolset_20260801' }] })).toEqual([])
    },
  )
})
