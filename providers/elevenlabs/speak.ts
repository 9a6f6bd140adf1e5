import { GatewayError } from '../../api/error.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { openSpeechSocket, type SpeechSocket } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { streamsText } from './capabilities.ts'
import { SpeechContext } from './context.ts'
import { socketPath, socketQuery } from './encode.ts'
import { refusal } from './error.ts'
import { keyHeaders, sourceOf } from './identity.ts'

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
  const source = sourceOf(call)
  const written = new SourceReader(text)
  let socket: SpeechSocket | undefined
  let context: SpeechContext | undefined
  try {
    const { voice } = options
    const request = { path: socketPath(voice), query: socketQuery(options, call.model), headers: keyHeaders(call) }
    socket = await openSpeechSocket(call, source, request, refusal)
    context = new SpeechContext(socket, options, call, source)
    // Whatever fails in it ends the call.
    void context.write(written)
    yield* context.hear()
  } finally {
    context?.leave()
    socket?.close()
    written.stop()
  }
}
