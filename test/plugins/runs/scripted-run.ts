import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { StreamItem } from '../../../api/events.ts'
import type { ContentBlock, Message, MessageParam, RunEvent, StreamEvent, Usage } from '../../../api/schemas.gen.ts'
import { sseFrame } from '../../../api/sse.ts'
import type { Limits } from '../../../plugins/runs/loop.ts'
import { type Conversation, runToEnd } from '../../../plugins/runs/runner.ts'
import type { RunnableTool } from '../../../plugins/runs/tool-calls.ts'
import { ToolError } from '../../../tools/tool.ts'
import { ManualClock } from '../../manual-clock.ts'

/** What a model says in one turn, and how it breaks off. */
export interface ScriptedTurn {
  readonly content: readonly ContentBlock[]
  readonly stopReason: Message['stop_reason']
  /** Whether the events come as frames that are written already. */
  readonly isWire: boolean
  /** How the turn breaks off: before it begins, or after so many of its events; by an error, or by silence. */
  readonly breaks?: { readonly after: number | 'unasked'; readonly by: 'error' | 'silence' }
}

export type ScriptedTool = 'answers' | 'fails' | 'throws' | 'hangs' | 'is late' | 'says nothing' | 'says much'

export interface Script {
  /** After the last of these the model says a word and ends. */
  readonly turns: readonly ScriptedTurn[]
  readonly tools: Readonly<Record<string, ScriptedTool>>
  readonly limits: Limits & { readonly timeoutMs: number }
  readonly toolTimeoutMs: number
  readonly parallel: number
  /** After how many items the caller leaves; undefined where they stay. */
  readonly leavesAfter?: number | undefined
  /** After how many items nobody listens any more; undefined where somebody does. */
  readonly deafAfter?: number | undefined
}

export interface Outcome {
  readonly events: readonly RunEvent[]
  /** What was thrown at last, where something was. */
  readonly error: unknown
  /** Milliseconds, by the clock. */
  readonly tookMs: number
  /** Timers, sources and steps that nobody has closed. */
  readonly left: { readonly timers: number; readonly sources: number; readonly steps: number; readonly calls: number }
  /** What the model was told in each turn. */
  readonly asked: readonly (readonly MessageParam[])[]
  readonly mostAtOnce: number
}

export const firstMessage: MessageParam = { role: 'user', content: 'Go.' }
export const maxResultBytes = 2000

/** Runs a script to its end; time passes only where nothing else happens. */
export async function play(script: Script): Promise<Outcome> {
  const clock = new ManualClock()
  const caller = new AbortController()
  const model = new ScriptedModel(script)
  const tools = new ScriptedTools(script.tools, clock)
  const items = runToEnd({
    requestId: 'req_test',
    model: 'demo/scripted',
    messages: [firstMessage],
    limits: script.limits,
    calls: {
      tools: tools.byName,
      parallel: script.parallel,
      timeoutMs: script.toolTimeoutMs,
      maxResultBytes,
      clock,
      onError: () => undefined,
    },
    conversation: model,
    clock,
    signal: caller.signal,
    toGatewayError: (error) => (error instanceof GatewayError ? error : new GatewayError('internal_error')),
  })
  const events: RunEvent[] = []
  let error: unknown
  try {
    for (let count = 1; ; count++) {
      const next = await settled(items.next(), clock)
      if (next.done) break
      events.push(...eventsIn(next.value))
      if (count === script.leavesAfter) caller.abort(new Cancelled())
      if (count === script.deafAfter) await settled(items.return(), clock)
    }
  } catch (thrown) {
    error = thrown
  }
  const left = { timers: clock.waiting, sources: model.openSources, steps: model.openSteps, calls: model.openCalls }
  return { events, error, tookMs: clock.now(), left, asked: model.asked, mostAtOnce: tools.mostAtOnce }
}

/** What a promise comes to; where it waits for nothing but time, time passes. */
async function settled<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  let isSettled = false
  const mark = (): void => {
    isSettled = true
  }
  promise.then(mark, mark)
  for (let round = 0; !isSettled; round++) {
    if (round > 10_000) throw new Error('the run waits for something that never comes')
    await new Promise((resolve) => setImmediate(resolve))
    if (!isSettled && clock.nextInMs !== undefined) clock.advance(clock.nextInMs)
  }
  return promise
}

function eventsIn(item: RunEvent | { readonly type: 'wire'; readonly bytes: Uint8Array }): RunEvent[] {
  if (item.type !== 'wire') return [item]
  const lines = Buffer.from(item.bytes).toString().split('\n')
  return lines.flatMap((line): RunEvent[] => (line.startsWith('data: ') ? [JSON.parse(line.slice('data: '.length))] : []))
}

class ScriptedModel implements Conversation {
  openSources = 0
  openSteps = 0
  openCalls = 0
  readonly asked: (readonly MessageParam[])[] = []
  readonly #script: Script
  #said = 0

  constructor(script: Script) {
    this.#script = script
  }

  begin(index: number): ReturnType<Conversation['begin']> {
    const turn = this.#script.turns[index] ?? lastTurn
    this.openSteps++
    let wasAsked = false
    return {
      get wasAsked() {
        return wasAsked
      },
      ask: async ({ said, pending }, signal) => {
        if (said.length < this.#said) throw new Error('what was said became less')
        this.#said = said.length
        this.asked.push([...said, ...pending])
        signal.throwIfAborted()
        wasAsked = true
        if (turn.breaks?.after === 'unasked') await broken(turn.breaks.by, signal)
        let usage: Usage = {}
        this.openSources++
        const items = itemsOf(turn, signal)
        return {
          source: {
            head: [],
            next: () => items.next(),
            close: async () => {
              this.openSources--
              await items.return(undefined)
            },
          },
          add(event) {
            if (event.type === 'message_start' || event.type === 'message_delta') usage = { ...usage, ...usageIn(event) }
            return event
          },
          get usage() {
            return { ...usage, total_tokens: (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0) }
          },
          end: () => undefined,
        }
      },
      tool: () => {
        this.openCalls++
        return { trace: undefined, end: () => void this.openCalls-- }
      },
      end: () => void this.openSteps--,
    }
  }
}

const lastTurn: ScriptedTurn = { content: [{ type: 'text', text: 'Done.' }], stopReason: 'end_turn', isWire: false }

function usageIn(event: StreamEvent): Usage {
  if (event.type === 'message_start') return event.message.usage
  return event.type === 'message_delta' ? (event.usage ?? {}) : {}
}

async function* itemsOf(turn: ScriptedTurn, signal: AbortSignal): AsyncGenerator<StreamItem> {
  for (const [at, event] of eventsOf(turn).entries()) {
    if (turn.breaks?.after === at) await broken(turn.breaks.by, signal)
    const isBlocks = event.type.startsWith('content_block')
    yield turn.isWire && isBlocks ? { type: 'wire', bytes: Buffer.from(sseFrame(event)) } : event
  }
}

function broken(by: 'error' | 'silence', signal: AbortSignal): Promise<never> {
  if (by === 'error') throw new GatewayError('provider_overloaded')
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    if (signal.aborted) reject(signal.reason)
  })
}

function eventsOf({ content, stopReason }: ScriptedTurn): StreamEvent[] {
  return [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'demo/scripted',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 10, output_tokens: 0 },
      },
    },
    ...content.flatMap(blockEvents),
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ]
}

function blockEvents(block: ContentBlock, index: number): StreamEvent[] {
  const stop: StreamEvent = { type: 'content_block_stop', index }
  switch (block.type) {
    case 'text':
      return [
        { type: 'content_block_start', index, content_block: { ...block, text: '' } },
        { type: 'content_block_delta', index, delta: { type: 'text_delta', text: block.text } },
        stop,
      ]
    case 'tool_use':
      return [
        { type: 'content_block_start', index, content_block: { ...block, input: {} } },
        { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) } },
        stop,
      ]
    default:
      return [{ type: 'content_block_start', index, content_block: block }, stop]
  }
}

class ScriptedTools {
  mostAtOnce = 0
  #running = 0
  readonly byName: ReadonlyMap<string, RunnableTool>

  constructor(tools: Script['tools'], clock: ManualClock) {
    this.byName = new Map(Object.entries(tools).map(([name, how]) => [name, this.#tool(how, clock)]))
  }

  #tool(how: ScriptedTool, clock: ManualClock): RunnableTool {
    return {
      check: async (input) => (hasWrong(input) ? [{ code: 'invalid', param: 'wrong', message: 'is wrong' }] : []),
      // What is given up no longer counts, though some tools do not heed it.
      run: (_, { signal }) => {
        signal.throwIfAborted()
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running)
        const output = outputOf(how, clock)
        const over = (): void => void this.#running--
        const givenUp = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
        void Promise.race([output, givenUp]).then(over, over)
        return output
      },
    }
  }
}

function hasWrong(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'wrong' in input
}

function outputOf(how: ScriptedTool, clock: ManualClock): Promise<{ content: string; isError?: boolean }> {
  switch (how) {
    case 'answers':
      return Promise.resolve({ content: 'fine' })
    case 'fails':
      return Promise.reject(new ToolError('it is not there'))
    case 'throws':
      return Promise.reject(new TypeError('secret detail'))
    case 'hangs':
      return new Promise(() => undefined)
    case 'is late':
      return new Promise((resolve) => clock.after(700, () => resolve({ content: 'late' })))
    case 'says nothing':
      return Promise.resolve({ content: '' })
    case 'says much':
      return Promise.resolve({ content: '狐🦊'.repeat(1000) })
  }
}
