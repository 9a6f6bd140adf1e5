import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { capabilitiesOf } from '../../../providers/gemini/capabilities.ts'
import { warningsOf } from '../../../providers/gemini/check.ts'
import { encode } from '../../../providers/gemini/encode.ts'
import { geminiDialect } from '../../../providers/gemini/index.ts'
import { type Json, request } from './chunks.ts'

function config(changes: Partial<MessageRequest>, model: string): unknown {
  return encode({ ...request, ...changes }, model, geminiDialect).generationConfig
}

describe('thinking in the levels that the model has', () => {
  it.each<[string, Partial<MessageRequest>, Json | undefined]>([
    ['gemini-3.5-flash', { thinking: { type: 'disabled' } }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-flash-lite', { thinking: { type: 'disabled' } }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.7-flash', { thinking: { type: 'disabled' } }, { thinkingLevel: 'LOW' }],
    ['gemini-3.8-flash', { thinking: { type: 'disabled' } }, { thinkingLevel: 'LOW' }],
    ['gemini-4-argon', { thinking: { type: 'disabled' } }, { thinkingLevel: 'LOW' }],
    ['gemini-3.1-flash-image', { thinking: { type: 'disabled' } }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-flash-lite-image', { output_config: { effort: 'low' } }, { thinkingLevel: 'HIGH' }],
    ['gemini-3-pro-image', { output_config: { effort: 'low' } }, { thinkingLevel: 'LOW' }],
    ['gemma-4-31b-it', { thinking: { type: 'disabled' } }, { thinkingLevel: 'MINIMAL' }],
    ['gemma-4-31b-it', { thinking: { type: 'enabled', budget_tokens: 2000 } }, { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemma-3-27b-it', { thinking: { type: 'adaptive' } }, undefined],
  ])('%s: %j', (name, changes, expected) => {
    expect(Object(config(changes, name)).thinkingConfig).toEqual(expected)
  })
})

describe('sampling', () => {
  const sampling = { temperature: 0.2, top_p: 0.5, top_k: 40 }

  it('is left out, and told so, where the model makes nothing of it', () => {
    expect(config(sampling, 'gemini-4-argon')).toEqual(config({}, 'gemini-4-argon'))
    const warnings = warningsOf({ ...request, model: 'gem-vert/gemini-4-argon', ...sampling })
    expect(warnings).toMatchObject([
      { param: 'temperature', code: 'dropped' },
      { param: 'top_p', code: 'dropped' },
      { param: 'top_k', code: 'dropped' },
    ])
    expect(warningsOf({ ...request, model: 'gem-dev/gemini-4-argon' })).toEqual([])
  })

  it('is sent to others', () => {
    expect(config(sampling, 'gemini-3.8-flash')).toMatchObject({ temperature: 0.2, topP: 0.5, topK: 40 })
    expect(warningsOf({ ...request, model: 'gem-dev/gemini-3.8-flash', ...sampling })).toEqual([])
  })
})

describe('a model is known by its name to', () => {
  it.each([
    ['gemma-4-31b-it', 'thinking.enabled', 'supported'],
    ['gemma-4-31b-it', 'output_config.effort', 'supported'],
    ['gemma-4-31b-it', 'block.image.base64', 'supported'],
    ['gemma-4-31b-it', 'block.audio', undefined],
    ['gemma-4-31b-it', 'block.document.pdf', undefined],
    ['gemma-3-27b-it', 'thinking.enabled', 'unsupported'],
    ['gemini-3.8-flash', 'block.audio', 'supported'],
    ['gemini-5-neon', 'thinking.enabled', undefined],
  ] as const)('%s %s: %s', (name, feature, expected) => {
    expect(capabilitiesOf(name).features[feature]).toBe(expected)
  })
})
