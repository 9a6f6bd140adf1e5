import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { anthropicKey, startAnthropic } from './upstreams/anthropic.ts'
import { geminiKey, startGemini } from './upstreams/gemini.ts'
import { openAiKey, startOpenAiChat } from './upstreams/openai-chat.ts'
import { type OpenAiAnswer, echo as repeat } from './upstreams/openai-chat-answer.ts'
import { startOpenAiResponses } from './upstreams/openai-responses.ts'
import type { RecordedRequest, Upstream } from './upstreams/upstream.ts'

/**
 * A conversation with tools that begins at one provider, goes on at another and comes back, by a client that knows nothing of either:
 * Anthropic's own SDK, which sends back what it was given. Each simulated vendor holds what it gets to its own rules, signatures and
 * pairs of calls and results among them.
 */

interface Vendor {
  readonly model: string
  readonly start: () => Promise<Upstream>
  readonly settings: (url: string) => Record<string, string>
  /** Whether its answers think, so that there is something to be sealed. */
  readonly thinks: boolean
}

const vendors: readonly Vendor[] = [
  {
    model: 'anthropic/claude-sonnet-4-6',
    start: () => startAnthropic(),
    settings: (url) => ({ VAI_ANTHROPIC_BASE_URL: url }),
    thinks: true,
  },
  {
    model: 'openai/gpt-4.1',
    start: () => startOpenAiChat(),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    thinks: false,
  },
  {
    model: 'oai-resp/gpt-5',
    start: () => startOpenAiResponses(),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    thinks: true,
  },
  {
    model: 'gem-dev/gemini-3-pro-preview',
    start: () => startGemini(),
    settings: (url) => ({ VAI_GEMINI_BASE_URL: `${url}/v1beta` }),
    thinks: true,
  },
  {
    model: 'gem-vert/gemini-3-pro-preview',
    start: () => startGemini({ service: 'vertex-ai' }),
    settings: (url) => ({ VAI_VERTEXAI_BASE_URL: `${url}/v1` }),
    thinks: true,
  },
  {
    model: 'groq/openai/gpt-oss-120b',
    start: () => startOpenAiChat({ script: thinkAndRepeat }),
    settings: (url) => ({ VAI_GROQ_BASE_URL: `${url}/v1` }),
    thinks: true,
  },
  {
    model: 'openrouter/anthropic/claude-sonnet-4.5',
    start: () => startOpenAiChat({ script: thinkAndRepeat, alsoTakes: ['usage', 'reasoning'] }),
    settings: (url) => ({ VAI_OPENROUTER_BASE_URL: `${url}/v1` }),
    thinks: true,
  },
]

const running = new Map<string, { readonly upstream: Upstream; readonly gateway: Gateway; readonly client: Anthropic }>()

beforeAll(async () => {
  for (const { model, start, settings } of vendors) {
    const upstream = await start()
    const gateway = await startGateway({ env: settings(upstream.url), keys })
    const client = new Anthropic({ apiKey: 'unused', baseURL: gateway.url, maxRetries: 0 })
    running.set(model, { upstream, gateway, client })
  }
})
afterAll(async () => {
  for (const { upstream, gateway } of running.values()) {
    await gateway.close()
    await upstream.close()
  }
})

const pairs = vendors.flatMap((first) => vendors.filter((each) => each !== first).map((second) => [first, second] as const))

describe('a conversation with tools', () => {
  it.each(pairs.map(([first, second]) => [first.model, second.model, first, second] as const))(
    'that %s began goes on at %s and comes back',
    async (_first, _second, first, second) => {
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is the weather in Oslo and in Rome?' }]
      const begun = await ask(first, messages)
      const call = callIn(begun)
      if (first.thinks) expect(begun.content.some(({ type }) => type === 'thinking')).toBe(true)

      messages.push({ role: 'assistant', content: begun.content })
      messages.push({
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: call.id, content: 'It rains cats and dogs.' }],
      })
      const continued = await ask(second, messages)
      expect(textOf(continued)).toContain('It rains cats and dogs.')

      messages.push({ role: 'assistant', content: continued.content })
      messages.push({ role: 'user', content: 'And tomorrow?' })
      const back = await ask(first, messages)
      expect(callIn(back).name).toBe('get_weather')

      // What the first provider sealed has come back to it, and nothing of it went to the other.
      const secrets = sealedIn(begun)
      const sentOn = running.get(second.model)?.upstream.requests.at(-1)?.body ?? ''
      for (const secret of secrets) expect(sentOn).not.toContain(secret)
      const sentBack = running.get(first.model)?.upstream.requests.at(-1)?.body ?? ''
      expect(sentBack).not.toContain('vai.')
      expect(sentOn).not.toContain('vai.')
    },
  )

  it.each(vendors.map((vendor) => [vendor.model, vendor] as const))(
    'goes on at %s itself, which gets back what it had signed',
    async (_, vendor) => {
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is the weather in Oslo?' }]
      const begun = await ask(vendor, messages)
      messages.push({ role: 'assistant', content: begun.content })
      messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: callIn(begun).id, content: 'Snow.' }] })
      const answer = await ask(vendor, messages)
      expect(textOf(answer)).toContain('Snow.')
      const sent = running.get(vendor.model)?.upstream.requests.at(-1)?.body ?? ''
      if (vendor.thinks) expect(marks.some((mark) => sent.includes(mark))).toBe(true)
    },
  )
})

describe('empty lines that a model writes before a call', () => {
  it.each(vendors.map(({ model }) => [model]))('are no hindrance to %s', async (model) => {
    const { gateway } = running.get(model) ?? {}
    const call = { type: 'tool_use', id: 'call_9pw1M', name: 'get_weather', input: { city: 'Oslo' } }
    const response = await gateway?.post({
      model,
      max_tokens: 2048,
      messages: [
        { role: 'user', content: 'What is the weather in Oslo?' },
        { role: 'assistant', content: [{ type: 'text', text: '\n\n' }, call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'Snow.' }] },
      ],
      tools: [{ name: call.name, input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
    })
    expect(response?.status, await response?.text()).toBe(200)
  })
})

/** A model that sees nothing. */
const blind = 'groq/openai/gpt-oss-120b'

describe('a picture that a model made', () => {
  const picture = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' }

  it.each(vendors.map(({ model }) => [model]))('is shown to %s in the next turn of the user', async (model) => {
    const { upstream, gateway } = running.get(model) ?? {}
    const response = await gateway?.post({
      model,
      max_tokens: 2048,
      messages: [
        { role: 'user', content: 'Draw a cat.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: '', signature: 'vai.painter.abc' },
            { type: 'image', source: picture },
          ],
        },
        { role: 'user', content: 'Make it black.' },
      ],
    })
    expect(response?.status).toBe(200)
    const answer = await response?.text()
    const sent = JSON.stringify(upstream?.requests.at(-1)?.json)
    if (model === blind) {
      expect(sent).not.toContain(picture.data)
      expect(answer).toContain('cannot be shown this picture')
      return
    }
    expect(sent.split(picture.data)).toHaveLength(2)
    expect(sent.indexOf('Draw a cat.')).toBeLessThan(sent.indexOf(picture.data))
    expect(sent.indexOf(picture.data)).toBeLessThan(sent.indexOf('Make it black.'))
    expect(sent).not.toContain('vai.painter')
  })
})

const keys = {
  anthropic: anthropicKey,
  openai: openAiKey,
  'oai-resp': openAiKey,
  'gem-dev': geminiKey,
  'gem-vert': geminiKey,
  groq: openAiKey,
  openrouter: openAiKey,
}

/** What the simulated vendors sign with. */
const marks = ['c2lnbmF0dXJl', 'c2lnbmVk', 'gAAAAAB', 'Let me think.']

/** A server whose models show their reasoning. */
function thinkAndRepeat(request: RecordedRequest): OpenAiAnswer {
  return { ...repeat(request), reasoning: ['Let me ', 'think.'] }
}

async function ask({ model }: Vendor, messages: Anthropic.MessageParam[]): Promise<Anthropic.Message> {
  const client = running.get(model)?.client
  if (!client) throw new Error(`${model} is not running`)
  const input_schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
  const tools = [{ name: 'get_weather', description: 'The weather in a city.', input_schema }]
  const thinking = model.startsWith('anthropic/') ? { thinking: { type: 'adaptive' as const } } : {}
  return client.messages.stream({ model, max_tokens: 2048, messages, tools, ...thinking }).finalMessage()
}

function callIn({ content }: Anthropic.Message): Anthropic.ToolUseBlock {
  const call = content.find((block) => block.type === 'tool_use')
  if (!call) throw new Error(`no tool was called: ${JSON.stringify(content)}`)
  return call
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

/** The payloads of the seals of an answer that are long enough to be told apart. */
function sealedIn({ content }: Anthropic.Message): string[] {
  const signatures = content.map((block) => (block.type === 'thinking' ? block.signature : ''))
  return signatures.filter((signature) => signature.length > 12)
}
