import type { Duplex } from 'node:stream'
import type { WaitingPlace } from './waiting-room.ts'

/**
 * Counts what comes over a connection as long as nobody knows whose it is: the bytes themselves and not the messages, because one that is not
 * complete is kept as well. `onTooMuch` is called once; then what still comes is thrown away, and nothing of it is kept.
 */
export function watchThreshold(
  connection: Duplex,
  place: WaitingPlace,
  onTooMuch: (why: 'message_too_large' | 'overloaded') => void,
): void {
  const count = (chunk: Uint8Array): void => {
    const why = place.received(chunk.length)
    if (why === undefined) return
    // The socket has to read no more; the connection does, or the client could not be told why.
    connection.removeAllListeners('data')
    connection.resume()
    onTooMuch(why)
  }
  // Before the socket itself keeps it.
  connection.prependListener('data', count)
}
