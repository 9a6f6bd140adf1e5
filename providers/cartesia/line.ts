import type { Clock } from '../../api/clock.ts'
import { type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import type { SocketMessage } from '../socket.ts'
import type { SpeakingLine, SpeechCall, TtsOptions } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { type LineProtocol, type LineSide, SocketLine } from '../speech-line.ts'
import { closedEarly, openSpeechSocket } from '../speech-socket.ts'
import { headersOf, sourceOf } from './connection.ts'
import { speechRequest } from './encode.ts'
import { speechMessage } from './messages.ts'

/** A line for raw sound: one context after the other on one socket, and several texts in one as long as it lasts. */
export function connect(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> | undefined {
  return isRaw(options.format) ? opened(options, call) : undefined
}

async function opened(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> {
  const source = sourceOf(call)
  const socket = await openSpeechSocket(call, source, { path: '/tts/websocket', query: [], headers: headersOf(call) })
  const protocol = (side: LineSide): LineProtocol => new Contexts(side, options, call, source)
  return new SocketLine(socket, source, options, protocol, (how) => closedEarly(source, how))
}

interface Context {
  readonly id: string
  /** All of its sound before the text that is being spoken. */
  baseMs: number
  /** When anything came of it last. */
  heardAt: number
}

/**
 * A text is sent whole and flushed; what answers the flush ends it. The vendor gives a context up a second after its last sound. It may
 * do so while a text for it is on its way, which is then said again in another.
 */
class Contexts implements LineProtocol {
  readonly canSpeak = true
  readonly #side: LineSide
  readonly #source: FailureSource
  readonly #clock: Clock
  readonly #waitMs: number
  readonly #prefix: string
  /** What stands in each message. Nothing in it may change within a context. */
  readonly #base: Readonly<Record<string, unknown>>
  #context: Context | undefined
  #count = 0
  /** What is being spoken, and whether it was said again. */
  #text = ''
  #isRepeat = false

  constructor(side: LineSide, options: TtsOptions, call: SpeechCall, source: FailureSource) {
    this.#side = side
    this.#source = source
    this.#clock = call.clock
    this.#waitMs = Math.min(call.timeouts.idleMs, mostIdleMs)
    this.#prefix = call.requestId
    this.#base = {
      ...speechRequest(options, call.model),
      ...(options.alignment && { add_timestamps: true }),
      // Whole texts are spoken as they come.
      max_buffer_delay_ms: 0,
    }
  }

  begin(text: string, follows: boolean): void {
    this.#text = text
    this.#isRepeat = false
    const before = follows ? this.#context : undefined
    const isFresh = before !== undefined && this.#clock.now() - before.heardAt < freshMs
    // Texts are joined as they are.
    if (isFresh) this.#say(before, /^\s/.test(text) ? text : ` ${text}`)
    else this.#say(this.#begun(), text)
  }

  stop(): void {
    // Work that has begun may go on for a moment; what it gives has the name of a context that nobody knows any more.
    if (this.#context) this.#side.send(JSON.stringify({ context_id: this.#context.id, cancel: true }))
    this.#context = undefined
    this.#side.settle()
  }

  take(message: SocketMessage): void {
    if (message.type === 'binary') throw protocolFailure(this.#source, 'it sent bytes where text was expected.')
    const said = speechMessage(message.text, this.#source)
    const context = this.#context
    // Of a context that is over, or not ours; an error may be about the connection.
    if (said.context === undefined ? said.type !== 'error' : said.context !== context?.id) return
    if (said.type === 'error') throw streamFailure(this.#source, said.body)
    if (!context) return
    context.heardAt = this.#clock.now()
    const { text } = this.#side
    switch (said.type) {
      case 'chunk':
        text?.sound(said.bytes)
        return
      case 'words': {
        const { startMs } = said.alignment
        text?.times({ ...said.alignment, startMs: startMs.map((ms) => Math.max(0, ms - context.baseMs)) })
        return
      }
      case 'flushed':
        this.#spoken(context)
        return
      case 'done':
        this.#gone(context)
    }
  }

  #begun(): Context {
    const context = { id: `${this.#prefix}-${++this.#count}`, baseMs: 0, heardAt: this.#clock.now() }
    this.#context = context
    return context
  }

  #say({ id }: Context, transcript: string): void {
    this.#side.owe(this.#waitMs)
    this.#side.send(JSON.stringify({ ...this.#base, context_id: id, transcript, continue: true }))
    this.#side.send(JSON.stringify({ ...this.#base, context_id: id, transcript: '', continue: true, flush: true }))
  }

  #spoken(context: Context): void {
    const { text } = this.#side
    if (!text) return
    context.baseMs += text.ms
    this.#side.settle()
    text.end()
  }

  #gone(context: Context): void {
    this.#context = undefined
    const { text } = this.#side
    if (!text) return
    if (text.hasSound || this.#isRepeat) {
      this.#spoken(context)
      return
    }
    this.#isRepeat = true
    this.#say(this.#begun(), this.#text)
  }
}

/** A context that was silent for longer may be given up before a text reaches it, in milliseconds. */
const freshMs = 700
/** A context that is limited in its rate may stop without a word, and nobody listens to silence for longer than this, in milliseconds. */
const mostIdleMs = 10_000
