import type { RawFormat } from '../../providers/speech.ts'
import { isObject, type Json } from './json.ts'
import type { SocketConnection } from './sockets.ts'
import { type HeardWord, WordReader } from './spoken-words.ts'

/** What goes wrong with those who hear words in the sound itself. */
export interface WordHearing {
  /** Called with each piece of sound, whose connection was opened as so manieth; true where nothing is heard of it. */
  readonly disturb?: (connection: SocketConnection, heardMs: number) => boolean
}

/** `/v1/listen`: Nova, which hears what `speechOf` has made of words. */
export function hearWordsV1(connection: SocketConnection, { disturb }: WordHearing): void {
  const { query } = connection.opening
  const reader = new WordReader(formatOf(query))
  const endpointing = Number(query.get('endpointing') ?? 10)
  let words: HeardWord[] = []
  let toldMs = 0
  const results = (flags: Json): void => {
    toldMs = reader.ms
    connection.json({ ...resultsOf(words), ...flags })
  }
  const finish = (flags: Json): void => {
    results({ is_final: true, ...flags })
    words = []
  }
  connection.onMessage((message) => {
    if (typeof message !== 'string') {
      if (disturb?.(connection, reader.ms)) return
      for (const word of reader.push(message)) {
        if (!isUnderstood(word)) continue
        words.push(word)
        if (query.get('interim_results') === 'true') results({ is_final: false })
      }
      // Engines look at more than the last few milliseconds, whatever they are told.
      if (words.length > 0 && reader.ms - reader.lastVoiceMs >= Math.max(120, endpointing)) finish({ speech_final: true })
      // Something is said of every second, whether anybody speaks or not.
      if (reader.ms - toldMs >= 1000) results({ is_final: false })
      return
    }
    switch (typeOf(message)) {
      case 'KeepAlive':
        return
      case 'Finalize':
        if (disturb?.(connection, reader.ms)) return
        finish({ from_finalize: true })
        return
      case 'CloseStream':
        if (words.length > 0) finish({})
        connection.json({ ...metadata, duration: reader.ms / 1000 })
        connection.close(1000)
        return
      default:
        connection.close(1008, 'DATA-0000: The payload cannot be decoded.')
    }
  })
}

const metadata = { type: 'Metadata', transaction_key: 'deprecated', request_id: 'r', sha256: '', created: '', channels: 1 }

/** `/v2/listen`: Flux likewise, which ends turns after half a second, and foretells that where it is asked to. */
export function hearWordsV2(connection: SocketConnection, { disturb }: WordHearing): void {
  const { query } = connection.opening
  const reader = new WordReader(formatOf(query))
  let words: HeardWord[] = []
  let [turn, sequence, toldMs] = [0, 0, 0]
  let isForetold = false
  const tell = (message: Json): void => connection.json({ ...message, request_id: 'r', sequence_id: sequence++ })
  const told = (event: string, more: Json = {}): void => {
    toldMs = reader.ms
    tell({
      type: 'TurnInfo',
      event,
      turn_index: turn,
      audio_window_start: 0,
      audio_window_end: reader.ms / 1000,
      transcript: textOf(words),
      words: words.map(({ text, fromMs, toMs }) => ({ word: text, start: fromMs / 1000, end: toMs / 1000, confidence: 0.98 })),
      end_of_turn_confidence: 0.5,
      ...more,
    })
  }
  const hear = (word: HeardWord): void => {
    if (!isUnderstood(word)) return
    const isFirst = words.length === 0
    if (isForetold) told('TurnResumed')
    isForetold = false
    words.push(word)
    told(isFirst ? 'StartOfTurn' : 'Update')
  }
  const rest = (): void => {
    const silentMs = reader.ms - reader.lastVoiceMs
    if (words.length === 0) return
    if (silentMs >= 500) {
      told('EndOfTurn', { trigger: 'model', end_of_turn_confidence: 0.9 })
      words = []
      isForetold = false
      turn++
    } else if (silentMs >= 200 && query.has('eager_eot_threshold') && !isForetold) {
      isForetold = true
      told('EagerEndOfTurn')
    }
  }
  tell({ type: 'Connected' })
  connection.onMessage((message) => {
    if (typeof message !== 'string') {
      if (disturb?.(connection, reader.ms)) return
      for (const word of reader.push(message)) hear(word)
      rest()
      if (reader.ms - toldMs >= 250) told('Update')
    } else if (typeOf(message) === 'CloseStream') connection.close()
    else {
      tell({ type: 'Error', code: 'UNPARSABLE_CLIENT_MESSAGE', description: 'The message could not be read.' })
      connection.close(1008)
    }
  })
}

/** Of a word that is cut where the sound begins or ends, engines make nothing. */
export function isUnderstood({ share }: HeardWord): boolean {
  return share >= 0.5
}

export function textOf(words: readonly HeardWord[]): string {
  return words.map(({ text }) => text).join(' ')
}

function formatOf(query: URLSearchParams): RawFormat {
  if (query.get('encoding') === 'mulaw') return { encoding: 'mulaw', rate: 8000 }
  return { encoding: 'pcm', rate: Number(query.get('sample_rate') ?? 16_000) }
}

function resultsOf(words: readonly HeardWord[]): Json {
  const [from, to] = [words[0]?.fromMs ?? 0, words.at(-1)?.toMs ?? 0]
  return {
    type: 'Results',
    channel_index: [0, 1],
    start: from / 1000,
    duration: (to - from) / 1000,
    is_final: true,
    speech_final: false,
    from_finalize: false,
    channel: {
      alternatives: [
        {
          transcript: textOf(words),
          confidence: words.length > 0 ? 0.99 : 0,
          words: words.map(({ text, fromMs, toMs }) => ({
            word: text.toLowerCase().replace(/[.,?!]/g, ''),
            start: fromMs / 1000,
            end: toMs / 1000,
            confidence: 0.98,
            punctuated_word: text,
          })),
        },
      ],
    },
    metadata: { request_id: 'r', model_uuid: 'm', model_info: { name: 'nova-3', version: '1', arch: 'nova-3' } },
  }
}

function typeOf(message: string): unknown {
  const parsed: unknown = JSON.parse(message)
  return isObject(parsed) ? parsed.type : undefined
}
