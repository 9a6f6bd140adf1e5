import { describe, expect, it, onTestFinished } from 'vitest'
import { brave } from '../../../tools/services/brave.ts'
import { firecrawl } from '../../../tools/services/firecrawl.ts'
import { ToolError } from '../../../tools/tool.ts'
import { type Behaviour, empty, endless, hangUp, htmlPage, json, redirect, reply, silence } from '../../upstreams/behaviour.ts'
import { braveError } from '../../upstreams/brave.ts'
import { exaError } from '../../upstreams/exa.ts'
import { firecrawlError } from '../../upstreams/firecrawl.ts'
import { tavilyError } from '../../upstreams/tavily.ts'
import { closedPort, type Upstream } from '../../upstreams/upstream.ts'
import { callOf, type TestCall } from '../call.ts'
import { type Operation, operations, saidBy } from './vendors.ts'

/** What comes of one call: the words for the model, the log, and the simulator with what it was asked. */
async function failureOf(operation: Operation, script: Behaviour | readonly Behaviour[], options: Partial<TestCall> = {}) {
  const upstream = await started(operation, script)
  const { call, logLines } = callFor(operation, upstream.url, options)
  const failure: unknown = await operation.ask(call).catch((cause: unknown) => cause)
  return { upstream, logLines, message: messageOf(failure), failure }
}

async function started(operation: Operation, script?: Behaviour | readonly Behaviour[]): Promise<Upstream> {
  const upstream = await operation.start(script)
  onTestFinished(() => upstream.close())
  return upstream
}

function callFor({ service, key, basePath }: Operation, url: string, options: Partial<TestCall> = {}) {
  return callOf({ service, url: `${url}${basePath}`, key, ...options })
}

function messageOf(failure: unknown): string {
  expect(failure).toBeInstanceOf(ToolError)
  return failure instanceof ToolError ? failure.message : ''
}

describe.each(operations)('$name', (operation) => {
  const { name } = operation.service

  it('has an answer', async () => {
    const upstream = await started(operation)
    const { call } = callFor(operation, upstream.url)
    await expect(operation.ask(call)).resolves.toBeDefined()
    expect(upstream.requests[0]?.headers.traceparent).toBe(call.trace?.traceparent)
  })

  it('says that the key is refused, and tells the operator', async () => {
    const { message, logLines } = await failureOf(operation, empty(), { key: 'sk-test-wrong' })
    expect(message).toBe(`${name} refused the key that it was asked with. Asking again is of no use.`)
    const warnings = logLines.filter((line) => line.includes('"warn"'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`"service":"${operation.service.id}"`)
    expect(logLines.join()).not.toContain('sk-test-wrong')
  })

  it.each([
    [402, 'does not answer any more with this key'],
    [403, 'does not allow this with the key'],
    [404, 'is not where it was looked for'],
    [500, 'failed. It may answer in a moment.'],
    [504, 'did not answer in time.'],
  ])('tells what HTTP %d means', async (status, words) => {
    const { message, upstream } = await failureOf(operation, operation.error(status, 'Some words.'))
    expect(message).toContain(`${name} ${words}`)
    expect(upstream.requests).toHaveLength(1)
  })

  it('repeats the words by which its request was refused, without the key, in one line', async () => {
    const said = `Wrong\n\u202Eparameter for ${operation.key}: ${'x'.repeat(1000)}`
    const { message } = await failureOf(operation, operation.error(400, said))
    const [words = ''] = /Wrong parameter for \[redacted\]: x+ …/.exec(message) ?? []
    expect(words).toHaveLength(300)
    expect(message).toBe(`${name} refused the request${saidBy(operation.service, words)}`)
  })

  it.each([
    ['HTML', htmlPage(400)],
    ['nothing', reply('', { status: 400 })],
    ['JSON of another kind', json([null, { detail: 3 }], { status: 400 })],
    [
      'words of another type',
      json({ detail: [{ msg: 3 }, null], error: { message: {} }, errors: 1, message: [] }, { status: 422 }),
    ],
  ])('does without words where a refusal has %s', async (_, refusal) => {
    const { message } = await failureOf(operation, refusal)
    expect(message).toBe(`${name} refused the request.`)
  })

  it('is asked again where it is busy for a moment', async () => {
    const upstream = await started(operation, [operation.error(429, 'Slow down.', { 'retry-after': '0' }), answerOf(operation)])
    const { call } = callFor(operation, upstream.url)
    await expect(operation.ask(call)).resolves.toBeDefined()
    expect(upstream.requests).toHaveLength(2)
  })

  it('is asked once more only', async () => {
    const { message, upstream } = await failureOf(operation, operation.error(503, 'Busy.', { 'retry-after': '0' }))
    expect(message).toBe(`${name} is overloaded. It may answer in a moment.`)
    expect(upstream.requests).toHaveLength(2)
  })

  it('is left alone where it wants a long pause', async () => {
    const { message, upstream } = await failureOf(operation, operation.error(429, 'Slow down.', { 'retry-after': '61' }))
    expect(message).toBe(`${name} limits the rate of requests; it can be asked again in 61 s.`)
    expect(upstream.requests).toHaveLength(1)
  })

  it('is left alone where there is no time for a pause', async () => {
    const failure = await failureOf(operation, operation.error(429, 'Slow down.', { 'retry-after': '2' }), { timeoutMs: 3000 })
    expect(failure.upstream.requests).toHaveLength(1)
  })

  it('is asked again where the connection broke', async () => {
    const { message, upstream } = await failureOf(operation, hangUp)
    expect(message).toBe(`${name} closed the connection before its answer was complete.`)
    expect(upstream.requests).toHaveLength(2)
  })

  it('tells nothing of a redirect, and does not follow it', async () => {
    const { message, logLines, upstream } = await failureOf(operation, redirect('http://10.0.0.7/internal'))
    expect(message).toBe(`${name} is not where it was looked for. Asking again is of no use.`)
    expect(logLines.join()).not.toContain('10.0.0.7')
    expect(upstream.requests).toHaveLength(1)
  })

  it.each([
    ['HTML', htmlPage(200)],
    ['nothing', empty()],
    ['broken JSON', reply('{"results": [', { headers: { 'content-type': 'application/json' } })],
    ['a list', json([])],
    ['null', json(null)],
    ['a number', json(7)],
    ['other members', json({ data: 'text', results: 'text', web: 'text', failed_results: 7 })],
    ['no members', json({ web: {} })],
    ['too deep JSON', reply('['.repeat(100_000), { headers: { 'content-type': 'application/json' } })],
    ['no UTF-8', reply(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { headers: { 'content-type': 'application/json' } })],
    ['a compressed answer', json({}, { gzip: true })],
    ['events', reply('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })],
  ])('has no answer where it sends %s', async (_, answer) => {
    const { message } = await failureOf(operation, answer)
    expect(message).toMatch(new RegExp(`^${name} (?:sent an answer that cannot be read|found no text on the page)\\.$`))
  })

  it('is hung up on where its answer does not end', async () => {
    const answer = endless('x'.repeat(65_536), {
      headers: { 'content-type': 'application/json' },
      head: '{"results":[{"title":"',
    })
    const { message, upstream } = await failureOf(operation, answer)
    expect(message).toBe(`${name} sent an answer that cannot be read.`)
    const { request } = await upstream.waitForClose()
    expect(request.bytesSent).toBeLessThan(32 * 1024 * 1024)
  })

  it('is hung up on where its refusal does not end', async () => {
    const answer = (): Behaviour => endless('x'.repeat(65_536), { headers: {}, head: 'no' })
    const { upstream } = await failureOf(operation, answer())
    await upstream.waitForClose()
  })

  it.each([
    ['before the answer', silence, 0],
    ['in the middle of the answer', json({ results: [] }, { stallAt: 5 }), 0],
    ['in the middle of a refusal', json({ error: 'no' }, { status: 400, stallAt: 5 }), 0],
    ['in the pause before it is asked again', operation.error(429, 'Slow down.', { 'retry-after': '3' }), 1],
  ])('ends at once where the call is aborted %s', async (_, behaviour, connectionsLeft) => {
    const upstream = await started(operation, behaviour)
    const controller = new AbortController()
    const { call } = callFor(operation, upstream.url, { signal: controller.signal })
    const asked = operation.ask(call)
    await upstream.waitForRequest()
    const reason = new Error('the tool took too long')
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
    await upstream.waitForConnections(connectionsLeft)
    expect(upstream.requests).toHaveLength(1)
  })

  it('is not asked by a call that was aborted before', async () => {
    const upstream = await started(operation)
    const reason = new Error('too late')
    const { call } = callFor(operation, upstream.url, { signal: AbortSignal.abort(reason) })
    await expect(operation.ask(call)).rejects.toBe(reason)
    expect(upstream.requests).toHaveLength(0)
  })

  it('says when it cannot be reached, but not where', async () => {
    const url = await closedPort()
    const { call, logLines } = callFor(operation, url)
    const message = messageOf(await operation.ask(call).catch((cause: unknown) => cause))
    expect(message).toBe(`${name} could not be reached.`)
    expect(message + logLines.join()).not.toMatch(/127\.0\.0\.1|ECONN/)
  })

  it('says when its key is none', async () => {
    const { message } = await failureOf(operation, empty(), { key: 'sk-test-\n-broken' })
    expect(message).toContain('refused the key')
  })

  it('names no time that nobody would wait for', async () => {
    for (const wait of ['Infinity', '1e300', '100000', 'soon']) {
      const { message } = await failureOf(operation, operation.error(429, 'Slow down.', { 'retry-after': wait }), {
        timeoutMs: 1,
      })
      expect(message).toBe(`${name} limits the rate of requests; it can be asked again in a while.`)
    }
  })

  it('does not hand on a key that it repeats', async () => {
    const item = { url: 'https://example.com/', title: operation.key, content: operation.key, raw_content: operation.key }
    const more = { description: operation.key, highlights: [operation.key] }
    const results = [{ ...item, ...more }]
    const answer = {
      success: true,
      results,
      web: { results },
      data: { markdown: operation.key, metadata: { title: operation.key } },
    }
    const upstream = await started(operation, json(answer))
    const { call } = callFor(operation, upstream.url)
    const found = JSON.stringify(await operation.ask(call))
    expect(found).toContain('[redacted]')
    expect(found).not.toContain(operation.key)
  })

  it('never tells its key', async () => {
    const everywhere = json(
      { error: operation.key, [operation.key]: 1, detail: { error: `Bearer ${operation.key}` } },
      { status: 400 },
    )
    const spaced = operation.error(400, [...operation.key].join('\u200B'))
    for (const behaviour of [everywhere, spaced, operation.error(500, operation.key), operation.error(401, operation.key)]) {
      const { message, logLines } = await failureOf(operation, behaviour)
      expect(message + logLines.join()).not.toContain(operation.key)
    }
  })
})

describe("a vendor's own codes", () => {
  const used =
    'does not answer any more with this key: the credits or the limit of its plan are used up. Asking again is of no use.'
  it.each([
    ['a search of Tavily', tavilyError(432, "This request exceeds your plan's set usage limit."), `Tavily ${used}`],
    ['an extraction of Tavily', tavilyError(433, 'This request exceeds the pay-as-you-go limit.'), `Tavily ${used}`],
    ['a search of Exa', exaError(402, 'Out of credits', 'NO_MORE_CREDITS'), `Exa ${used}`],
    [
      'a search of Exa',
      exaError(400, 'Invalid API key', 'INVALID_API_KEY'),
      'Exa refused the key that it was asked with. Asking again is of no use.',
    ],
    [
      'a search of Brave',
      braveError(429, 'RATE_LIMITED', 'Limit', { quota_limit: 2000, quota_current: 2000 }),
      `Brave Search ${used}`,
    ],
    [
      'a search of Brave',
      braveError(400, 'OPTION_NOT_IN_PLAN', 'No'),
      'Brave Search does not allow this with the key that it was asked with. Asking again is of no use.',
    ],
    [
      'a search of Brave',
      json({ type: 'ErrorResponse', errors: [{ code: 'VALIDATION', detail: 'Unable to validate' }] }, { status: 422 }),
      `Brave Search refused the request${saidBy(brave, 'Unable to validate')}`,
    ],
    [
      'a search of Brave',
      braveError(429, 'RATE_LIMITED', 'Limit', { rate_limit: 50, quota_limit: 0, quota_current: 14 }, { 'retry-after': '9' }),
      'Brave Search limits the rate of requests; it can be asked again in 9 s.',
    ],
    [
      'a scrape of Firecrawl',
      firecrawlError(500, 'DNS resolution failed', { code: 'SCRAPE_DNS_RESOLUTION_ERROR' }),
      `Firecrawl could not read the page${saidBy(firecrawl, 'DNS resolution failed')}`,
    ],
    [
      'a scrape of Firecrawl',
      firecrawlError(403, 'We apologize for the inconvenience but we do not support this site.'),
      `Firecrawl could not read the page${saidBy(firecrawl, 'We apologize for the inconvenience but we do not support this site.')}`,
    ],
    [
      'a scrape of Firecrawl',
      firecrawlError(408, 'Request Timeout'),
      `Firecrawl could not read the page${saidBy(firecrawl, 'Request Timeout')}`,
    ],
  ])('mean what they say: %s', async (name, refusal, words) => {
    const operation = operations.find((each) => each.name === name)
    if (!operation) throw new Error(`no ${name}`)
    const { message } = await failureOf(operation, refusal)
    expect(message).toBe(words)
  })
})

/** The least that is an answer. */
function answerOf(operation: Operation): Behaviour {
  switch (operation.service.id) {
    case 'brave':
      return json({ type: 'search', web: { results: [] } })
    case 'firecrawl':
      return json({ success: true, data: { markdown: 'Text.' } })
    default:
      return json({ results: [{ url: 'https://example.com/', raw_content: 'Text.' }] })
  }
}
