import { isPronounced } from '../../text/pronounced.ts'
import type { FailureSource } from '../failure.ts'
import type { SocketMessage } from '../socket.ts'
import type { SpeakingLine, SpeechCall, TtsOptions } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { type LineProtocol, type LineSide, SocketLine } from '../speech-line.ts'
import { closedEarly, openSpeechSocket } from '../speech-socket.ts'
import { streamsText } from './capabilities.ts'
import { closeContext, flushContext, openContext, socketPath, socketQuery } from './encode.ts'
import { codeOfWords, refusal } from './error.ts'
import { keyHeaders, sourceOf } from './identity.ts'
import type { SocketNews } from './messages.ts'
import { newsOf } from './news.ts'
import { Timeline, withoutLeadingSpace } from './timeline.ts'

/** A line for raw sound, of models that take texts over a socket: a context for each text. */
export function connect(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> | undefined {
  return isRaw(options.format) && streamsText(call.model) ? opened(options, call) : undefined
}

async function opened(options: TtsOptions, call: SpeechCall): Promise<SpeakingLine> {
  const source = sourceOf(call)
  const request = {
    path: socketPath(options.voice),
    query: socketQuery(options, call.model, inactivitySeconds),
    headers: keyHeaders(call),
  }
  const socket = await openSpeechSocket(call, source, request, refusal)
  const protocol = (side: LineSide): LineProtocol => new Contexts(side, options, call, source)
  return new SocketLine(socket, source, options, protocol, (how) => closedEarly(source, how, codeOfWords))
}

/**
 * A text is flushed in a context of its own, which is closed once its sound has begun: earlier it would end in silence, and a flush alone is
 * never answered by an end. A context counts until the vendor says that it is over; where so many have not ended that another would close
 * the socket, nothing more is spoken on it. Between texts nothing is sent, as there is no context that could be kept alive.
 */
class Contexts implements LineProtocol {
  readonly #side: LineSide
  readonly #options: TtsOptions
  readonly #source: FailureSource
  readonly #timeouts: SpeechCall['timeouts']
  /** Those of which it is not said yet that they are over. */
  readonly #open = new Set<string>()
  #current: { readonly id: string; readonly timeline: Timeline; isClosed: boolean; isFirst: boolean } | undefined
  #count = 0

  constructor(side: LineSide, options: TtsOptions, call: SpeechCall, source: FailureSource) {
    this.#side = side
    this.#options = options
    this.#timeouts = call.timeouts
    this.#source = source
  }

  get canSpeak(): boolean {
    return this.#current !== undefined || this.#open.size < mostContexts
  }

  begin(text: string): void {
    const id = `speech_${++this.#count}`
    this.#open.add(id)
    this.#current = { id, timeline: new Timeline(this.#options.format), isClosed: false, isFirst: true }
    this.#side.owe(this.#timeouts.firstByteMs)
    this.#side.send(openContext(id, this.#options))
    // A text is to end with a space, by which the last word is known to be whole.
    this.#side.send(flushContext(id, /\s$/.test(text) ? text : `${text} `))
    // Of this there may be no sound at all, and then closing is what is answered.
    if (!isPronounced(text)) this.#close()
  }

  stop(): void {
    this.#close()
    this.#current = undefined
    this.#side.settle()
  }

  take(message: SocketMessage): void {
    const news = this.#read(message)
    if (news.type !== 'speech') return
    if (news.isFinal) this.#open.delete(news.context)
    const current = this.#current
    const { text } = this.#side
    if (news.context !== current?.id || !text) return
    if (news.stretch && this.#options.alignment) {
      // The space that the context was opened with is told of as well.
      const own = current.isFirst ? withoutLeadingSpace(news.stretch) : news.stretch
      if (own) current.isFirst = false
      if (own) text.times(current.timeline.place(own, news.sound && text.ms))
    }
    if (news.sound) {
      text.sound(news.sound)
      this.#side.owe(this.#timeouts.idleMs)
      this.#close()
    }
    if (!news.isFinal) return
    this.#current = undefined
    this.#side.settle()
    text.end()
  }

  #close(): void {
    if (!this.#current || this.#current.isClosed) return
    this.#current.isClosed = true
    this.#side.send(closeContext(this.#current.id))
  }

  #read(message: SocketMessage): SocketNews {
    return newsOf(message, this.#source)
  }
}

const mostContexts = 5
/** As patient as the vendor can be: whoever listens to a long answer of another's says nothing meanwhile. */
const inactivitySeconds = 180
