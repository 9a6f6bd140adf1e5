import type { GatewayError } from '../../api/error.ts'
import { stringOf } from '../../api/json.ts'
import type { FailureSource } from '../failure.ts'
import { providerFailure } from '../http.ts'
import type { SocketMessage } from '../socket.ts'
import type { SpeakingLine, SpeechCall, TtsOptions } from '../speech.ts'
import { type LineProtocol, type LineSide, SocketLine } from '../speech-line.ts'
import { closedEarly } from '../speech-socket.ts'
import { openSocket, readMessage } from './connection.ts'
import { codeOfReason, errorMessage, sourceOf } from './failure.ts'
import { FlushRation } from './flush-ration.ts'
import { maxPart, partsOf } from './tts-feeder.ts'
import { type SpeechRequest, streamRequest } from './tts-request.ts'

/** A line for raw sound, over the socket of the voice's family. */
export function connect(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> | undefined {
  const request = streamRequest(options, call.model)
  return request && opened(request, options, call)
}

async function opened({ family, path, query }: SpeechRequest, options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> {
  const source = sourceOf(call)
  const socket = await openSocket(call, source, path, query)
  const protocol = (side: LineSide): LineProtocol =>
    family === 'aura-2' ? new Aura(side, call, source) : new Flux(side, call, source)
  return new SocketLine(socket, source, options, protocol, (how) => closedEarly(source, how, codeOfReason))
}

/** What both have in common: a text and a flush, whose sound then comes in bytes. */
function sendText(side: LineSide, text: string, firstByteMs: number): void {
  side.owe(firstByteMs)
  for (const part of partsOf(text, maxPart)) side.send(JSON.stringify({ type: 'Speak', text: part }))
  side.send('{"type":"Flush"}')
}

/**
 * Aura has no names for what it speaks. Whatever comes between `Clear` and `Cleared` is of the text that was stopped; the next may be sent
 * meanwhile, as all is answered in order. Its flushes are rationed: a line is over with the last one.
 */
class Aura implements LineProtocol {
  readonly #side: LineSide
  readonly #call: SpeechCall
  readonly #source: FailureSource
  readonly #ration: FlushRation
  /** How many `Clear` are not answered yet; and flushes that were cleared, which may be answered all the same. */
  #clearing = 0
  #cleared = 0

  constructor(side: LineSide, call: SpeechCall, source: FailureSource) {
    this.#side = side
    this.#call = call
    this.#source = source
    this.#ration = new FlushRation(call.clock)
  }

  get canSpeak(): boolean {
    return this.#ration.left > 0
  }

  begin(text: string): void {
    this.#ration.spend()
    sendText(this.#side, text, this.#call.timeouts.firstByteMs)
  }

  stop(): void {
    this.#clearing++
    this.#cleared++
    this.#side.owe()
    this.#side.send('{"type":"Clear"}')
  }

  take(message: SocketMessage): void {
    const { text } = this.#side
    if (message.type === 'binary') {
      if (this.#clearing > 0) return
      text?.sound(message.bytes)
      if (text) this.#side.owe()
      return
    }
    const said = readMessage(message.text, this.#source)
    switch (said.type) {
      case 'Cleared':
        this.#clearing = Math.max(0, this.#clearing - 1)
        if (this.#clearing === 0 && !text) this.#side.settle()
        return
      case 'Flushed':
        this.#flushed()
        return
      case 'Warning':
        warn(this.#call, this.#source, stringOf(said.code))
        // A flush that was not taken is never answered.
        if (text && /FLUSH/i.test(stringOf(said.code))) throw tooManyFlushes(this.#source)
        return
      case 'Error':
        throw errorMessage(this.#source, said)
    }
  }

  #flushed(): void {
    const { text } = this.#side
    const isOfCleared = this.#clearing > 0 || (this.#cleared > 0 && text?.hasSound === false)
    if (isOfCleared) {
      this.#cleared = Math.max(0, this.#cleared - 1)
      return
    }
    // All before it has been answered, or never will be.
    this.#cleared = 0
    if (!text) return
    this.#side.settle()
    text.end()
  }
}

/**
 * Flux names what it speaks, though not its sound: whatever comes between `Interrupt` and `SpeechInterrupted` is of the text that was
 * stopped. A text that had just ended of its own is not interrupted, of which nothing tells but what is said of the next.
 */
class Flux implements LineProtocol {
  readonly canSpeak = true
  readonly #side: LineSide
  readonly #call: SpeechCall
  readonly #source: FailureSource
  /** How many `Interrupt` are not answered yet. */
  #interrupting = 0
  /** The name of what is being spoken; and of what was stopped last. */
  #speech: string | undefined
  #stopped: string | undefined
  /** Whether what was stopped turned out to be at its end. */
  #hasEnded = false

  constructor(side: LineSide, call: SpeechCall, source: FailureSource) {
    this.#side = side
    this.#call = call
    this.#source = source
  }

  begin(text: string): void {
    if (this.#interrupting === 0) this.#speech = undefined
    sendText(this.#side, text, this.#call.timeouts.firstByteMs)
  }

  stop(): void {
    this.#interrupting++
    this.#stopped = this.#speech
    this.#hasEnded = false
    this.#side.owe()
    this.#side.send('{"type":"Interrupt"}')
  }

  take(message: SocketMessage): void {
    const { text } = this.#side
    if (message.type === 'binary') {
      if (this.#interrupting > 0) return
      text?.sound(message.bytes)
      if (text) this.#side.owe()
      return
    }
    const said = readMessage(message.text, this.#source)
    switch (said.type) {
      case 'SpeechStarted':
        if (this.#hasEnded) this.#interrupted(this.#interrupting)
        if (this.#interrupting > 0) this.#stopped = stringOf(said.speech_id)
        else this.#speech = stringOf(said.speech_id)
        return
      case 'SpeechInterrupted':
        this.#interrupted(1)
        return
      case 'SpeechMetadata':
        this.#metadata(said)
        return
      case 'Warning':
        warn(this.#call, this.#source, stringOf(said.code))
        // There was nothing to interrupt.
        if (this.#interrupting > 0) this.#interrupted(1)
        return
      case 'Error':
        throw errorMessage(this.#source, said)
    }
  }

  #interrupted(count: number): void {
    this.#interrupting = Math.max(0, this.#interrupting - count)
    if (this.#interrupting > 0) return
    this.#hasEnded = false
    if (!this.#side.text) this.#side.settle()
  }

  #metadata({ speech_id: id, billable_character_count: charged }: Readonly<Record<string, unknown>>): void {
    if (this.#interrupting > 0) {
      this.#hasEnded = true
      return
    }
    const { text } = this.#side
    if (!text || (this.#stopped !== undefined && id === this.#stopped)) return
    this.#side.settle()
    text.end(typeof charged === 'number' ? charged : undefined)
  }
}

/** What a warning says may hold the text. */
function warn({ log }: SpeechCall, { id: provider }: FailureSource, code: string): void {
  log.warn({ provider, code }, 'a provider of speech warns')
}

function tooManyFlushes({ id, name, apiKey }: FailureSource): GatewayError {
  return providerFailure('provider_rate_limit', name, id, apiKey, { message: 'it takes no more texts on this connection.' })
}
