import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import Fastify from 'fastify'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../api/clock.ts'
import { isIssueCode } from '../../api/issue-codes.ts'
import type { ModelList } from '../../api/schemas.gen.ts'
import { models } from '../../plugins/models/index.ts'
import { demo } from '../../providers/demo/index.ts'
import { problemsWith } from '../contract-schemas.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'

const everybody = { mayUse: () => true }

const folder = mkdtempSync(join(tmpdir(), 'vai-models-'))
afterAll(() => rmSync(folder, { recursive: true }))
const source = { as_of: '2026-11-21', source: 'https://example.com/' }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ env: { VAI_MODEL_ALIASES: 'fast=demo/echo' } })
})
afterAll(() => gateway.close())

async function list(query = ''): Promise<ModelList> {
  const models: ModelList = JSON.parse(await (await fetch(`${gateway.url}/v1/models${query}`)).text())
  return models
}

it('one list satisfies the OpenAI client and the Anthropic client', async () => {
  const openai = new OpenAI({ apiKey: 'sk-test-anything', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
  const anthropic = new Anthropic({ apiKey: 'sk-test-anything', baseURL: gateway.url, maxRetries: 0 })
  const toOpenAI: string[] = []
  for await (const model of openai.models.list()) toOpenAI.push(model.id)
  const toAnthropic: string[] = []
  for await (const model of anthropic.models.list({ limit: 1 })) toAnthropic.push(model.id)
  expect(toOpenAI).toContain('demo/echo')
  expect(toAnthropic).toEqual(toOpenAI)
})

it('one entry satisfies both, whether its slash is escaped or not', async () => {
  const openai = new OpenAI({ apiKey: 'sk-test-anything', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
  expect(await openai.models.retrieve('demo/echo')).toMatchObject({
    id: 'demo/echo',
    object: 'model',
    owned_by: 'demo',
    created: expect.any(Number),
  })
  const plain = await fetch(`${gateway.url}/v1/models/demo/echo`)
  expect(await plain.json()).toMatchObject({ id: 'demo/echo', type: 'model', demo: true, display_name: 'Echo (demo)' })
})

it('pages forward and backward', async () => {
  const all = await list()
  expect(all.has_more).toBe(false)
  const first = await list('?limit=2')
  expect(first).toMatchObject({ has_more: true, data: [{ id: all.data[0]?.id }, { id: all.data[1]?.id }] })
  const second = await list(`?limit=2&after_id=${first.last_id}`)
  expect(second.data[0]?.id).toBe(all.data[2]?.id)
  const back = await list(`?limit=2&before_id=${second.first_id}`)
  expect(back.data.map(({ id }) => id)).toEqual(first.data.map(({ id }) => id))
})

it('refuses a page it cannot read', async () => {
  for (const [query, param] of [
    ['?limit=0', 'limit'],
    ['?limit=ten', 'limit'],
    ['?limt=1', 'limt'],
    ['?after_id=nobody/knows', 'after_id'],
  ] as const) {
    const response = await fetch(`${gateway.url}/v1/models${query}`)
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ type: 'invalid_request_error', param })
  }
})

it('names a model that a page cannot begin at by a code of the list', async () => {
  const response = await fetch(`${gateway.url}/v1/models?after_id=nobody/knows`)
  const { issues } = await errorOf(response)
  expect(issues).toMatchObject([{ param: 'after_id', code: 'unknown_model' }])
  expect(issues?.filter(({ code }) => !isIssueCode(code))).toEqual([])
})

it('knows an alias, and lets the name of a new model of a known provider pass', async () => {
  const alias = await fetch(`${gateway.url}/v1/models/fast`)
  expect(await alias.json()).toMatchObject({ id: 'demo/echo' })
  const unheard = await fetch(`${gateway.url}/v1/models/anthropic/claude-of-next-year`)
  expect(await unheard.json()).toMatchObject({ id: 'anthropic/claude-of-next-year', capabilities: null })
})

it.each([
  ['demo/nothing', 'unknown_model'],
  ['nobody/echo', 'unknown_provider'],
  ['echo', 'unknown_model'],
])('there is no %s', async (id, code) => {
  const response = await fetch(`${gateway.url}/v1/models/${id}`)
  expect(response.status).toBe(404)
  expect(await errorOf(response)).toMatchObject({ type: 'not_found_error', code, param: 'model_id' })
})

it.each([
  ['demo/nothing', 'unknown_model'],
  ['nobody/echo', 'unknown_provider'],
])('whoever asks for %s is told so in the same way', (id, code) => {
  expect(() => gateway.app.models.get(id, everybody)).toThrow(expect.objectContaining({ code, status: 404, param: 'model_id' }))
})

describe('what is known of models', () => {
  const openai = (): OpenAI => new OpenAI({ apiKey: 'sk-test-anything', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
  const anthropic = (): Anthropic => new Anthropic({ apiKey: 'sk-test-anything', baseURL: gateway.url, maxRetries: 0 })

  it('is told to both clients, and is what the contract says', async () => {
    const id = 'anthropic/claude-haiku-4-5'
    expect(await anthropic().models.retrieve(id)).toMatchObject({
      id,
      type: 'model',
      display_name: 'Claude Haiku 4.5',
      created_at: '2025-10-15T00:00:00.000Z',
      max_input_tokens: 200_000,
      max_tokens: 64_000,
      capabilities: { 'thinking.enabled': { supported: true, state: 'supported' } },
      aliases: ['anthropic/claude-haiku-4-5-20251001'],
      prices: { input: 1, output: 5, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2 },
    })
    expect(await openai().models.retrieve(id)).toMatchObject({ id, object: 'model', owned_by: 'anthropic', created: 1760486400 })
    for (const model of (await list()).data) expect(problemsWith('Model', model)).toEqual([])
  })

  it('is found by a snapshot, which keeps its own name', async () => {
    for (const id of ['anthropic/claude-haiku-4-5-20251001', 'openai/gpt-5.1-2025-11-13']) {
      const model = await openai().models.retrieve(id)
      expect(model).toMatchObject({ id, prices: { as_of: expect.any(String) } })
    }
    expect(await openai().models.retrieve('openai/gpt-5.1-preview')).not.toHaveProperty('prices')
  })

  it('says when a model goes, and what comes after it', async () => {
    expect(await openai().models.retrieve('openai/gpt-4o')).toMatchObject({
      deprecation: { retires_on: '2027-01-14', replacement: 'openai/gpt-6-luna' },
    })
  })

  it("says what of a model's abilities its API cannot ask for", async () => {
    const { capabilities } = JSON.parse(await (await fetch(`${gateway.url}/v1/models/openai/gpt-6-luna`)).text())
    expect(capabilities['tool.web_search']).toEqual({ supported: false, state: 'unsupported' })
    expect(capabilities['block.image.url']).toEqual({ supported: true, state: 'supported' })
  })

  it("has the operator's own names, and what the operator says", async () => {
    const file = join(folder, 'models.yaml')
    writeFileSync(
      file,
      'anthropic/claude-haiku-4-5: { display_name: House, prices: { input: 0.5 } }\nopenai/gpt-4o: null\nopenai/house/one: { max_output_tokens: 5 }\n',
    )
    const own = await startGateway({ env: { VAI_CATALOGUE: file, VAI_MODEL_ALIASES: 'quick=anthropic/claude-haiku-4-5' } })
    try {
      const get = async (id: string): Promise<unknown> => JSON.parse(await (await fetch(`${own.url}/v1/models/${id}`)).text())
      expect(await get('quick')).toMatchObject({
        display_name: 'House',
        aliases: [expect.any(String), 'quick'],
        prices: { input: 0.5, output: 5 },
      })
      expect(await get('openai/house/one')).toMatchObject({ display_name: 'house/one', max_tokens: 5 })
      const ids = own.app.models.list({}, everybody).data.map(({ id }) => id)
      expect(ids).toContain('openai/house/one')
      expect(ids).not.toContain('openai/gpt-4o')
    } finally {
      await own.close()
    }
  })

  it('has the prices of the day', async () => {
    const day = (wallclock: string): Clock => ({ ...systemClock, wallclock: () => Date.parse(wallclock) })
    const entry = {
      id: 'demo/echo',
      prices: { input: 1, ...source },
      later_prices: [{ from: '2026-12-01', input: 2, ...source }],
    }
    for (const [now, input] of [
      ['2026-11-30T23:59:59Z', 1],
      ['2026-12-01T00:00:00Z', 2],
    ] as const) {
      const app = Fastify()
      await app.register(models, { providers: [demo], aliases: {}, catalogue: [entry], allowed: [], clock: day(now) })
      expect(app.models.get('demo/echo', everybody).prices).toMatchObject({ input })
    }
  })
})

describe('where only some models are allowed', () => {
  let restricted: Gateway
  beforeAll(async () => {
    restricted = await startGateway({
      env: { VAI_ALLOWED_MODELS: 'demo/echo,anthropic/claude-haiku-*', VAI_MODEL_ALIASES: 'fast=demo/echo' },
    })
  })
  afterAll(() => restricted.close())

  const turn = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 }

  it('the others are not listed, and are not there', async () => {
    const ids = restricted.app.models.list({}, everybody).data.map(({ id }) => id)
    expect(ids).toContain('anthropic/claude-haiku-4-5')
    expect(ids.filter((id) => !/^demo\/echo$|^anthropic\/claude-haiku-/.test(id))).toEqual([])
    const hidden = await fetch(`${restricted.url}/v1/models/openai/gpt-4o`)
    expect(hidden.status).toBe(404)
    expect(await errorOf(hidden)).toMatchObject({ code: 'unknown_model', param: 'model_id' })
  })

  it.each([
    [{ ...turn, model: 'demo/tools' }, 'model'],
    [{ ...turn, model: 'anthropic/claude-of-next-year' }, 'model'],
    [{ ...turn, model: 'fast', fallbacks: ['demo/echo', 'demo/tools'] }, 'fallbacks[1]'],
  ])('%j is refused', async (body, param) => {
    // Counting has no fallbacks.
    const paths = 'fallbacks' in body ? ['/v1/messages'] : ['/v1/messages', '/v1/messages/count_tokens']
    for (const path of paths) {
      const { max_tokens: _, ...count } = body
      const response = await restricted.post(path.endsWith('tokens') ? count : body, {}, path)
      expect(response.status).toBe(403)
      expect(await errorOf(response)).toMatchObject({ type: 'permission_error', code: 'model_not_allowed', param })
    }
  })

  it('the allowed ones answer, by any name', async () => {
    for (const model of ['demo/echo', 'fast']) expect((await restricted.post({ ...turn, model })).status).toBe(200)
  })
})

describe('what an answer costs', () => {
  const file = join(folder, 'prices.yaml')
  let priced: Gateway
  beforeAll(async () => {
    writeFileSync(file, 'demo/echo: { prices: { input: 3, output: 15, as_of: 2026-11-21, source: the test } }\n')
    priced = await startGateway({ env: { VAI_CATALOGUE: file } })
  })
  afterAll(() => priced.close())

  const turn = { model: 'demo/echo', messages: [{ role: 'user', content: 'one two three' }], max_tokens: 10 }

  it('is told in usage, in a header, and to the log', async () => {
    const response = await priced.post(turn)
    // Three words in, three out.
    expect(response.headers.get('x-cost-usd')).toBe('0.000054')
    expect((await messageOf(response)).usage).toMatchObject({ input_tokens: 3, output_tokens: 3, cost_usd: 0.000054 })
    expect(await priced.logged('"cost_usd":0.000054')).not.toContain('cost_incomplete')
  })

  it('is told at the end of a stream', async () => {
    const text = await (await priced.post({ ...turn, stream: true })).text()
    expect(/event: message_delta\ndata: (.*)/.exec(text)?.[1]).toContain('"cost_usd":0.000054')
  })

  it('is not claimed where there is no price', async () => {
    const response = await gateway.post(turn)
    expect(response.headers.has('x-cost-usd')).toBe(false)
    expect((await messageOf(response)).usage).not.toHaveProperty('cost_usd')
  })
})
