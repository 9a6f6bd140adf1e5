import { Agent } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Gate, readerOf, startGate } from '../gate.ts'
import { until } from '../until.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { echo, renderCompletion } from '../upstreams/openai-chat-answer.ts'
import { outcomeOf } from './answers.ts'
import { exchange, faultsIn, none, startCallers } from './callers.ts'
import { closedAfterwards, serve, setUpServers } from './server.ts'

/** A gateway is told to end while it is under load. */

setUpServers()

describe('SIGTERM under load', () => {
  it('lets what has begun come to its right end, tells everybody else, and loses nothing', async () => {
    const begun = 20
    const gate = closedAfterwards(await startGate())
    const late = await startLate()
    const server = await serve({
      VAI_ANTHROPIC_BASE_URL: gate.url,
      ANTHROPIC_API_KEY: 'sk-test-anthropic',
      VAI_OPENAI_BASE_URL: `${late.url}/v1`,
      OPENAI_API_KEY: openAiKey,
    })
    const { url } = server
    const load = startCallers({ url, retireAt: 'shutting_down' })
    const halfway = await Promise.all(Array.from({ length: begun }, () => beginStream(url)))
    const unbegun = Array.from({ length: begun }, (_, index) => askLate(url, index))
    await until(() => late.asked() === begun)
    await load.answeredMore(100)

    server.signal('SIGTERM')
    const figures = await load.retired
    expect(faultsIn(figures)).toEqual(none)
    expect(figures.refused).toEqual({ shutting_down: 12 })
    gate.open()
    late.open()
    expect(await Promise.all(halfway.map(async (rest) => outcomeOf(await rest(), 'Hello')))).toEqual(
      Array(begun).fill('answered'),
    )
    expect(await Promise.all(unbegun)).toEqual(Array(begun).fill('answered'))
    expect(await server.ended).toBe(0)
  })
})

/** A provider that says nothing until it is told to, and then answers all that were asked. */
async function startLate(): Promise<Pick<Gate, 'url' | 'open'> & { asked(): number }> {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const upstream = closedAfterwards(
    await startOpenAiChat({ script: (request) => () => opened.then(() => renderCompletion(echo(request), request)) }),
  )
  return { url: upstream.url, open, asked: () => upstream.requests.length }
}

/** A stream of which half is there; the function reads the rest. */
async function beginStream(url: string) {
  const body = { model: 'anthropic/any', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'Hello' }] }
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })
  const reader = readerOf(response)
  await reader.until('Hel')
  const { status } = response
  return async () => ({ status, type: response.headers.get('content-type') ?? '', body: await reader.rest() })
}

async function askLate(url: string, index: number): Promise<string> {
  const text = `the caller ${index} waits`
  const body = { model: 'openai/gpt-5-mini', stream: index % 2 === 0, messages: [{ role: 'user', content: text }] }
  return outcomeOf(await exchange(`${url}/v1/messages`, new Agent(), body), text)
}
