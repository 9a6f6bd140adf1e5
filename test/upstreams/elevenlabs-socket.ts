import { type Clock, systemClock, type Timer } from '../../api/clock.ts'
import type { Reply } from './behaviour.ts'
import { accessRefusal, knownVoices, modelProblem, settingsProblem } from './elevenlabs-rules.ts'
import { msPerCharacter, soundOf, timesOf } from './elevenlabs-sound.ts'
import { isObject, type Json, stringOf } from './json.ts'
import type { SocketConnection, SocketOpening, SocketRefusal, SocketScript } from './sockets.ts'

export interface ElevenLabsSocketOptions {
  /** What every generation waits for. */
  readonly hold?: () => Promise<void>
  /** How a text sounds, at `msPerCharacter` for each of its characters. Default: a tone. */
  readonly sound?: (text: string, format: string) => Uint8Array
  /** What each piece of sound waits for; those of a socket are counted from 0. */
  readonly pace?: (piece: number) => Promise<void> | undefined
  /** By which inactivity is measured. */
  readonly clock?: Clock
  /** From where times are counted. Default: from the beginning of the piece. */
  readonly times?: 'context' | 'piece'
  /** Characters after which a generation begins without a flush. Default 120. */
  readonly schedule?: number
  /** Never says that a context is over. */
  readonly isEndless?: boolean
  /** Called before each piece of sound; true where the socket does something else instead. */
  readonly disturb?: (connection: SocketConnection, piece: number) => boolean
}

/**
 * The socket of several contexts. A context that is closed before a text of it is being spoken is silent of that; the rest of its sound is
 * sent first otherwise. It counts until it is said to be over.
 */
export function elevenLabsSockets(options: ElevenLabsSocketOptions = {}): SocketScript {
  return {
    refuse: refusalOf,
    connected: (connection) => {
      const problem = openingProblem(connection.opening)
      if (problem) fail(connection, problem.code, problem.message)
      else new Contexts(connection, options)
    },
  }
}

const path = /^\/v1\/text-to-speech\/([^/]+)\/multi-stream-input$/

function refusalOf({ path: pathname, headers, query }: SocketOpening): SocketRefusal | undefined {
  if (!path.test(pathname)) return { status: 404, body: '{"detail":"Not Found"}' }
  const unknown = [...query.keys()].find((name) => !queryNames.has(name))
  if (unknown !== undefined)
    return { status: 400, body: JSON.stringify({ detail: { status: 'invalid_query', message: unknown } }) }
  const denied = accessRefusal({ headers })
  return denied && 'kind' in denied && denied.kind === 'reply' ? refusalFrom(denied) : undefined
}

function refusalFrom({ status = 400, body = '' }: Reply): SocketRefusal {
  return { status, headers: { 'content-type': 'application/json' }, body: String(body) }
}

const queryNames: ReadonlySet<string> = new Set([
  'model_id',
  'language_code',
  'enable_logging',
  'enable_ssml_parsing',
  'output_format',
  'inactivity_timeout',
  'sync_alignment',
  'auto_mode',
  'apply_text_normalization',
  'seed',
])

/** What is said only once the socket is open. */
function openingProblem({ path: pathname, query }: SocketOpening): { code: string; message: string } | undefined {
  const voice = decodeURIComponent(path.exec(pathname)?.[1] ?? '')
  if (!knownVoices.includes(voice)) {
    return { code: 'voice_id_does_not_exist', message: `A voice with voice_id ${voice} does not exist.` }
  }
  const model = query.get('model_id') ?? ''
  if (model.startsWith('eleven_v3'))
    return { code: 'unsupported_model', message: `Model ${model} is not available on this endpoint.` }
  const problem = modelProblem(model, query.get('language_code') ?? undefined)
  if (problem) return { code: problem.code ?? 'unsupported_language', message: problem.message }
  if (soundOf(query.get('output_format') ?? '', 0) === undefined) {
    return { code: 'invalid_output_format', message: 'The output format is not known.' }
  }
  const seconds = Number(query.get('inactivity_timeout') ?? 20)
  return seconds >= 1 && seconds <= 180
    ? undefined
    : { code: 'invalid_inactivity_timeout', message: 'It may be up to 180 seconds.' }
}

/** As ElevenLabs does it: a message, and a close whose reason is as much of it as fits. */
function fail(connection: SocketConnection, error: string, message: string): void {
  connection.json({ message, error, code: 1008 })
  connection.close(1008, message.slice(0, 120))
}

interface Context {
  readonly id: string
  readonly settings: unknown
  buffer: string
  /** How much of it has been spoken, in characters and pieces. */
  spoken: number
  isClosing: boolean
  /** Generations one after the other. */
  running: Promise<void>
}

const mostContexts = 5

class Contexts {
  readonly #connection: SocketConnection
  readonly #options: ElevenLabsSocketOptions
  readonly #contexts = new Map<string, Context>()
  readonly #inactivity: Timer
  readonly #format: string
  #pieces = 0

  constructor(connection: SocketConnection, options: ElevenLabsSocketOptions) {
    this.#connection = connection
    this.#options = options
    this.#format = connection.opening.query.get('output_format') ?? ''
    const seconds = Number(connection.opening.query.get('inactivity_timeout') ?? 20)
    const clock = options.clock ?? systemClock
    this.#inactivity = clock.after(seconds * 1000, () => {
      const message = `Have not received a new text input within the timeout of ${seconds} seconds. Streaming input terminated.`
      fail(connection, 'input_timeout_exceeded', message)
    })
    connection.onMessage((message) => this.#take(message))
    connection.onClose(() => this.#inactivity.cancel())
  }

  #take(message: string | Buffer): void {
    this.#inactivity.restart()
    const parsed = parsedMessage(message)
    if (parsed === undefined) {
      const words = 'Could not parse input message, make sure it is a json and follows the schema outlined in protocol.'
      fail(this.#connection, 'invalid_input_message', words)
      return
    }
    if (parsed.close_socket === true) {
      this.#connection.close(1000)
      return
    }
    const id = stringOf(parsed.context_id) || 'default'
    const known = this.#contexts.get(id)
    const context = known ?? this.#opened(id, parsed)
    if (!context) return
    if (known && parsed.voice_settings !== undefined) {
      const words = 'voice_settings can only be set in the first message of a context and must not be changed.'
      fail(this.#connection, 'invalid_voice_settings', words)
      return
    }
    if (context.isClosing) return
    context.buffer += stringOf(parsed.text)
    const isDue = context.buffer.length >= (this.#options.schedule ?? 120)
    if (parsed.flush === true || isDue) this.#generate(context)
    if (parsed.close_context === true) this.#close(context)
  }

  /** Any first message makes a context, a flush as well. */
  #opened(id: string, { voice_settings: settings }: Json): Context | undefined {
    if (this.#contexts.size >= mostContexts) {
      const message = `Maximum simultaneous contexts per WebSocket connection exceeded (${mostContexts}). Please close an existing context before opening a new one.`
      fail(this.#connection, 'max_active_conversations', message)
      return undefined
    }
    const problem = settingsProblem(settings)
    if (problem !== undefined) {
      fail(this.#connection, 'invalid_voice_settings', problem)
      return undefined
    }
    const context = { id, settings, buffer: '', spoken: 0, isClosing: false, running: Promise.resolve() }
    this.#contexts.set(id, context)
    return context
  }

  #generate(context: Context): void {
    const text = context.buffer
    context.buffer = ''
    if (text.trim() === '') return
    context.running = context.running.then(async () => {
      await this.#options.hold?.()
      // Closed before it was begun: it is never spoken.
      if (context.isClosing) return
      await this.#speak(context, text)
    })
  }

  async #speak(context: Context, text: string): Promise<void> {
    const characters = [...text]
    const whole = this.#options.sound?.(text, this.#format)
    const perCharacter = (whole?.length ?? 0) / characters.length
    for (let at = 0; at < characters.length; at += pieceLength) {
      const piece = characters.slice(at, at + pieceLength).join('')
      const index = this.#pieces++
      const waiting = this.#options.pace?.(index)
      if (waiting) await waiting
      if (this.#options.disturb?.(this.#connection, index)) continue
      this.#connection.json({
        audio: Buffer.from(
          whole?.subarray(at * perCharacter, (at + [...piece].length) * perCharacter) ??
            soundOf(this.#format, [...piece].length) ??
            [],
        ).toString('base64'),
        isFinal: null,
        ...this.#alignment(context, piece),
        contextId: context.id,
      })
      context.spoken += [...piece].length
    }
  }

  #alignment(context: Context, piece: string): object {
    if (this.#connection.opening.query.get('sync_alignment') !== 'true') return { normalizedAlignment: null, alignment: null }
    const startMs = this.#options.times === 'context' ? context.spoken * msPerCharacter : 0
    const { characters, starts, durations } = timesOf(piece, startMs)
    const alignment = { chars: characters, charStartTimesMs: starts, charDurationsMs: durations }
    return { normalizedAlignment: alignment, alignment }
  }

  #close(context: Context): void {
    context.isClosing = true
    void context.running.then(() => {
      if (this.#options.isEndless) return
      this.#contexts.delete(context.id)
      this.#connection.json({ isFinal: true, contextId: context.id })
    })
  }
}

const pieceLength = 40

function parsedMessage(message: string | Buffer): Json | undefined {
  if (typeof message !== 'string') return undefined
  try {
    const parsed: unknown = JSON.parse(message)
    if (!isObject(parsed) || Object.keys(parsed).some((name) => !messageNames.has(name))) return undefined
    return parsed.text === undefined || typeof parsed.text === 'string' ? parsed : undefined
  } catch {
    return undefined
  }
}

const messageNames: ReadonlySet<string> = new Set([
  'text',
  'context_id',
  'voice_settings',
  'generation_config',
  'pronunciation_dictionary_locators',
  'flush',
  'close_context',
  'close_socket',
])
