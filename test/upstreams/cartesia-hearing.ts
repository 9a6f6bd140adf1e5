import type { RawFormat } from '../../providers/speech.ts'
import { badRequest, type CartesiaError, errorFrame } from './cartesia-rules.ts'
import { formatOf, textOf } from './cartesia-sound.ts'
import { isObject } from './json.ts'
import type { SocketConnection, SocketOpening } from './sockets.ts'

export interface HearingScript {
  /** Closes a socket on which nothing is said for so long. */
  readonly idleMs?: number
  /** Takes all sound, and says nothing of it. */
  readonly isDeaf?: boolean
  /** Instead of an answer to the first word that is asked for (`finalize`, `close`), or to the first that is heard. */
  readonly fault?: 'breaks' | 'closes without a code' | 'says nothing' | 'no JSON' | { readonly error: CartesiaError }
}

/** What is wrong with the query of a socket that hears. */
export function hearingProblem({ path, query }: SocketOpening): CartesiaError | undefined {
  if (!path.startsWith('/stt/')) return undefined
  const known = [
    'model',
    'encoding',
    'sample_rate',
    'keyterm',
    'cartesia_version',
    ...(path.includes('/turns/') ? turns : manual),
  ]
  const unknown = [...query.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) return badRequest(`unknown parameter "${unknown}"`)
  const model = query.get('model') ?? ''
  if (!/^ink-(?:2|whisper)/.test(model)) return badRequest('model is not a known model')
  if (path.includes('/turns/') && model !== 'ink-2') return badRequest('only ink-2 detects turns')
  if (!['pcm_s16le', 'pcm_mulaw'].includes(query.get('encoding') ?? '')) return badRequest('encoding is required')
  if (!(Number(query.get('sample_rate')) >= 8000)) return badRequest('sample_rate is required')
  if (model === 'ink-2' && (query.get('language') ?? 'en') !== 'en') return badRequest('ink-2 is English only')
  if (model === 'ink-2' && query.has('max_silence_duration_secs'))
    return badRequest('max_silence_duration_secs is for ink-whisper')
  return termProblem(query.getAll('keyterm'), model) ?? thresholdProblem(query)
}

const manual = ['language', 'max_silence_duration_secs', 'min_volume']
const turns = ['turn_start_threshold', 'turn_eager_end_threshold', 'turn_end_threshold', 'turn_end_timeout_ms']

function termProblem(terms: readonly string[], model: string): CartesiaError | undefined {
  if (terms.length > 0 && model !== 'ink-2') return badRequest('keyterm is for ink-2')
  if (terms.length > 100) return badRequest('at most 100 keyterms')
  return terms.join('').length > 1200 ? badRequest('keyterms exceed 1200 characters') : undefined
}

function thresholdProblem(query: URLSearchParams): CartesiaError | undefined {
  const [eager, end] = [Number(query.get('turn_eager_end_threshold') ?? 0.4), Number(query.get('turn_end_threshold') ?? 0.2)]
  const timeout = Number(query.get('turn_end_timeout_ms') ?? 5600)
  if (!(eager >= 0.3 && eager <= 0.6)) return badRequest('turn_eager_end_threshold must be between 0.3 and 0.6')
  if (!(end >= 0.05 && end <= 0.5 && end < eager))
    return badRequest('turn_end_threshold must be between 0.05 and 0.5, below eager')
  return timeout >= 640 && timeout <= 11_200 ? undefined : badRequest('turn_end_timeout_ms must be between 640 and 11200')
}

/** `/stt/websocket`: each text is that since the last one that was final. */
export function hearManually(connection: SocketConnection, script: HearingScript, left: () => void): void {
  const model = connection.opening.query.get('model') ?? ''
  let pending = ''
  let seconds = 0
  const final = (): void => {
    if (pending === '') return
    const words =
      model === 'ink-2' ? {} : { words: [{ word: pending.trim(), start: seconds, end: seconds + pending.length / 100 }] }
    seconds += pending.length / 100
    connection.json({ type: 'transcript', is_final: true, text: pending, language: 'en', request_id: 'r', ...words })
    pending = ''
  }
  listen(connection, script, left, {
    heard: (text) => {
      for (const character of text.replaceAll('\0', '')) {
        pending += character
        if (character === ' ') connection.json({ type: 'transcript', is_final: false, text: pending, request_id: 'r' })
      }
    },
    said: (word) => {
      if (word !== 'finalize' && word !== 'close') return connection.json(errorFrame(badRequest('unknown command')))
      if (script.fault !== undefined) return fail(connection, script.fault)
      final()
      if (word === 'finalize') return connection.json({ type: 'flush_done', request_id: 'r' })
      connection.json({ type: 'done', request_id: 'r' })
      connection.close(1000)
    },
  })
}

/** `/stt/turns/websocket`: a turn is over after 800 ms of silence, which is foretold after 300 ms. */
export function hearTurns(connection: SocketConnection, script: HearingScript, left: () => void): void {
  let turn: string | undefined
  let silentMs = 0
  let isForetold = false
  const tell = (type: string, transcript?: string): void =>
    connection.json({ type, request_id: 'r', ...(transcript !== undefined && { transcript }) })
  tell('connected')
  const spoken = (character: string): void => {
    if (turn === undefined) tell('turn.start')
    if (isForetold) tell('turn.resume')
    isForetold = false
    silentMs = 0
    turn = (turn ?? '') + character
    if (character === ' ') tell('turn.update', turn)
  }
  const silent = (): void => {
    silentMs += 10
    if (turn === undefined) return
    if (silentMs === 300) {
      isForetold = true
      tell('turn.eager_end', turn)
    }
    if (silentMs < 800) return
    tell('turn.end', turn)
    isForetold = false
    turn = undefined
  }
  listen(connection, script, left, {
    heard: (text) => {
      if (script.fault !== undefined) return fail(connection, script.fault)
      for (const character of text) character === '\0' ? silent() : spoken(character)
    },
    said: (word) => {
      const command: unknown = JSON.parse(word)
      if (!isObject(command) || !['config', 'close'].includes(String(command.type))) {
        return connection.json(errorFrame(badRequest('unknown command')))
      }
      if (command.type === 'config') return
      if (turn !== undefined) tell('turn.update', turn)
      connection.close(1000)
    },
  })
}

interface Ear {
  heard(text: string): void
  said(word: string): void
}

function listen(connection: SocketConnection, { idleMs, isDeaf }: HearingScript, left: () => void, ear: Ear): void {
  const { query } = connection.opening
  const format = formatOf({ encoding: query.get('encoding'), sample_rate: Number(query.get('sample_rate')) })
  let rest = Buffer.alloc(0)
  let idle: NodeJS.Timeout | undefined
  const waited = (): void => {
    clearTimeout(idle)
    if (idleMs !== undefined) idle = setTimeout(() => connection.close(1000, 'idle'), idleMs)
  }
  waited()
  connection.onClose(() => {
    clearTimeout(idle)
    left()
  })
  connection.onMessage((message) => {
    waited()
    if (typeof message === 'string') return ear.said(message)
    if (isDeaf) return
    const sound = Buffer.concat([rest, message])
    const whole = sound.length - (sound.length % bytesOfCharacter(format))
    rest = sound.subarray(whole)
    ear.heard(textOf(sound.subarray(0, whole), format))
  })
}

function bytesOfCharacter({ encoding, rate }: RawFormat): number {
  return Math.floor(rate / 100) * (encoding === 'pcm' ? 2 : 1)
}

function fail(connection: SocketConnection, fault: NonNullable<HearingScript['fault']>): void {
  if (typeof fault === 'object') connection.json(errorFrame(fault.error))
  else if (fault === 'breaks') connection.drop()
  else if (fault === 'closes without a code') connection.close()
  else if (fault === 'no JSON') connection.send('oops')
}
