import { Dispatcher } from 'undici'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { eventsOf } from '../../api/events.ts'
import type { Message, MessageRequest, StreamEvent } from '../../api/schemas.gen.ts'
import { Secret } from '../../api/secret.ts'
import type { Call, LlmProvider } from '../../providers/provider.ts'

/** What the provider answers beside the body. */
export interface Head {
  readonly status?: number
  readonly contentType?: string
  /** Whether the body comes to its end as it should, or breaks off with its connection. */
  readonly ending?: 'end' | 'break'
}

export interface Outcome {
  /** Each event as JSON; ids that the gateway made are all the same. */
  readonly events: readonly string[]
  /** `done` where the stream ended as it should, else the code of its error. */
  readonly end: string
  readonly error: GatewayError | undefined
}

/**
 * The stream of an adapter whose provider answers with these pieces, one read each. There is no socket, so that thousands of cuts take
 * seconds.
 */
export async function play(provider: LlmProvider, pieces: readonly Uint8Array[], head: Head = {}): Promise<Outcome> {
  const run = start(provider, head)
  let read = 0
  for (const piece of pieces) {
    run.dispatcher.push(piece)
    // As many as one read of a socket would bring at most.
    if (++read % 256 === 0) await turn()
  }
  run.dispatcher.finish(head.ending)
  return outcome(run)
}

/** The message of an adapter whose provider answers with this body of JSON. */
export async function complete(provider: LlmProvider, body: Uint8Array): Promise<Message> {
  const dispatcher = new ScriptedDispatcher({ contentType: 'application/json' })
  const answer = provider.complete?.(request, { ...call, dispatcher })
  dispatcher.push(body)
  dispatcher.finish()
  if (!answer) throw new Error(`${provider.id} has no answers in one piece`)
  return (await answer).message
}

/** How many events were there after each piece. */
export async function countSlowly(
  provider: LlmProvider,
  pieces: readonly Uint8Array[],
  head: Head = {},
): Promise<readonly number[]> {
  const run = start(provider, head)
  const counts: number[] = []
  for (const piece of pieces) {
    run.dispatcher.push(piece)
    await turn()
    counts.push(run.events.length)
  }
  run.dispatcher.finish(head.ending)
  await outcome(run)
  return counts
}

interface Run {
  readonly dispatcher: ScriptedDispatcher
  readonly events: string[]
  end: string | undefined
  error: GatewayError | undefined
}

function start(provider: LlmProvider, head: Head): Run {
  const run: Run = { dispatcher: new ScriptedDispatcher(head), events: [], end: undefined, error: undefined }
  void consume(provider, run)
  return run
}

async function outcome(run: Run): Promise<Outcome> {
  // Nothing in an adapter waits for anything but its upstream: what is not over after some turns never will be.
  for (let turns = 0; run.end === undefined && turns < 20; turns++) await turn()
  return { events: run.events, end: run.end ?? 'hangs', error: run.error }
}

async function consume(provider: LlmProvider, run: Run): Promise<void> {
  try {
    for await (const item of provider.stream(request, { ...call, dispatcher: run.dispatcher })) {
      for (const event of eventsOf(item)) {
        // That the provider is there, before it says anything, depends on how its bytes come.
        if (event.type !== 'ping' || run.events.length > 0) run.events.push(written(event))
      }
    }
    run.end = 'done'
  } catch (error) {
    if (error instanceof GatewayError) run.error = error
    run.end = run.error?.code ?? `a crash: ${error}`
  }
}

function written(event: StreamEvent): string {
  // The clock stands still, so that ids differ in their random part alone.
  const text = JSON.stringify(event)
  return text.includes('_0000000000') ? text.replaceAll(/_0{10}[0-9A-Z]{16}/g, '_made') : text
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Answers every request with a body that is pushed by hand. */
class ScriptedDispatcher extends Dispatcher {
  readonly #head: Head
  readonly #controller = new Controller((reason) => this.#handler?.onResponseError?.(this.#controller, reason))
  #handler: Dispatcher.DispatchHandler | undefined

  constructor(head: Head) {
    super()
    this.#head = head
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#handler = handler
    handler.onRequestStart?.(this.#controller, {})
    const { status = 200, contentType = 'text/event-stream' } = this.#head
    handler.onResponseStart?.(this.#controller, status, { 'content-type': contentType }, '')
    return true
  }

  push(piece: Uint8Array): void {
    if (!this.#controller.aborted) this.#handler?.onResponseData?.(this.#controller, Buffer.from(piece))
  }

  finish(ending: Head['ending'] = 'end'): void {
    if (this.#controller.aborted) return
    if (ending === 'end') this.#handler?.onResponseEnd?.(this.#controller, {})
    else this.#handler?.onResponseError?.(this.#controller, Object.assign(new Error('closed'), { code: 'UND_ERR_SOCKET' }))
  }
}

class Controller implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #aborted: (reason: Error) => void

  constructor(aborted: (reason: Error) => void) {
    this.#aborted = aborted
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#aborted(reason)
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
}

const stillClock: Clock = {
  now: () => 0,
  wallclock: () => 0,
  after: () => ({ cancel: () => undefined, restart: () => undefined }),
}

const request: MessageRequest = { model: 'any/some-model', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }

const call: Omit<Call, 'dispatcher'> = {
  model: 'some-model',
  apiKey: new Secret('sk-test-replayed'),
  baseURL: new URL('http://127.0.0.1/v1'),
  signal: new AbortController().signal,
  requestId: 'req_test_0001',
  headers: {},
  query: '',
  timeouts: { firstByteMs: 5000, idleMs: 5000 },
  clock: stillClock,
  log: { debug: () => undefined, warn: () => undefined },
}
