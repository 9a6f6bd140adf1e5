import { inspect } from 'node:util'
import { UsageError, VAI } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'

const hello = { messages: [{ role: 'user' as const, content: 'Hello, gateway!' }] }

let gateway: Gateway
let vai: VAI

beforeAll(async () => {
  gateway = await startGateway()
  vai = new VAI({ baseURL: gateway.url, defaultModel: 'demo/echo' })
})

afterAll(() => gateway.close())

describe('a client', () => {
  it('creates a message', async () => {
    const message = await vai.messages.create(hello)
    expect(message).toMatchObject({ type: 'message', model: 'demo/echo', content: [{ type: 'text', text: 'Hello, gateway!' }] })
    expect(message.request_id).toMatch(/^req_/)
  })

  it('counts tokens', async () => {
    expect(await vai.messages.countTokens(hello)).toMatchObject({ estimated: true, request_id: expect.stringMatching(/^req_/) })
  })
})
