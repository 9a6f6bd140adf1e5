import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../api/clock.ts'
import { checkOf } from '../../tools/schema.ts'
import type { ServiceAccess } from '../../tools/tool.ts'
import type { Caller } from '../messages/index.ts'
import type { ChosenTool } from './prepare.ts'
import type { RunnableTool } from './tool-calls.ts'

/** What tools are given of the server, whoever's run it is. */
export interface Workshop {
  readonly app: FastifyInstance
  /** Where services are reached, by their id. */
  readonly baseURLs: ReadonlyMap<string, URL>
  readonly clock: Clock
}

/** A tool made ready for one caller's run. Throws where a service that it needs has no key. */
export function runnable(
  { app, baseURLs, clock }: Workshop,
  chosen: ChosenTool,
  caller: Pick<Caller, 'headers' | 'principal' | 'requestId' | 'log'>,
): RunnableTool {
  const { tool, config } = chosen
  const { requestId, principal, log } = caller
  const service = accessFor({ app, baseURLs }, chosen, caller)
  return {
    check: async (input) => (await checkOf(tool.inputSchema))(input),
    run: ({ id, input }, { signal, timeoutMs, maxResultBytes, watch }) =>
      tool.run(input, config, {
        id,
        requestId,
        tenant: principal.tenant,
        service,
        signal,
        timeoutMs,
        maxResultBytes,
        clock,
        log,
        dispatcher: app.egress.operator,
        ...(watch.trace && { trace: watch.trace }),
        readPage: (url, options) => app.pages.read(url, options, { who: principal.tenant ?? principal.id, signal, timeoutMs }),
      }),
  }
}

/** Of the services that would do, one there is a key for; undefined where none is needed. Throws where there is none. */
export function accessFor(
  { app, baseURLs }: Pick<Workshop, 'app' | 'baseURLs'>,
  { tool, config }: ChosenTool,
  { headers, principal }: Pick<Caller, 'headers' | 'principal'>,
): ServiceAccess | undefined {
  const [first, ...others] = tool.needs(config)
  if (!first) return undefined
  const { service, key } = app.credentials.chooseKey([first, ...others], headers, principal)
  return { service, apiKey: key, baseURL: baseURLs.get(service.id) ?? new URL(service.upstream.defaultBaseURL) }
}
