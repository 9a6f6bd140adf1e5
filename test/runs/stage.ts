import { afterEach } from 'vitest'
import type { RunEvent, RunRequest, RunResult, StreamEvent } from '../../api/schemas.gen.ts'
import { sseFrame } from '../../api/sse.ts'
import type { Tool } from '../../tools/tool.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import type { AnthropicAnswer, AnthropicBlock } from '../upstreams/anthropic-answer.ts'
import { type Reply, sse } from '../upstreams/behaviour.ts'
import { isObject, type Json, objects } from '../upstreams/json.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { OpenAiAnswer } from '../upstreams/openai-chat-answer.ts'
import type { Step } from '../upstreams/script.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'
import { finishRun, resultOf, watchRun } from './run.ts'
import { time, weather } from './tools.ts'

/** One gateway before a scripted vendor, and runs through it. */
export interface Stage extends Gateway {
  readonly upstream: Upstream
  /** Runs it as a whole. */
  run(body: Body, headers?: Record<string, string>): Promise<RunResult>
  /** Runs it as a stream, whose deltas are held against its result. */
  watch(body: Body, headers?: Record<string, string>): Promise<{ readonly events: RunEvent[]; readonly result: RunResult }>
}

/** A run without what all of them have. */
export interface Body extends Omit<RunRequest, 'request'> {
  readonly request?: object
}

export interface StageOptions {
  /** Those that the model is offered, where a run does not say otherwise. Default: `get_weather` and `get_time`. */
  readonly tools?: readonly Tool[]
  readonly env?: Readonly<Record<string, string>>
  readonly keys?: Readonly<Record<string, string>>
}

export const claude = 'anthropic/claude-sonnet-4-5'
export const gpt = 'openai/gpt-4.1'
export const messages = [{ role: 'user' as const, content: 'Go.' }]

/** Whatever a test has started is closed after it. */
export function setUpStages(): void {
  afterEach(async () => {
    for (const each of started.splice(0).reverse()) await each.close()
  })
}

/** Has something closed after the test. */
export function closing<T extends { close(): unknown }>(each: T): T {
  started.push(each)
  return each
}

const started: { close(): unknown }[] = []

export async function withClaude(script: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[], options: StageOptions = {}) {
  const upstream = closing(await startAnthropic({ script }))
  return stageFor(claude, upstream, { ...options, env: { VAI_ANTHROPIC_BASE_URL: upstream.url, ...options.env } })
}

export async function withGpt(script: Step<OpenAiAnswer> | readonly Step<OpenAiAnswer>[], options: StageOptions = {}) {
  const upstream = closing(await startOpenAiChat({ script }))
  return stageFor(gpt, upstream, { ...options, env: { VAI_OPENAI_BASE_URL: `${upstream.url}/v1`, ...options.env } })
}

export async function stageFor(
  model: string,
  upstream: Upstream,
  { tools = [weather, time], env = {}, keys = {} }: StageOptions,
): Promise<Stage> {
  const allKeys = { anthropic: anthropicKey, openai: openAiKey, 'oai-resp': openAiKey, ...keys }
  const gateway = closing(await startGateway({ env, keys: allKeys, parts: { tools } }))
  const whole = ({ request, ...rest }: Body): RunRequest => ({
    request: { model, max_tokens: 1000, messages, ...request },
    builtins: tools.map(({ name }) => name),
    ...rest,
  })
  return {
    ...gateway,
    upstream,
    run: (body, headers) => finishRun(gateway, whole(body), headers),
    async watch(body, headers) {
      const asked = whole(body)
      const events = await watchRun(gateway, asked, headers)
      return { events, result: resultOf(events, asked.request.messages) }
    },
  }
}

/** A call as Claude makes it. */
export function use(name: string, input: Json = {}, id?: string): AnthropicBlock {
  return { type: 'tool_use', name, input, ...(id !== undefined && { id }) }
}

export function calls(...content: readonly AnthropicBlock[]): AnthropicAnswer {
  return { content }
}

export function says(text: string): AnthropicAnswer {
  return { content: [{ type: 'text', text }] }
}

/** An answer of Claude's with blocks of any kind, each told in one piece. */
export function blocks(content: readonly Json[], stopReason: string): Reply {
  const events = [
    {
      type: 'message_start',
      message: {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null },
        ...{ stop_sequence: null, usage: { input_tokens: 10, output_tokens: 1 } },
      },
    },
    ...content.flatMap((content_block, index) => [
      { type: 'content_block_start', index, content_block },
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ]
  return sse(events.map(sseFrame).join(''))
}

/** The results that a request to Claude ends with, each by its call. */
export function resultsSent(request: RecordedRequest | undefined): { id: unknown; text: unknown; isError: boolean }[] {
  return objects(lastMessage(request).content)
    .filter(({ type }) => type === 'tool_result')
    .map(({ tool_use_id: id, content: text, is_error }) => ({ id, text, isError: is_error === true }))
}

export function lastMessage(request: RecordedRequest | undefined): Json {
  return messagesSent(request).at(-1) ?? {}
}

export function messagesSent(request: RecordedRequest | undefined): Json[] {
  return objects(isObject(request?.json) ? request.json.messages : [])
}

/** The events of an answer within those of a run. */
export function answerEvents(events: readonly RunEvent[]): StreamEvent[] {
  return events.flatMap((event) => (event.type === 'stream_event' ? [event.event] : []))
}
