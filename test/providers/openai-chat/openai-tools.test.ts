import { describe, expect, it } from 'vitest'
import type { Issue, MessageRequest, Warning } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import { encode } from '../../../providers/openai-chat/encode.ts'
import { openai, openaiDialect } from '../../../providers/openai-chat/index.ts'

const tools: MessageRequest['tools'] = [{ name: 'f', input_schema: { type: 'object' } }]

function asked(model: string, changes: Partial<MessageRequest>): MessageRequest {
  return { model: `openai/${model}`, messages: [{ role: 'user', content: 'Hi.' }], ...changes }
}

/** What becomes of a request: the effort that is sent, and the fields that are refused or told of. */
function fate(model: string, changes: Partial<MessageRequest>): { effort: unknown; refused: unknown[]; told: unknown[] } {
  const request = asked(model, changes)
  const issues: readonly Issue[] = openai.check?.(request, model) ?? []
  const warnings: readonly Warning[] = openai.warnings?.(request, model) ?? []
  return {
    effort: encode(request, model, true, openaiDialect).reasoning_effort,
    refused: issues.map(({ param }) => param),
    told: warnings.map(({ param }) => param),
  }
}

describe('tools beside thinking', () => {
  it.each(['gpt-5.6', 'gpt-5.6-terra', 'gpt-6-sol', 'gpt-6-luna', 'gpt-6.1-terra', 'ft:gpt-5.6-luna:acme::1'])(
    'are called by %s only where it is told not to think, which is told in turn',
    (model) => {
      expect(fate(model, { tools })).toEqual({ effort: 'none', refused: [], told: ['tools'] })
      expect(fate(model, { tools, thinking: { type: 'adaptive' } })).toEqual({ effort: 'none', refused: [], told: ['thinking'] })
      expect(fate(model, { tools, thinking: { type: 'disabled' } })).toEqual({ effort: 'none', refused: [], told: [] })
      expect(fate(model, {})).toEqual({ effort: undefined, refused: [], told: [] })
      expect(fate(model, { output_config: { effort: 'high' } })).toEqual({ effort: 'high', refused: [], told: [] })
    },
  )

  it.each(['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.5', 'gpt-5.6', 'gpt-6-sol'])(
    'are refused for %s where both are asked for, with where both are',
    (model) => {
      expect(fate(model, { tools, output_config: { effort: 'low' } }).refused).toEqual(['output_config.effort'])
      expect(fate(model, { tools, thinking: { type: 'enabled', budget_tokens: 1024 } }).refused).toEqual(['thinking'])
      const [issue] = openai.check?.(asked(model, { tools, output_config: { effort: 'low' } }), model) ?? []
      expect(issue?.message).toContain(`use oai-resp/${model}`)
    },
  )

  it('are called by gpt-5.4 where no effort is said, and by gpt-5.5 where it is none', () => {
    expect(fate('gpt-5.4', { tools })).toEqual({ effort: undefined, refused: [], told: [] })
    expect(fate('gpt-5.4', { tools, thinking: { type: 'disabled' } })).toEqual({ effort: undefined, refused: [], told: [] })
    expect(fate('gpt-5.5', { tools })).toEqual({ effort: undefined, refused: [], told: [] })
    expect(fate('gpt-5.5', { tools, thinking: { type: 'disabled' } })).toEqual({ effort: 'none', refused: [], told: [] })
  })

  it('are called by gpt-5.4 and gpt-5.5 without adaptive thinking, which is told', () => {
    for (const model of ['gpt-5.4', 'gpt-5.5']) {
      expect(fate(model, { tools, thinking: { type: 'adaptive' } })).toEqual({
        effort: undefined,
        refused: [],
        told: ['thinking'],
      })
    }
  })

  it.each(['gpt-5.2', 'gpt-5-mini', 'o3', 'a-model-of-tomorrow'])('are called by %s', (model) => {
    expect(fate(model, { tools, output_config: { effort: 'low' } })).toEqual({ effort: 'low', refused: [], told: [] })
  })

  it.each(['gpt-6-astra', 'gpt-6.1-sol'])('are called by %s only over the Responses API', (model) => {
    const { issues } = checkCompatibility(asked(model, { tools }), openai, openai.capabilities(model))
    expect(issues).toMatchObject([{ param: 'tools[0]', message: expect.stringContaining('oai-resp') }])
    expect(fate(model, {})).toEqual({ effort: undefined, refused: [], told: [] })
  })
})

describe('the effort over Chat Completions', () => {
  it.each([
    ['gpt-6-astra', 'xhigh'],
    ['gpt-5.6', 'xhigh'],
    ['gpt-5.1', 'high'],
    ['gpt-5-nano', 'high'],
    ['a-model-of-tomorrow', 'max'],
  ])('of %s is at most %s', (model, effort) => {
    expect(fate(model, { output_config: { effort: 'max' } })).toEqual({ effort, refused: [], told: [] })
  })

  it('that is not none for a model that is not to think is told of', () => {
    expect(fate('gpt-6-astra', { thinking: { type: 'disabled' } })).toEqual({ effort: 'low', refused: [], told: ['thinking'] })
    expect(fate('gpt-4.1', { thinking: { type: 'disabled' } })).toEqual({ effort: undefined, refused: [], told: [] })
  })

  it('says nothing where thinking is disabled, and that is told', () => {
    const changes = { thinking: { type: 'disabled' }, output_config: { effort: 'high' } } as const
    expect(fate('gpt-5.2', changes)).toEqual({ effort: 'none', refused: [], told: ['output_config.effort'] })
  })
})

describe('what models that think do not take', () => {
  it('is another temperature than their own: it is left out, and that is told', () => {
    expect(fate('gpt-5-mini', { temperature: 0, top_p: 1 })).toMatchObject({ refused: [], told: ['temperature'] })
    expect(fate('gpt-6-astra', { top_p: 0.5 })).toMatchObject({ refused: [], told: ['top_p'] })
    expect(fate('gpt-5.4', { temperature: 0, output_config: { effort: 'low' } }).told).toEqual(['temperature'])
    // With tools it does not think.
    expect(fate('gpt-5.6', { temperature: 0, tools }).told).not.toContain('temperature')
    expect(encode(asked('o3', { temperature: 0 }), 'o3', true, openaiDialect)).not.toHaveProperty('temperature')
    expect(encode(asked('o3', { temperature: 1, top_p: 1 }), 'o3', true, openaiDialect)).not.toHaveProperty('temperature')
    expect(encode(asked('gpt-5.6', { temperature: 0 }), 'gpt-5.6', true, openaiDialect)).toMatchObject({ temperature: 0 })
  })

  it.each([
    ['gpt-5', undefined],
    ['gpt-5-mini-2025-08-07', undefined],
    ['o3', 'unsupported'],
    ['o4-mini', 'unsupported'],
    ['o3-mini', undefined],
    ['gpt-5.2', undefined],
    ['gpt-5-chat-latest', undefined],
    ['gpt-4.1', undefined],
  ])('are stop sequences by %s: %s', (model, support) => {
    expect(openai.capabilities(model).features.stop_sequences).toBe(support)
  })
})

describe('adaptive thinking', () => {
  const thinking = { type: 'adaptive' } as const

  it.each(['gpt-5.1', 'gpt-5.2', 'gpt-5.4-mini', 'gpt-5.6', 'gpt-6-luna'])('is switched on for %s', (model) => {
    expect(fate(model, { thinking })).toEqual({ effort: 'medium', refused: [], told: [] })
  })

  it.each(['gpt-5', 'o3', 'gpt-6-astra', 'gpt-4.1', 'gpt-5.1-chat-latest', 'a-model-of-tomorrow'])(
    'needs no word for %s',
    (model) => {
      expect(fate(model, { thinking })).toEqual({ effort: undefined, refused: [], told: [] })
    },
  )
})
