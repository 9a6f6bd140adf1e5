import { describe, expect, it } from 'vitest'
import type { MessageParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { type Continuation, extendRequest } from '../../../plugins/messages/extend.ts'
import { type KnownModels, type PreparedRequest, prepareRequest } from '../../../plugins/messages/prepare.ts'
import { providers } from '../../../providers/index.ts'
import { Registry } from '../../../providers/registry.ts'

const sonnet = 'anthropic/claude-sonnet-4-5'
const opus = 'anthropic/claude-opus-4-5'
const gpt = 'openai/gpt-5-mini'
const models: KnownModels = {
  registry: new Registry(providers, {}),
  isAllowed: () => true,
  capabilities: ({ provider, name }) => provider.capabilities(name),
}
const limits = { imageBytes: 1, blockBytes: 1, base64Bytes: 1, messages: 9, textBytes: 100 }
const append: readonly MessageParam[] = [
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: 'Go on.' },
]

function prepared(fields: Partial<MessageRequest> = {}): PreparedRequest {
  const body = { model: sonnet, fallbacks: [gpt, opus], messages: [{ role: 'user', content: 'Hi' }], ...fields }
  const json = Buffer.from(JSON.stringify(body, null, 1))
  const raw = { body, json, roundedNumberAt: undefined, schemaError: undefined, hasBeta: false }
  return prepareRequest(raw, { mayUse: () => true }, models, limits)
}

/** What each model is asked then: as the gateway understands it, and in the caller's own JSON. */
function containers(request: PreparedRequest, continuation: Partial<Continuation>) {
  const { targets } = extendRequest(request, { append, answeredBy: sonnet, container: undefined, ...continuation }, models)
  return targets.map(({ model, request: { container }, json }) => {
    const own: Partial<MessageRequest> = json ? JSON.parse(json.toString()) : {}
    return [model.id, container, own.container]
  })
}

type Container = NonNullable<MessageRequest['container']> | null

describe('the container of code', () => {
  const container = { id: 'container_2', givenBy: sonnet }

  it('is told to all models of the provider that keeps it, and to no other', () => {
    expect(containers(prepared(), { container })).toEqual([
      [sonnet, 'container_2', 'container_2'],
      [gpt, undefined, undefined],
      [opus, 'container_2', 'container_2'],
    ])
    expect(containers(prepared(), { container: { id: 'c', givenBy: gpt } })[0]).toEqual([sonnet, undefined, undefined])
  })

  it.each<[asked: Container, told: Container]>([
    ['container_1', 'container_2'],
    [null, 'container_2'],
    [
      { skills: [{ type: 'anthropic', skill_id: 'xlsx' }] },
      { skills: [{ type: 'anthropic', skill_id: 'xlsx' }], id: 'container_2' },
    ],
    [{ id: 'container_1' }, { id: 'container_2' }],
  ])('that the caller wrote as %j is now %j', (asked, told) => {
    const request = prepared({ container: asked, fallbacks: [] })
    expect(containers(request, { container })).toEqual([[sonnet, told, told]])
  })

  it('stays as the caller wrote it where no answer named one', () => {
    const asked = { skills: [{ type: 'custom' as const, skill_id: 's' }] }
    expect(containers(prepared({ container: asked, fallbacks: [] }), {})).toEqual([[sonnet, asked, asked]])
  })
})
