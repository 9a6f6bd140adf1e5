import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { Alignment, RawFormat, SpeakingLine, TtsEvent } from '../../../providers/speech.ts'
import { bytesOfMs } from '../../../providers/speech-format.ts'
import { isPronounced } from '../../../text/pronounced.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import { ByteQueue } from './byte-queue.ts'
import { eventsOf } from './call.ts'
import { Converter, isResampled } from './converter.ts'
import type { SpeakingParts } from './parts.ts'
import type { Way } from './ways.ts'

export interface SentenceParts extends SpeakingParts {
  readonly audioOut: RawFormat
  readonly resampling: () => Promise<NewResampler>
  /** This voice is given so many characters. */
  readonly given: (voice: SpeakingVoice, characters: number) => void
  readonly failed: (way: Way) => void
}

/** What is asked of the voice. */
export interface SentenceAsked {
  readonly attempt: number
  readonly index: number
  readonly text: string
  /** Who is asked, one after the other, for as long as nobody has heard anything of it. */
  readonly ways: readonly Way[]
}

/**
 * One sentence while it is made: its sound and its times wait here until they are taken. The vendor is read only while less than two
 * seconds wait.
 */
export class Sentence {
  readonly attempt: number
  readonly index: number
  readonly #text: string
  readonly #ways: readonly Way[]
  readonly #parts: SentenceParts
  /** Called when there is more to take, or no more to come. */
  readonly #onChange: () => void
  readonly #controller = new AbortController()
  readonly #sound = new ByteQueue()
  #times: Alignment[] = []
  /** All bytes that came. */
  #bytesMade = 0
  #state: 'waiting' | 'running' | 'whole' | 'failed' | 'stopped' = 'waiting'
  #why = ''
  /** Whether anything came of it, and whether any of that was taken. */
  #hasBegun = false
  #isTaken = false
  #room: (() => void) | undefined

  constructor({ attempt, index, text, ways }: SentenceAsked, parts: SentenceParts, onChange: () => void) {
    this.attempt = attempt
    this.index = index
    this.#text = text.trim()
    this.#ways = ways
    this.#parts = parts
    this.#onChange = onChange
    // What nobody would pronounce is said without anybody's help.
    if (!isPronounced(text)) this.#state = 'whole'
  }

  get state(): 'waiting' | 'running' | 'whole' | 'failed' | 'stopped' {
    return this.#state
  }

  /** Why it failed. */
  get why(): string {
    return this.#why
  }

  /** Whether only one can be spoken at a time by whom it is asked of. */
  get isInLine(): boolean {
    return this.#ways[0]?.line?.isAbsent === false
  }

  /** Who speaks it first. */
  get way(): Way | undefined {
    return this.#ways[0]
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#sound.length
  }

  /** All bytes that there are of it; undefined while there may be more. */
  get wholeLength(): number | undefined {
    return this.#state === 'whole' ? this.#bytesMade : undefined
  }

  /** So many bytes, or all that wait. */
  takeSound(length: number): Uint8Array {
    const sound = this.#sound.take(length)
    this.#isTaken ||= sound.length > 0
    this.#makeRoom()
    return sound
  }

  /** Times from the beginning of its sound, in order; undefined where none wait. */
  takeTimes(): Alignment | undefined {
    const times = this.#times.shift()
    this.#isTaken ||= times !== undefined
    return times
  }

  /** Has it spoken. Resolves, always, once nothing runs for it any more. */
  async start(follows: boolean): Promise<void> {
    if (this.#state !== 'waiting') return
    this.#state = 'running'
    for (const [index, way] of this.#ways.entries()) {
      try {
        await this.#spokenBy(way, follows && index === 0)
        this.#over('whole')
        return
      } catch (error) {
        if (this.#controller.signal.aborted) return
        this.#parts.failed(way)
        this.#log(way, error)
        const isLast = index === this.#ways.length - 1
        if (this.#isTaken || isLast) {
          this.#why = error instanceof GatewayError ? error.message : 'The voice failed.'
          this.#drop()
          this.#over('failed')
          return
        }
        this.#drop()
      }
    }
    // Nobody is there to be asked.
    this.#over('failed')
  }

  /** Ends it at once: nothing comes of it any more. */
  stop(): void {
    this.#controller.abort(new Cancelled())
    this.#state = 'stopped'
    this.#drop()
  }

  #over(state: 'whole' | 'failed'): void {
    if (this.#state !== 'running') return
    this.#state = state
    this.#onChange()
  }

  #drop(): void {
    this.#bytesMade = 0
    this.#sound.clear()
    this.#times = []
    this.#makeRoom()
  }

  /** A line that the vendor was about to close, which was not known yet, is replaced by another. */
  async #spokenBy(way: Way, follows: boolean): Promise<void> {
    const { signal } = this.#controller
    const { clock } = this.#parts
    const line = await way.line?.ready(signal)
    const startedAt = clock.now()
    try {
      await this.#made(way, line, follows)
    } catch (error) {
      const isStale = line?.isOpen === false && !this.#hasBegun && clock.now() - startedAt < staleMs
      if (!isStale || signal.aborted) throw error
      await this.#made(way, await way.line?.ready(signal), false)
    } finally {
      // One that is over is opened anew while what it has spoken is still being heard.
      way.line?.warm()
    }
  }

  async #made({ voice, options }: Way, line: SpeakingLine | undefined, follows: boolean): Promise<void> {
    const { signal } = this.#controller
    const { audioOut, resampling } = this.#parts
    const newResampler = isResampled(options.format, audioOut) ? await resampling() : undefined
    signal.throwIfAborted()
    const converter = new Converter(options.format, audioOut, newResampler)
    const given = (): void => this.#parts.given(voice, this.#text.length)
    try {
      for await (const event of eventsOf({ voice, options, line, text: this.#text, follows, signal, given }, this.#parts)) {
        this.#take(event, converter)
        this.#onChange()
        await this.#hasRoom()
      }
      signal.throwIfAborted()
      this.#push(converter.end())
    } finally {
      converter.close()
    }
  }

  #take(event: TtsEvent, converter: Converter): void {
    if (event.type === 'audio') {
      this.#hasBegun = true
      this.#push(converter.push(event.bytes))
    } else if (event.type === 'alignment') {
      this.#hasBegun = true
      const { kind, tokens, startMs, durationMs } = event
      this.#times.push({ kind, tokens, startMs, durationMs })
    }
  }

  #push(sound: Uint8Array): void {
    this.#bytesMade += sound.length
    this.#sound.push(sound)
  }

  async #hasRoom(): Promise<void> {
    while (this.#sound.length > bytesOfMs(mostAheadMs, this.#parts.audioOut) && !this.#controller.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
    }
  }

  #makeRoom(): void {
    const room = this.#room
    this.#room = undefined
    room?.()
  }

  #log({ voice: { id } }: Way, error: unknown): void {
    const { log } = this.#parts
    // Not the message: a vendor's words may repeat the text.
    if (error instanceof GatewayError) {
      log.info({ model: id, code: error.code, upstream_status: error.providerError?.status }, 'a sentence was not spoken')
    } else log.error({ err: error, model: id }, 'a sentence was not spoken')
  }
}

/** Within so long it shows that a line was over, in milliseconds. */
const staleMs = 1000
/** How much sound of a sentence is made before it is needed. */
const mostAheadMs = 2000
