import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey, type TestKey } from '../../gateway-keys.ts'
import { answersIn, exchange } from '../../raw-http.ts'
import { anthropicKey } from '../../upstreams/anthropic.ts'
import { silence } from '../../upstreams/behaviour.ts'
import { startUpstream } from '../../upstreams/upstream.ts'

/** Sizes and times of a key, of its tenant, and of the gateway. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(options: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options)
  running.push(gateway)
  return gateway
}

const as = ({ key }: TestKey): Record<string, string> => ({ 'x-api-key': key })
function saying(text: string, more: object = {}): object {
  return { model: 'demo/echo', messages: [{ role: 'user', content: text }], ...more }
}

const small = gatewayKey('small', { limits: { body_bytes: 1024 } })
const usual = gatewayKey('usual')

function chunked(url: string, key: TestKey, body: string): Promise<string> {
  const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`
  const head = [
    'POST /v1/messages HTTP/1.1',
    `host: ${new URL(url).host}`,
    `x-api-key: ${key.key}`,
    'content-type: application/json',
    'transfer-encoding: chunked',
    'connection: close',
  ]
  return exchange(url, `${head.join('\r\n')}\r\n\r\n`, chunk, '0\r\n\r\n')
}

describe('the body of a key', () => {
  it('is refused by its announced length before it comes', async () => {
    const gateway = await start({ env: envWith([small, usual]) })
    const { host } = new URL(gateway.url)
    const head = `POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\nx-api-key: ${small.key}\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n`
    const [answer] = answersIn(await exchange(gateway.url, head))
    expect(answer?.status).toBe(413)
    expect(answer?.headers.connection).toBe('close')
    expect(answer?.body).toContain('"code":"request_too_large"')
    expect(answer?.body).toContain('1024 bytes that this key may send')
    expect((await gateway.post(saying('a'.repeat(1500)), as(usual))).status).toBe(200)
    expect((await gateway.post(saying('a'.repeat(500)), as(small))).status).toBe(200)
  })

  it('is refused while it comes, where its length is not announced', async () => {
    const gateway = await start({ env: envWith([small, usual]) })
    const large = JSON.stringify(saying('a'.repeat(1500)))
    const [refused] = answersIn(await chunked(gateway.url, small, large))
    expect(refused?.status).toBe(413)
    expect(refused?.body).toContain('"code":"request_too_large"')
    expect(answersIn(await chunked(gateway.url, usual, large))[0]?.status).toBe(200)
    expect(answersIn(await chunked(gateway.url, small, JSON.stringify(saying('a'))))[0]?.status).toBe(200)
  })

  it("is never larger than the gateway's own limit", async () => {
    const large = gatewayKey('large', { limits: { body_bytes: 100_000 } })
    const gateway = await start({ env: { ...envWith([large]), VAI_LIMIT_BODY_BYTES: '2048' } })
    expect((await gateway.post(saying('a'.repeat(3000)), as(large))).status).toBe(413)
  })
})

describe('what a request holds', () => {
  it("is held to the key's limits, else to its tenant's, else to the gateway's", async () => {
    const own = gatewayKey('own', { tenant: 'acme', limits: { messages: 3, text_bytes: 10 } })
    const ofTenant = gatewayKey('of-tenant', { tenant: 'acme' })
    const gateway = await start({ env: envWith([own, ofTenant, usual], { acme: { limits: { messages: 1, image_bytes: 2 } } }) })
    const turns = ['a', 'b', 'c'].map((content, index) => ({ role: index === 1 ? 'assistant' : 'user', content }))
    const three = saying('', { messages: turns })
    expect((await gateway.post(three, as(own))).status).toBe(200)
    expect((await errorOf(await gateway.post(three, as(ofTenant)))).message).toContain('at most 1 items')
    expect((await gateway.post(three, as(usual))).status).toBe(200)
    expect((await errorOf(await gateway.post(saying('a'.repeat(11)), as(own)))).message).toContain('at most 10 are allowed')
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
    const picture = saying('', { messages: [{ role: 'user', content: [image] }] })
    for (const key of [own, ofTenant]) {
      expect((await errorOf(await gateway.post(picture, as(key)))).issues).toMatchObject([{ code: 'too_large' }])
    }
  })
})

describe('the time of an answer', () => {
  const ask = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }

  it.each([
    ['stream_ms', ask, 'stream_duration'],
    ['stream_ms', { ...ask, stream: true }, 'stream_duration'],
    ['upstream_first_byte_ms', { ...ask, stream: true }, 'provider_timeout'],
  ])("is the key's own: %s", async (name, body, code) => {
    const upstream = await startUpstream(silence)
    running.push(upstream)
    const hasty = gatewayKey('hasty', { limits: { [name]: 50 } })
    const env = { ...envWith([hasty]), VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0' }
    const gateway = await start({ env, keys: { anthropic: anthropicKey } })
    const response = await gateway.post(body, as(hasty))
    expect(response.status).toBe(504)
    expect(await errorOf(response)).toMatchObject({ code })
  })
})
