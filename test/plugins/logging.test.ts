import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { errors } from '../../plugins/errors.ts'
import { CallerKeys } from '../../plugins/logging.ts'
import { demo } from '../../providers/demo/index.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { exchange, request } from '../raw-http.ts'

// None has a form that could be known as a key's.
const key = 'q7f2-key-of-a-caller'
const body = { model: 'talkative/echo', messages: [{ role: 'user', content: 'Hello' }] }

/** A provider that says in the log what it should not. */
function talkative(said: string): LlmProvider {
  return {
    ...demo,
    id: 'talkative',
    async *stream(message, call) {
      call.log.warn({ detail: said }, `the provider said ${said}`)
      yield* demo.stream(message, { ...call, model: 'echo' })
    },
  }
}

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

async function start(said: string): Promise<Gateway> {
  const gateway = await startGateway({ parts: { providers: [talkative(said)] } })
  gateways.push(gateway)
  return gateway
}

describe("a caller's key", () => {
  it.each([
    ['x-provider-key-anthropic', key, key],
    ['x-provider-key-nobody', key, key],
    ['x-api-key', key, key],
    ['authorization', `Bearer ${key}`, key],
    ['authorization', key, key],
    ['x-provider-key-openai', 'with "quotes" and \\ in it', 'with \\"quotes'],
  ])('in %s is masked by value in every line of its request', async (header, value, spelled) => {
    const gateway = await start(value)
    expect((await gateway.post(body, { [header]: value })).status).toBe(200)
    await gateway.logged('"msg":"request"')
    expect(await gateway.logged('the provider said')).toContain('"detail":"')
    expect(await gateway.logged('the provider said')).toContain('[redacted]')
    expect(gateway.logLines.filter((line) => line.includes(spelled))).toEqual([])
  })

  it('is masked in lines of the process too, while its request runs and no longer', async () => {
    const keys = new CallerKeys()
    const forget = keys.remember('req-00000001', { 'x-api-key': key })
    expect(keys.of('{"msg":"a line of the process"}').map((each) => each.reveal())).toEqual([key])
    forget()
    expect(keys.of('{"msg":"a line of the process"}')).toEqual([])
  })

  it('is known until the last of the requests that have the same id and key is over', () => {
    const keys = new CallerKeys()
    const line = '{"request_id":"req-00000001","msg":"a line"}'
    const forgets = [1, 2].map(() => keys.remember('req-00000001', { 'x-api-key': key }))
    forgets[0]?.()
    expect(keys.of(line)).toHaveLength(1)
    forgets[1]?.()
    expect(keys.of(line)).toEqual([])
  })

  it("blots nothing out of another request's lines", () => {
    const keys = new CallerKeys()
    keys.remember('req-00000001', { 'x-api-key': 'duration_ms' })
    expect(keys.of('{"request_id":"req-00000002","duration_ms":5}')).toEqual([])
  })
})

describe('the access log', () => {
  it('has a line for a request whose URL cannot be decoded', async () => {
    const gateway = await start('')
    await exchange(gateway.url, request('GET /v1/%zz', ['connection: close', 'x-request-id: req-00000001']))
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({
      request_id: 'req-00000001',
      method: 'GET',
      route: 'unknown',
      status: 400,
      error: 'malformed_http',
    })
  })
})

describe('the error layer', () => {
  it('does not start without the log and the ids that its answers need', async () => {
    const app = Fastify()
    app.register(errors)
    await expect(app.ready()).rejects.toThrow(/dependency 'logging'/)
  })
})
