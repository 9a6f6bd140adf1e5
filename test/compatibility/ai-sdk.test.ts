import { createAnthropic } from '@ai-sdk/anthropic'
import { APICallError, generateObject, generateText, Output, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { busyOnce, type Running, stall, startBefore, vendors } from './vendors.ts'

// It says on the console that it does not know the models of other providers.
globalThis.AI_SDK_LOG_WARNINGS = false

/** Vercel's AI SDK with its provider for Anthropic, of which nothing is changed but the address and the name of the model. */

describe.each(vendors)('the AI SDK before $name', (vendor) => {
  let running: Running
  let model: ReturnType<ReturnType<typeof createAnthropic>>
  beforeAll(async () => {
    running = await startBefore(vendor)
    model = createAnthropic({ baseURL: `${running.gateway.url}/v1`, apiKey: 'unused' })(vendor.model)
  })
  afterAll(() => running.close())

  const tools = {
    weather: tool({
      description: 'The weather in a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => ({ city, sky: 'It snows.' }),
    }),
  }

  it('generates text', async () => {
    const { text, finishReason, usage, response } = await generateText({ model, prompt: 'Hello, gateway!', maxRetries: 0 })
    expect(text).toBe('Hello, gateway!')
    expect(finishReason).toBe('stop')
    expect(usage.inputTokens).toBeGreaterThan(0)
    expect(usage.outputTokens).toBeGreaterThan(0)
    expect(response.modelId).toBe(vendor.model)
  })

  it('generates text about pictures and files', async () => {
    const { text } = await generateText({
      model,
      system: 'You see everything.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', image: Buffer.from(png, 'base64') },
            { type: 'file', data: Buffer.from(pdf), mediaType: 'application/pdf', filename: 'page.pdf' },
            { type: 'text', text: 'What is in there?' },
          ],
        },
      ],
      maxRetries: 0,
    })
    expect(text).toContain('What is in there?')
    const sent = running.upstream.requests.at(-1)?.body ?? ''
    for (const part of [png, Buffer.from(pdf).toString('base64'), 'You see everything.']) expect(sent).toContain(part)
  })

  it('generates text in several steps with tools', async () => {
    const { steps, text } = await generateText({
      model,
      prompt: 'What is the weather?',
      tools,
      stopWhen: stepCountIs(5),
      maxRetries: 0,
    })
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop'])
    expect(steps[0]?.toolResults).toMatchObject([{ toolName: 'weather', output: { city: 'text', sky: 'It snows.' } }])
    expect(text).toContain('It snows.')
  })

  it('streams text', async () => {
    const { textStream, finishReason, totalUsage } = streamText({ model, prompt: 'Hello, gateway!', maxRetries: 0 })
    const pieces: string[] = []
    for await (const piece of textStream) pieces.push(piece)
    expect(pieces.join('')).toBe('Hello, gateway!')
    expect(await finishReason).toBe('stop')
    expect((await totalUsage).outputTokens).toBeGreaterThan(0)
  })

  it('streams everything, in several steps with tools', async () => {
    const { fullStream, text, steps } = streamText({
      model,
      prompt: 'What is the weather?',
      tools,
      stopWhen: stepCountIs(5),
      maxRetries: 0,
    })
    const types = new Set<string>()
    for await (const { type } of fullStream) types.add(type)
    for (const type of ['tool-input-delta', 'tool-call', 'tool-result', 'text-delta', 'finish']) expect(types).toContain(type)
    expect(types).not.toContain('error')
    expect(await text).toContain('It snows.')
    expect(await steps).toHaveLength(2)
  })

  it('generates objects', async () => {
    const schema = z.object({ city: z.string(), days: z.number() })
    const { object } = await generateObject({ model, schema, prompt: 'Where and for how long?', maxRetries: 0 })
    expect(object).toEqual({ city: 'text', days: 1 })
    const { output } = await generateText({ model, output: Output.object({ schema }), prompt: 'And where else?', maxRetries: 0 })
    expect(output).toEqual({ city: 'text', days: 1 })
    const streamed = streamText({ model, output: Output.object({ schema }), prompt: 'And where then?', maxRetries: 0 })
    expect(await streamed.output).toEqual({ city: 'text', days: 1 })
  })

  it('has thinking back in the next step', async () => {
    const { steps, text } = await generateText({
      model,
      prompt: 'What is the weather?',
      tools,
      stopWhen: stepCountIs(5),
      maxRetries: 0,
      ...(vendor.model !== 'openai/gpt-4.1' && {
        providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
      }),
    })
    if (vendor.model.startsWith('anthropic/')) expect(steps[0]?.reasoningText).toBe('Let me think.')
    expect(text).toContain('It snows.')
  })

  it('knows errors by their status and words', async () => {
    const failure = await failureOf(
      generateText({ model, messages: [{ role: 'assistant', content: 'I begin.' }], maxRetries: 0 }),
    )
    expect(failure).toMatchObject({ statusCode: 400, isRetryable: false })
    expect(failure.message).toContain("the first message is the user's")
    const provider = createAnthropic({ baseURL: `${running.gateway.url}/v1`, apiKey: 'unused' })
    const missing = await failureOf(generateText({ model: provider('nobody/knows'), prompt: 'Hello!', maxRetries: 0 }))
    expect(missing).toMatchObject({ statusCode: 404, isRetryable: false })
    expect(missing.message).toContain('there is no provider "nobody"')
  })

  it('tries again after the pause that the provider asks for', async () => {
    const before = running.upstream.requests.length
    const { text } = await generateText({ model, prompt: busyOnce, maxRetries: 1 })
    expect(text).toContain(busyOnce)
    expect(running.upstream.requests.length - before).toBe(2)
  })

  it('leaves, and the provider is left with it', async () => {
    const leaving = new AbortController()
    const closed = running.upstream.waitForClose()
    const prompt = `${stall} ${'a'.repeat(200)}`
    const { fullStream } = streamText({ model, prompt, abortSignal: leaving.signal, maxRetries: 0 })
    const types: string[] = []
    for await (const { type } of fullStream) {
      types.push(type)
      if (type === 'text-delta') leaving.abort()
    }
    expect(types.at(-1)).toBe('abort')
    expect((await closed).request.body).toContain(stall)
  })
})

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
const pdf = '%PDF-1.4\n%%EOF\n'

async function failureOf(asked: Promise<unknown>): Promise<APICallError> {
  const failure = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!APICallError.isInstance(failure)) throw new Error(`not refused, but ${String(failure)}`)
  return failure
}
