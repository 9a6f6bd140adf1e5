import { blankMarker, type Template, template } from './marker.ts'
import type { Dialect, RequestSize } from './requests.ts'

/** The answers of the mock upstream, in both dialects. Client and upstream render them from here, each for itself. */

/** What a model's name asks for. */
export interface Plan {
  readonly model: string
  readonly size: RequestSize
  /** Events with text in a stream, pieces of text in a JSON answer. */
  readonly events: number
  /** Milliseconds between them; 0 is as fast as the reader reads. */
  readonly pacedMs: number
}

/** `bench-large-200-events`, `bench-small-200-events-paced-20`. */
export function modelName(size: RequestSize, events: number, pacedMs = 0): string {
  return `bench-${size}-${events}-events${pacedMs > 0 ? `-paced-${pacedMs}` : ''}`
}

export function readModelName(model: string): Plan | undefined {
  const match = /^bench-(small|large)-(\d{1,5})-events(?:-paced-(\d{1,6}))?$/.exec(model)
  if (!match) return undefined
  const [, size, events, pacedMs] = match
  return { model, size: size === 'large' ? 'large' : 'small', events: Number(events), pacedMs: Number(pacedMs ?? 0) }
}

/** The payloads of a stream in their order. Those with text hold the marker. */
export function streamPayloads(dialect: Dialect, model: string, events: number): readonly object[] {
  const texts = Array.from({ length: events }, (_, index) => piece(index))
  return dialect === 'anthropic' ? anthropicPayloads(model, texts) : openaiPayloads(model, texts)
}

/** A stream as the upstream sends it, one template an event. */
export function streamFrames(dialect: Dialect, model: string, events: number): readonly Template[] {
  const payloads = streamPayloads(dialect, model, events)
  const frames = payloads.map((payload) =>
    'type' in payload ? `event: ${payload.type}\ndata: ${JSON.stringify(payload)}\n\n` : `data: ${JSON.stringify(payload)}\n\n`,
  )
  if (dialect === 'openai') frames.push('data: [DONE]\n\n')
  return frames.map((frame) => template(Buffer.from(frame)))
}

/** A JSON answer as an object. */
export function jsonPayload(dialect: Dialect, model: string, events: number): object {
  const text = blankMarker + Array.from({ length: events }, (_, index) => words[index % words.length]).join('')
  if (dialect === 'anthropic') {
    return {
      id: 'msg_01BenchBenchBenchBench00',
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { ...anthropicInput, output_tokens: events, service_tier: 'standard' },
    }
  }
  return {
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_763_690_125,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: openaiUsage(events),
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  }
}

export const inputTokens = 11

const words = [' The', ' capital', ' of', ' France', ' is', ' Paris', ',', ' la', ' ville', ' lumière', ' —', ' 巴黎', '.\n']

function piece(index: number): string {
  return `${words[index % words.length]}${blankMarker}`
}

const anthropicInput = { input_tokens: inputTokens, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }

function anthropicPayloads(model: string, texts: readonly string[]): readonly object[] {
  const message = {
    id: 'msg_01BenchBenchBenchBench00',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...anthropicInput, output_tokens: 1, service_tier: 'standard' },
  }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...texts.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { ...anthropicInput, output_tokens: texts.length },
    },
    { type: 'message_stop' },
  ]
}

function openaiUsage(events: number): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: events,
    total_tokens: inputTokens + events,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

function openaiPayloads(model: string, texts: readonly string[]): readonly object[] {
  const chunk = (choices: readonly object[], usage: object | null): object => ({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_763_690_125,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
    choices,
    usage,
  })
  const choice = (delta: object, finish: string | null): readonly object[] => [
    { index: 0, delta, logprobs: null, finish_reason: finish },
  ]
  return [
    chunk(choice({ role: 'assistant', content: '', refusal: null }, null), null),
    ...texts.map((text) => chunk(choice({ content: text }, null), null)),
    chunk(choice({}, 'stop'), null),
    chunk([], openaiUsage(texts.length)),
  ]
}
