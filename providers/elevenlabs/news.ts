import { type FailureSource, protocolFailure } from '../failure.ts'
import type { SocketMessage } from '../socket.ts'
import { reported } from './error.ts'
import { NotProtocol, readMessage, type SocketNews } from './messages.ts'

/** What a socket of voices has to say. Throws what it reports as a failure, and `provider_protocol` for what is not its protocol. */
export function newsOf(message: SocketMessage, source: FailureSource): SocketNews {
  if (message.type === 'binary') throw protocolFailure(source, 'it sent bytes where JSON is expected.')
  try {
    const news = readMessage(message.text)
    if (news.type === 'failure') throw reported(source, message.text)
    return news
  } catch (cause) {
    throw cause instanceof NotProtocol ? protocolFailure(source, cause.message, message.text, cause) : cause
  }
}
