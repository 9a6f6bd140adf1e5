import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { checkOf } from '../../tools/schema.ts'
import type { Service, ServiceAccess, Tool } from '../../tools/tool.ts'
import type { Budget, Turn } from '../messages/budget.ts'
import type { GivenContainer } from '../messages/extend.ts'
import type { Caller } from '../messages/index.ts'
import type { OpenedStream } from '../messages/open.ts'
import type { PreparedRequest, RawRequest } from '../messages/prepare.ts'
import type { RequestLimits } from '../messages/validate.ts'
import { type ChosenTool, definitionOf, type MostOfRun, type PreparedRun, prepareRun } from './prepare.ts'
import { type Conversation, type OpenAnswer, runToEnd } from './runner.ts'
import type { RunnableTool } from './tool-calls.ts'
import type { RunItem } from './turn.ts'
import type { RunWatch, StepWatch } from './watch.ts'

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
  readonly most: Omit<MostOfRun, 'runMs'> & { readonly resultBytes: number }
  /** Whether the operator lets a tool be used. */
  readonly isAllowed: (tool: string) => boolean
  readonly clock: Clock
}

export const runs = fp(
  async (app: FastifyInstance, { tools, baseURLs, most, isAllowed, clock }: RunsOptions) => {
    const byName = new Map(tools.map((tool) => [tool.name, tool]))
    app.decorate('runs', {
      async prepare(raw, asker) {
        const { principal, times, sizes } = asker
        const prepared = await prepareRun(raw, {
          tools: byName,
          mayUse: (name) => isAllowed(name) && principal.mayUseTool(name),
          prepare: (request) => app.messages.prepare(request, principal, sizes),
          most: { ...most, runMs: times.answerMs },
        })
        // A key that is missing is better known now than in the middle.
        for (const chosen of prepared.tools) accessFor(chosen, asker)
        return prepared
      },
      start(prepared, caller) {
        const conversation = new ModelConversation(app, prepared, caller)
        const items = watched(
          runToEnd({
            requestId: caller.requestId,
            model: prepared.request.targets[0].model.id,
            messages: prepared.request.targets[0].request.messages,
            limits: prepared.limits,
            calls: {
              tools: new Map(prepared.tools.map((chosen) => [chosen.tool.name, runnable(chosen, caller)])),
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

    function runnable({ tool, config }: ChosenTool, caller: RunCaller): RunnableTool {
      const service = accessFor({ tool, config }, caller)
      const { requestId, principal, log } = caller
      return {
        definition: definitionOf(tool),
        check: async (input) => (await checkOf(tool.inputSchema))(input),
        run: ({ id, input }, { signal, timeoutMs, watch }) =>
          tool.run(input, config, {
            id,
            requestId,
            tenant: principal.tenant,
            service,
            signal,
            timeoutMs,
            maxResultBytes: most.resultBytes,
            clock,
            log,
            dispatcher: app.egress.operator,
            ...(watch.trace && { trace: watch.trace }),
            readPage: (url, options) => app.pages.read(url, options, { signal, timeoutMs }),
          }),
      }
    }

    /** The first of the services that would do for which there is a key. Throws where there is none. */
    function accessFor({ tool, config }: ChosenTool, asker: Pick<RunAsker, 'headers' | 'principal'>): ServiceAccess | undefined {
      const services = tool.needs(config)
      const [first] = services
      if (!first) return undefined
      const { headers, principal } = asker
      const service =
        services.find((each) => app.credentials.hasKey(each, headers, principal)) ?? (services.length === 1 ? first : undefined)
      if (!service) throw noKeyForAny(tool, services)
      return {
        service,
        apiKey: app.credentials.keyFor(service, headers, principal),
        baseURL: baseURLs.get(service.id) ?? new URL(service.upstream.defaultBaseURL),
      }
    }
  },
  { name: 'runs', dependencies: ['messages', 'credentials', 'egress', 'pages', 'errors'] },
)

function noKeyForAny(tool: Tool, services: readonly Service[]): GatewayError {
  const headers = services.map(({ upstream }) => upstream.keyHeader)
  const names = services.map(({ name }) => name).join(', ')
  return new GatewayError('missing_provider_key', {
    param: headers[0] ?? '',
    message: `${tool.name} needs a key for one of ${names}, and there is none: send yours in one of the headers ${headers.join(', ')}.`,
  })
}

/** The turns of one run: the model's, with what they may cost, and their traces. */
class ModelConversation implements Conversation {
  readonly #app: FastifyInstance
  readonly #run: PreparedRun
  readonly #caller: RunCaller
  #answeredBy: string
  #container: GivenContainer | undefined

  constructor(app: FastifyInstance, run: PreparedRun, caller: RunCaller) {
    this.#app = app
    this.#run = run
    this.#caller = caller
    this.#answeredBy = run.request.targets[0].model.id
  }

  get answeredBy(): string {
    return this.#answeredBy
  }

  begin(index: number): ReturnType<Conversation['begin']> {
    const step = this.#caller.watch.turn(index)
    return {
      ask: (said, signal) => this.#ask(index, step, said, signal),
      tool: (name, id) => step.tool(name, id),
      end: () => step.end(),
    }
  }

  async #ask(
    index: number,
    { watch }: StepWatch,
    said: Parameters<ReturnType<Conversation['begin']>['ask']>[0],
    signal: AbortSignal,
  ): Promise<OpenAnswer> {
    const { messages } = this.#app
    const caller: Caller = { ...this.#caller, signal, watch }
    const { request: first } = this.#run
    const continuation = { append: said, answeredBy: this.#answeredBy, container: this.#container }
    const request = said.length === 0 ? first : messages.extend(first, continuation)
    const jsonBytes = this.#caller.jsonBytes + (said.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(said)))
    const budget = await this.#caller.budget(request, { jsonBytes, isStream: this.#caller.isStream && index === 0, caller })
    try {
      const { result, target } = await messages.stream(request, caller)
      this.#answeredBy = target.model.id
      const answer = messages.follow(target)
      const source = new CountedStream(result)
      let isComplete = false
      budget.answers(target, () => ({ usage: answer.usage, bytes: source.bytes, isStream: true, isComplete }))
      return {
        source,
        add: (event) => answer.add(event),
        get usage() {
          return answer.usage
        },
        end: (how) => {
          isComplete = how === 'complete'
          // An answer that runs no code says nothing of the container, which is still there.
          if (answer.containerId !== undefined) this.#container = { id: answer.containerId, givenBy: target.model.id }
          budget.settle()
          watch.turnEnded(target, how, answer)
        },
      }
    } catch (error) {
      budget.settle()
      throw error
    }
  }
}

/** A stream of which it is known about how much has come. */
class CountedStream implements OpenAnswerSource {
  readonly head: OpenedStream['head']
  readonly #stream: OpenedStream
  #bytes = 0

  constructor(stream: OpenedStream) {
    this.#stream = stream
    this.head = stream.head
    for (const item of stream.head) this.#count(item)
  }

  get bytes(): number {
    return this.#bytes
  }

  async next(): ReturnType<OpenedStream['next']> {
    const next = await this.#stream.next()
    if (!next.done) this.#count(next.value)
    return next
  }

  close(): Promise<void> {
    return this.#stream.close()
  }

  #count(item: OpenedStream['head'][number]): void {
    this.#bytes += item.type === 'wire' ? item.bytes.byteLength : bytesOfEvent
  }
}

type OpenAnswerSource = OpenAnswer['source']

/** An event carries a few letters; what it would take on the wire. */
const bytesOfEvent = 128

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
