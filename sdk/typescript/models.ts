import { UnexpectedResponseError, UsageError } from './errors.ts'
import type { Model, ModelList } from './generated/types.gen.ts'
import type { RequestOptions } from './options.ts'
import type { Transport, WithRequestId } from './transport.ts'

/** Which models are listed; at most one of `after_id` and `before_id` is of use. */
export interface ModelListParams {
  /** How many a page holds, from 1 to 1000. All of them in one page by default. */
  readonly limit?: number | undefined
  /** Those that come after this one. */
  readonly after_id?: string | undefined
  /** Those that come before this one. */
  readonly before_id?: string | undefined
}

/** A page of models. Iterating over it gives its models and those of the pages after it, which are fetched as they are needed. */
export type ModelPage = WithRequestId<ModelList> & AsyncIterable<Model>

/** What can be asked. */
export class Models {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The models that there are, as far as the caller may use them. Throws a `VAIError`; so does iterating. */
  async list(params: ModelListParams = {}, options?: RequestOptions): Promise<ModelPage> {
    const query = { ...params }
    const request = { path: '/v1/models', query, options, isRepeatable: true } as const
    const page = await this.#transport.json<ModelList>(request, 'data', 'array')
    return Object.assign(page, { [Symbol.asyncIterator]: () => this.#from(page, query, options) })
  }

  /** What is known of a model, by its full id. Throws a `VAIError`. */
  async get(id: string, options?: RequestOptions): Promise<WithRequestId<Model>> {
    const parts = typeof id === 'string' ? id.split('/') : ['']
    // A URL has no place for them: they would lead elsewhere.
    if (id === '' || parts.some((part) => part === '.' || part === '..'))
      throw new UsageError('The id of a model is `provider/name`.')
    const path = `/v1/models/${parts.map(encodeURIComponent).join('/')}`
    return this.#transport.json<Model>({ path, options, isRepeatable: true }, 'id', 'string')
  }

  async *#from(first: WithRequestId<ModelList>, params: ModelListParams, options?: RequestOptions): AsyncGenerator<Model> {
    const { limit, before_id, after_id } = params
    const isBackwards = before_id !== undefined
    const passed = new Set<unknown>([before_id, after_id])
    for (let page = first; ; ) {
      yield* page.data
      if (!page.has_more) return
      const id = isBackwards ? page.first_id : page.last_id
      if (!id || passed.has(id)) {
        const message = 'The answer says that there are more models, and names no new one.'
        throw new UnexpectedResponseError(message, { status: 200, body: '', request_id: page.request_id })
      }
      passed.add(id)
      page = await this.list(isBackwards ? { limit, before_id: id } : { limit, after_id: id }, options)
    }
  }
}
