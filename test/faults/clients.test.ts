import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { problemsWith } from '../contract-schemas.ts'
import { answersIn, exchange, request } from '../raw-http.ts'
import { until } from '../until.ts'
import { outcomeOf } from './answers.ts'
import { startBigStreams } from './big-streams.ts'
import { faultsIn, none, startCallers } from './callers.ts'
import { closedAfterwards, residentBytes, serve, setUpServers, tidy } from './server.ts'

/** Many clients of one gateway do as slow or greedy clients do, while others are under load. */

setUpServers()

describe('clients that read nothing of large streams', () => {
  it('take little memory and nothing from others, and get everything once they read', async () => {
    const readers = 10
    const upstream = closedAfterwards(await startBigStreams())
    const server = await serve({ VAI_ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'sk-test-anthropic', ...tidy })
    const well = startCallers({ url: server.url })
    await well.answeredMore(200)
    const before = residentBytes(server.pid)
    const responses = await Promise.all(Array.from({ length: readers }, () => openStream(server.url)))
    const sent = await upstream.stuck(readers)
    expect(sent.filter((bytes) => bytes >= upstream.size)).toEqual([])
    await well.answeredMore(200)
    // All that was poured is many times as much.
    expect(residentBytes(server.pid) - before).toBeLessThan((upstream.size * readers) / 2)
    const figures = await well.stop()
    expect({ ...faultsIn(figures), refused: figures.refused }).toEqual({ ...none, refused: {} })

    for (const response of responses) {
      const [status = 0, type = ''] = [response.statusCode, response.headers['content-type']]
      expect(outcomeOf({ status, type, body: await textOf(response) }, upstream.text)).toBe('answered')
    }
  })
})

describe('clients that send half of what they announce', () => {
  it('are told that they were too slow, each of them, and nobody else waits for them', async () => {
    const { url } = await serve({ VAI_REQUEST_TIMEOUT_MS: '2000' })
    const well = startCallers({ url })
    await well.answeredMore(24)
    const head = ['POST /v1/messages HTTP/1.1', 'host: gateway.test', 'content-type: application/json'].join('\r\n')
    const halves = [
      `${head.slice(0, 50)}`,
      `${head}\r\ncontent-length: 1000\r\n\r\n`,
      `${head}\r\ncontent-length: 100000\r\n\r\n${'{"model":"demo/echo",'.padEnd(50_000)}`,
      `${head}\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n{"model":`,
    ]
    const slow = Array.from({ length: 200 }, (_, index) => exchange(url, halves[index % halves.length] ?? ''))
    await well.answeredMore(200)
    const outcomes = (await Promise.all(slow)).map(outcomeOfRaw)
    const figures = await well.stop()
    expect(outcomes.filter((outcome) => outcome !== '408 request_timeout')).toEqual([])
    expect({ ...faultsIn(figures), refused: figures.refused }).toEqual({ ...none, refused: {} })
  })
})

describe('more connections than there may be', () => {
  it('keep nobody from being answered who has one, and others come in once they have gone', async () => {
    const most = 40
    const ask = request('GET /healthz', ['connection: close'])
    const { url } = await serve({ VAI_LIMIT_CONNECTIONS: String(most) })
    const well = startCallers({ url, callers: 12 })
    await well.answeredMore(48)
    const flood = Array.from({ length: 400 }, () => idleConnection(url))
    await until(() => flood.filter(({ isOver }) => isOver).length >= flood.length - (most - 12))
    await well.answeredMore(200)
    expect(await exchange(url, ask)).toBe('')

    for (const { socket } of flood) socket.destroy()
    await until(async () => (await exchange(url, ask)).startsWith('HTTP/1.1 200 '))
    const others = startCallers({ url, callers: 12 })
    await others.answeredMore(100)
    const figures = await Promise.all([well.stop(), others.stop()])
    expect(faultsIn(...figures)).toEqual(none)
    expect(figures.map(({ refused }) => refused)).toEqual([{}, {}])
  })
})

/** A stream of which nothing is read until somebody does. */
function openStream(url: string): Promise<IncomingMessage> {
  const agent = new Agent()
  closedAfterwards({ close: () => agent.destroy() })
  const body = { model: 'anthropic/big', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'Go on' }] }
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'application/json' } }
    httpRequest(`${url}/v1/messages`, options, resolve).once('error', reject).end(JSON.stringify(body))
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** The status and the code of the one answer that came before the connection was closed. */
function outcomeOfRaw(text: string): string {
  const [answer, ...more] = answersIn(text)
  if (answer === undefined || more.length > 0) return `not one answer: ${text}`
  const body: { error: { code: string } } = JSON.parse(answer.body)
  const [problem] = problemsWith('ErrorResponse', body)
  return problem ?? `${answer.status} ${body.error.code}`
}

function idleConnection(url: string): { readonly socket: Socket; isOver: boolean } {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const connection = { socket, isOver: false }
  closedAfterwards({ close: () => socket.destroy() })
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    connection.isOver = true
  })
  return connection
}
