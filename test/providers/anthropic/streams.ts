import fc from 'fast-check'
import { Agent } from 'undici'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { blockTypesOfDelta, eventsOf, type StreamItem } from '../../../api/events.ts'
import type { MessageRequest, StreamEvent } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import { decodeStream } from '../../../providers/anthropic/decode.ts'
import type { Call } from '../../../providers/provider.ts'
import type { Behaviour } from '../../upstreams/behaviour.ts'
import { startUpstream } from '../../upstreams/upstream.ts'

/** Fixed, so that it can be looked for in what must not hold it. */
export const key = 'sk-test-0123456789abcdef'

export const request: MessageRequest = {
  model: 'anthropic/claude-test',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi.' }],
}

/** A call that reaches nobody; for what needs no more of it than the model and the key. */
export function callWith(changes: Partial<Call> = {}): Call {
  return {
    model: 'claude-test',
    apiKey: new Secret(key),
    baseURL: new URL('http://127.0.0.1:9'),
    signal: new AbortController().signal,
    dispatcher: new Agent(),
    requestId: 'req_test_0001',
    headers: {},
    query: '',
    timeouts: { firstByteMs: 5000, idleMs: 5000 },
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
    ...changes,
  }
}

/** A call to a provider on a real socket that behaves so; both end with the test. */
export async function callTo(script: Behaviour | readonly [Behaviour, ...Behaviour[]]): Promise<Call> {
  const upstream = await startUpstream(script)
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    await upstream.close()
  })
  return callWith({ baseURL: new URL(upstream.url), dispatcher })
}

/** What came out of a stream before it ended, and how it ended. */
export interface Decoded {
  readonly items: readonly StreamItem[]
  readonly events: readonly StreamEvent[]
  /** Undefined where the stream ended well. */
  readonly error: unknown
}

/** Decodes a stream that comes in these pieces. */
export async function decode(chunks: Iterable<Uint8Array>, call: Call = callWith()): Promise<Decoded> {
  const items: StreamItem[] = []
  const open = async (): Promise<AsyncIterable<Uint8Array> & { release(): void }> =>
    Object.assign(iterate(chunks), { release: () => undefined })
  let error: unknown
  try {
    for await (const item of decodeStream(open, { fullModel: request.model, model: call.model, apiKey: call.apiKey }))
      items.push(item)
  } catch (thrown) {
    error = thrown
  }
  return { items, events: items.flatMap(eventsOf), error }
}

async function* iterate(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

/**
 * How events break the grammar of the stream, or undefined where they keep it: `message_start` first and once; each index one
 * start and one stop with deltas of its kind between; `message_stop` last, unless the events are only a beginning.
 */
export function grammarProblem(events: readonly StreamEvent[], isWhole: boolean): string | undefined {
  const blocks: { type: string; open: boolean }[] = []
  let started = false
  let ended = false
  for (const [at, event] of events.entries()) {
    const where = `event ${at}, ${JSON.stringify(event)}`
    if (event.type === 'ping') continue
    if (event.type === 'error') return `${where}: an error is to be thrown`
    if (started === (event.type === 'message_start')) return `${where}: message_start comes first and once`
    started = true
    if (event.type === 'content_block_start') {
      if (ended) return `${where}: no block follows message_delta`
      if (event.index !== blocks.length) return `${where}: the next index is ${blocks.length}`
      blocks.push({ type: event.content_block.type, open: true })
    } else if (event.type === 'content_block_delta' || event.type === 'content_block_stop') {
      const block = blocks[event.index]
      if (!block?.open) return `${where}: the block is not open`
      if (event.type === 'content_block_stop') block.open = false
      else if (!fits(event.delta.type, block.type)) return `${where}: a delta of another kind than ${block.type}`
    } else if (event.type === 'message_delta') {
      ended = true
    } else if (event.type === 'message_stop') {
      if (!ended) return `${where}: message_delta comes before it`
      if (blocks.some(({ open }) => open)) return `${where}: a block is still open`
      if (at !== events.length - 1) return `${where}: something follows`
      return undefined
    }
  }
  return isWhole ? 'no message_stop' : undefined
}

function fits(delta: string, block: string): boolean {
  const types = new Map<string, readonly string[]>(Object.entries(blockTypesOfDelta)).get(delta)
  return types === undefined || types.includes(block) || block.startsWith('future_')
}

// ── Messages as Anthropic might write them ──────────────────────────────────────────────────────────────────────────────

export interface GeneratedMessage {
  /** What is answered in one piece. */
  readonly whole: object
  /** The same as events. */
  readonly events: readonly object[]
}

interface GeneratedBlock {
  readonly whole: object
  readonly start: object
  readonly deltas: readonly object[]
}

const text = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '"', '\\', '}', '{', 'é', '€', '🙂', '\u2028', '\r', ':', 'data: ', '\n\nevent: ping\n'),
  maxLength: 8,
})
const texts = fc.array(text, { maxLength: 5 })
const unknownFields = fc.constantFrom({}, { later: { nested: [1, null] } })

const anyTextBlock = fc
  .tuple(texts, fc.array(fc.constantFrom('https://a.test', 'https://b.test'), { maxLength: 2 }))
  .map(([pieces, urls]): GeneratedBlock => {
    const citations = urls.map((url) => ({ type: 'web_search_result_location', url, title: 'A', cited_text: 'x' }))
    const cited = citations.length > 0
    return {
      whole: { type: 'text', text: pieces.join(''), ...(cited && { citations }) },
      start: { type: 'text', text: '', ...(cited && { citations: [] }) },
      deltas: [
        ...citations.map((citation) => ({ type: 'citations_delta', citation })),
        ...pieces.map((piece) => ({ type: 'text_delta', text: piece })),
      ],
    }
  })

const thinkingBlock = fc.tuple(texts, fc.stringMatching(/^[A-Za-z0-9+/]{0,12}={0,2}$/)).map(
  ([pieces, signature]): GeneratedBlock => ({
    whole: { type: 'thinking', thinking: pieces.join(''), signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [...pieces.map((thinking) => ({ type: 'thinking_delta', thinking })), { type: 'signature_delta', signature }],
  }),
)

const toolBlock = fc
  .record({
    type: fc.constantFrom('tool_use', 'server_tool_use', 'mcp_tool_use'),
    input: fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true }),
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
    filled: fc.boolean(),
  })
  .map(({ type, input, sizes, filled }): GeneratedBlock => {
    const block = { type, id: 'toolu_1', name: 'f', ...(type === 'mcp_tool_use' && { server_name: 's' }) }
    const whole: object = JSON.parse(JSON.stringify({ ...block, input }))
    // The input may stand in the start already; and a call without arguments has a delta that says nothing.
    if (filled) return { whole, start: whole, deltas: [{ type: 'input_json_delta', partial_json: '' }] }
    let rest = Object.keys(input).length > 0 ? JSON.stringify(input) : ''
    const pieces = sizes.map((size) => {
      const piece = rest.slice(0, size)
      rest = rest.slice(size)
      return piece
    })
    const deltas = ['', ...pieces, rest].map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    return { whole, start: { ...block, input: {} }, deltas }
  })

const wholeBlock = fc
  .constantFrom(
    { type: 'redacted_thinking', data: 'b3BhcXVl' },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://a.test' }],
    },
    { type: 'container_upload', file_id: 'file_1' },
    { type: 'future_block', anything: [1, 2] },
  )
  .map((block): GeneratedBlock => ({ whole: block, start: block, deltas: [] }))

const compactionBlock = text.map(
  (content): GeneratedBlock => ({
    whole: { type: 'compaction', content },
    start: { type: 'compaction', content: null },
    deltas: [{ type: 'compaction_delta', content }],
  }),
)

const anyBlock = fc.tuple(fc.oneof(anyTextBlock, thinkingBlock, toolBlock, wholeBlock, compactionBlock), unknownFields).map(
  ([{ whole, start, deltas }, unknown]): GeneratedBlock => ({
    whole: { ...whole, ...unknown },
    start: { ...start, ...unknown },
    deltas,
  }),
)

/** A message of any blocks; `noise` are events between that say nothing: pings, and what a later version may bring. */
export const anyMessage = fc
  .record({
    blocks: fc.array(anyBlock, { maxLength: 4 }),
    model: fc.constantFrom('claude-test', 'claude-test-20250929'),
    stopReason: fc.constantFrom('end_turn', 'tool_use', 'max_tokens', 'pause_turn', 'refusal', 'a_later_reason'),
    noise: fc.array(fc.tuple(fc.nat(40), fc.constantFrom({ type: 'ping' }, { type: 'future_event', index: 0, x: 'y' })), {
      maxLength: 4,
    }),
    unknown: unknownFields,
  })
  .map(({ blocks, model, stopReason, noise, unknown }): GeneratedMessage => {
    const head = { id: 'msg_1', type: 'message', role: 'assistant', model, ...unknown }
    const usage = { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 1, service_tier: 'standard' }
    const finish = { stop_reason: stopReason, stop_sequence: null }
    const events: object[] = [
      { type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } },
      ...blocks.flatMap(({ start, deltas }, index) => [
        { type: 'content_block_start', index, content_block: start },
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ]),
      { type: 'message_delta', delta: finish, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ]
    for (const [at, event] of noise) events.splice(1 + (at % (events.length - 1)), 0, event)
    const content = blocks.map(({ whole }) => whole)
    return { whole: { ...head, content, ...finish, usage: { ...usage, output_tokens: 9 } }, events }
  })

/** How a frame is written: spaces before the last brace, as Anthropic does, and characters escaped or not. */
export interface Spelling {
  readonly padding: number
  readonly escaped: boolean
}

export const spellings = fc.array(fc.record({ padding: fc.constantFrom(0, 0, 1, 7), escaped: fc.boolean() }), {
  minLength: 1,
  maxLength: 5,
})

/** The frames of a stream, one an event. */
export function framesOf(events: readonly object[], lineEnd: '\n' | '\r\n', styles: readonly Spelling[]): Buffer[] {
  return events.map((event, at) => {
    const { padding, escaped } = styles[at % styles.length] ?? { padding: 0, escaped: false }
    const json = JSON.stringify(event)
    const spelled = escaped
      ? json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : json
    const type = 'type' in event ? event.type : ''
    return Buffer.from(`event: ${type}${lineEnd}data: ${spelled.slice(0, -1)}${' '.repeat(padding)}}${lineEnd}${lineEnd}`)
  })
}

/** Bytes cut at these places, wherever they lie. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const offsets = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b)
  return [...offsets, bytes.length].map((end, at) => bytes.subarray(offsets[at - 1] ?? 0, end))
}

// ── A message as it usually is ──────────────────────────────────────────────────────────────────────────────────────────

export const plain: readonly Spelling[] = [{ padding: 0, escaped: false }]
/** Where a stream is cut. */
export const cuts = fc.array(fc.nat(), { maxLength: 30 })

export const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-test',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 1 },
  },
}
export const end = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
]
export const textBlock = (index: number, ...pieces: string[]): object[] => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  ...pieces.map((piece) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: piece } })),
  { type: 'content_block_stop', index },
]

/** Every byte by itself, and all bytes at once. */
export async function decodeBoth(body: string | Buffer): Promise<Decoded[]> {
  const bytes = Buffer.from(body)
  return [await decode([bytes]), await decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))]
}

export function decodeEvents(...events: object[]): Promise<Decoded[]> {
  return decodeBoth(Buffer.concat(framesOf(events, '\n', plain)))
}
