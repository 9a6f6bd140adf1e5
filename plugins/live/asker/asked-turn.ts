import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../api/clock.ts'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import type {
  MessageParam,
  RunResult,
  StepCompleteEvent,
  StreamEvent,
  ToolCallStartEvent,
  ToolResultContentBlockParam,
  ToolResultEvent,
  Usage,
} from '../../../api/schemas.gen.ts'
import type { ToolUse } from '../../runs/history.ts'
import type { Run, RunPart } from '../../runs/index.ts'
import type { PreparedRun } from '../../runs/prepare.ts'
import type { RunItem } from '../../runs/turn.ts'
import type { LiveCaller } from '../caller.ts'
import { type LiveResult, type LiveStep, speakingTool } from '../history.ts'
import type { ModelEvent } from '../inputs.ts'
import type { LiveAsking } from '../plan.ts'
import { historyTooLong } from '../typed.ts'
import type { AskerListener } from './asker.ts'
import type { AskingBudget } from './asking-budget.ts'
import { ClientCalls } from './client-calls.ts'
import { TurnOccasion } from './occasion.ts'
import { prepareTurn } from './request.ts'
import { AnswerSpeech } from './speech.ts'
import { AnswerStep } from './step.ts'
import { speakingTerminal } from './words.ts'

export interface AskedTurnParts {
  readonly app: FastifyInstance
  readonly asking: LiveAsking
  readonly caller: LiveCaller
  readonly listener: AskerListener
  /** Of the whole session. */
  readonly budget: AskingBudget
  readonly clock: Clock
}

/**
 * One turn: a run, of which the words are told sentence by sentence, and the calls of tools as they happen. Ends once, by `done`, by
 * `failed`, or because it is cancelled, and then nothing more is told. Nothing in it rejects.
 */
export class AskedTurn {
  readonly #parts: AskedTurnParts
  readonly #number: number
  readonly #stopping = new AbortController()
  readonly #calls = new ClientCalls((use, blocks) => this.#problemWith(use, blocks))
  readonly #confirmed = deferred()
  /** Whether nobody knows yet if the turn is wanted. */
  #isForetold: boolean
  /** What is for those who watch runs, until it is known. */
  #untold: RunEvent[] = []
  #run: Run | undefined
  readonly #steps: AnswerStep[] = []
  #speech: AnswerSpeech | undefined
  /** The calls that run, and the tools that change nothing. */
  readonly #running = new Set<string>()
  #harmless: ReadonlySet<string> = new Set()
  #isOver = false
  #isRefused = false

  constructor(parts: AskedTurnParts, number: number, isForetold: boolean) {
    this.#parts = parts
    this.#number = number
    this.#isForetold = isForetold
    if (!isForetold) this.#confirmed.resolve()
  }

  /** Asks, and resolves once nothing of the turn runs any more. To be called once. */
  async ask(messages: readonly MessageParam[]): Promise<void> {
    const { app, caller, clock } = this.#parts
    const occasion = new TurnOccasion(app, caller, this.#number, clock)
    if (this.#isForetold) occasion.facts.foretold = true
    try {
      await this.#ask(messages, occasion)
    } catch (error) {
      this.#failed(error, occasion)
    } finally {
      if (occasion.facts.error === notExplicit.code) occasion.facts.ended = 'error'
      else if (this.#stopping.signal.aborted) occasion.facts.ended ??= 'cancelled'
      occasion.end()
    }
  }

  /** It is wanted: tools may run. */
  confirm(): void {
    if (!this.#isForetold) return
    this.#isForetold = false
    for (const event of this.#untold.splice(0)) this.#parts.listener.run(this.#number, event)
    this.#confirmed.resolve()
  }

  /** Whether it was begun before it was certain, and still is not. */
  get isForetold(): boolean {
    return this.#isForetold
  }

  /** What was asked ends at once. */
  cancel(): void {
    this.#isOver = true
    this.#untold = []
    this.#stopping.abort(new Cancelled())
  }

  cancelTool(id: string): void {
    this.#run?.stopCall(id)
  }

  answerTool(id: string, content: LiveResult['content'], isError: boolean): void {
    this.#calls.answer(id, content, isError)
  }

  /** It belongs to the answer whose tools run; or to the next one, if that has begun to speak. */
  addFiller(text: string): void {
    const [last, before] = [this.#steps.at(-1), this.#steps.at(-2)]
    const step = last && (last.hasSpoken || last.hasCalls) ? last : (before ?? last)
    step?.filled(text)
  }

  get steps(): readonly LiveStep[] {
    return this.#steps.map(({ soFar }) => soFar)
  }

  /** Whether the model cannot be asked with the question: nothing came of it, and nothing would if it were asked again. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  get usage(): Usage {
    return this.#run?.usage ?? {}
  }

  // ── The run ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #ask(messages: readonly MessageParam[], occasion: TurnOccasion): Promise<void> {
    const { app, asking, caller, budget } = this.#parts
    await app.limits.sessions.countRequest(caller.principal)
    // Another may have been asked meanwhile.
    if (this.#isOver) return
    budget.charge(messages)
    const { run: prepared, jsonBytes } = await prepareTurn(app, asking, messages, caller)
    if (this.#isOver) return
    const run = this.#started(prepared, jsonBytes, occasion)
    this.#run = run
    for await (const item of run.items) {
      if (this.#isOver) break
      this.#take(item, occasion)
    }
  }

  #started(prepared: PreparedRun, jsonBytes: number, occasion: TurnOccasion): Run {
    const { app, asking, caller } = this.#parts
    const { principal, allotment, requestId, headers, log } = caller
    const { clientTools } = asking
    this.#harmless = new Set([
      ...prepared.tools.flatMap(({ tool }) => (tool.readOnly ? [tool.name] : [])),
      ...clientTools.flatMap(({ name, read_only: isReadOnly }) => (isReadOnly ? [name] : [])),
    ])
    const part: RunPart = {
      tools: new Map(clientTools.map(({ name }) => [name, this.#calls.tool])),
      terminals: speakingTerminal,
      toolGraceMs,
      mayRun: () => this.#confirmed.promise,
      onRun: (use) => this.#began(use),
    }
    const who = { principal, times: allotment.times, requestId, headers, query: '', log }
    return app.runs.start(prepared, { ...who, signal: this.#stopping.signal, occasion, isStream: false, jsonBytes, part })
  }

  #take(item: RunItem, occasion: TurnOccasion): void {
    switch (item.type) {
      case 'step_start':
        this.#step(occasion)
        return
      case 'stream_event':
        this.#event(item.event)
        return
      case 'tool_call_start':
        this.#tellRun(item)
        return
      case 'tool_result':
        this.#ended(item)
        return
      case 'step_complete':
        this.#tellRun(item)
        return
      case 'run_complete':
        this.#complete(item.result)
    }
  }

  #step(occasion: TurnOccasion): void {
    const { asking } = this.#parts
    const step = new AnswerStep()
    this.#steps.push(step)
    this.#speech = new AnswerSpeech(asking, {
      say: (index, text) => {
        if (this.#isOver) return
        step.said(index, text)
        this.#tell({ type: 'say', text })
      },
      wrote: (index, text) => step.wrote(index, text),
      plain: () => this.#plain(occasion),
    })
  }

  #event(event: StreamEvent): void {
    this.#steps.at(-1)?.add(event)
    this.#speech?.add(event)
  }

  /** The model writes what it does not say. */
  #plain(occasion: TurnOccasion): void {
    const { speechGate } = this.#parts.asking
    occasion.facts.plain_text = true
    this.#parts.app.metrics.live.plainSpeech(speechGate)
    if (speechGate === 'lenient') return
    occasion.facts.error = notExplicit.code
    this.#tell({ type: 'failed', ...notExplicit })
    this.cancel()
  }

  // ── Tools ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #began({ id, name, input }: ToolUse): void {
    const { clientTools, toolTimeoutMs: withinMs } = this.#parts.asking
    const isClients = clientTools.some((tool) => tool.name === name)
    this.#running.add(id)
    const hasOutsideEffect = !this.#harmless.has(name)
    this.#tell({ type: 'tool-began', id, hasOutsideEffect, withinMs, ...(isClients && { call: { name, input } }) })
  }

  #ended(event: ToolResultEvent): void {
    const { tool_use_id: id, name, content, is_error: isError } = event
    if (name === speakingTool) return
    const told = isError ? content : (this.#calls.blocksOf(id) ?? content)
    this.#steps.at(-1)?.result({ tool_use_id: id, content: told, is_error: isError })
    if (this.#running.delete(id)) this.#tell({ type: 'tool-ended', id })
    this.#tellRun(event)
  }

  /** Found out as it would be in the next request, in which it would stand for good. */
  #problemWith(use: ToolUse, blocks: readonly ToolResultContentBlockParam[]): string | undefined {
    const { app, asking, caller } = this.#parts
    const messages: MessageParam[] = [
      { role: 'user', content: 'Go on.' },
      { role: 'assistant', content: [use] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: [...blocks] }] },
    ]
    const body = { model: asking.model, messages }
    const json = Buffer.from(JSON.stringify(body))
    try {
      const raw = { body, json, roundedNumberAt: undefined, schemaError: undefined, hasBeta: false }
      app.messages.prepare(raw, caller.principal, caller.allotment.sizes)
      return undefined
    } catch (error) {
      return error instanceof GatewayError ? error.message : 'it is not what a result can be'
    }
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #complete({ stop_reason: stopReason, error }: RunResult): void {
    if (error) {
      const { type, code = type, message } = error
      this.#isRefused = this.#refuses({ type })
      this.#tell({ type: 'failed', errorType: type, code, message, isRetryable: isRetryable({ type, code }) })
    } else this.#tell({ type: 'done', stopReason })
    this.#isOver = true
  }

  #failed(error: unknown, occasion: TurnOccasion): void {
    if (error instanceof Cancelled) return
    const known = this.#parts.app.toGatewayError(error)
    this.#isRefused = this.#refuses(known)
    const { code, message } = isTooLong(known) ? historyTooLong : known
    if (code === 'internal_error') this.#parts.caller.log.error({ err: error }, 'a turn failed unexpectedly')
    occasion.facts.ended ??= 'error'
    occasion.facts.error ??= code
    this.#tell({ type: 'failed', errorType: known.type, code, message, isRetryable: isRetryable(known) })
    this.#isOver = true
  }

  /** An error that nobody but the question can be blamed for. */
  #refuses({ type }: { readonly type: string }): boolean {
    return type === 'invalid_request_error' && this.#steps.every(({ soFar }) => soFar.content.length === 0)
  }

  #tell(event: ModelEvent): void {
    if (!this.#isOver) this.#parts.listener.model(this.#number, event)
  }

  #tellRun(event: RunEvent): void {
    if (this.#isOver) return
    if (this.#isForetold) this.#untold.push(event)
    else this.#parts.listener.run(this.#number, event)
  }
}

type RunEvent = ToolCallStartEvent | ToolResultEvent | StepCompleteEvent

/** A call that takes too long is cancelled by the session, which tells its client; this is for the case that nobody does. */
const toolGraceMs = 2000

const notExplicit = {
  errorType: 'provider_error',
  code: 'speech_not_explicit',
  message: `The model wrote what it was to say by calling ${speakingTool}; such text is not spoken here.`,
  isRetryable: true,
} as const

/** Whether nothing is wrong but that all messages together are too much. */
function isTooLong({ issues = [] }: GatewayError): boolean {
  return issues.length > 0 && issues.every(({ param, code }) => param === 'messages' && code === 'too_large')
}

/** Whether the same question may well be answered a little later. */
function isRetryable({ code, type }: { readonly code: string; readonly type: string }): boolean {
  return passing.includes(type) && !lasting.includes(code)
}

const passing: readonly string[] = ['rate_limit_error', 'timeout_error', 'overloaded_error', 'provider_error']
const lasting: readonly string[] = ['daily_cost_limit', 'provider_quota', 'provider_untrusted']

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
