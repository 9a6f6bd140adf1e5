import { isObject, type Json, stringOf } from './json.ts'
import { audioModels, missing, noModel, type Refused, unknown, wrong, wrongLanguage } from './openai-audio-rules.ts'
import type { SocketConnection, SocketOpening, SocketRefusal, SocketScript } from './sockets.ts'

/** A stretch of sound that was committed. */
export interface CommittedStretch {
  readonly id: string
  /** 0 for the first of the socket. */
  readonly index: number
  readonly seconds: number
}

/** What becomes of each stretch: by default it is transcribed at once, as `sentences` say. */
export type Transcribe = (stretch: CommittedStretch, socket: RealtimeSocket) => void

export interface RealtimeSocket {
  readonly connection: SocketConnection
  event(type: string, more?: Json): void
  /** Tells a text in pieces, and then whole. */
  transcribed(stretch: CommittedStretch, text: string): void
}

/**
 * OpenAI's Realtime API as far as it hears: `/v1/realtime`, for transcripts with `intent=transcription`, for conversations with a model.
 * Its sense of turns is one of loudness.
 */
export function realtimeScript(apiKey: string, transcribe: Transcribe): SocketScript {
  return {
    refuse: (opening) => refusalOf(opening, apiKey),
    connected: (connection) => new Session(connection, transcribe).open(),
  }
}

/** Transcribes each stretch at once; the last sentence repeats. */
export function sentences(...texts: string[]): Transcribe {
  return (stretch, socket) => socket.transcribed(stretch, texts[Math.min(stretch.index, texts.length - 1)] ?? '')
}

function refusalOf({ path, query, headers }: SocketOpening, apiKey: string): SocketRefusal | undefined {
  if (path !== '/v1/realtime') return refusal(404, `Invalid URL (GET ${path})`)
  if (headers.authorization !== `Bearer ${apiKey}`) {
    return refusal(
      401,
      'Incorrect API key provided: sk-test-***. You can find your API key at https://platform.openai.com.',
      'invalid_api_key',
    )
  }
  if (!query.has('model') && query.get('intent') !== 'transcription')
    return refusal(400, 'You must provide a model parameter.', 'missing_model')
  return undefined
}

function refusal(status: number, message: string, code: string | null = null): SocketRefusal {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
  return { status, headers: { 'content-type': 'application/json' }, body }
}

const rate = 24_000
/** The loudest that is silence still. */
const silenceLevel = 500

class Session {
  readonly #connection: SocketConnection
  readonly #transcribe: Transcribe
  readonly #kind: 'transcription' | 'realtime'
  /** Bytes that lie in the buffer, and that have ever come. */
  #buffered = 0
  #heard = 0
  #turns: { readonly silenceMs: number } | undefined
  #speaking: { readonly id: string; silentMs: number } | undefined
  #items = 0
  #events = 0
  #previous: string | null = null

  constructor(connection: SocketConnection, transcribe: Transcribe) {
    this.#connection = connection
    this.#transcribe = transcribe
    this.#kind = connection.opening.query.has('model') ? 'realtime' : 'transcription'
  }

  open(): void {
    this.#connection.onMessage((message) => this.#take(message))
    this.#event('session.created', { session: { type: this.#kind, object: 'realtime.session', id: 'sess_1' } })
  }

  #take(message: string | Buffer): void {
    const event = typeof message === 'string' ? parsed(message) : undefined
    const problem = isObject(event)
      ? this.#obey(event)
      : { status: 400, message: 'The message is not valid JSON.', code: 'invalid_json' }
    if (problem) this.#refuse(problem, event)
  }

  #obey(event: Json): Refused | undefined {
    switch (event.type) {
      case 'session.update':
        return this.#update(event)
      case 'input_audio_buffer.append':
        return this.#append(event)
      case 'input_audio_buffer.commit':
        return this.#commit()
      case 'input_audio_buffer.clear':
        this.#buffered = 0
        this.#event('input_audio_buffer.cleared')
        return undefined
      default:
        return wrong('type', stringOf(event.type), clientEvents)
    }
  }

  #update(event: Json): Refused | undefined {
    const session = isObject(event.session) ? event.session : {}
    const [problem] = sessionProblems(session, this.#kind)
    if (problem) return problem
    const input = isObject(session.audio) && isObject(session.audio.input) ? session.audio.input : {}
    const turns = input.turn_detection
    const silenceMs = isObject(turns) ? turns.silence_duration_ms : undefined
    // Left out, it is the vendor's own.
    if (turns === null) this.#turns = undefined
    else this.#turns = { silenceMs: typeof silenceMs === 'number' ? silenceMs : 500 }
    this.#event('session.updated', { session })
    return undefined
  }

  #append(event: Json): Refused | undefined {
    const base64 = stringOf(event.audio)
    if (base64.length > 15 * 1024 * 1024) return wrong('audio', 'too long', ['at most 15 MiB'])
    if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
      const message = "Invalid 'audio'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got an invalid value."
      return { status: 400, message, param: 'audio', code: 'invalid_value' }
    }
    const bytes = Buffer.from(base64, 'base64')
    for (let at = 0; at < bytes.length; at += frameBytes) this.#hear(bytes.subarray(at, at + frameBytes))
    return undefined
  }

  /** 20 ms, or the rest of a piece. */
  #hear(frame: Buffer): void {
    this.#buffered += frame.length
    this.#heard += frame.length
    if (!this.#turns) return
    let loudest = 0
    for (let at = 0; at + 1 < frame.length; at += 2) loudest = Math.max(loudest, Math.abs(frame.readInt16LE(at)))
    const ms = msOf(frame.length)
    if (loudest > silenceLevel) {
      if (!this.#speaking) {
        this.#speaking = { id: this.#newItem(), silentMs: 0 }
        this.#event('input_audio_buffer.speech_started', { audio_start_ms: msOf(this.#heard) - ms, item_id: this.#speaking.id })
      }
      this.#speaking.silentMs = 0
    } else if (this.#speaking) {
      this.#speaking.silentMs += ms
      if (this.#speaking.silentMs < this.#turns.silenceMs) return
      const { id } = this.#speaking
      this.#speaking = undefined
      this.#event('input_audio_buffer.speech_stopped', { audio_end_ms: msOf(this.#heard), item_id: id })
      this.#committed(id)
    }
  }

  #commit(): Refused | undefined {
    const ms = msOf(this.#buffered)
    if (ms < 100) {
      const message = `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`
      return { status: 400, message, code: 'input_audio_buffer_commit_empty' }
    }
    const id = this.#speaking?.id ?? this.#newItem()
    this.#speaking = undefined
    this.#committed(id)
    return undefined
  }

  #committed(id: string): void {
    const stretch = { id, index: Number(id.slice('item_'.length)) - 1, seconds: this.#buffered / (2 * rate) }
    this.#buffered = 0
    this.#event('input_audio_buffer.committed', { previous_item_id: this.#previous, item_id: id })
    this.#previous = id
    this.#event('conversation.item.added', { item: { id, type: 'message', role: 'user' } })
    const about = { item_id: id, content_index: 0 }
    this.#transcribe(stretch, {
      connection: this.#connection,
      event: (type, more) => this.#event(type, { ...about, ...more }),
      transcribed: (of, text) => {
        const item = { item_id: of.id, content_index: 0 }
        for (const delta of text.split(/(?= )/)) if (delta) this.#event(`${heard}.delta`, { ...item, delta })
        this.#event(`${heard}.completed`, {
          ...item,
          transcript: text,
          usage: { type: 'duration', seconds: Math.ceil(of.seconds) },
        })
      },
    })
  }

  #newItem(): string {
    this.#items++
    return `item_${this.#items}`
  }

  #event(type: string, more: Json = {}): void {
    this.#events++
    this.#connection.json({ type, event_id: `event_${this.#events}`, ...more })
  }

  #refuse({ message, code, param }: Refused, event: unknown): void {
    const about = isObject(event) && typeof event.event_id === 'string' ? event.event_id : null
    const error = { type: 'invalid_request_error', code: code ?? null, message, param: param ?? null, event_id: about }
    this.#event('error', { error })
  }
}

const heard = 'conversation.item.input_audio_transcription'
const frameBytes = (2 * rate) / 50
const clientEvents = ['session.update', 'input_audio_buffer.append', 'input_audio_buffer.commit', 'input_audio_buffer.clear']

function* sessionProblems(session: Json, kind: 'transcription' | 'realtime'): Generator<Refused> {
  if (session.type !== kind) {
    const message = `Passing a ${stringOf(session.type) || 'realtime'} session update event to a ${kind} session is not allowed.`
    return yield { status: 400, message, param: 'session.type', code: 'invalid_session_type' }
  }
  const taken =
    kind === 'realtime' ? ['type', 'audio', 'include', 'instructions', 'output_modalities'] : ['type', 'audio', 'include']
  for (const name of Object.keys(session)) if (!taken.includes(name)) yield unknown(`session.${name}`)
  const input = isObject(session.audio) && isObject(session.audio.input) ? session.audio.input : {}
  for (const name of Object.keys(input)) {
    if (!['format', 'transcription', 'turn_detection', 'noise_reduction'].includes(name))
      yield unknown(`session.audio.input.${name}`)
  }
  const format = isObject(input.format) ? input.format : {}
  if (format.type !== 'audio/pcm' || format.rate !== rate)
    yield wrong('session.audio.input.format.rate', String(format.rate), ['24000'])
  const transcription = isObject(input.transcription) ? input.transcription : {}
  const { model } = transcription
  if (typeof model !== 'string') return yield missing('session.audio.input.transcription.model')
  if (!audioModels.sockets.includes(model)) yield noModel(model)
  const isLive = /^gpt-(?:live-transcribe|realtime-whisper)/.test(model)
  const isListed = /^gpt-(?:live-)?transcribe/.test(model)
  const fields = ['model', ...(isListed ? ['languages', 'keywords', 'prompt'] : ['language', 'prompt'])]
  for (const name of Object.keys(transcription)) {
    if (!fields.includes(name)) yield unknown(`session.audio.input.transcription.${name}`)
  }
  const languages = [transcription.language, ...(Array.isArray(transcription.languages) ? transcription.languages : [])]
  for (const each of languages) if (each !== undefined && !/^[a-z]{2}$/.test(String(each))) yield wrongLanguage(String(each))
  yield* turnProblems(input.turn_detection, isLive, model)
}

function* turnProblems(turns: unknown, isLive: boolean, model: string): Generator<Refused> {
  if (!isObject(turns)) return
  const param = 'session.audio.input.turn_detection'
  if (isLive) {
    yield { status: 400, message: `Turn detection is not supported for ${model}. It must be null.`, param, code: 'invalid_value' }
  }
  const kinds: Readonly<Record<string, readonly string[]>> = {
    server_vad: [
      'type',
      'threshold',
      'prefix_padding_ms',
      'silence_duration_ms',
      'idle_timeout_ms',
      'create_response',
      'interrupt_response',
    ],
    semantic_vad: ['type', 'eagerness', 'create_response', 'interrupt_response'],
  }
  const taken = kinds[stringOf(turns.type)]
  if (!taken) return yield wrong(`${param}.type`, stringOf(turns.type), Object.keys(kinds))
  for (const name of Object.keys(turns)) if (!taken.includes(name)) yield unknown(`${param}.${name}`)
  const { eagerness, silence_duration_ms: silence } = turns
  if (eagerness !== undefined && !['low', 'medium', 'high', 'auto'].includes(String(eagerness))) {
    yield wrong(`${param}.eagerness`, String(eagerness), ['low', 'medium', 'high', 'auto'])
  }
  if (silence !== undefined && !(Number.isInteger(silence) && Number(silence) > 0)) {
    yield wrong(`${param}.silence_duration_ms`, String(silence), ['a positive integer'])
  }
}

function msOf(bytes: number): number {
  return (bytes / (2 * rate)) * 1000
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
