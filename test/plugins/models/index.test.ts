import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { type Models, models } from '../../../plugins/models/index.ts'
import type { Capabilities } from '../../../providers/capabilities.ts'
import type { CatalogueEntry } from '../../../providers/catalogue/entry.ts'
import { demo } from '../../../providers/demo/index.ts'
import type { LlmProvider } from '../../../providers/provider.ts'
import type { ResolvedModel } from '../../../providers/registry.ts'

const family: Capabilities = {
  features: { 'block.image.url': 'supported', 'block.audio': 'unknown' },
  defaultMaxTokens: 100,
  contextWindow: 1000,
}
const acme: LlmProvider = { ...demo, id: 'acme', name: 'Acme', demo: false, models: [], capabilities: () => family }
const source = { as_of: '2026-11-21', source: 'https://example.com/' }
const catalogue: readonly CatalogueEntry[] = [
  {
    id: 'acme/one',
    context_window: 2000,
    max_output_tokens: 500,
    default_max_tokens: 200,
    capabilities: { 'block.audio': 'unsupported' },
    prices: { input: 1, ...source },
  },
  { id: 'acme/two', aliases: ['acme/two-20260101'] },
  { id: 'elsewhere/one', prices: { input: 9, ...source } },
]

const everybody = { mayUse: () => true }

async function service(allowed: readonly string[] = [], aliases: Record<string, string> = { uno: 'acme/one' }): Promise<Models> {
  const app = Fastify()
  await app.register(models, { providers: [acme, demo], aliases, catalogue, allowed, clock: systemClock })
  return app.models
}

function named(name: string): ResolvedModel {
  return { provider: acme, name, id: `acme/${name}` }
}

it('lays what the catalogue says over what the family is known to do', async () => {
  expect((await service()).capabilities(named('one'))).toEqual({
    features: { 'block.image.url': 'supported', 'block.audio': 'unsupported' },
    defaultMaxTokens: 200,
    contextWindow: 2000,
    maxOutputTokens: 500,
  })
})

it('knows a snapshot as its model', async () => {
  const known = await service()
  expect(known.capabilities(named('one-20260101'))).toEqual(known.capabilities(named('one')))
})

it.each(['two', 'of-next-year'])('leaves the family as it is, where the catalogue has nothing to say: %s', async (name) => {
  expect((await service()).capabilities(named(name))).toEqual(family)
})

it('prices models of the same provider alone', async () => {
  const list = (await service()).prices(named('one-2026-01-01'))
  expect(list.asked).toMatchObject({ input: 1 })
  expect(list.of('one')).toMatchObject({ prices: { input: 1 } })
  expect(list.of('two')).toEqual({ prices: undefined })
  expect(list.of('elsewhere/one')).toBeUndefined()
})

it('lists by provider, and passes over the providers that there are not', async () => {
  expect((await service()).list({}, everybody).data.map(({ id }) => id)).toEqual([
    'acme/one',
    'acme/two',
    'demo/echo',
    'demo/tools',
  ])
})

it('hides what is not allowed, whatever name it is asked by', async () => {
  const known = await service(['demo/*'], {})
  expect(known.list({}, everybody).data.map(({ id }) => id)).toEqual(['demo/echo', 'demo/tools'])
  for (const id of ['acme/one', 'acme/of-next-year']) {
    expect(() => known.get(id, everybody)).toThrow(expect.objectContaining({ code: 'unknown_model', status: 404 }))
  }
})

it('does not start with an alias that nobody could use', async () => {
  await expect(service(['demo/*'])).rejects.toThrow('model_aliases: uno: allowed_models does not allow acme/one')
})

it('does not start with an alias that is the id of another model', async () => {
  await expect(service([], { 'acme/two': 'acme/one' })).rejects.toThrow('acme/two: this is the id of a model of Acme already')
  await expect(service([], { 'house/two': 'acme/one' })).resolves.toBeDefined()
})

it('lists the names that can be used alone', async () => {
  const names = async (allowed: readonly string[]): Promise<unknown> =>
    (await service(allowed)).list({}, everybody).data.map(({ aliases }) => aliases)
  expect(await names(['acme/*'])).toEqual([['uno'], ['acme/two-20260101']])
  expect(await names(['acme/one', 'acme/two'])).toEqual([['uno'], undefined])
})
