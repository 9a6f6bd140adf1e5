import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { Tool } from '../../tools/tool.ts'
import type { Budget, Turn } from '../messages/budget.ts'
import type { Caller } from '../messages/index.ts'
import type { PreparedRequest, RawRequest } from '../messages/prepare.ts'
import type { RequestLimits } from '../messages/validate.ts'
import { ModelConversation } from './conversation.ts'
import { type MostOfRun, type PreparedRun, prepareRun } from './prepare.ts'
import { runToEnd } from './runner.ts'
import { accessFor, runnable } from './tools.ts'
import type { RunItem } from './turn.ts'
import type { RunWatch } from './watch.ts'

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
}

export interface RunCaller extends Omit<Caller, 'watch'> {
  readonly watch: RunWatch
  /** Whether the caller reads the run as a stream. */
  readonly isStream: boolean
  /** How long the caller's request is, in bytes. */
  readonly jsonBytes: number
  /** Takes what a turn may need of the caller's limits. Throws where they do not let it pass. */
  budget(request: PreparedRequest, turn: Turn): Promise<Budget>
}

export interface Run {
  /** Everything that happens, the result last. Its errors are those of `runToEnd` in runner.ts. */
  readonly items: AsyncGenerator<RunItem, void>
  /** The full id of the model that answers, once one does. */
  readonly answeredBy: string
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
          mayUse: (name) => isAllowed(name) && principal.mayUseTool(name),
          prepare: (request) => app.messages.prepare(request, principal, sizes),
          most: { ...most, runMs: times.answerMs, textBytes: sizes.textBytes },
        })
        // A key that is missing is better known now than in the middle.
        for (const chosen of prepared.tools) accessFor(workshop, chosen, asker)
        return prepared
      },
      start(prepared, caller) {
        const conversation = new ModelConversation(app, prepared.request, caller)
        const items = watched(
          runToEnd({
            requestId: caller.requestId,
            model: prepared.request.targets[0].model.id,
            messages: prepared.request.messages,
            limits: prepared.limits,
            calls: {
              tools: new Map(prepared.tools.map((chosen) => [chosen.tool.name, runnable(workshop, chosen, caller)])),
              parallel: prepared.limits.parallel,
              timeoutMs: prepared.limits.toolTimeoutMs,
              maxResultBytes: most.resultBytes,
              clock,
              onError: (err) => caller.log.error({ err }, 'a tool failed unexpectedly'),
            },
            conversation,
            clock,
            signal: caller.signal,
            toGatewayError: app.toGatewayError,
          }),
          caller.watch,
        )
        return {
          items,
          get answeredBy() {
            return conversation.answeredBy
          },
        }
      },
    })
  },
  { name: 'runs', dependencies: ['messages', 'credentials', 'egress', 'pages', 'errors'] },
)

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
