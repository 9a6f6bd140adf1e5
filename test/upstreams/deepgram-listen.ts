import { isObject, type Json } from './json.ts'
import type { SocketConnection } from './sockets.ts'

/** Something that is said, at a place in the sound. */
export interface SimulatedSpeech {
  readonly text: string
  readonly fromMs: number
  readonly toMs: number
  /** Noise goes on behind it, so that no silence is heard at its end. */
  readonly noisy?: boolean
  /** The end is foretold here, wrongly: where thresholds ask for such a thing. */
  readonly eagerAtMs?: number
}

export interface ListenRules {
  readonly speech: readonly SimulatedSpeech[]
  /** How long the socket stays open without sound and signs of life. Default 10 s for Nova, and a minute for Flux, for which sound is the only one. */
  readonly patienceMs?: number
  /** Milliseconds until what is heard is told. Default 0. */
  readonly latencyMs?: number
  /** Hears, and says nothing. */
  readonly mute?: boolean
  /** What becomes of the connection after so much sound. */
  readonly fault?: { readonly atMs: number; act(connection: SocketConnection): void }
  /** Takes the goodbye and does not answer it. */
  readonly neverCloses?: boolean
}

/** The sound that a socket has heard, and what is told when it has heard so much. */
class Ear {
  #ms = 0
  readonly #bytesPerMs: number
  #marks: { readonly atMs: number; readonly tell: () => void }[] = []

  constructor(query: URLSearchParams) {
    this.#bytesPerMs = (Number(query.get('sample_rate') ?? 16_000) * (query.get('encoding') === 'mulaw' ? 1 : 2)) / 1000
  }

  get ms(): number {
    return this.#ms
  }

  at(atMs: number, tell: () => void): void {
    this.#marks.push({ atMs, tell })
    this.#marks.sort((a, b) => a.atMs - b.atMs)
  }

  hear(bytes: Buffer): void {
    this.#ms += bytes.length / this.#bytesPerMs
    this.tellAll(this.#ms)
  }

  tellAll(untilMs: number): void {
    for (let mark = this.#marks[0]; mark && mark.atMs <= untilMs; mark = this.#marks[0]) {
      this.#marks.shift()
      mark.tell()
    }
  }
}

function wordsIn({ text, fromMs, toMs }: SimulatedSpeech) {
  const words = text.split(' ')
  const each = (toMs - fromMs) / words.length / 1000
  return words.map((word, index) => ({
    word: word.toLowerCase().replace(/[.,?!]/g, ''),
    start: fromMs / 1000 + index * each,
    end: fromMs / 1000 + (index + 1) * each,
    confidence: 0.98,
    punctuated_word: word,
  }))
}

function parsed(message: string): Json {
  try {
    const value: unknown = JSON.parse(message)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** Tells late, where that is asked for, and always in order. */
function teller(connection: SocketConnection, { latencyMs = 0, mute }: ListenRules): (message: Json) => void {
  return (message) => {
    if (mute) return
    if (latencyMs === 0) connection.json(message)
    else setTimeout(() => connection.json(message), latencyMs)
  }
}

/** `/v1/listen`: what Nova does once the handshake has passed. */
export function listenV1(connection: SocketConnection, rules: ListenRules): void {
  const { query } = connection.opening
  const ear = new Ear(query)
  const tell = teller(connection, rules)
  const open: SimulatedSpeech[] = []
  const told = new Set<SimulatedSpeech>()
  const results = (speech: SimulatedSpeech | undefined, flags: Json) => tell({ ...resultsOf(speech), ...flags })
  const finish = (speech: SimulatedSpeech, flags: Json): void => {
    if (told.has(speech)) return
    told.add(speech)
    results(speech, flags)
  }
  for (const speech of rules.speech) {
    ear.at(speech.fromMs, () => {
      open.push(speech)
      if (query.get('vad_events') === 'true') tell({ type: 'SpeechStarted', channel: [0, 1], timestamp: speech.fromMs / 1000 })
    })
    const half = { ...speech, text: speech.text.split(' ').slice(0, -1).join(' ') }
    ear.at((speech.fromMs + speech.toMs) / 2, () => {
      if (query.get('interim_results') === 'true' && half.text !== '') results(half, { is_final: false })
    })
    ear.at(speech.toMs + Number(query.get('endpointing') ?? 10), () => finish(speech, { speech_final: speech.noisy !== true }))
    const gap = query.get('utterance_end_ms')
    if (gap !== null) {
      ear.at(speech.toMs + Number(gap), () => tell({ type: 'UtteranceEnd', channel: [0, 1], last_word_end: speech.toMs / 1000 }))
    }
  }
  const fault = rules.fault
  if (fault) ear.at(fault.atMs, () => fault.act(connection))

  const impatience = setTimeout(() => {
    connection.close(1011, 'NET-0001: Deepgram did not receive audio data or a text message within the timeout window.')
  }, rules.patienceMs ?? 10_000)
  connection.onClose(() => clearTimeout(impatience))
  connection.onMessage((message) => {
    if (typeof message !== 'string') {
      if (message.toString('latin1', 0, 8) === '{"type":') {
        return connection.close(1008, 'DATA-0000: The payload cannot be decoded as audio.')
      }
      impatience.refresh()
      return ear.hear(message)
    }
    switch (parsed(message).type) {
      case 'KeepAlive':
        return void impatience.refresh()
      case 'Finalize': {
        const speech = open.find((each) => !told.has(each))
        if (speech) finish(speech, { from_finalize: true })
        else results(undefined, { from_finalize: true })
        return
      }
      case 'CloseStream': {
        if (rules.neverCloses) return
        for (const speech of open) finish(speech, {})
        tell(metadataOf(ear.ms))
        return void setTimeout(() => connection.close(1000), rules.latencyMs ?? 0)
      }
      default:
        return connection.close(1008, 'DATA-0000: The payload cannot be decoded.')
    }
  })
}

/** What is said of a stretch that will not change, or of nothing. */
function resultsOf(speech: SimulatedSpeech | undefined): Json {
  const { fromMs = 0, toMs = 0, text = '' } = speech ?? {}
  return {
    type: 'Results',
    channel_index: [0, 1],
    start: fromMs / 1000,
    duration: (toMs - fromMs) / 1000,
    is_final: true,
    speech_final: false,
    from_finalize: false,
    channel: {
      alternatives: [{ transcript: text, confidence: speech ? 0.99 : 0, words: speech ? wordsIn(speech) : [] }],
    },
    metadata: { request_id: 'r', model_uuid: 'm', model_info: { name: 'nova-3', version: '1', arch: 'nova-3' } },
  }
}

function metadataOf(ms: number): Json {
  return {
    type: 'Metadata',
    transaction_key: 'deprecated',
    request_id: 'r',
    sha256: '',
    created: '',
    duration: ms / 1000,
    channels: 1,
  }
}

/** `/v2/listen`: what Flux does. Its time goes on by sound alone, and it ends a turn 300 ms after the last word. */
export function listenV2(connection: SocketConnection, rules: ListenRules): void {
  const { query } = connection.opening
  const ear = new Ear(query)
  let sequence = 0
  const tellRaw = teller(connection, rules)
  const tell = (message: Json): void => tellRaw({ ...message, request_id: 'r', sequence_id: sequence++ })
  tell({ type: 'Connected' })
  // Something is said of every quarter of a second, whether anybody speaks or not.
  const tick = (): void => {
    const open = rules.speech.some(({ fromMs, toMs }) => ear.ms >= fromMs && ear.ms <= toMs + 300)
    const window = { audio_window_start: 0, audio_window_end: ear.ms / 1000 }
    if (!open)
      tell({ type: 'TurnInfo', event: 'Update', turn_index: 0, ...window, transcript: '', words: [], end_of_turn_confidence: 0 })
    ear.at(ear.ms + 250, tick)
  }
  ear.at(250, tick)
  rules.speech.forEach((speech, index) => {
    const words = wordsIn(speech)
    const turn = (event: string, transcript: string, extra: Json = {}) =>
      tell({
        type: 'TurnInfo',
        event,
        turn_index: index,
        audio_window_start: speech.fromMs / 1000,
        audio_window_end: ear.ms / 1000,
        transcript,
        words: words
          .slice(0, transcript === '' ? 0 : transcript.split(' ').length)
          .map(({ punctuated_word, start, end, confidence }) => ({ word: punctuated_word, start, end, confidence })),
        end_of_turn_confidence: 0.5,
        ...extra,
      })
    const half = speech.text.split(' ').slice(0, -1).join(' ')
    const [first = ''] = speech.text.split(' ')
    ear.at(speech.fromMs, () => turn('StartOfTurn', first))
    ear.at((speech.fromMs + speech.toMs) / 2, () => turn('Update', half))
    const foretells = query.has('eager_eot_threshold')
    if (foretells && speech.eagerAtMs !== undefined) {
      ear.at(speech.eagerAtMs, () => turn('EagerEndOfTurn', half))
      ear.at(speech.eagerAtMs + 50, () => turn('TurnResumed', half))
    }
    ear.at(speech.toMs, () => turn('Update', speech.text))
    if (foretells) ear.at(speech.toMs + 150, () => turn('EagerEndOfTurn', speech.text))
    ear.at(speech.toMs + 300, () => turn('EndOfTurn', speech.text, { trigger: 'model', end_of_turn_confidence: 0.9 }))
  })
  const fault = rules.fault
  if (fault) ear.at(fault.atMs, () => fault.act(connection))

  const impatience = setTimeout(() => connection.close(1011, 'NET-0001: no audio.'), rules.patienceMs ?? 60_000)
  connection.onClose(() => clearTimeout(impatience))
  connection.onMessage((message) => {
    if (typeof message !== 'string') {
      impatience.refresh()
      return ear.hear(message)
    }
    if (parsed(message).type === 'CloseStream') {
      // Without an end of the turn that is open, and without a code.
      if (!rules.neverCloses) setTimeout(() => connection.close(), rules.latencyMs ?? 0)
      return
    }
    tell({ type: 'Error', code: 'UNPARSABLE_CLIENT_MESSAGE', description: 'The message could not be read.' })
    connection.close(1008)
  })
}
