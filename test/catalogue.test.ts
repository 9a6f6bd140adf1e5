import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ModelPrices } from '../api/schemas.gen.ts'
import { ConfigError, loadConfig } from '../config.ts'
import { Catalogue } from '../providers/catalogue/catalogue.ts'
import { type CatalogueEntry, pricesOn } from '../providers/catalogue/entry.ts'
import { knownModels } from '../providers/catalogue/models.gen.ts'
import { readCatalogue, readModels } from '../providers/catalogue/read.ts'
import { problemsWith } from './contract-schemas.ts'

const ids = ['anthropic', 'openai', 'oai-resp', 'gem-dev', 'gem-vert', 'groq', 'cerebras', 'openrouter']
const isDay = (text: string): boolean => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)

describe.each(knownModels.map((entry) => [entry.id, entry] as const))('%s', (id, entry) => {
  it('belongs to a provider that there is', () => {
    expect(ids).toContain(id.slice(0, id.indexOf('/')))
    expect(entry.display_name).toBeTruthy()
  })

  it('has days that there were, in their order', () => {
    const { released, deprecation } = entry
    for (const day of [released, deprecation?.deprecated_on, deprecation?.retires_on]) if (day) expect(isDay(day)).toBe(true)
    if (released) expect(released <= '2026-11-21').toBe(true)
    if (released && deprecation?.retires_on) expect(released < deprecation.retires_on).toBe(true)
  })

  it('has limits that fit each other', () => {
    const { context_window: context = Infinity, max_output_tokens: output = context, default_max_tokens: usual = 1 } = entry
    expect(output).toBeLessThanOrEqual(context)
    expect(usual).toBeLessThanOrEqual(output)
  })

  it('has a default where its provider must be given one', () => {
    if (id.startsWith('anthropic/')) expect(entry.default_max_tokens).toBeGreaterThan(0)
  })

  it('has prices that are in proportion, and say where they are from', () => {
    for (const prices of [entry.prices, ...(entry.later_prices ?? [])]) {
      if (!prices) continue
      expect(problemsWith('ModelPrices', prices)).toEqual([])
      expect(isDay(prices.as_of)).toBe(true)
      expect(prices.source).toMatch(/^https:\/\/[a-z.-]+\//)
      expectProportion(prices)
      for (const { input_tokens: _, ...tier } of prices.above ?? []) {
        expectProportion({ ...prices, ...tier })
        expect(tier.input).toBeGreaterThan(prices.input ?? Infinity)
        // A tier that left one out would have the price of the tier below it.
        const missing = Object.keys(prices).filter((name) => /^(?:input|output|cache_)/.test(name) && !Object.hasOwn(tier, name))
        expect(missing).toEqual([])
      }
    }
  })
})

function expectProportion({
  input = 0,
  output,
  cache_read: read,
  cache_write_5m: short,
  cache_write_1h: long,
}: ModelPrices): void {
  if (output !== undefined) expect(output).toBeGreaterThanOrEqual(input)
  if (read !== undefined) expect(read).toBeLessThanOrEqual(input / 2)
  if (short !== undefined) expect(short).toBeCloseTo(input * 1.25, 10)
  if (long !== undefined) expect(long).toBeCloseTo(input * 2, 10)
}

it('the same model costs the same in both APIs of a vendor', () => {
  const catalogue = new Catalogue(knownModels)
  for (const { id, prices } of knownModels.filter((entry) => entry.id.startsWith('oai-resp/'))) {
    const twin = catalogue.find(id.replace('oai-resp/', 'openai/'))
    if (twin) expect(twin.prices).toEqual(prices)
  }
})

it('a model that is about to go names one that is there', () => {
  const catalogue = new Catalogue(knownModels)
  const missing = knownModels.flatMap(({ deprecation }) => {
    const replacement = deprecation?.replacement
    return replacement !== undefined && !catalogue.find(replacement) ? [replacement] : []
  })
  expect(missing).toEqual([])
})

describe('what a Claude refuses, whatever the value', () => {
  const catalogue = new Catalogue(knownModels)
  const refused = (name: string): string[] =>
    Object.entries(catalogue.find(`anthropic/${name}`)?.capabilities ?? {}).flatMap(([feature, support]) =>
      support === 'unsupported' ? [feature] : [],
    )
  const forced = ['tool_choice.any', 'tool_choice.tool']

  it.each([
    ['claude-sonnet-5-5', ['thinking.disabled', 'thinking.enabled', ...forced]],
    ['claude-opus-5-5', ['thinking.disabled', 'thinking.enabled', ...forced]],
    ['claude-fable-5-2', ['thinking.disabled', 'thinking.enabled', ...forced]],
    ['claude-mythos-5-2', ['thinking.disabled', 'thinking.enabled', ...forced]],
    ['claude-fable-5-1', ['thinking.disabled', 'thinking.enabled', ...forced]],
    ['claude-fable-5', ['thinking.disabled', 'thinking.enabled']],
    ['claude-mythos-preview', ['thinking.disabled']],
    ['claude-haiku-5-5', ['thinking.enabled']],
    ['claude-opus-5', ['thinking.enabled']],
    ['claude-sonnet-5', ['thinking.enabled']],
    ['claude-opus-4-7', ['thinking.enabled']],
    ['claude-opus-4-6', []],
    ['claude-haiku-4-5-20251001', []],
  ])('%s: %j', (name, expected) => {
    expect(refused(name).sort()).toEqual(expected)
  })
})

it('a model whose requests go to another from a day on has its prices from then on', () => {
  const catalogue = new Catalogue(knownModels)
  for (const name of ['gem-dev/gemini-2.5-pro', 'gem-dev/gemini-2.5-flash']) {
    const entry = catalogue.find(name)
    const replacement = catalogue.find(entry?.deprecation?.replacement ?? '')
    if (!entry || !replacement) throw new Error(`${name} or its replacement is not in the catalogue`)
    expect(pricesOn('2026-11-30', entry)).toEqual(entry.prices)
    for (const day of ['2026-12-01', '2027-01-01']) {
      const { from: _, ...prices } = { from: '', ...pricesOn(day, entry) }
      const { from: __, ...expected } = { from: '', ...pricesOn(day, replacement) }
      expect(prices).toEqual(expected)
    }
  }
})

describe('a model is found by', () => {
  const source = { as_of: '2026-11-21', source: 'https://example.com/' }
  const catalogue = new Catalogue([
    { id: 'openai/gpt-5', aliases: ['openai/gpt-latest'], prices: { ...source, input: 1 } },
    { id: 'openai/gpt-5-2025-01-01', prices: { ...source, input: 2 } },
    { id: 'anthropic/claude-x' },
  ])

  it.each([
    ['openai/gpt-5', 'openai/gpt-5'],
    ['openai/gpt-latest', 'openai/gpt-5'],
    ['openai/gpt-5-2025-08-07', 'openai/gpt-5'],
    ['openai/gpt-5-2025-01-01', 'openai/gpt-5-2025-01-01'],
    ['anthropic/claude-x-20250929', 'anthropic/claude-x'],
  ])('%s', (name, id) => {
    expect(catalogue.find(name)?.id).toBe(id)
  })

  it.each([
    'openai/gpt-5-mini',
    'openai/gpt-5-0613',
    'openai/gpt-5-2025-13-01',
    'openai/gpt-5-2025-08-07-preview',
    'openai/gpt-5-202508-07',
    'openai/gpt-5-2025-0807',
    'openai/gpt-5-1999-08-07',
    'openai/gpt-latest-2025-08-07',
    'openai/gpt',
    'openai/GPT-5',
    'oai-resp/gpt-5',
    'openai/claude-x-20250929',
    'anthropic/claude-x-latest',
    'anthropic/claude-x-20251329',
    '',
  ])('but not by %s', (name) => {
    expect(catalogue.find(name)).toBeUndefined()
  })
})

it('prices that were announced count from their day on', () => {
  const source = { as_of: '2026-11-21', source: 'https://example.com/' }
  const entry: CatalogueEntry = {
    id: 'a/b',
    prices: { ...source, input: 1, output: 5 },
    later_prices: [
      { ...source, from: '2026-12-01', input: 2 },
      { ...source, from: '2027-01-01', input: 3 },
    ],
  }
  const inputs = ['2026-11-30', '2026-12-01', '2026-12-31', '2027-06-01'].map((day) => pricesOn(day, entry)?.input)
  expect(inputs).toEqual([1, 2, 2, 3])
  expect(pricesOn('2026-12-01', entry)?.output).toBeUndefined()
  expect(pricesOn('2026-12-01', { id: 'a/b' })).toBeUndefined()
})

// ── An operator's file ──────────────────────────────────────────────────────────────────────────────────────────────────

const present: readonly CatalogueEntry[] = [
  {
    id: 'openai/gpt-5',
    display_name: 'GPT-5',
    context_window: 400_000,
    max_output_tokens: 128_000,
    aliases: ['openai/gpt-5-old'],
    capabilities: { 'block.image.url': 'supported' },
    prices: { input: 1.25, output: 10, as_of: '2026-11-21', source: 'https://example.com/' },
  },
  { id: 'anthropic/claude-x' },
]

describe("an operator's file", () => {
  const read = (file: unknown): ReturnType<typeof readCatalogue> => readCatalogue(file, present, ids)

  it('changes an entry member by member, and leaves the others', () => {
    const { entries, problems } = read({
      'openai/gpt-5': { display_name: 'Ours', prices: { input: 1 }, capabilities: { 'block.audio': 'unsupported' } },
    })
    expect(problems).toEqual([])
    expect(entries).toEqual([
      {
        ...present[0],
        display_name: 'Ours',
        capabilities: { 'block.image.url': 'supported', 'block.audio': 'unsupported' },
        prices: { ...present[0]?.prices, input: 1 },
      },
      present[1],
    ])
  })

  it('removes members, and whole entries, with null', () => {
    const file = { 'openai/gpt-5': { aliases: null, prices: { output: null } }, 'anthropic/claude-x': null }
    const { entries, problems } = read(file)
    expect(problems).toEqual([])
    expect(entries).toHaveLength(1)
    expect(entries[0]).not.toHaveProperty('aliases')
    expect(entries[0]?.prices).toEqual({ input: 1.25, as_of: '2026-11-21', source: 'https://example.com/' })
  })

  it('adds entries, to several providers at once, with the names of their other models', () => {
    const { entries, problems } = read({
      'openai,oai-resp/house/model': {
        aliases: ['house/latest'],
        deprecation: { retires_on: '2027-01-01', replacement: 'gpt-5' },
      },
    })
    expect(problems).toEqual([])
    expect(entries.slice(2)).toEqual(
      ['openai', 'oai-resp'].map((provider) => ({
        id: `${provider}/house/model`,
        aliases: [`${provider}/house/latest`],
        deprecation: { retires_on: '2027-01-01', replacement: `${provider}/gpt-5` },
      })),
    )
  })

  it.each([null, undefined, {}])('may be empty: %j', (file) => {
    expect(read(file)).toEqual({ entries: present, problems: [] })
  })

  it.each<[unknown, string]>([
    [[], 'a mapping by the ids of models is expected'],
    [{ 'gpt-5': {} }, '"gpt-5": a model is written provider/name'],
    [{ 'openai/': {} }, '"openai/": a model is written provider/name'],
    [{ 'openia/gpt-5': {} }, 'openia/gpt-5: there is no provider "openia"; did you mean openai?'],
    [{ 'openai/gpt-6': null }, 'openai/gpt-6: there is no such model to remove; did you mean openai/gpt-5?'],
    [{ 'openai/gpt-5': 3 }, 'openai/gpt-5: a mapping is expected, not 3'],
    [{ 'openai/gpt-5': { price: {} } }, 'openai/gpt-5: price is not known; did you mean prices?'],
    [{ 'openai/gpt-5': { prices: { inptu: 1 } } }, 'openai/gpt-5: prices.inptu is not known; did you mean input?'],
    [
      { 'openai/gpt-5': { prices: { input: '1' } } },
      'openai/gpt-5: prices.input: a number of US dollars, at least 0, is expected, not "1"',
    ],
    [
      { 'openai/gpt-5': { prices: { input: -1 } } },
      'openai/gpt-5: prices.input: a number of US dollars, at least 0, is expected, not -1',
    ],
    [{ 'openai/gpt-5': { prices: 3 } }, 'openai/gpt-5: prices: a mapping is expected, not 3'],
    [{ 'openai/new': { prices: { input: 1 } } }, 'openai/new: prices.as_of is missing'],
    [{ 'openai/new': { prices: { input: 1 } } }, 'openai/new: prices.source is missing'],
    [
      { 'openai/gpt-5': { prices: { as_of: 'today' } } },
      'openai/gpt-5: prices.as_of: a day as 2026-11-21 is expected, not "today"',
    ],
    [{ 'openai/gpt-5': { prices: { above: {} } } }, 'openai/gpt-5: prices.above: a list is expected, not {}'],
    [{ 'openai/gpt-5': { prices: { above: [{}] } } }, 'openai/gpt-5: prices.above[0].input_tokens is missing'],
    [
      { 'openai/gpt-5': { prices: { above: [{ input_tokens: 2 }, { input_tokens: 2 }] } } },
      'openai/gpt-5: prices.above: is not in ascending order',
    ],
    [{ 'openai/gpt-5': { later_prices: [{ input: 1 }] } }, 'openai/gpt-5: later_prices[0].from is missing'],
    [{ 'openai/gpt-5': { released: '2025-02-30' } }, 'openai/gpt-5: released: a day as 2026-11-21 is expected, not "2025-02-30"'],
    [{ 'openai/gpt-5': { aliases: 'x' } }, 'openai/gpt-5: aliases: a list is expected, not "x"'],
    [{ 'openai/gpt-5': { aliases: [''] } }, 'openai/gpt-5: aliases[0]: text is expected, not ""'],
    [{ 'openai/new': { aliases: ['gpt-5'] } }, 'openai/new: aliases: openai/gpt-5 is also a name of openai/gpt-5'],
    [{ 'openai/new': { aliases: ['gpt-5-old'] } }, 'openai/new: aliases: openai/gpt-5-old is also a name of openai/gpt-5'],
    [{ 'openai/gpt-5': { context_window: 0 } }, 'openai/gpt-5: context_window: a whole number of at least 1 is expected, not 0'],
    [
      { 'openai/gpt-5': { context_window: 1000 } },
      'openai/gpt-5: max_output_tokens: 128000 is more than the context_window of 1000',
    ],
    [
      { 'openai/gpt-5': { default_max_tokens: 128_001 } },
      'openai/gpt-5: default_max_tokens: 128001 is more than the max_output_tokens of 128000',
    ],
    [
      { 'openai/gpt-5': { deprecation: { deprecated_on: '2026-02-01', retires_on: '2026-01-01' } } },
      'openai/gpt-5: deprecation.retires_on: 2026-01-01 is before deprecated_on, 2026-02-01',
    ],
    [
      { 'openai/gpt-5': { capabilities: { 'block.imgae.url': 'supported' } } },
      'openai/gpt-5: capabilities.block.imgae.url is not known; did you mean block.image.url?',
    ],
    [
      { 'openai/gpt-5': { capabilities: { 'block.image.url': true } } },
      'openai/gpt-5: capabilities.block.image.url: one of supported, unsupported, unknown is expected, not true',
    ],
  ])('%j is refused', (file, problem) => {
    expect(read(file).problems).toContain(problem)
  })

  it('is told all of its mistakes at once', () => {
    expect(read({ 'openai/gpt-5': { a: 1, b: 2 }, 'x/y': {} }).problems).toHaveLength(3)
  })
})

describe("a provider's own models", () => {
  it('are a list without the provider', () => {
    const { entries, problems } = readModels([{ id: 'llama3', context_window: 8192, aliases: ['llama3:8b'] }], 'ollama', 'models')
    expect(problems).toEqual([])
    expect(entries).toEqual([{ id: 'ollama/llama3', context_window: 8192, aliases: ['ollama/llama3:8b'] }])
  })

  it.each<[unknown, string]>([
    [{}, 'models: a list is expected'],
    [['llama3'], 'models[0].id: the name of a model is expected'],
    [[{ id: 'a b' }], 'models[0].id: the name of a model is expected'],
    [[{ id: 'a' }, { id: 'a' }], 'models[1].id: a is in the list already'],
    [[{ id: 'a', contxt_window: 3 }], 'models[0]: contxt_window is not known; did you mean context_window?'],
  ])('%j are refused', (list, problem) => {
    expect(readModels(list, 'ollama', 'models').problems).toContain(problem)
  })
})

describe('the start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vai-catalogue-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  function file(name: string, text: string): string {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it.each([
    ['models.yaml', 'openai/gpt-5.1:\n  display_name: House\n  prices: { input: 1 }\n'],
    ['models.json', '{"openai/gpt-5.1": {"display_name": "House", "prices": {"input": 1}}}'],
  ])('reads %s', async (name, text) => {
    const { models } = await loadConfig({ VAI_CATALOGUE: file(name, text) })
    expect(models.find(({ id }) => id === 'openai/gpt-5.1')).toMatchObject({
      display_name: 'House',
      prices: { input: 1, output: 10 },
    })
    expect(models).toHaveLength(knownModels.length)
  })

  it.each([
    [
      'wrong.yaml',
      'openai/gpt-5.1: { prices: { inptu: 1 } }',
      'wrong.yaml: openai/gpt-5.1: prices.inptu is not known; did you mean input?',
    ],
    ['broken.json', '{', 'broken.json: '],
  ])('is refused with %s', async (name, text, problem) => {
    const path = file(name, text)
    await expect(loadConfig({ VAI_CATALOGUE: path })).rejects.toThrow(ConfigError)
    await expect(loadConfig({ VAI_CATALOGUE: path })).rejects.toThrow(join(folder, problem))
  })

  it('is refused without the file that is named', async () => {
    await expect(loadConfig({ VAI_CATALOGUE: join(folder, 'none.yaml') })).rejects.toThrow(/none\.yaml: ENOENT/)
  })

  it.each([
    ['openia/*', 'allowed_models: openia/*: there is no provider openia; did you mean openai?'],
    ['gpt-5', 'VAI_ALLOWED_MODELS: a model as provider/name, or a pattern with *, is expected, not "gpt-5"'],
    ['demo/*,', 'VAI_ALLOWED_MODELS: a model as provider/name, or a pattern with *, is expected, not ""'],
  ])('is refused where the models allowed are %s', async (text, problem) => {
    await expect(loadConfig({ VAI_ALLOWED_MODELS: text })).rejects.toThrow(problem)
  })
})
