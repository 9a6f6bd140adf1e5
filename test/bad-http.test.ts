import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { answersIn, exchange, exchangeInTurn, type RawAnswer, request } from './raw-http.ts'
import { refusalIn } from './refusal.ts'
import { anthropicKey, startAnthropic } from './upstreams/anthropic.ts'

/** What is wrong before there is a body to read: each connection gets one answer in the contract's words, and harms no other. */

const hello = JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] })
const json = 'content-type: application/json'
const close = 'connection: close'

let gateway: Gateway
const others: { close(): Promise<void> }[] = []

beforeAll(async () => {
  gateway = await startGateway()
})

afterEach(async () => {
  for (const each of others.splice(0).reverse()) await each.close()
  // Whatever a test has sent: the next caller is served, on a connection of its own.
  const response = await gateway.post(hello, { connection: 'close' })
  expect(response.status).toBe(200)
})

afterAll(() => gateway.close())

async function another(options: GatewayOptions): Promise<Gateway> {
  const other = await startGateway(options)
  others.push(other)
  return other
}

/** The one answer to what was sent. */
async function answerTo(url: string, ...pieces: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const answers = answersIn(await exchange(url, ...pieces)).filter(({ status }) => status !== 100)
  expect(answers).toHaveLength(1)
  return answers[0] ?? { status: 0, headers: {}, body: '' }
}

async function refusal(url: string, ...pieces: readonly (string | Uint8Array)[]) {
  const { status, headers, body } = await answerTo(url, ...pieces)
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  expect(headers.connection).toBe('close')
  return { status, ...refusalIn(body, headers['x-request-id']) }
}

const malformed = { status: 400, type: 'invalid_request_error', code: 'malformed_http' }
const unknownRoute = { status: 404, type: 'not_found_error', code: 'unknown_route' }
const tooManyHeaders = { status: 431, type: 'invalid_request_error', code: 'headers_too_large' }
const tooLarge = { status: 413, type: 'invalid_request_error', code: 'request_too_large' }
const tooSlow = { status: 408, type: 'timeout_error', code: 'request_timeout' }

describe('what is not HTTP', () => {
  it.each([
    ['words', 'hello, is anybody there?\r\n\r\n'],
    ["TLS's first bytes", Buffer.from('16030100a5010000a10303', 'hex')],
    ['a method that does not exist', request('FETCH /v1/messages', [close])],
    ['a version that does not exist', 'GET / HTTP/7.0\r\nhost: gateway.test\r\n\r\n'],
    ['a header without a colon', request('GET /', [close, 'nonsense'])],
    ['a NUL in a header', request('GET /', [close, 'x: a\0b'])],
    ['a length that is no number', request('POST /v1/messages', [close, json, 'content-length: many'])],
    ['two lengths', request('POST /v1/messages', [close, json, 'content-length: 2', 'content-length: 3'], '{}')],
    [
      'a length and chunks',
      request('POST /v1/messages', [close, json, 'content-length: 2', 'transfer-encoding: chunked'], '0\r\n\r\n'),
    ],
    ['a chunk without a size', request('POST /v1/messages', [close, json, 'transfer-encoding: chunked'], 'zz\r\n')],
  ])('%s is refused as malformed', async (_, bytes) => {
    expect(await refusal(gateway.url, bytes)).toMatchObject(malformed)
  })

  it('garbage behind a good request is refused, and the connection is closed', async () => {
    expect(await refusal(gateway.url, `${request('POST /v1/messages', [json], hello)}and so on\r\n\r\n`)).toMatchObject(malformed)
  })

  it('garbage behind a good request whose answer has come is refused after it', async () => {
    const text = await exchangeInTurn(gateway.url, request('POST /v1/messages', [json], hello), 'and so on\r\n\r\n')
    const answers = answersIn(text)
    expect(answers.map(({ status }) => status)).toEqual([200, 400])
    expect(refusalIn(answers[1]?.body ?? '', answers[1]?.headers['x-request-id'])).toMatchObject({ code: 'malformed_http' })
  })

  it('garbage in the middle of a stream ends it, and is not answered inside it', async () => {
    const anthropic = await startAnthropic({ script: { content: [{ type: 'text', text: 'Hello' }], stallAt: { event: 3 } } })
    others.push(anthropic)
    const { url } = await another({ env: { VAI_ANTHROPIC_BASE_URL: anthropic.url }, keys: { anthropic: anthropicKey } })
    const body = JSON.stringify({ ...JSON.parse(hello), model: 'anthropic/claude-sonnet-4-5', stream: true })
    const text = await exchangeInTurn(url, request('POST /v1/messages', [json], body), 'and so on\r\n\r\n')
    expect(text).toContain('event: message_start')
    expect(text).not.toContain('malformed_http')
    await anthropic.waitForClose()
  })
})

describe('versions and methods', () => {
  it('HTTP/1.0 is answered, and the connection is closed', async () => {
    const answer = await answerTo(
      gateway.url,
      `POST /v1/messages HTTP/1.0\r\n${json}\r\ncontent-length: ${hello.length}\r\n\r\n${hello}`,
    )
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'Hello' }] })
  })

  it.each([
    'GET /v1/messages',
    'DELETE /v1/messages',
    'PROPFIND /',
    'TRACE /',
    'OPTIONS *',
    'POST /v1/nothing',
    'GET //etc/passwd',
  ])('%s is a route that does not exist', async (line) => {
    const error = await refusal(gateway.url, request(line, [close]))
    expect(error).toMatchObject(unknownRoute)
    expect(error.message).toContain(line)
  })

  it('a body that waits to be asked for is asked for, and answered', async () => {
    const text = await exchange(gateway.url, request('POST /v1/messages', [close, json, 'expect: 100-continue'], hello))
    expect(answersIn(text).map(({ status }) => status)).toEqual([100, 200])
  })

  it('a connection on which a body was asked for stays open', async () => {
    const waiting = request('POST /v1/messages', [json, 'expect: 100-continue'], hello)
    const text = await exchange(gateway.url, waiting, waiting, request('POST /v1/messages', [close, json], hello))
    expect(answersIn(text).map(({ status }) => status)).toEqual([100, 200, 100, 200, 200])
  })
})

describe('URLs', () => {
  it.each(['/v1/%zz', '/v1/models/%ff', '/%', '/docs/static/%c0%ae%c0%ae/', '/v1/messages%'])(
    '%s, which cannot be decoded, is refused',
    async (path) => {
      expect(await refusal(gateway.url, request(`GET ${path}`, [close]))).toMatchObject(malformed)
    },
  )

  it.each([
    '/docs/static/../../package.json',
    '/docs/static/../../../../../../etc/passwd',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/%2e%2e%2f%2e%2e%2fpackage.json',
    '/docs/static/..%5c..%5cpackage.json',
    '/docs/static/....//....//package.json',
    '/docs/static/index.html%00.js',
    '/docs/../package.json',
    '/../package.json',
    '/docs/static/.env',
  ])('%s leads nowhere', async (path) => {
    const error = await refusal(gateway.url, request(`GET ${path}`, [close]))
    expect(error).toMatchObject(unknownRoute)
  })

  it('a URL of 100,000 characters is refused', async () => {
    expect(await refusal(gateway.url, request(`GET /${'a'.repeat(100_000)}`, [close]))).toMatchObject(tooManyHeaders)
  })

  it('a URL of 10,000 characters is not repeated at length', async () => {
    const error = await refusal(gateway.url, request(`GET /${'a'.repeat(10_000)}`, [close]))
    expect(error).toMatchObject(unknownRoute)
    expect(error.message.length).toBeLessThan(300)
  })

  it('a query that is not known does not decide the route', async () => {
    expect((await answerTo(gateway.url, request('GET /healthz?x=%zz&__proto__=1', [close]))).status).toBe(200)
  })
})

describe('headers', () => {
  it('16 KiB in one header are refused', async () => {
    expect(await refusal(gateway.url, request('GET /', [close, `x: ${'a'.repeat(16 * 1024)}`]))).toMatchObject(tooManyHeaders)
  })

  it('5,000 headers are refused', async () => {
    const headers = Array.from({ length: 5000 }, (_, index) => `x-${index}: 1`)
    expect(await refusal(gateway.url, request('GET /', [close, ...headers]))).toMatchObject(tooManyHeaders)
  })

  it('a header behind 2,000 short ones still counts', async () => {
    const headers = Array.from({ length: 2000 }, () => 'a: 1')
    const answer = await answerTo(gateway.url, request('POST /v1/messages', [...headers, close, json], hello))
    expect(answer.status).toBe(200)
  })

  it.each(['req id', '../../etc', 'a'.repeat(500), '<script>'])('%s is not taken as a request id', async (id) => {
    const error = await refusal(gateway.url, request('GET /nothing', [close, `x-request-id: ${id}`]))
    expect(error.request_id).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/)
  })
})

describe('bodies over the limit', () => {
  const limit = 4096
  const body = (bytes: number) => hello.padEnd(bytes, ' ')
  const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
  const framings = [
    ['with a content-length', (text: string) => request('POST /v1/messages', [close, json], text)],
    ['in chunks', (text: string) => request('POST /v1/messages', [close, json, 'transfer-encoding: chunked'], chunked(text))],
  ] as const

  it.each(framings)('one byte too many %s is refused', async (_, framed) => {
    const { url } = await another({ env: { VAI_LIMIT_BODY_BYTES: String(limit) } })
    expect(await refusal(url, framed(body(limit + 1)))).toMatchObject(tooLarge)
  })

  it.each(framings)('exactly as many bytes as are allowed %s are taken', async (_, framed) => {
    const { url } = await another({ env: { VAI_LIMIT_BODY_BYTES: String(limit) } })
    expect((await answerTo(url, framed(body(limit)))).status).toBe(200)
  })

  it('33 MiB are refused at once where the length is announced', async () => {
    const head = request('POST /v1/messages', [close, json, `content-length: ${33 * 1024 * 1024}`])
    expect(await refusal(gateway.url, head)).toMatchObject(tooLarge)
  })

  it('33 MiB in chunks are refused once the 32 MiB have come', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, ' ')
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), mebibyte, Buffer.from('\r\n')])
    const head = request('POST /v1/messages', [close, json, 'transfer-encoding: chunked'])
    const chunks = Array.from({ length: 40 }, () => chunk)
    expect(await refusal(gateway.url, head, ...chunks, '0\r\n\r\n')).toMatchObject(tooLarge)
  })

  it('33 MiB that are announced and come all the same do not keep the answer from the caller', async () => {
    const head = request('POST /v1/messages', [close, json, `content-length: ${33 * 1024 * 1024}`])
    expect(await refusal(gateway.url, head, Buffer.alloc(33 * 1024 * 1024, ' '))).toMatchObject(tooLarge)
  })

  it('a body that is too large is not asked for, and the connection is not used again', async () => {
    const head = request('POST /v1/messages', [json, 'expect: 100-continue', `content-length: ${33 * 1024 * 1024}`])
    const text = await exchange(gateway.url, head)
    expect(text).not.toContain('100 Continue')
    expect(answersIn(text).map(({ status, headers }) => [status, headers.connection])).toEqual([[413, 'close']])
  })

  it('a body of a request that is refused without it is not asked for', async () => {
    const { url } = await another({ env: { VAI_AUTH_MODE: 'optional' } })
    const wrongKey = `x-api-key: vai_sk_${'0'.repeat(32)}`
    const head = request('POST /v1/messages', [json, wrongKey, 'expect: 100-continue', 'content-length: 100'])
    expect(answersIn(await exchange(url, head)).map(({ status }) => status)).toEqual([401])
  })
})

describe('callers who are too slow', () => {
  const env = { VAI_REQUEST_TIMEOUT_MS: '100' }

  it.each([
    ['a request line', 'POST /v1/mess'],
    ['headers', `POST /v1/messages HTTP/1.1\r\nhost: gateway.test\r\n${json}\r\n`],
    ['a body', request('POST /v1/messages', [json, 'content-length: 1000'], hello)],
    ['a body in chunks', request('POST /v1/messages', [json, 'transfer-encoding: chunked'], '5\r\n{"mod\r\n')],
  ])('%s that does not end is given up', async (_, bytes) => {
    const { url } = await another({ env })
    expect(await refusal(url, bytes)).toMatchObject(tooSlow)
  })

  it('one slow caller does not hold up another', async () => {
    const slow = await another({ env })
    const waiting = refusal(slow.url, 'POST /v1/messages HTTP/1.1\r\n')
    expect((await slow.post(hello)).status).toBe(200)
    expect(await waiting).toMatchObject(tooSlow)
  })
})

it.each([
  ['no Host', `GET /healthz HTTP/1.1\r\n${close}\r\n\r\n`, 'host'],
  [
    'an expectation nobody knows',
    `POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 200-foo\r\n${json}\r\ncontent-length: 2\r\n${close}\r\n\r\n{}`,
    'expect',
  ],
  ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n', undefined],
])('a request with %s is refused in the contract’s words', async (_, text, param) => {
  const answer = await answerTo(gateway.url, text)
  expect(answer.status).toBe(400)
  const error = refusalIn(answer.body, answer.headers['x-request-id'] ?? null)
  expect(error).toMatchObject({ type: 'invalid_request_error', code: 'malformed_http', ...(param && { param }) })
})
