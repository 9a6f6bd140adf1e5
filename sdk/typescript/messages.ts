import { checkRequestOptions } from './checks.ts'
import { UsageError } from './errors.ts'
import type { CountTokensRequest, Message, MessageRequest, TokenCount } from './generated/types.gen.ts'
import type { RequestOptions } from './options.ts'
import { modelOf, type Settings } from './settings.ts'
import { MessageStream } from './stream/message-stream.ts'
import type { Transport, WithRequestId } from './transport.ts'

/** What `POST /v1/messages` takes; `model` may be left to the client's `defaultModel`. */
export type MessageCreateParams = Omit<MessageRequest, 'model' | 'stream'> & Pick<Partial<MessageRequest>, 'model'>
/** What `POST /v1/messages/count_tokens` takes; `model` may be left to the client's `defaultModel`. */
export type CountTokensParams = Omit<CountTokensRequest, 'model'> & Pick<Partial<CountTokensRequest>, 'model'>

/** Single turns of a model. */
export class Messages {
  readonly #transport: Transport
  readonly #settings: Pick<Settings, 'defaultModel'>

  constructor(transport: Transport, settings: Pick<Settings, 'defaultModel'>) {
    this.#transport = transport
    this.#settings = settings
  }

  /** The model's answer, once all of it is there. Throws a `VAIError`. */
  async create(params: MessageCreateParams, options?: RequestOptions): Promise<WithRequestId<Message>> {
    const body = messageRequest(params, this.#settings)
    return this.#transport.json<Message>({ path: '/v1/messages', body, options, isRepeatable: true }, 'content', 'array')
  }

  /** The model's answer as it comes. The request leaves at the first use of the stream. Throws a `UsageError`; the stream does the rest. */
  stream(params: MessageCreateParams, options: RequestOptions = {}): MessageStream {
    const body = { ...messageRequest(params, this.#settings), stream: true }
    checkRequestOptions(options)
    const request = { path: '/v1/messages', body, options, isRepeatable: true } as const
    return new MessageStream((signal) => this.#transport.open({ ...request, signal }), { signal: options.signal })
  }

  /** How many tokens the request would have, without asking the model. Throws a `VAIError`. */
  async countTokens(params: CountTokensParams, options?: RequestOptions): Promise<WithRequestId<TokenCount>> {
    const body = { ...params, model: modelOf(params, this.#settings) }
    const request = { path: '/v1/messages/count_tokens', body, options, isRepeatable: true } as const
    return this.#transport.json<TokenCount>(request, 'input_tokens', 'number')
  }
}

/** The body of a request that is no stream. Throws a `UsageError`. */
export function messageRequest(params: MessageCreateParams, settings: Pick<Settings, 'defaultModel'>): MessageRequest {
  const model = modelOf(params, settings)
  if ('stream' in params && params.stream) {
    throw new UsageError('`stream` is no parameter: there is `stream()`, beside `create()`.')
  }
  return { ...params, model }
}
