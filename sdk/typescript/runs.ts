import { checkRequestOptions } from './checks.ts'
import { UsageError } from './errors.ts'
import { isRecord } from './generated/json.gen.ts'
import type { RunRequest, RunResponse, RunResult } from './generated/types.gen.ts'
import { type MessageCreateParams, messageRequest } from './messages.ts'
import type { RequestOptions } from './options.ts'
import type { Settings } from './settings.ts'
import { RunStream } from './stream/run-stream.ts'
import type { Transport, WithRequestId } from './transport.ts'

/** What `POST /v1/runs` takes; `request.model` may be left to the client's `defaultModel`. */
export type RunCreateParams = Omit<RunRequest, 'request'> & { readonly request: MessageCreateParams }

/** Conversations in which the gateway runs the tools that the model calls. */
export class Runs {
  readonly #transport: Transport
  readonly #settings: Pick<Settings, 'defaultModel'>

  constructor(transport: Transport, settings: Pick<Settings, 'defaultModel'>) {
    this.#transport = transport
    this.#settings = settings
  }

  /** What the run came to, once it is over. Throws a `VAIError`. */
  async create(params: RunCreateParams, options?: RequestOptions): Promise<WithRequestId<RunResult>> {
    const body = runRequest(params, this.#settings)
    // Tools may have run: where nobody knows, it is not sent again.
    const request = { path: '/v1/runs', body, options, isRepeatable: false } as const
    const { result, request_id } = await this.#transport.json<RunResponse>(request, 'result', 'object')
    return { ...result, request_id }
  }

  /** The run as it happens. The request leaves at the first use of the stream. Throws a `UsageError`; the stream does the rest. */
  stream(params: RunCreateParams, options: RequestOptions = {}): RunStream {
    const body = runRequest(params, this.#settings)
    checkRequestOptions(options)
    const request = { path: '/v1/runs:stream', body, options, isRepeatable: false } as const
    return new RunStream((signal) => this.#transport.open({ ...request, signal }), { signal: options.signal })
  }
}

function runRequest(params: RunCreateParams, settings: Pick<Settings, 'defaultModel'>): RunRequest {
  if (!isRecord(params)) throw new UsageError('The parameters of a run are no object.')
  return { ...params, request: messageRequest(params.request, settings) }
}
