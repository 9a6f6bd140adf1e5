import { connectLive, type LiveConnectOptions, type LiveContext, type LiveParams, type LiveSession } from './live/session.ts'

/** Conversations by voice. */
export class Live {
  readonly #context: LiveContext

  constructor(context: LiveContext) {
    this.#context = context
  }

  /** Opens a session, as `LiveSession` and `LiveConnectOptions` have it. Throws a `VAIError`. */
  async connect(params: LiveParams, options: LiveConnectOptions = {}): Promise<LiveSession> {
    return connectLive(params, options, this.#context)
  }
}
