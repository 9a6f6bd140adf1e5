import type { RawFormat } from '../../providers/speech.ts'
import { badRequest, type CartesiaError, concurrencyLimited, errorFrame, speechProblem } from './cartesia-rules.ts'
import { formatOf, soundOf, wordTimes } from './cartesia-sound.ts'
import { isObject, type Json, stringOf } from './json.ts'
import type { SocketConnection } from './sockets.ts'

/** How texts sound where that is not `soundOf`'s. */
export interface SimulatedVoice {
  readonly soundOf: (text: string, format: RawFormat) => Buffer
  readonly msPerCharacter: number
}

export interface SpeechScript {
  readonly voice?: SimulatedVoice
  /** Contexts that may be active at once; by default 15. */
  readonly concurrency?: number
  /** When a context is over for which nothing comes: after so many milliseconds (by default 1000), or at once with 0. */
  readonly expiryMs?: number
  /** Ends the first context when its second text comes, as where both cross on the way: the text is lost. */
  readonly expiresBeforeSecond?: boolean
  /** Closes a socket on which nothing is said for so long. */
  readonly idleMs?: number
  /** What each half of a text's sound waits for, and with it all that follows; those of a socket are counted from 0. */
  readonly pace?: (half: number) => Promise<void> | undefined
  /** Sends sound of somebody else's context, and of one that was cancelled. */
  readonly strays?: boolean
  /** What goes wrong with the nth context, 0 being the first. */
  readonly fault?: (context: number) => Fault | undefined
}

export type Fault =
  /** Stops after its first piece without a word, as one that is limited in its rate does. */
  | 'stalls'
  | 'says nothing'
  | 'no JSON'
  | 'no base64'
  | 'half a sample'
  | 'without end'
  | 'breaks'
  | 'closes'
  | { readonly error: CartesiaError }

interface Context {
  readonly id: string
  readonly options: string
  readonly request: Json
  readonly fault: Fault | undefined
  /** Text that waits for more. */
  buffer: string
  spoken: number
  texts: number
  flushes: number
  timer?: NodeJS.Timeout
}

/** One socket of `/tts/websocket`. */
export class SpeechSocket {
  readonly #connection: SocketConnection
  readonly #script: SpeechScript
  readonly #contexts = new Map<string, Context>()
  readonly #over = new Set<string>()
  readonly #cancelled = new Set<string>()
  #count = 0
  #halves = 0
  /** What waits to be sent, while something is waited for. */
  #held: { readonly id: string; readonly message: Json }[] | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(connection: SocketConnection, script: SpeechScript, left: () => void) {
    this.#connection = connection
    this.#script = script
    connection.onMessage((message) => this.#take(message))
    connection.onClose(() => {
      clearTimeout(this.#idle)
      for (const { timer } of this.#contexts.values()) clearTimeout(timer)
      left()
    })
    this.#rest()
  }

  #rest(): void {
    clearTimeout(this.#idle)
    const { idleMs } = this.#script
    if (idleMs !== undefined) this.#idle = setTimeout(() => this.#connection.close(1000, 'idle'), idleMs)
  }

  #take(message: string | Buffer): void {
    this.#rest()
    const request: unknown = typeof message === 'string' ? parsed(message) : undefined
    if (!isObject(request) || typeof request.context_id !== 'string') this.#refuse(badRequest('context_id is required'))
    else if (request.cancel === true) this.#cancel(request.context_id)
    else this.#generate(request.context_id, request)
  }

  #cancel(id: string): void {
    const context = this.#contexts.get(id)
    if (!context) return
    this.#end(context, false)
    this.#cancelled.add(id)
    if (this.#script.strays) this.#chunk(id, soundOf('late', formatOf(context.request.output_format)))
  }

  #generate(id: string, request: Json): void {
    const { transcript, continue: more, flush, ...options } = request
    const problem = this.#problem(id, request)
    if (problem) {
      this.#refuse(problem, id)
      return
    }
    const context = this.#contexts.get(id) ?? this.#begin(id, request, JSON.stringify(options))
    if (context.options !== JSON.stringify(options)) {
      this.#refuse(badRequest('only transcript and continue may change'), id)
      return
    }
    if (transcript !== '' && ++context.texts === 2 && this.#script.expiresBeforeSecond && this.#count === 1) {
      this.#end(context, true)
      return
    }
    context.buffer += stringOf(transcript)
    clearTimeout(context.timer)
    if (flush) this.#flush(context)
    else if (more !== true) this.#finish(context)
    else this.#speakWhenEnough(context)
  }

  #problem(id: string, request: Json): CartesiaError | undefined {
    const problem = speechProblem(request, socketFields, ['raw']) ?? delayProblem(request.max_buffer_delay_ms)
    if (problem) return problem
    if (this.#over.has(id)) return badRequest('the context has expired')
    if (request.flush && request.transcript !== '') return badRequest('flush is a message of its own')
    const isFull = !this.#contexts.has(id) && this.#contexts.size >= (this.#script.concurrency ?? 15)
    return isFull ? concurrencyLimited : undefined
  }

  #begin(id: string, request: Json, options: string): Context {
    const fault = this.#script.fault?.(this.#count++)
    const context: Context = { id, options, request, fault, buffer: '', spoken: 0, texts: 0, flushes: 0 }
    this.#contexts.set(id, context)
    if (this.#script.strays) this.#chunk('somebody-else', soundOf('stray', formatOf(request.output_format)))
    return context
  }

  /** Without a delay all is spoken at once; otherwise whole sentences are, and the rest when its time has come. */
  #speakWhenEnough(context: Context): void {
    const delayMs = Number(context.request.max_buffer_delay_ms ?? 3000)
    if (delayMs === 0 || /[.!?]\s*$/.test(context.buffer)) this.#speak(context)
    else context.timer = setTimeout(() => this.#speak(context), delayMs)
    this.#expire(context)
  }

  #flush(context: Context): void {
    this.#speak(context)
    if (isSilent(context.fault)) return
    const flushed = { type: 'flush_done', context_id: context.id, flush_id: ++context.flushes, flush_done: true }
    this.#send(context.id, { ...flushed, done: false, status_code: 206 })
    this.#expire(context)
  }

  #finish(context: Context): void {
    this.#speak(context)
    if (!isSilent(context.fault)) this.#end(context, true)
  }

  #expire(context: Context): void {
    if (context.buffer !== '' || isSilent(context.fault)) return
    const { expiryMs = 1000 } = this.#script
    if (expiryMs === 0) this.#end(context, true)
    else context.timer = setTimeout(() => this.#end(context, true), expiryMs)
  }

  #end(context: Context, saysSo: boolean): void {
    clearTimeout(context.timer)
    this.#contexts.delete(context.id)
    this.#over.add(context.id)
    if (saysSo) this.#send(context.id, { type: 'done', context_id: context.id, done: true, status_code: 200 })
  }

  #speak(context: Context): void {
    const { buffer: text, fault, id, request } = context
    context.buffer = ''
    if (text === '') return
    const { voice = usualVoice } = this.#script
    const sound = voice.soundOf(text, formatOf(request.output_format))
    if (fault !== undefined && !this.#fail(fault, id, sound)) return
    const half = Math.floor(sound.length / 2)
    this.#pace()
    this.#chunk(id, sound.subarray(0, half), context.flushes + 1)
    this.#pace()
    if (request.add_timestamps) {
      const times = { word_timestamps: wordTimes(text, context.spoken, voice.msPerCharacter), flush_id: context.flushes + 1 }
      this.#send(id, { type: 'timestamps', context_id: id, done: false, status_code: 206, ...times })
    }
    context.spoken += text.length
    this.#chunk(id, sound.subarray(half), context.flushes + 1)
  }

  /** Does what goes wrong; says whether the sound is still to come. */
  #fail(fault: Fault, id: string, sound: Buffer): boolean {
    const connection = this.#connection
    if (typeof fault === 'object') this.#refuse(fault.error, id)
    else if (fault === 'stalls') this.#chunk(id, sound.subarray(0, 480))
    else if (fault === 'no JSON') connection.send('<html>502</html>')
    else if (fault === 'no base64') connection.json({ ...chunkOf(id), data: 'AAA*BBB=' })
    else if (fault === 'half a sample') this.#chunk(id, sound.subarray(0, 481))
    else if (fault === 'breaks') connection.drop()
    else if (fault === 'closes') connection.close(1011, 'internal')
    else if (fault === 'without end') for (let sent = 0; sent < 80; sent++) this.#chunk(id, Buffer.alloc(48_000))
    return false
  }

  #chunk(id: string, sound: Buffer, flushId?: number): void {
    const numbered = flushId === undefined ? {} : { flush_id: flushId }
    this.#send(id, { ...chunkOf(id), data: sound.toString('base64'), ...numbered })
  }

  #send(id: string, message: Json): void {
    if (this.#held) this.#held.push({ id, message })
    else this.#connection.json(message)
  }

  #pace(): void {
    const waiting = this.#script.pace?.(this.#halves++)
    if (waiting) this.#hold(waiting)
  }

  /** Work that has begun goes on for a moment also where it was cancelled. */
  #hold(waiting: Promise<void>): void {
    this.#held ??= []
    void waiting.then(() => {
      const held = this.#held ?? []
      this.#held = undefined
      const wanted = held.filter(
        ({ id, message }) => !this.#cancelled.has(id) || (this.#script.strays && message.type === 'chunk'),
      )
      for (const { message } of wanted) this.#connection.json(message)
    })
  }

  #refuse(problem: CartesiaError, context?: string): void {
    this.#connection.json(errorFrame(problem, context))
  }
}

const usualVoice: SimulatedVoice = { soundOf, msPerCharacter: 10 }

const socketFields = [
  'context_id',
  'continue',
  'flush',
  'max_buffer_delay_ms',
  'add_timestamps',
  'add_phoneme_timestamps',
  'use_normalized_timestamps',
  'speed',
]

function chunkOf(id: string): Json {
  return { type: 'chunk', context_id: id, done: false, status_code: 206, step_time: 10 }
}

function delayProblem(delay: unknown): CartesiaError | undefined {
  return delay === undefined || (Number(delay) >= 0 && Number(delay) <= 5000)
    ? undefined
    : badRequest('invalid max_buffer_delay_ms')
}

function isSilent(fault: Fault | undefined): boolean {
  return fault === 'stalls' || fault === 'breaks' || fault === 'closes' || typeof fault === 'object'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
