import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ModelList } from '../../api/schemas.gen.ts'
import { errorOf, type Gateway, startGateway } from '../gateway.ts'

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
  expect(() => gateway.app.models.get(id)).toThrow(expect.objectContaining({ code, status: 404, param: 'model_id' }))
})
