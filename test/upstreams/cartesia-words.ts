import { badRequest, errorFrame } from './cartesia-rules.ts'
import { formatOf } from './cartesia-sound.ts'
import { isUnderstood, textOf, type WordHearing } from './deepgram-words.ts'
import { isObject } from './json.ts'
import type { SocketConnection } from './sockets.ts'
import { type HeardWord, WordReader } from './spoken-words.ts'

function readerFor({ opening: { query } }: SocketConnection): WordReader {
  return new WordReader(formatOf({ encoding: query.get('encoding'), sample_rate: Number(query.get('sample_rate')) }))
}

/** `/stt/websocket`: hears what `speechOf` has made of words; each text is that since the last one that was final. */
export function hearWordsManually(connection: SocketConnection, { disturb }: WordHearing): void {
  const reader = readerFor(connection)
  const tellsTimes = connection.opening.query.get('model') !== 'ink-2'
  let pending: HeardWord[] = []
  const told = (isFinal: boolean): void => {
    const words = pending.map(({ text, fromMs, toMs }) => ({ word: text, start: fromMs / 1000, end: toMs / 1000 }))
    connection.json({
      type: 'transcript',
      is_final: isFinal,
      text: `${textOf(pending)} `,
      language: 'en',
      request_id: 'r',
      ...(isFinal && tellsTimes && { words }),
    })
    if (isFinal) pending = []
  }
  connection.onMessage((message) => {
    if (disturb?.(connection, reader.ms)) return
    if (typeof message !== 'string') {
      for (const word of reader.push(message)) {
        if (!isUnderstood(word)) continue
        pending.push(word)
        told(false)
      }
      return
    }
    if (message !== 'finalize' && message !== 'close') {
      connection.json(errorFrame(badRequest('unknown command')))
      return
    }
    if (pending.length > 0) told(true)
    connection.json({ type: message === 'finalize' ? 'flush_done' : 'done', request_id: 'r' })
    if (message === 'close') connection.close(1000)
  })
}

/** `/stt/turns/websocket`: likewise; a turn is over after 800 ms of silence, which is foretold after 300 ms. */
export function hearWordsInTurns(connection: SocketConnection, { disturb }: WordHearing): void {
  const reader = readerFor(connection)
  let words: HeardWord[] = []
  let isForetold = false
  const tell = (type: string, transcript?: string): void =>
    connection.json({ type, request_id: 'r', ...(transcript !== undefined && { transcript }) })
  tell('connected')
  connection.onMessage((message) => {
    if (disturb?.(connection, reader.ms)) return
    if (typeof message === 'string') {
      const command: unknown = JSON.parse(message)
      if (isObject(command) && command.type === 'close') connection.close(1000)
      return
    }
    for (const word of reader.push(message)) {
      if (!isUnderstood(word)) continue
      if (words.length === 0) tell('turn.start')
      if (isForetold) tell('turn.resume')
      isForetold = false
      words.push(word)
      tell('turn.update', textOf(words))
    }
    const silentMs = reader.ms - reader.lastVoiceMs
    if (words.length === 0) return
    if (silentMs >= 800) {
      tell('turn.end', textOf(words))
      words = []
      isForetold = false
    } else if (silentMs >= 300 && !isForetold) {
      isForetold = true
      tell('turn.eager_end', textOf(words))
    }
  })
}
