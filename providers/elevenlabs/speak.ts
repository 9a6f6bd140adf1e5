import { GatewayError } from '../../api/error.ts'
import type { FailureSource } from '../failure.ts'
import { HandshakeRefused, type Socket, socketURL } from '../socket.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { streamsText } from './capabilities.ts'
import { SpeechContext } from './context.ts'
import { socketPath, socketQuery } from './encode.ts'
import { refusal } from './error.ts'
import { identity, keyHeaders, sourceOf } from './identity.ts'

/**
 * Speaks a text that is still being written, in one context of a socket of its own.
 *
 * A socket might have five contexts at a time, but a context counts until the vendor says that it is over, which it may say late or
 * never, and one context's trouble closes the socket for all. The vendor counts what speaks, not open sockets, so nothing is lost but a handshake,
 * which is made while the first words are still being written.
 */
export async function* speak(
  text: AsyncIterable<string | Flush>,
  options: TtsOptions,
  call: SpeechCall,
): AsyncGenerator<TtsEvent> {
  if (!streamsText(call.model)) {
    const message = `${call.model} takes whole texts alone; take eleven_flash_v2_5 for one that is still being written.`
    throw new GatewayError('unsupported_parameter', { message, param: 'model' })
  }
  call.signal.throwIfAborted()
  const source = sourceOf(call)
  // Ends the call: the caller's own signal, and whatever goes wrong where the text comes from or the vendor owes something.
  const over = new AbortController()
  const onAbort = (): void => over.abort(call.signal.reason)
  call.signal.addEventListener('abort', onAbort, { once: true })
  const pieces = text[Symbol.asyncIterator]()
  let socket: Socket | undefined
  let context: SpeechContext | undefined
  try {
    socket = await connected(options, call, over.signal, source)
    context = new SpeechContext(socket, options, call, source, over)
    // Whatever fails in it ends the call.
    void context.write(pieces)
    yield* context.hear()
  } finally {
    call.signal.removeEventListener('abort', onAbort)
    context?.leave()
    socket?.close()
    void abandon(pieces)
  }
}

async function connected(options: TtsOptions, call: SpeechCall, signal: AbortSignal, source: FailureSource): Promise<Socket> {
  const url = socketURL(call.baseURL, socketPath(options.voice), socketQuery(options, call.model))
  const connectMs = Math.min(mostConnectMs, call.timeouts.firstByteMs)
  const headers = { ...call.trace, ...keyHeaders(call) }
  try {
    return await call.sockets.open({ provider: identity.id, url, headers, connectMs, signal })
  } catch (cause) {
    throw cause instanceof HandshakeRefused ? refusal(source, cause, cause.body, call.clock.wallclock()) : cause
  }
}

const mostConnectMs = 10_000

/** Not waited for: a source that waits for something itself answers only afterwards. */
async function abandon(pieces: AsyncIterator<unknown>): Promise<void> {
  try {
    await pieces.return?.()
  } catch {
    // Whoever fails at leaving has nobody left to tell.
  }
}
