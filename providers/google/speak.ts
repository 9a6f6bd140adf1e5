import type { Timer } from '../../api/clock.ts'
import { disconnected } from '../failure.ts'
import type { Flush, SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { configOf, inputOf } from './encode.ts'
import { type Line, lineFor, soundIn } from './line.ts'
import { pieces } from './pieces.ts'
import type { Rpc } from './rpc.ts'
import { atOnce, streams, voiceOf } from './synthesize.ts'

/**
 * A text that is still being written, sentence by sentence, as Google asks for it. A stream that is given nothing for five seconds is broken off
 * by Google: before that it is ended, so that all of it is spoken, and what comes later is spoken by another. What is
 * not made in streams is made a sentence at a time.
 */
export async function* speak(
  text: AsyncIterable<string | Flush>,
  options: TtsOptions,
  call: SpeechCall,
): AsyncGenerator<TtsEvent> {
  const voice = voiceOf(options, call.model)
  const line = await lineFor(call)
  const written = pieces(text, voice.locale, call.signal)
  if (streams(voice, options)) {
    const config = line.protocol.streamingRequest(configOf(voice, options))
    yield* streamed(written, config, options, line)
  } else {
    for await (const piece of written) yield* atOnce(piece, voice, options, line)
  }
  yield { type: 'done' }
}

async function* streamed(
  written: AsyncGenerator<string>,
  config: Uint8Array,
  options: TtsOptions,
  line: Line,
): AsyncGenerator<TtsEvent> {
  const feeder = new Feeder(written, config, options, line)
  try {
    for (;;) {
      const stream = await feeder.next()
      if (!stream) return
      for (;;) {
        const message = await stream.rpc.receive()
        if (message === undefined) break
        const bytes = soundIn(line, message, 'StreamingSynthesizeResponse')
        if (stream.sound.take(bytes)) yield { type: 'audio', bytes }
      }
      // Ended by Google alone: what it was still to be given is lost.
      if (!stream.rpc.isEnded) throw disconnected(line.source)
      stream.sound.end()
    }
  } finally {
    feeder.close()
  }
}

interface Stream {
  readonly rpc: Rpc
  readonly sound: SoundGuard
}

/** Puts text into streams while it comes, as fast as they take it; whoever hears them takes them one after the other. */
class Feeder {
  readonly #written: AsyncGenerator<string>
  readonly #config: Uint8Array
  readonly #options: TtsOptions
  readonly #line: Line
  /** Opened and not yet heard. */
  readonly #waiting: Stream[] = []
  /** What text goes into at the moment. */
  #current: Stream | undefined
  /** What is heard at the moment. */
  #heard: Stream | undefined
  #idle: Timer | undefined
  #isOver = false
  #failure: { readonly reason: unknown } | undefined
  #listeners: (() => void)[] = []

  constructor(written: AsyncGenerator<string>, config: Uint8Array, options: TtsOptions, line: Line) {
    this.#written = written
    this.#config = config
    this.#options = options
    this.#line = line
    void this.#feed()
  }

  /** The next stream to hear, once there is one; undefined where there will be none. Throws what the text's writer threw. */
  async next(): Promise<Stream | undefined> {
    this.#heard?.rpc.close()
    for (;;) {
      this.#throwIfFailed()
      this.#heard = this.#waiting.shift()
      if (this.#heard) this.#changed()
      if (this.#heard || this.#isOver) return this.#heard
      await this.#change()
    }
  }

  /** Nothing more is spoken. */
  close(): void {
    this.#fail(new Error('nobody listens any more'))
    void this.#written.return(undefined).catch(() => undefined)
  }

  async #feed(): Promise<void> {
    try {
      for await (const piece of this.#written) await this.#say(piece)
    } catch (reason) {
      this.#fail(reason)
    }
    this.#pause()
    this.#isOver = true
    this.#changed()
  }

  async #say(piece: string): Promise<void> {
    const { rpc, sound } = this.#current ?? (await this.#begin())
    sound.expect(piece.length)
    const sent = rpc.send(this.#line.protocol.streamingRequest(inputOf(piece)))
    this.#idle ??= this.#line.call.clock.after(pauseMs, () => this.#pause())
    this.#idle.restart()
    await sent
    this.#throwIfFailed()
  }

  /** Opens a stream; not before there is room among those that wait to be heard. */
  async #begin(): Promise<Stream> {
    while (this.#waiting.length >= mostWaiting && !this.#failure) await this.#change()
    this.#throwIfFailed()
    const rpc = await this.#line.open('StreamingSynthesize')
    const stream = { rpc, sound: new SoundGuard(this.#options.format, this.#line.source) }
    this.#current = stream
    this.#waiting.push(stream)
    this.#changed()
    void rpc.send(this.#config)
    // What failed in the meantime knew nothing of this one.
    if (this.#failure) rpc.close()
    this.#throwIfFailed()
    return stream
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.reason
  }

  #pause(): void {
    this.#idle?.cancel()
    this.#idle = undefined
    this.#current?.rpc.end()
    this.#current = undefined
  }

  #fail(reason: unknown): void {
    if (this.#failure) return
    this.#failure = { reason }
    for (const stream of [this.#heard, this.#current, ...this.#waiting]) stream?.rpc.fail(reason)
    this.#pause()
    this.#changed()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve))
  }

  #changed(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

/** Google breaks a stream off that is given nothing for five seconds. */
const pauseMs = 4000
const mostWaiting = 2
