import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'

/** A gateway that asks for keys, as the SDKs of Anthropic and OpenAI meet it. */

const { key, record } = gatewayKey('app')
const expired = gatewayKey('old', { expires_at: '2020-01-01' })
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ env: envWith([{ key, record }, expired]) })
})
afterAll(() => gateway.close())

const message = { model: 'demo/echo', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hello' }] }
const anthropic = (keys: { apiKey?: string | null; authToken?: string | null }): Anthropic =>
  new Anthropic({ apiKey: null, authToken: null, ...keys, baseURL: gateway.url, maxRetries: 0 })

describe("Anthropic's SDK", () => {
  it.each([
    ['apiKey', { apiKey: key }],
    ['authToken', { authToken: key }],
  ])('is let in by its %s', async (_, keys) => {
    const client = anthropic(keys)
    expect((await client.messages.create(message)).content).toMatchObject([{ type: 'text', text: 'Hello' }])
    const stream = client.messages.stream(message)
    expect(await stream.finalText()).toBe('Hello')
    expect((await client.models.list()).data.length).toBeGreaterThan(1)
  })

  it('knows the refusal of a key for what it is', async () => {
    for (const apiKey of ['sk-ant-test-of-anthropic', gatewayKey('x').key, expired.key]) {
      await expect(anthropic({ apiKey }).messages.create(message)).rejects.toThrow(Anthropic.AuthenticationError)
    }
  })
})

describe("OpenAI's SDK", () => {
  it('lists the models with its key', async () => {
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const { data } = await client.models.list()
    expect(data.map(({ id }) => id)).toContain('demo/echo')
  })

  it('knows the refusal of a key for what it is', async () => {
    const client = new OpenAI({ apiKey: 'sk-test-of-openai', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    await expect(client.models.list()).rejects.toThrow(OpenAI.AuthenticationError)
  })
})
