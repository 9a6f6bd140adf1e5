import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { Alignment, RawFormat } from '../../../providers/speech.ts'
import { bytesOfMs } from '../../../providers/speech-format.ts'
import { isPronounced } from '../../../text/pronounced.ts'
import { ByteQueue } from './byte-queue.ts'
import { eventsOf } from './call.ts'
import { Converter, isResampled } from './converter.ts'
import type { SpeakingParts } from './parts.ts'
import type { Way } from './ways.ts'

export interface SentenceParts extends SpeakingParts {
  readonly audioOut: RawFormat
  readonly resampling: () => Promise<NewResampler>
  /** Vendors are given so many characters. */
  readonly given: (characters: number) => void
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
  #state: 'waiting' | 'running' | 'whole' | 'failed' | 'stopped' = 'waiting'
  #why = ''
  /** Whether any of it was taken. */
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
    this.#sound.clear()
    this.#times = []
    this.#makeRoom()
  }

  async #spokenBy({ voice, options, line }: Way, follows: boolean): Promise<void> {
    const { signal } = this.#controller
    const { audioOut, resampling } = this.#parts
    const open = await line?.ready(signal)
    const newResampler = isResampled(options.format, audioOut) ? await resampling() : undefined
    signal.throwIfAborted()
    const converter = new Converter(options.format, audioOut, newResampler)
    const given = (): void => this.#parts.given(this.#text.length)
    try {
      const asked = { voice, options, line: open, text: this.#text, follows, signal, given }
      for await (const event of eventsOf(asked, this.#parts)) {
        if (event.type === 'audio') {
          this.#sound.push(converter.push(event.bytes))
        } else if (event.type === 'alignment') {
          const { kind, tokens, startMs, durationMs } = event
          this.#times.push({ kind, tokens, startMs, durationMs })
        }
        this.#onChange()
        await this.#hasRoom()
      }
      signal.throwIfAborted()
      this.#sound.push(converter.end())
    } finally {
      converter.close()
      // A line that is over is opened anew while what it has spoken is still being heard.
      line?.warm()
    }
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

/** How much sound of a sentence is made before it is needed. */
const mostAheadMs = 2000
