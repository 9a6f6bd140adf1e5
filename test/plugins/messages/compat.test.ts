import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import {
  basicFeatures,
  type Capabilities,
  type Feature,
  features,
  type Matrix,
  matrixOf,
  type Treatment,
} from '../../../providers/capabilities.ts'
import { providers } from '../../../providers/index.ts'
import { seal } from '../../../providers/sealed.ts'
import { base, type Changes, featureSamples, ownBlocks } from '../../feature-samples.ts'

const nothingKnown: Capabilities = { features: {}, defaultMaxTokens: 100 }

type Content = Exclude<MessageRequest['messages'][number]['content'], string>

const web = { type: 'url' as const, url: 'https://a.test' }
const says = (...content: Content): Changes => ({ messages: [{ role: 'user', content }] })
const answers = (...content: Content): Changes => ({
  messages: [...base.messages, { role: 'assistant', content }, { role: 'user', content: 'x' }],
})

/** Each feature, where it is found, and a request that uses it. */
const uses = featureSamples(ownBlocks(seal('test', 's'), seal('test', '1'))).map(
  ({ feature, param, changes }): [Feature, string, Changes] => [feature, param, changes],
)

/** A provider that has everything but one feature. */
function without(feature: Feature, treatment: Treatment): { id: string; name: string; matrix: Matrix } {
  return {
    id: 'test',
    name: 'Test',
    matrix: matrixOf((name) => (name === feature ? { treatment, note: 'Do something else.' } : 'carry')),
  }
}

describe('a feature', () => {
  it.each(uses)('%s that the provider must refuse is found at %s', (feature, param, changes) => {
    const { issues, warnings } = checkCompatibility({ ...base, ...changes }, without(feature, 'reject'), nothingKnown)
    expect(issues).toContainEqual({
      param,
      code: expect.stringMatching(/^unsupported_(?:block|tool|parameter)$/),
      message: 'Test does not take this. Do something else.',
    })
    expect(warnings).toEqual([])
  })

  it.each(uses)('%s that the provider leaves out is told of at %s', (feature, param, changes) => {
    const { issues, warnings } = checkCompatibility({ ...base, ...changes }, without(feature, 'drop'), nothingKnown)
    expect(issues).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({ param, code: 'dropped' })
  })

  it.each(uses)('%s that the model lacks is refused, though the provider has it', (feature, param, changes) => {
    const capabilities: Capabilities = { ...nothingKnown, features: { [feature]: 'unsupported' } }
    const { issues } = checkCompatibility({ ...base, ...changes }, without(feature, 'carry'), capabilities)
    expect(issues).toContainEqual({ param, code: expect.any(String), message: expect.stringContaining('test/model') })
  })

  it('of each kind has a row above', () => {
    expect(features.filter((feature) => !uses.some(([name]) => name === feature))).toEqual([])
  })

  it.each(['carry', 'map'] as const)('that the provider can %s is nothing to speak of', (treatment) => {
    const matrix = matrixOf(() => treatment)
    for (const [, , changes] of uses) {
      expect(checkCompatibility({ ...base, ...changes }, { id: 'test', name: 'Test', matrix }, nothingKnown)).toEqual({
        issues: [],
        warnings: [],
      })
    }
  })
})

describe('a request that uses nothing special', () => {
  it.each<Changes>([
    {},
    {
      stop_sequences: [],
      mcp_servers: [],
      metadata: {},
      output: { modalities: ['text'] },
      max_tokens: 5,
      stream: true,
      system: 'x',
    },
    { container: null, context_management: null, cache_control: null, output_format: null },
    says(
      { type: 'text', text: 'x', cache_control: null },
      { type: 'tool_result', tool_use_id: 'a', content: 'x', is_error: false },
    ),
    answers({ type: 'tool_use', id: 'a', name: 'f', input: {}, caller: { type: 'direct' } }),
  ])('is taken by every provider: %j', (changes) => {
    const matrix = matrixOf(() => 'reject')
    expect(checkCompatibility({ ...base, ...changes }, { id: 'test', name: 'Test', matrix }, nothingKnown).issues).toEqual([])
  })
})

describe('the code of an issue', () => {
  it.each<[Feature, Changes, string]>([
    ['block.video', says({ type: 'video', source: web }), 'unsupported_block'],
    ['message.prefill', { messages: [{ role: 'assistant', content: 'x' }] }, 'unsupported_block'],
    ['tool.web_search', { tools: [{ type: 'web_search' }] }, 'unsupported_tool'],
    ['top_k', { top_k: 1 }, 'unsupported_parameter'],
    ['tool_choice.none', { tool_choice: { type: 'none' } }, 'unsupported_parameter'],
  ])('of %s is its kind', (feature, changes, code) => {
    expect(checkCompatibility({ ...base, ...changes }, without(feature, 'reject'), nothingKnown).issues[0]).toMatchObject({
      code,
    })
  })
})

describe('many uses', () => {
  it('are all refused, and told of once where they are left out', () => {
    const twice = says({ type: 'video', source: web }, { type: 'video', source: web })
    expect(checkCompatibility({ ...base, ...twice }, without('block.video', 'reject'), nothingKnown).issues).toHaveLength(2)
    expect(checkCompatibility({ ...base, ...twice }, without('block.video', 'drop'), nothingKnown).warnings).toMatchObject([
      { param: 'messages[0].content[0].type' },
    ])
  })
})

describe('the matrix of a provider', () => {
  it.each(providers)('$id has a cell for every feature, and says what to do where it refuses or leaves out', ({ matrix }) => {
    expect(Object.keys(matrix).sort()).toEqual([...basicFeatures, ...features].sort())
    for (const cell of Object.values(matrix)) {
      const { treatment, note } = typeof cell === 'string' ? { treatment: cell, note: undefined } : cell
      if (treatment === 'reject' || treatment === 'drop') expect(note).toMatch(/^[A-Z].*\.$/)
    }
  })
})
