import type { GatewayError } from '../../../api/error.ts'
import { bytesOfSamples } from '../../../audio/pcm.ts'
import type { Alignment } from '../../../providers/speech.ts'
import type { Line } from '../../../text/script.ts'
import { joined } from './alignment.ts'
import { isPcm, longestPiece, type SpeakingParts, type SpokenAnswer, voicesOf } from './parts.ts'
import { type SentenceEvent, speakSentence } from './sentence.ts'
import type { SentenceUsage, UsageMeter } from './usage.ts'

/** Sound of a sentence that goes out together. */
export interface Portion {
  /** The sentence's, with its first portion; empty with the others. */
  readonly text: string
  readonly isFirst: boolean
  /** Perhaps none. */
  readonly sound: readonly TimedSound[]
  readonly alignment: Alignment | undefined
  /** The id of who speaks. */
  readonly provider: string
}

export interface TimedSound {
  readonly bytes: Uint8Array
  /** When it came, by the clock. */
  readonly cameAt: number
}

/**
 * When sound goes out: as soon as it is there, or once its sentence has been spoken to its end, so that what broke off
 * before can always be thrown away and spoken anew.
 */
export type Release = 'at once' | 'by sentences'

/**
 * Speaks sentences at the same time, a few ahead of the one that is being given out, and gives them out in order. Each is taken from
 * its vendor as fast as it comes, so that no more than those few lie here, however slowly they are taken.
 *
 * Once a sentence has gone over to another voice, those behind it are spoken with that too, also where they were begun with the other.
 */
export class Sequence {
  readonly #parts: SpeakingParts
  readonly #answer: SpokenAnswer
  readonly #meter: UsageMeter
  readonly #release: Release
  readonly #onAbort: () => void
  #entries: Entry[] = []
  /** Who speaks the next sentence that is begun. */
  #voice = 0
  /** How many sentences are begun beyond the first; fewer where a vendor has refused so many. */
  #ahead: number
  #state: 'open' | 'ended' | 'closed' = 'open'
  /** What is thrown once all sentences have been given out. */
  #ending: GatewayError | undefined
  #waiter: (() => void) | undefined
  #isWaking = false

  constructor(parts: SpeakingParts, answer: SpokenAnswer, meter: UsageMeter, release: Release) {
    this.#parts = parts
    this.#answer = answer
    this.#meter = meter
    this.#release = release
    this.#ahead = parts.limits.ahead
    const { signal } = answer.caller
    this.#onAbort = () => {
      this.#stop(signal.reason)
      this.#wake()
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  push(line: Line): void {
    if (this.#state !== 'open') return
    this.#entries.push({ ...line, voice: 0, run: undefined, isTaken: false })
    this.#start()
    this.#wake()
  }

  /** Nothing is pushed any more; `failure` is thrown behind the last sentence. */
  end(failure?: GatewayError): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#ending = failure
    this.#wake()
  }

  /**
   * The next sound; undefined once all of it was given out, or after `close`. Throws the failure of a sentence once those before it
   * have been given out, and the signal's reason once that has aborted. To be asked by one at a time.
   */
  async next(): Promise<Portion | undefined> {
    for (;;) {
      if (this.#state === 'closed') return undefined
      this.#answer.caller.signal.throwIfAborted()
      const portion = this.#take()
      if (portion) return portion
      if (this.#state === 'ended' && this.#entries.length === 0) {
        if (this.#ending) throw this.#ending
        return undefined
      }
      await new Promise<void>((resolve) => {
        this.#waiter = resolve
      })
    }
  }

  /** Ends every call at once. Whoever waits is told that there is no more. */
  close(reason: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#answer.caller.signal.removeEventListener('abort', this.#onAbort)
    this.#stop(reason)
    this.#entries = []
    this.#wake()
  }

  // ── Giving out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(): Portion | undefined {
    for (let [entry] = this.#entries; entry; [entry] = this.#entries) {
      const { run } = entry
      if (!run) return undefined
      const isHeld = this.#release === 'by sentences' && run.end !== 'spoken'
      const taken = isHeld ? undefined : portionOf(run)
      if (taken) return this.#given(entry, run, taken)
      if (run.end === undefined) return undefined
      if (run.end !== 'spoken') throw run.end.error
      this.#entries.shift()
      this.#entries[0]?.onFirst?.()
      this.#start()
      // A sentence of which nothing can be heard has been said all the same.
      if (!entry.isTaken) return { text: entry.text, isFirst: true, sound: [], alignment: undefined, provider: '' }
    }
    return undefined
  }

  #given(entry: Entry, run: Run, { sound, alignment, voice: index }: Taken): Portion {
    const { plan } = this.#answer
    const isFirst = !entry.isTaken
    entry.isTaken = true
    const voice = voicesOf(plan)[index]
    if (voice && sound.length > 0) {
      const bytes = sound.reduce((sum, each) => sum + each.bytes.length, 0)
      this.#meter.heard(run.usage, voice, isPcm(plan) ? bytes / bytesOfSamples(plan.rate) : undefined)
    }
    return { text: isFirst ? entry.text : '', isFirst, sound, alignment, provider: voice?.provider.id ?? '' }
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.()
  }

  /** Behind everything that is on its way already: what came in one read of a socket goes out as one piece, and no later. */
  #wakeSoon(): void {
    if (!this.#waiter || this.#isWaking) return
    this.#isWaking = true
    process.nextTick(() => {
      this.#isWaking = false
      this.#wake()
    })
  }

  // ── Speaking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins as many sentences as may be spoken at the same time. None behind one that failed. */
  #start(): void {
    if (this.#answer.caller.signal.aborted) return
    for (const entry of this.#entries.slice(0, this.#ahead + 1)) {
      if (isFailed(entry.run)) return
      if (entry.run) continue
      this.#begin(entry, this.#voice)
    }
  }

  #begin(entry: Entry, voice: number): void {
    entry.voice = voice
    const run: Run = { controller: new AbortController(), queue: [], end: undefined, usage: this.#meter.begin() }
    entry.run = run
    void this.#speak(entry, run)
  }

  async #speak(entry: Entry, run: Run): Promise<void> {
    const { clock } = this.#parts
    const taker = {
      usage: run.usage,
      moved: (voice: number) => this.#moved(entry, run, voice),
      discard: () => {
        if (entry.isTaken) return false
        run.queue.length = 0
        return true
      },
      turn: () => this.#turnOf(entry, run),
    }
    const { signal } = run.controller
    try {
      for await (const event of speakSentence(entry.say, entry.voice, this.#parts, this.#answer, signal, taker)) {
        if (entry.run === run) run.queue.push({ event, voice: entry.voice, cameAt: clock.now() })
        if (entry === this.#entries[0]) this.#wakeSoon()
      }
      run.end = 'spoken'
    } catch (error) {
      run.end = { error }
      if (entry.run === run) this.#failed(entry)
    }
    if (entry === this.#entries[0]) this.#wake()
  }

  /** What comes behind a sentence that failed is never given out. */
  #failed(entry: Entry): void {
    const at = this.#entries.indexOf(entry)
    if (at < 0) return
    for (const { run } of this.#entries.splice(at + 1)) run?.controller.abort(nobodyListens())
  }

  /** Resolves when the sentence is the first, or is not to be spoken any more; undefined where it is the first. */
  #turnOf(entry: Entry, run: Run): Promise<void> | undefined {
    const at = this.#entries.indexOf(entry)
    if (at < 1 || entry.run !== run) return undefined
    this.#ahead = Math.min(this.#ahead, at - 1)
    return new Promise((resolve) => {
      entry.onFirst = resolve
      run.controller.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #moved(entry: Entry, run: Run, voice: number): void {
    const at = this.#entries.indexOf(entry)
    if (at < 0 || entry.run !== run) return
    entry.voice = voice
    this.#voice = Math.max(this.#voice, voice)
    for (const later of this.#entries.slice(at + 1)) {
      if (!later.run || later.voice >= voice) continue
      const old = later.run
      this.#meter.discard(old.usage)
      this.#begin(later, voice)
      old.controller.abort(nobodyListens())
    }
  }

  #stop(reason: unknown): void {
    for (const { run } of this.#entries) run?.controller.abort(reason)
  }
}

/** A sentence that was not given out to its end. */
interface Entry extends Line {
  voice: number
  /** Undefined until it is begun. */
  run: Run | undefined
  /** Whether some of it was given out. */
  isTaken: boolean
  /** Called when it is the first, where it waits for that. */
  onFirst?: () => void
}

/** A sentence as it is being spoken. */
interface Run {
  readonly controller: AbortController
  readonly queue: QueuedEvent[]
  end: 'spoken' | { readonly error: unknown } | undefined
  readonly usage: SentenceUsage
}

interface QueuedEvent {
  readonly event: SentenceEvent
  /** The index of who says it. */
  readonly voice: number
  readonly cameAt: number
}

function isFailed(run: Run | undefined): boolean {
  return run?.end !== undefined && run.end !== 'spoken'
}

function nobodyListens(): Error {
  return new Error('nobody listens any more')
}

interface Taken extends Pick<Portion, 'sound' | 'alignment'> {
  readonly voice: number
}

/** As much of one voice as goes out at once. Times wait for the sound that follows them, as long as there may be some. */
function portionOf({ queue, end }: Run): Taken | undefined {
  const sound: TimedSound[] = []
  const alignments: Alignment[] = []
  let bytes = 0
  let count = 0
  let speaks = 0
  for (const { event, voice, cameAt } of queue) {
    if (sound.length > 0 && voice !== speaks) break
    speaks = voice
    if (event.type === 'sound') {
      if (bytes > 0 && bytes + event.bytes.length > longestPiece) break
      bytes += event.bytes.length
      sound.push({ bytes: event.bytes, cameAt })
    } else alignments.push(event)
    count++
  }
  const isUnfinished = end !== 'spoken' && sound.length === 0
  if (count === 0 || isUnfinished) return undefined
  queue.splice(0, count)
  return { sound, alignment: joined(alignments), voice: speaks }
}
