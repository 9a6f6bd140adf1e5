import { ConnectionError } from './errors.ts'
import type { LiveConnectOptions, LiveContext, LiveParams, LiveSession } from './live/session.ts'

/** Conversations by voice. */
export class Live {
  readonly #context: LiveContext

  /** @internal A client has one. */
  constructor(context: LiveContext) {
    this.#context = context
  }

  /**
   * Opens a session; resolves once the gateway has it. The player and the microphone are the session's from now on: it closes both when it ends,
   * also where this rejects.
   *
   * Rejects with the `APIError` of what the gateway refuses, a `ConnectionError` where there is no gateway, a `ConnectionTimeoutError` where it does not
   * answer, an `AbortedError`, and a `UsageError` where an option cannot be what it is, or there is no `WebSocket`. Where somebody else answers, it is an
   * `UnexpectedResponseError` if the `dial` shows the answer; a standard `WebSocket`, and so `webSocketDial`, does not, so that it is a `ConnectionError`.
   */
  async connect(params: LiveParams, options: LiveConnectOptions = {}): Promise<LiveSession> {
    const { connectLive } = await sessions({ ...options })
    return connectLive(params, options, this.#context)
  }
}

/** Loaded with the first session: a third of the SDK is for those alone who talk. */
async function sessions({ player, microphone }: LiveConnectOptions) {
  try {
    return await import('./live/session.ts')
  } catch (cause) {
    await Promise.allSettled([player?.close(), microphone?.stop()])
    throw new ConnectionError('What live sessions need of the SDK could not be loaded.', { cause })
  }
}
