import { Dispatcher } from 'undici'
import { systemClock } from '../api/clock.ts'
import type { StreamItem } from '../api/events.ts'
import { Secret } from '../api/secret.ts'
import { createSseParser } from '../api/sse.ts'
import { providers } from '../providers/index.ts'
import type { Call, LlmProvider } from '../providers/provider.ts'
import { streamPayloads } from './answers.ts'
import {
  cerebrasPayloads,
  geminiPayloads,
  groqPayloads,
  openrouterPayloads,
  responsesPayloads,
  vertexPayloads,
} from './dialects.ts'

/**
 * What an adapter's translation costs for each event of a stream, beside Anthropic's: `npm run bench:translation`.
 *
 * Each adapter reads an answer of as many events in its own provider's words from memory, without a socket, so that nothing but
 * reading, translating and writing is measured. Those that share an API with another before them think in half of their events,
 * each as it does. The floor is what reading costs alone: the parser and `JSON.parse`.
 */

const events = 200
const rounds = 7
const runsOfRound = 150
/** What a read gives when a provider is fast. */
const pieceBytes = 4096

/** What each provider sends: objects are events, texts are comments. */
const answers: Readonly<Record<string, { readonly payloads: readonly (object | string)[]; readonly done: boolean }>> = {
  anthropic: { payloads: streamPayloads('anthropic', 'some-model', events), done: false },
  openai: { payloads: streamPayloads('openai', 'some-model', events), done: true },
  'oai-resp': { payloads: responsesPayloads(events), done: false },
  'gem-dev': { payloads: geminiPayloads(events), done: false },
  'gem-vert': { payloads: vertexPayloads(events), done: false },
  groq: { payloads: groqPayloads(events), done: true },
  cerebras: { payloads: cerebrasPayloads(events), done: true },
  openrouter: { payloads: openrouterPayloads(events), done: true },
}

async function main(): Promise<void> {
  const measured: { id: string; perEvent: number; floor: number }[] = []
  for (const provider of providers.filter(({ upstream }) => upstream)) {
    const { id } = provider
    const answer = answers[id]
    if (!answer) throw new Error(`${id}: there is no answer in its words to measure`)
    const bytes = wire(answer.payloads, answer.done)
    const rounded = { translate: [] as number[], floor: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      rounded.floor.push(await timed(async () => parseOnly(bytes)))
      rounded.translate.push(await timed(() => translate(provider, bytes)))
    }
    measured.push({ id, perEvent: best(rounded.translate), floor: best(rounded.floor) })
  }
  const anthropic = measured.find(({ id }) => id === 'anthropic')?.perEvent ?? Number.NaN
  console.log(`CPU time an event, ${events} events a stream, best of ${rounds} rounds\n`)
  console.log('adapter       µs/event   × anthropic   × parser and JSON.parse alone')
  for (const { id, perEvent, floor } of measured) {
    const cells = [
      perEvent.toFixed(2).padStart(8),
      (perEvent / anthropic).toFixed(2).padStart(13),
      (perEvent / floor).toFixed(2).padStart(13),
    ]
    console.log(`${id.padEnd(12)} ${cells.join('')}`)
  }
}

/** Microseconds of CPU an event. */
async function timed(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  for (let at = 0; at < runsOfRound; at++) await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (runsOfRound * events)
}

function best(values: readonly number[]): number {
  return Math.min(...values)
}

async function translate(provider: LlmProvider, bytes: Uint8Array): Promise<void> {
  const request = { model: `${provider.id}/some-model`, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi.' }] }
  let stops = 0
  for await (const item of provider.stream(request, callTo(provider, bytes))) stops += isLast(item) ? 1 : 0
  if (stops !== 1) throw new Error(`${provider.id}: the stream has ${stops} ends`)
}

function isLast(item: StreamItem): boolean {
  return item.type === 'message_stop'
}

function parseOnly(bytes: Uint8Array): void {
  const parser = createSseParser(bytes.byteLength)
  for (const piece of pieces(bytes)) {
    for (const { data } of parser.feed(piece)) if (data !== '[DONE]') JSON.parse(data)
  }
}

function wire(payloads: readonly (object | string)[], done: boolean): Uint8Array {
  const frames = payloads.map((payload) => {
    if (typeof payload === 'string') return `${payload}\n\n`
    const event = 'type' in payload ? `event: ${payload.type}\n` : ''
    return `${event}data: ${JSON.stringify(payload)}\n\n`
  })
  return Buffer.from(frames.join('') + (done ? 'data: [DONE]\n\n' : ''))
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

function callTo(provider: LlmProvider, bytes: Uint8Array): Call {
  return {
    model: 'some-model',
    apiKey: new Secret('sk-test-bench'),
    baseURL: new URL(provider.upstream?.defaultBaseURL ?? 'http://127.0.0.1'),
    signal: new AbortController().signal,
    dispatcher: new FromMemory(bytes),
    requestId: 'req_bench',
    headers: {},
    query: '',
    timeouts: { firstByteMs: 1000, idleMs: 1000 },
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
  }
}

/** Answers every request with the same bytes, piece by piece. */
class FromMemory extends Dispatcher {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    super()
    this.#bytes = bytes
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      abort: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    }
    handler.onRequestStart?.(controller, {})
    handler.onResponseStart?.(controller, 200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces(this.#bytes)) handler.onResponseData?.(controller, Buffer.from(piece))
    handler.onResponseEnd?.(controller, {})
    return true
  }
}

await main()
