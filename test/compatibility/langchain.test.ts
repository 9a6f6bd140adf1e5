import { ChatAnthropic } from '@langchain/anthropic'
import { AIMessage, type AIMessageChunk, HumanMessage, SystemMessage, type ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { concat } from '@langchain/core/utils/stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { busyOnce, type Running, stall, startBefore, vendors } from './vendors.ts'

/** LangChain's chat model for Anthropic, of which nothing is changed but the address and the name of the model. */

describe.each(vendors)('LangChain before $name', (vendor) => {
  let running: Running
  let model: ChatAnthropic
  beforeAll(async () => {
    running = await startBefore(vendor)
    model = chat()
  })
  afterAll(() => running.close())

  const chat = (more: { maxRetries?: number; model?: string } = {}): ChatAnthropic =>
    new ChatAnthropic({ model: vendor.model, anthropicApiUrl: running.gateway.url, apiKey: 'unused', maxRetries: 0, ...more })

  const cities: string[] = []
  const weather = tool(
    ({ city }) => {
      cities.push(city)
      return `It snows in ${city}.`
    },
    { name: 'weather', description: 'The weather in a city.', schema: z.object({ city: z.string() }) },
  )

  it('invokes', async () => {
    const answer = await model.invoke([new SystemMessage('Be kind.'), new HumanMessage('Hello, gateway!')])
    expect(answer.text).toBe('Hello, gateway!')
    expect(answer.response_metadata).toMatchObject({ model: vendor.model, stop_reason: 'end_turn' })
    expect(answer.usage_metadata).toEqual(expect.objectContaining({ input_tokens: positive, output_tokens: positive }))
    expect(running.upstream.requests.at(-1)?.body).toContain('Be kind.')
  })

  it('is reached by clientOptions as well', async () => {
    const other = new ChatAnthropic({ model: vendor.model, apiKey: 'unused', clientOptions: { baseURL: running.gateway.url } })
    expect((await other.invoke('Hello, gateway!')).text).toBe('Hello, gateway!')
  })

  it('streams', async () => {
    const pieces: string[] = []
    let whole: AIMessageChunk | undefined
    for await (const chunk of await model.stream('Hello, gateway!')) {
      pieces.push(chunk.text)
      whole = whole ? concat(whole, chunk) : chunk
    }
    expect(pieces.join('')).toBe('Hello, gateway!')
    expect(whole?.usage_metadata).toEqual(expect.objectContaining({ output_tokens: positive }))
  })

  it('calls tools and takes what they return', async () => {
    const able = model.bindTools([weather])
    const question = new HumanMessage('What is the weather?')
    const asked = await able.invoke([question])
    expect(asked.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'text' } }])
    const results = await resultsOf(asked)
    expect(cities.at(-1)).toBe('text')
    expect((await able.invoke([question, asked, ...results])).text).toContain('It snows in text.')
  })

  it('calls tools in a stream', async () => {
    const able = model.bindTools([weather])
    const question = new HumanMessage('What is the weather?')
    let asked: AIMessageChunk | undefined
    for await (const chunk of await able.stream([question])) asked = asked ? concat(asked, chunk) : chunk
    expect(asked?.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'text' } }])
    if (!asked) throw new Error('nothing was streamed')
    const said = new AIMessage({ content: asked.content, tool_calls: asked.tool_calls ?? [] })
    expect((await able.invoke([question, said, ...(await resultsOf(said))])).text).toContain('It snows in text.')
  })

  it('returns what has a structure', async () => {
    const schema = z.object({ city: z.string(), days: z.number() })
    for (const method of ['functionCalling', 'jsonSchema'] as const) {
      const able = model.withStructuredOutput(schema, { name: 'place', method })
      expect(await able.invoke('Where and for how long?'), method).toEqual({ city: 'text', days: 1 })
    }
  })

  it('shows pictures', async () => {
    const content = [
      { type: 'text' as const, text: 'What is in there?' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${png}` } },
    ]
    expect((await model.invoke([new HumanMessage({ content })])).text).toContain('What is in there?')
    expect(running.upstream.requests.at(-1)?.body).toContain(png)
  })

  it('knows what is wrong', async () => {
    await expect(chat({ model: 'nobody/knows' }).invoke('Hello!')).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('there is no provider'),
    })
  })

  it('tries again after a pause', async () => {
    const before = running.upstream.requests.length
    expect((await chat({ maxRetries: 1 }).invoke(busyOnce)).text).toContain(busyOnce)
    expect(running.upstream.requests.length - before).toBe(2)
  })

  it('leaves, and the provider is left with it', async () => {
    const leaving = new AbortController()
    const closed = running.upstream.waitForClose()
    const chunks = await model.stream(`${stall} ${'a'.repeat(200)}`, { signal: leaving.signal })
    const reading = (async () => {
      for await (const { text } of chunks) if (text !== '') leaving.abort()
    })()
    await expect(reading).rejects.toThrow()
    expect((await closed).request.body).toContain(stall)
  })

  function resultsOf({ tool_calls = [] }: Pick<AIMessage, 'tool_calls'>): Promise<ToolMessage[]> {
    return Promise.all(tool_calls.map((call) => weather.invoke({ ...call, type: 'tool_call' })))
  }
})

const positive = expect.toSatisfy((count: unknown) => typeof count === 'number' && count > 0)
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
