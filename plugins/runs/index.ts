import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { Usage } from '../../api/schemas.gen.ts'
import type { Tool } from '../../tools/tool.ts'
import type { Caller } from '../messages/index.ts'
import type { Occasion } from '../messages/occasion.ts'
import type { RawRequest } from '../messages/prepare.ts'
import type { RequestLimits } from '../messages/validate.ts'
import { ModelConversation } from './conversation.ts'
import type { ToolUse } from './history.ts'
import type { Terminals } from './loop.ts'
import { OpenCalls } from './open-calls.ts'
import { type ChosenTool, type MostOfRun, type PreparedRun, prepareRun } from './prepare.ts'
import { runToEnd } from './runner.ts'
import type { RunnableTool } from './tool-calls.ts'
import { accessFor, runnable, type Workshop } from './tools.ts'
import type { RunItem } from './turn.ts'
import { RunWatch } from './watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    runs: Runs
  }
}

/** Conversations in which the gateway itself runs the tools. */
export interface Runs {
  /** Checks a run of somebody. Throws one error with every issue, and `missing_provider_key` where a tool has no key. */
  prepare(raw: RawRequest, caller: RunAsker): Promise<PreparedRun>
  /** Begins a run; nothing happens until its items are pulled. */
  start(run: PreparedRun, caller: RunCaller): Run
}

/** Who asks for a run, and how much they may ask for. */
export interface RunAsker extends Pick<Caller, 'principal' | 'headers' | 'times'> {
  readonly sizes: RequestLimits
  /** Whether the caller takes part in it, and may bring tools. */
  readonly takesPart?: boolean
}

export interface RunCaller extends Omit<Caller, 'watch'> {
  readonly occasion: Occasion
  /** Whether the caller reads the run as a stream. */
  readonly isStream: boolean
  /** How long the caller's request is, in bytes. */
  readonly jsonBytes: number
  /** What the caller does in it; of a caller who only listens there is none. */
  readonly part?: RunPart
}

/** What a caller does in a run who does not only listen. */
export interface RunPart {
  /** The tools that the caller runs, by their names. None of the gateway's has such a name. */
  readonly tools: ReadonlyMap<string, RunnableTool>
  readonly terminals: Terminals
  /** How much longer than its time a call may take before the run itself stops it, in milliseconds. */
  readonly toolGraceMs: number
  /** Waited for before the first tool of an answer runs. */
  mayRun(): Promise<void>
  /** A call has arguments that fit, and its tool is about to run. */
  onRun(use: ToolUse): void
}

export interface Run {
  /** Everything that happens, the result last. Its errors are those of `runToEnd` in runner.ts. */
  readonly items: AsyncGenerator<RunItem, void>
  /** The full id of the model that answers, once one does. */
  readonly answeredBy: string
  /** What all answers have come to so far. */
  readonly usage: Usage
  /** A call is not waited for any longer: it is answered with that, and the run goes on. */
  stopCall(id: string): void
}

export interface RunsOptions {
  readonly tools: readonly Tool[]
  /** Where services are reached, by their id. */
  readonly baseURLs: ReadonlyMap<string, URL>
  readonly most: Omit<MostOfRun, 'runMs' | 'textBytes'> & { readonly resultBytes: number }
  /** Whether the operator lets a tool be used. */
  readonly isAllowed: (tool: string) => boolean
  readonly clock: Clock
}

export const runs = fp(
  async (app: FastifyInstance, { tools, baseURLs, most, isAllowed, clock }: RunsOptions) => {
    const workshop = { app, baseURLs, clock }
    const byName = new Map(tools.map((tool) => [tool.name, tool]))
    app.decorate('runs', {
      async prepare(raw, asker) {
        const { principal, times, sizes } = asker
        const prepared = await prepareRun(raw, {
          tools: byName,
          takesCallersTools: asker.takesPart ?? false,
          mayUse: (name) => isAllowed(name) && principal.mayUseTool(name),
          prepare: (request) => app.messages.prepare(request, principal, sizes),
          most: { ...most, runMs: times.answerMs, textBytes: sizes.textBytes },
        })
        // A key that is missing is better known now than in the middle.
        for (const chosen of prepared.tools) accessFor(workshop, chosen, asker)
        return prepared
      },
      start(prepared, caller) {
        const { occasion, part } = caller
        const names = new Set(prepared.tools.map(({ tool }) => tool.name))
        const callers = new Set(part?.tools.keys())
        const watch = new RunWatch(occasion, app.messages.watch(occasion), { isStream: caller.isStream, tools: names, callers })
        const conversation = new ModelConversation(app, prepared.request, caller, watch)
        const open = new OpenCalls()
        const items = watched(
          runToEnd({
            requestId: caller.requestId,
            model: prepared.request.targets[0].model.id,
            messages: prepared.request.messages,
            limits: prepared.limits,
            calls: {
              tools: new Map([...toolsOf(prepared.tools, workshop, caller), ...(part?.tools ?? [])]),
              parallel: prepared.limits.parallel,
              timeoutMs: prepared.limits.toolTimeoutMs + (part?.toolGraceMs ?? 0),
              maxResultBytes: most.resultBytes,
              clock,
              onError: (err) => caller.log.error({ err }, 'a tool failed unexpectedly'),
              mayRun: part && (() => part.mayRun()),
              onRun: part && ((use) => part.onRun(use)),
              open,
            },
            terminals: part?.terminals,
            conversation,
            clock,
            signal: caller.signal,
            toGatewayError: app.toGatewayError,
          }),
          watch,
        )
        return {
          items,
          get answeredBy() {
            return conversation.answeredBy
          },
          get usage() {
            return conversation.usage
          },
          stopCall: (id) => open.stop(id),
        }
      },
    })
  },
  { name: 'runs', dependencies: ['messages', 'credentials', 'egress', 'pages', 'errors'] },
)

function* toolsOf(
  chosen: readonly ChosenTool[],
  workshop: Workshop,
  caller: RunCaller,
): Generator<readonly [name: string, tool: RunnableTool]> {
  for (const each of chosen) yield [each.tool.name, runnable(workshop, each, caller)]
}

/** Tells how the run ended, however it does. */
async function* watched(items: AsyncGenerator<RunItem, void>, watch: RunWatch): AsyncGenerator<RunItem, void> {
  watch.begin()
  try {
    for await (const item of items) {
      if (item.type === 'run_complete') watch.end(item.result.stop_reason, item.result.error?.code)
      yield item
    }
  } catch (error) {
    watch.end('error', error instanceof GatewayError ? error.code : 'internal_error')
    throw error
  } finally {
    // Whoever listened has left; what was told before stays.
    watch.end('cancelled')
  }
}
