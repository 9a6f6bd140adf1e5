import { expect, it } from 'vitest'
import { type KnownModels, prepareRequest } from '../../../plugins/messages/prepare.ts'
import { providers } from '../../../providers/index.ts'
import { Registry } from '../../../providers/registry.ts'

const limits = { imageBytes: 1, blockBytes: 1, base64Bytes: 1, messages: 1, textBytes: 100 }

it("the caller's own JSON goes to the provider that reads it, and to no other", () => {
  const json = Buffer.from(
    '{ "model": "sonnet", "fallbacks": ["openai/gpt-5-mini"], "messages": [{ "role": "user", "content": "Hi" }] }',
  )
  const raw = { body: JSON.parse(json.toString()), json, roundedNumberAt: undefined, schemaError: undefined, hasBeta: false }
  const registry = new Registry(providers, { sonnet: 'anthropic/claude-sonnet-4-5' })
  const models: KnownModels = {
    registry,
    isAllowed: () => true,
    capabilities: ({ provider, name }) => provider.capabilities(name),
  }
  const { targets } = prepareRequest(raw, { mayUse: () => true }, models, limits)
  expect(targets.map((target) => [target.request.model, target.json])).toEqual([
    ['anthropic/claude-sonnet-4-5', json],
    ['openai/gpt-5-mini', undefined],
  ])
  expect(targets[1]).not.toHaveProperty('json')
})
