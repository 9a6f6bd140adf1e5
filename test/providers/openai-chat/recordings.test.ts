import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import type { Message, StreamEvent } from '../../../api/schemas.gen.ts'
import { openai } from '../../../providers/openai-chat/index.ts'
import { cerebras, defineProviders, groq, openrouter } from '../../../providers/openai-compatible.ts'
import type { Call, LlmProvider } from '../../../providers/provider.ts'
import { unseal } from '../../../providers/sealed.ts'
import { type Behaviour, reply, sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, expectGrammar, expectMessage, request } from './drive.ts'

const folder = join(process.env.VAI_FIXTURES_DIR ?? join('..', 'shared', 'fixtures'), 'llm')
const present = existsSync(folder)
const reason = 'the recordings are not on this machine'

/** What a recording comes to: its blocks in short, why it stopped, what it cost. */
interface Expected {
  readonly blocks: readonly string[]
  readonly stop: string
  /** input, cache read, output, thinking. */
  readonly usage: readonly (number | undefined)[]
}

const streams: Readonly<Record<string, Expected>> = {
  'openai/chat-azure-model-router': { blocks: ['text:Capital of Denmark.'], stop: 'end_turn', usage: [15, 0, 78, 64] },
  'openai/chat-moderation': { blocks: ['text:Paris.'], stop: 'end_turn', usage: [13, 0, 11, 0] },
  'openai/chat-parallel-tools': { blocks: ['get_country:{}', 'get_product_name:{}'], stop: 'tool_use', usage: [364, 0, 40, 0] },
  'openai/chat-text': { blocks: ['text:**Holiday  … l respect.'], stop: 'end_turn', usage: [16, 0, 300, 0] },
  'openai/chat-tool-call': { blocks: ['get_capital:{"country":"UK"}'], stop: 'tool_use', usage: [53, 0, 15, 0] },
  'openai-compatible/anthropic-compat-index-1': {
    blocks: ['text:Reading it.', 'read_file:{"path":"a.txt"}'],
    stop: 'tool_use',
    usage: [undefined, undefined, undefined, undefined],
  },
  'groq/compound-web-search': {
    blocks: [
      'thinking:<think>\nTo … o today?)\n',
      'web_search:{"query":"What is the weather in San Francisco today?"}',
      'web_search_tool_result:16',
      'thinking:</tool>\n<o …  humidity.',
      'text:The weathe … of 90-94%.',
    ],
    stop: 'end_turn',
    usage: [5003, undefined, 359, undefined],
  },
  'groq/text': { blocks: ['text:Introducin …  of light.'], stop: 'end_turn', usage: [45, undefined, 662, undefined] },
  'groq/tool-call': { blocks: ['weather:{}'], stop: 'tool_use', usage: [210, undefined, 15, undefined] },
  'groq/tool-retry': {
    blocks: ['thinking:We need to … "example".', 'get_something_by_name:{"name":"example"}'],
    stop: 'tool_use',
    usage: [304, undefined, 49, 23],
  },
  'openrouter/advisor': { blocks: ['text:I recommen … brandable.'], stop: 'end_turn', usage: [888, 0, 74, 0] },
  'openrouter/cache-usage': { blocks: ['text:Hello!'], stop: 'end_turn', usage: [254, 0, 5, 0] },
  'openrouter/native-options': {
    blocks: ['thinking:', "text:I'm Grok,  … your mind?"],
    stop: 'end_turn',
    usage: [8, 679, 187, 118],
  },
  'openrouter/reasoning': {
    blocks: ['thinking:This is a  …  equals 4.', 'text:2 + 2 = 4'],
    stop: 'end_turn',
    usage: [43, 0, 36, 13],
  },
  'openrouter/tool-call': {
    blocks: ['weather:{"latitude":"52.5200","longitude":"13.4050"}'],
    stop: 'tool_use',
    usage: [633, 0, 75, 0],
  },
  'openrouter/web-search-annotations': {
    blocks: ['text:The URL fo … ydantic-ai#####'],
    stop: 'end_turn',
    usage: [2317, 0, 53, 0],
  },
  'deepseek/reasoning': {
    blocks: ['thinking:Hmm, the u …  okay too.', 'text:Hello ther … you today?'],
    stop: 'end_turn',
    usage: [6, 0, 212, 198],
  },
  'deepseek/tool-call': {
    blocks: ['thinking:The user i … rancisco".', 'weather:{"location":"San Francisco"}'],
    stop: 'tool_use',
    usage: [19, 320, 83, 39],
  },
  'mistral/incremental-tool-glm': {
    blocks: ['webSearchTool:{"query":"current Berlin weather"}'],
    stop: 'tool_use',
    usage: [43, 128, 14, undefined],
  },
  'mistral/thinking': {
    blocks: ['thinking:Okay, the  …  response.', 'text:To cross t …  crossing.'],
    stop: 'end_turn',
    usage: [10, undefined, 232, undefined],
  },
  'mistral/tool-call': {
    blocks: ['weather:{"latitude":"52.5200","longitude":"13.4050"}'],
    stop: 'tool_use',
    usage: [31, 128, 28, undefined],
  },
  'xai/chat-tool-call': {
    blocks: ['thinking:First, the … next step.', 'weather:{"location":"San Francisco"}'],
    stop: 'tool_use',
    usage: [1, 306, 253, 227],
  },
  'ollama/text-reasoning': {
    blocks: ['thinking:The task:  … . Provide.', 'text:1  \n2  \n3'],
    stop: 'end_turn',
    usage: [74, undefined, 53, undefined],
  },
  'ollama/tool-call': {
    blocks: ['thinking:Okay, the  … ongitude.\n', 'weather:{"latitude":"48.8575","longitude":"2.3514"}'],
    stop: 'tool_use',
    usage: [352, undefined, 150, undefined],
  },
  'zai/reasoning': { blocks: ['thinking:\n1.  **Ana … se:** "4".', 'text:4'], stop: 'end_turn', usage: [13, 0, 564, 561] },
  'alibaba/tool-call': { blocks: ['weather:{"location":"San Francisco"}'], stop: 'tool_use', usage: [295, 0, 22, undefined] },
  'perplexity/citations': { blocks: ['text:1 2 3'], stop: 'end_turn', usage: [8, undefined, 5, undefined] },
  'snowflake/thinking': {
    blocks: ['thinking:15 * 27 = 405', 'text:15 × 27 =  …  = **405**'],
    stop: 'end_turn',
    usage: [45, 0, 73, 0],
  },
  'huggingface/novita-text': { blocks: ['text:Paris'], stop: 'end_turn', usage: [40, undefined, 2, undefined] },
  'crusoe-vllm/text': { blocks: ['text:1, 2, 3, 4, 5'], stop: 'end_turn', usage: [46, 0, 14, undefined] },
  'gpustack-vllm/reasoning': {
    blocks: ['thinking:\nOkay, the … cover it.\n', 'text:\n\n1, 2, 3.'],
    stop: 'end_turn',
    usage: [15, 0, 171, 160],
  },
  'azure/chat-tool-call': { blocks: ['best_language_to_learn:{}'], stop: 'tool_use', usage: [46, 159, 18, 0] },
}

const wholes: Readonly<Record<string, Expected>> = {
  'openai/chat-parallel-tools-whole': {
    blocks: ['delete_file:{"path":".env"}', 'create_file:{"path":"test.txt"}'],
    stop: 'tool_use',
    usage: [71, 0, 46, 0],
  },
  'openai/chat-reasoning-whole': { blocks: ['text:The capita … e country.'], stop: 'end_turn', usage: [13, 0, 238, 192] },
  'openai/chat-web-search-whole': { blocks: ['text:May 14, 20 … :51:29 AM '], stop: 'end_turn', usage: [11, 0, 17, 0] },
  'groq/parallel-tools-whole': {
    blocks: ['get_weather:{"city":"Paris"}', 'final_result:{"city":"Paris","summary":"Current weather in Paris"}'],
    stop: 'tool_use',
    usage: [779, undefined, 65, undefined],
  },
  'groq/reasoning-whole': {
    blocks: ['thinking:Okay, so t … uld be 3.\n', 'text:The word " … swer:** 3.'],
    stop: 'end_turn',
    usage: [17, undefined, 649, 570],
  },
  'cerebras/qwen-coder-text-whole': {
    blocks: ['text:The capita … ee to ask!'],
    stop: 'end_turn',
    usage: [304, 0, 25, undefined],
  },
  'cerebras/reasoning-gpt-oss-whole': {
    blocks: ['thinking:User asks  … htforward.', 'text:4.'],
    stop: 'end_turn',
    usage: [79, 0, 37, 25],
  },
  'cerebras/reasoning-zai-whole': {
    blocks: ['thinking:The user w … 4 is 100."', 'text:25 * 4 = 100.'],
    stop: 'end_turn',
    usage: [17, 0, 415, 406],
  },
  'cerebras/text-whole': { blocks: ['text:2 + 2 = 4.'], stop: 'end_turn', usage: [43, undefined, 9, undefined] },
  'openrouter/parallel-tools-whole': {
    blocks: ['weather:{"latitude":"52.5200","longitude":"13.4050"}', 'best_language_to_learn:{}'],
    stop: 'tool_use',
    usage: [701, 0, 98, 0],
  },
  'deepseek/parallel-tools-whole': {
    blocks: ['text:Let me loo … n for you!', 'weather:{"latitude":"52.5200","longitude":"13.4050"}', 'best_language_to_learn:{}'],
    stop: 'tool_use',
    usage: [407, 0, 94, undefined],
  },
  'mistral/parallel-tools-whole': {
    blocks: ['weather:{"latitude":"52.5200","longitude":"13.4050"}', 'best_language_to_learn:{}'],
    stop: 'tool_use',
    usage: [227, 0, 36, undefined],
  },
  'ollama/parallel-tools-whole': {
    blocks: [
      'thinking:Okay, let  … L format.\n',
      'weather:{"latitude":"52.5200","longitude":"13.4050"}',
      'best_language_to_learn:{}',
    ],
    stop: 'tool_use',
    usage: [235, undefined, 320, undefined],
  },
  'huggingface/together-max-tokens-whole': {
    blocks: ['thinking:Hmm, the u … cknowledge'],
    stop: 'max_tokens',
    usage: [4, 0, 100, undefined],
  },
  'huggingface/together-text-whole': {
    blocks: ['thinking:Hmm, the u … ght here.\n', 'text:Hello! 👋  … you today?'],
    stop: 'end_turn',
    usage: [4, 0, 197, undefined],
  },
  'crusoe-vllm/tool-call-whole': {
    blocks: ['thinking:The user w …  the city.', 'get_weather:{"city":"Paris"}'],
    stop: 'tool_use',
    usage: [167, 0, 37, 25],
  },
}

/** The code of the failure that stands inside a stream that began as a 200. */
const failingStreams: Readonly<Record<string, string>> = {
  'groq/reasoning-tool-use-failed': 'provider_rejected',
  'openrouter/stream-error': 'provider_rejected',
}

/** Code and status of each refusal; the status it came with is in its name. */
const errors: Readonly<Record<string, readonly [code: string, status: number]>> = {
  'openai/chat-error-401': ['provider_authentication', 401],
  'openai/chat-error-400-role': ['provider_rejected', 400],
  'openai/chat-error-404-model': ['provider_not_found', 404],
  'openai/responses-error-context-length': ['context_length_exceeded', 400],
  'groq/error-400-tool-use-failed': ['provider_rejected', 400],
  'groq/error-404': ['provider_not_found', 404],
  'openrouter/error-401': ['provider_authentication', 401],
  'openrouter/error-429': ['provider_rate_limit', 429],
  'deepseek/error-400-context': ['context_length_exceeded', 400],
  'deepseek/error-401': ['provider_authentication', 401],
  'mistral/error-401': ['provider_authentication', 401],
  'xai/error-400-key': ['provider_authentication', 401],
  'ollama/error-401': ['provider_authentication', 401],
}

/** The adapter for a recording: that of its server, where there is one, else one for a server of which nothing is known. */
function providerOf(name: string): LlmProvider {
  const [server = ''] = name.split('/')
  return adapters.get(adapterNames[server] ?? server) ?? plain
}

const baseURL = { base_url: 'http://127.0.0.1:1/v1' }
const adapterNames: Readonly<Record<string, string>> = { 'crusoe-vllm': 'vllm', 'gpustack-vllm': 'vllm' }
const defined = defineProviders({ plain: baseURL }, ['deepseek', 'mistral', 'xai', 'ollama', 'perplexity', 'azure', 'vllm'], {
  ids: [],
  keyHeaders: [],
  variables: [],
}).providers
const adapters = new Map([openai, groq, cerebras, openrouter, ...defined].map((provider) => [provider.id, provider]))
const plain = adapters.get('plain') ?? openai

function jsonFile(name: string, status: number): Behaviour {
  return reply(readFileSync(join(folder, `${name}.json`)), { status, headers: { 'content-type': 'application/json' } })
}

async function complete(name: string, call: Call): Promise<Message> {
  const answer = await providerOf(name).complete?.(request, call)
  if (!answer) throw new Error('the adapter has no complete')
  return answer.message
}

async function replay(name: string): Promise<StreamEvent[]> {
  const { call } = await callTo(sse(readFileSync(join(folder, `${name}.sse`))))
  return collect(providerOf(name).stream(request, call))
}

function short(message: Message): Expected {
  const blocks = message.content.map((block) => {
    if (block.type === 'text') return `text:${ends(block.text)}${'#'.repeat(block.citations?.length ?? 0)}`
    if (block.type === 'thinking') return `thinking:${ends(block.thinking)}`
    if (block.type === 'web_search_tool_result')
      return `${block.type}:${Array.isArray(block.content) ? block.content.length : '?'}`
    return block.type === 'tool_use' || block.type === 'server_tool_use'
      ? `${block.name}:${JSON.stringify(block.input)}`
      : block.type
  })
  const { input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } = message.usage
  return {
    blocks,
    stop: String(message.stop_reason),
    usage: [input_tokens, cache_read_input_tokens ?? undefined, output_tokens, output_tokens_details?.thinking_tokens],
  }
}

function ends(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 10)} … ${text.slice(-10)}`
}

async function* from(events: readonly StreamEvent[]): AsyncGenerator<StreamEvent> {
  yield* events
}

describe.skipIf(!present)(`recorded traffic (skipped where ${reason})`, () => {
  it.each(Object.entries(streams))('stream %s', async (name, expected) => {
    const events = await replay(name)
    expectGrammar(events)
    const message = await accumulate(from(events))
    expectMessage(message)
    expect(short(message)).toEqual(expected)
  })

  it.each(Object.entries(wholes))('whole answer %s', async (name, expected) => {
    const { call } = await callTo(jsonFile(name, 200))
    const message = await complete(name, call)
    expectMessage(message)
    expect(short(message)).toEqual(expected)
  })

  it.each(Object.entries(failingStreams))('failure in stream %s', async (name, code) => {
    const { call } = await callTo(sse(readFileSync(join(folder, `${name}.sse`))))
    await expect(collect(providerOf(name).stream(request, call))).rejects.toMatchObject({ name: 'GatewayError', code })
  })

  it.each(Object.entries(errors))('refusal %s', async (name, [code, status]) => {
    const { call } = await callTo(jsonFile(name, Number(/-(\d{3})/.exec(name)?.[1] ?? 400)))
    await expect(collect(providerOf(name).stream(request, call))).rejects.toMatchObject({ name: 'GatewayError', code, status })
  })

  it.each([
    ['openrouter/reasoning', 0.000669],
    ['openrouter/native-options', 0.00333825],
    ['openrouter/cache-usage', 0.000837],
    ['xai/chat-tool-call', 0.00014975],
    ['perplexity/citations', 0.00501],
    ['azure/chat-tool-call', undefined],
    ['groq/text', undefined],
  ])('what %s cost is as the server tells it', async (name, cost) => {
    const { usage } = await accumulate(from(await replay(name)))
    expect(usage.cost_usd).toBe(cost)
  })

  it('the searches of a server are counted', async () => {
    const { usage } = await accumulate(from(await replay('openrouter/web-search-annotations')))
    expect(usage).toMatchObject({ server_tool_use: { web_search_requests: 1 } })
  })

  it.each(Object.keys({ ...streams, ...wholes }))('every thought of %s is sealed for its server', async (name) => {
    const whole = name in wholes
    const message = whole
      ? await complete(name, (await callTo(jsonFile(name, 200))).call)
      : await accumulate(from(await replay(name)))
    for (const block of message.content) {
      if (block.type === 'thinking') expect(unseal(providerOf(name).id, block.signature)).toBeDefined()
    }
  })
})
