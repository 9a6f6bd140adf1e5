import { expect } from 'vitest'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import type { AnthropicAnswer } from '../upstreams/anthropic-answer.ts'
import type { Delivery } from '../upstreams/behaviour.ts'
import { geminiKey, startGemini } from '../upstreams/gemini.ts'
import type { GeminiAnswer } from '../upstreams/gemini-answer.ts'
import type { Json } from '../upstreams/json.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { OpenAiAnswer } from '../upstreams/openai-chat-answer.ts'
import { startOpenAiResponses } from '../upstreams/openai-responses.ts'
import { functionCall, message, type ResponsesAnswer, reasoning } from '../upstreams/openai-responses-answer.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'

/** A simulated vendor whose model thinks, calls `get_weather` for Oslo and `get_time` for nothing, and then answers. */
export interface Vendor {
  /** As a caller names it. */
  readonly model: string
  /** One that calls tools in its first answer, and speaks in every other. */
  readonly startCaller: () => Promise<Upstream>
  /** One that calls tools in every answer; all but the first of a conversation break off after so many events. */
  readonly startCutter: (events: () => number) => Promise<Upstream>
  /** One that holds what it gets to its rules, and repeats it. */
  readonly startListener: () => Promise<Upstream>
  readonly settings: (url: string) => Record<string, string>
  /** What the second request is to hold of the conversation, in the vendor's own form. */
  readonly conversation: (body: Json) => unknown
  readonly expected: unknown
  /** False where its streams do not count tokens as others' do. */
  readonly counts?: boolean
  /** Fields of the request to be sent with the run. */
  readonly fields?: object
}

export const question = 'What is the weather in Oslo?'
export const answerText = 'It rains at noon.'
const weatherText = 'It rains in Oslo at 7 C.'
const timeText = 'It is noon.'

const claudesCalls: AnthropicAnswer = {
  content: [
    { type: 'thinking', thinking: ['Let me', ' think.'], signature: 'c2lnbmF0dXJl' },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'toolu_a', name: 'get_weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'toolu_b', name: 'get_time', input: {} },
  ],
}

const responsesCalls: ResponsesAnswer = {
  output: [
    reasoning('Let me think.'),
    functionCall('get_weather', { city: 'Oslo' }, { call_id: 'call_a' }),
    { type: 'function_call', name: 'get_time', arguments: '', call_id: 'call_b' },
  ],
}

export const vendors: readonly Vendor[] = [
  {
    model: 'anthropic/claude-sonnet-4-6',
    startCaller: () => startAnthropic({ script: [claudesCalls, { content: [{ type: 'text', text: answerText }] }] }),
    startCutter: (events) => startAnthropic({ script: (request) => cutLater(claudesCalls, request, events) }),
    startListener: () => startAnthropic(),
    settings: (url) => ({ VAI_ANTHROPIC_BASE_URL: url }),
    fields: { thinking: { type: 'adaptive' } },
    conversation: (body) => body.messages,
    expected: [
      { role: 'user', content: question },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Let me think.', signature: 'c2lnbmF0dXJl' },
          { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_a', name: 'get_weather', input: { city: 'Oslo' } },
          { type: 'tool_use', id: 'toolu_b', name: 'get_time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_a', content: weatherText },
          { type: 'tool_result', tool_use_id: 'toolu_b', content: timeText },
        ],
      },
    ],
  },
  {
    model: 'oai-resp/gpt-5',
    startCaller: () => startOpenAiResponses({ script: [responsesCalls, { output: [message(answerText)] }] }),
    startCutter: (events) => startOpenAiResponses({ script: (request) => cutLater(responsesCalls, request, events) }),
    startListener: () => startOpenAiResponses(),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    conversation: ({ input }) => input,
    expected: [
      { role: 'user' },
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'Let me think.' }],
        // The simulated vendor has checked that it is the one it gave.
        encrypted_content: expect.stringMatching(/^gAAAAAB/),
      },
      { type: 'function_call', call_id: 'call_a', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call', call_id: 'call_b', name: 'get_time', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_a', output: weatherText },
      { type: 'function_call_output', call_id: 'call_b', output: timeText },
    ],
  },
  gemini('gem-dev/gemini-3-pro-preview', 'gemini-api', (url) => ({ VAI_GEMINI_BASE_URL: `${url}/v1beta` })),
  gemini('gem-vert/gemini-3-pro-preview', 'vertex-ai', (url) => ({ VAI_VERTEXAI_BASE_URL: `${url}/v1` })),
  openAiChat({ model: 'openai/gpt-4.1', variable: 'VAI_OPENAI_BASE_URL' }),
  openAiChat({
    model: 'groq/openai/gpt-oss-120b',
    counts: false,
    variable: 'VAI_GROQ_BASE_URL',
    deltas: [{ reasoning: 'Let me ' }, { reasoning: 'think.' }],
    sentBack: { reasoning: 'Let me think.' },
  }),
  openAiChat({
    model: 'cerebras/gpt-oss-120b',
    variable: 'VAI_CEREBRAS_BASE_URL',
    deltas: [{ reasoning: 'Let me ' }, { reasoning: 'think.' }],
    sentBack: { reasoning: 'Let me think.' },
  }),
  openAiChat({
    model: 'openrouter/anthropic/claude-sonnet-4.5',
    variable: 'VAI_OPENROUTER_BASE_URL',
    deltas: [
      { reasoning_details: [{ type: 'reasoning.text', text: 'Let me ', format: 'anthropic-claude-v1', index: 0 }] },
      { reasoning_details: [{ type: 'reasoning.text', text: 'think.', format: 'anthropic-claude-v1', index: 0 }] },
      {
        reasoning_details: [
          { type: 'reasoning.text', signature: 'c2lnbmVk', format: 'anthropic-claude-v1', index: 0 },
          { type: 'reasoning.encrypted', data: 'cmVkYWN0ZWQ=', format: 'anthropic-claude-v1', index: 1 },
        ],
      },
    ],
    sentBack: {
      reasoning_details: [
        { type: 'reasoning.text', text: 'Let me think.', signature: 'c2lnbmVk', format: 'anthropic-claude-v1', index: 0 },
        { type: 'reasoning.encrypted', data: 'cmVkYWN0ZWQ=', format: 'anthropic-claude-v1', index: 1 },
      ],
    },
  }),
  openAiChat({
    model: 'deepseek/deepseek-chat',
    variable: 'VAI_DEEPSEEK_BASE_URL',
    more: { VAI_PROVIDERS: 'deepseek' },
    deltas: [{ reasoning_content: 'Let me ' }, { reasoning_content: 'think.' }],
    sentBack: { reasoning_content: 'Let me think.' },
  }),
]

/** The operator's keys, as the simulated vendors want them. */
export const keys: Readonly<Record<string, string>> = {
  anthropic: anthropicKey,
  openai: openAiKey,
  'oai-resp': openAiKey,
  'gem-dev': geminiKey,
  'gem-vert': geminiKey,
  groq: openAiKey,
  cerebras: openAiKey,
  openrouter: openAiKey,
  deepseek: openAiKey,
}

/** The answer, which breaks off where results have come before. */
function cutLater<Answer extends Delivery>(answer: Answer, { body }: RecordedRequest, events: () => number): Answer {
  return body.includes(timeText) ? { ...answer, dieAt: { event: events() } } : answer
}

function gemini(model: string, service: 'gemini-api' | 'vertex-ai', settings: Vendor['settings']): Vendor {
  const call = (name: string, args: object) => ({ functionCall: { name, ...args } })
  const calls: GeminiAnswer = {
    parts: [
      { text: 'Let me think.', thought: true },
      { ...call('get_weather', { args: { city: 'Oslo' } }), thoughtSignature: 'c2lnbmVk' },
      call('get_time', {}),
    ],
  }
  const answer = { parts: [{ text: answerText }, { text: '', thoughtSignature: 'bGFzdA==' }] }
  return {
    model,
    startCaller: () => startGemini({ service, script: [calls, answer] }),
    startCutter: (events) => startGemini({ service, script: (request) => cutLater(calls, request, events) }),
    startListener: () => startGemini({ service }),
    settings,
    conversation: ({ contents }) => contents,
    expected: [
      { role: 'user', parts: [{ text: question }] },
      {
        role: 'model',
        parts: [
          { text: 'Let me think.', thought: true },
          { functionCall: { name: 'get_weather', args: { city: 'Oslo' } }, thoughtSignature: 'c2lnbmVk' },
          { functionCall: { name: 'get_time', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'get_weather', response: { output: weatherText } } },
          { functionResponse: { name: 'get_time', response: { output: timeText } } },
        ],
      },
    ],
  }
}

interface ChatVendor extends Pick<Vendor, 'model' | 'counts'> {
  /** Where its address is set. */
  readonly variable: string
  readonly more?: Record<string, string>
  /** How it says what it thinks, and what it is to get back of it. */
  readonly deltas?: readonly Json[]
  readonly sentBack?: Json
}

function openAiChat({ model, variable, more = {}, deltas = [], sentBack = {}, counts = true }: ChatVendor): Vendor {
  const alsoTakes = ['usage', 'reasoning']
  const calls: OpenAiAnswer = {
    deltas,
    toolCalls: [
      { id: 'call_a', name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] },
      { id: 'call_b', name: 'get_time', arguments: '' },
    ],
  }
  return {
    model,
    counts,
    startCaller: () => startOpenAiChat({ alsoTakes, script: [calls, { text: ['It rains ', 'at noon.'] }] }),
    startCutter: (events) => startOpenAiChat({ alsoTakes, script: (request) => cutLater(calls, request, events) }),
    startListener: () => startOpenAiChat({ alsoTakes }),
    settings: (url) => ({ [variable]: `${url}/v1`, ...more }),
    conversation: ({ messages }) => messages,
    expected: [
      { role: 'user', content: question },
      {
        role: 'assistant',
        content: null,
        ...sentBack,
        tool_calls: [
          { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_b', type: 'function', function: { name: 'get_time', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_a', content: weatherText },
      { role: 'tool', tool_call_id: 'call_b', content: timeText },
    ],
  }
}
