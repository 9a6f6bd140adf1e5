import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemsWith } from '../contract-schemas.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { titled } from '../programs.ts'
import { type Send, sendOverHttp1, sendOverHttp2 } from './client.ts'
import { type Nginx, noNginx, startNginx } from './nginx.ts'
import { type Stepwise, startStepwise } from './stepwise.ts'

/** The gateway behind nginx, with the configuration that is shipped for it. No test looks at a clock. */

const protocols: readonly (readonly [name: string, send: Send])[] = [
  ['HTTP/1.1', sendOverHttp1],
  ['HTTP/2', sendOverHttp2],
]

describe.skipIf(noNginx !== undefined)(titled('behind nginx', noNginx), () => {
  let provider: Stepwise
  let gateway: Gateway
  let nginx: Nginx
  beforeAll(async () => {
    provider = await startStepwise()
    gateway = await startGateway({
      env: { VAI_ANTHROPIC_BASE_URL: provider.url, VAI_AUTH_MODE: 'optional', VAI_TRUST_PROXY: '127.0.0.1' },
      keys: { anthropic: 'sk-test-anthropic' },
    })
    nginx = await startNginx([gateway.url])
  })
  afterAll(async () => {
    await nginx?.close()
    await gateway?.close()
    await provider?.close()
  })

  describe.each(protocols)('over %s', (_, send) => {
    it('brings each event of a stream before the next one is sent', async () => {
      const stream = send(nginx, { body: request({ stream: true }) })
      const answer = await provider.next()
      answer.begin()
      for (let count = 0; count < 40; count += 1) {
        answer.text(`word ${count};`)
        await stream.saw(`word ${count};`)
      }
      answer.end()
      const { status, headers } = await stream.head
      expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/event-stream; charset=utf-8' })
      expect(await stream.body).toMatch(/event: message_stop\n.*\n\n$/)
    })

    it('tells the provider that a caller has left', async () => {
      const stream = send(nginx, { body: request({ stream: true }) })
      const answer = await provider.next()
      answer.begin()
      answer.text('first')
      await stream.saw('first')
      stream.leave()
      await answer.left
    })

    it('lets a large request pass, byte for byte', async () => {
      const text = 'a long story, '.repeat(500_000)
      const { head, body } = send(nginx, { body: request({ text, stream: true }) })
      const answer = await provider.next()
      expect(hash(textIn(answer.body))).toBe(hash(text))
      answer.begin()
      answer.text('short')
      answer.end()
      expect((await head).status).toBe(200)
      expect(await body).toContain('short')
    })

    it('lets a large answer pass', async () => {
      const text = 'again and again, '.repeat(100_000)
      const { head, body } = send(nginx, { body: request({ text, stream: true }) })
      const answer = await provider.next()
      answer.begin()
      answer.text(text)
      answer.end()
      expect((await head).status).toBe(200)
      expect((await body).includes(text)).toBe(true)
    })

    it('brings an answer in one piece', async () => {
      const { head, body } = send(nginx, { body: request({ model: 'demo/echo', text: 'Hello!' }) })
      expect((await head).status).toBe(200)
      expect(JSON.parse(await body)).toMatchObject({ type: 'message', content: [{ type: 'text' }] })
    })

    it("refuses a request that is too large in the contract's words", async () => {
      const { head, body } = send(nginx, { body: request({ text: 'x'.repeat(40 * 1024 * 1024) }) })
      expect((await head).status).toBe(413)
      expectError(JSON.parse(await body), 'request_too_large')
    })
  })

  it('brings the refusal of a large request whose body was not read', async () => {
    for (let count = 0; count < 5; count += 1) {
      const { head, body } = sendOverHttp1(nginx, {
        headers: { 'x-api-key': 'vai_sk_0' },
        body: request({ text: 'x'.repeat(20 * 1024 * 1024) }),
      })
      expect((await head).status).toBe(401)
      expectError(JSON.parse(await body), 'invalid_api_key')
    }
  })

  it("says in the contract's words that no gateway can be reached", async () => {
    const lonely = await startNginx(['http://127.0.0.1:9'])
    try {
      const { head, body } = sendOverHttp1(lonely, { body: request({}) })
      const { status, headers } = await head
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '5' })
      expectError(JSON.parse(await body), 'overloaded')
    } finally {
      await lonely.close()
    }
  })

  it("takes the caller's address from nginx and not from the caller", async () => {
    const tryKey = async (from: string, headers: Record<string, string> = {}): Promise<number> => {
      const { head, body } = sendOverHttp1(nginx, {
        method: 'GET',
        path: '/v1/models',
        from,
        headers: { 'x-api-key': `vai_sk_${'0'.repeat(38)}`, ...headers },
      })
      await body
      return (await head).status
    }
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length < 100) statuses.push(await tryKey('127.0.0.2'))
    expect(statuses.at(-1)).toBe(429)
    expect(await tryKey('127.0.0.2', { 'x-forwarded-for': '127.0.0.4', forwarded: 'for=127.0.0.4' })).toBe(429)
    expect(await tryKey('127.0.0.3')).toBe(401)
  })

  it('keeps what is asked of each gateway itself to its own side', async () => {
    for (const path of ['/metrics', '/readyz']) {
      const { head, body } = sendOverHttp1(nginx, { method: 'GET', path })
      expect((await head).status, path).toBe(404)
      await body
    }
    const { head, body } = sendOverHttp1(nginx, { method: 'GET', path: '/healthz' })
    expect((await head).status).toBe(200)
    await body
  })

  it('answers nobody in the clear', async () => {
    const answer = await fetch(`http://127.0.0.1:${nginx.httpPort}/v1/models`, { redirect: 'manual' })
    await answer.text()
    expect(answer.status).toBe(403)
  })

  it('complains of nothing', () => {
    // Of clients that leave it tells by `info`; of what is wrong with the file by `warn`.
    expect(nginx.errors()).not.toMatch(/\[(?:warn|emerg|alert|crit)\]/)
  })
})

function request({ model = 'anthropic/claude-sonnet-4-5', text = 'Tell me a story.', stream = false }): string {
  return JSON.stringify({ model, stream, max_tokens: 64, messages: [{ role: 'user', content: text }] })
}

function expectError(answer: unknown, code: string): void {
  expect(problemsWith('ErrorResponse', answer)).toEqual([])
  expect(answer).toMatchObject({ error: { code } })
}

function textIn(body: string): string {
  const { messages }: { messages: { content: string | { text: string }[] }[] } = JSON.parse(body)
  const content = messages[0]?.content ?? ''
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
