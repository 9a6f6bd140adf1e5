import type { LiveAudioFormat, LivePlayer, LivePlayerListener } from '@vai/sdk'
import type { Clock, Timer } from '../../api/clock.ts'
import { bytesPerSample, SampleJoiner } from '../../audio/pcm.ts'
import type { Sink } from './sink.ts'

export interface PacedPlayerParts {
  readonly sink: Sink
  /** Hertz of 16-bit mono PCM. */
  readonly rate: number
  readonly clock: Clock
}

/**
 * Gives sound to a sink no faster than it is heard, so that it knows at any time what was played, and so that a reset is silence at once
 * but for the moment that the sink is ahead.
 *
 * All that the sink is given, sound and silence, lies on one tape, which moves with the clock. What lies before the head was heard; what
 * lies between the head and the end of the tape is with the sink, and will be.
 */
export class PacedPlayer implements LivePlayer {
  readonly #parts: PacedPlayerParts
  readonly #bytesPerMs: number
  readonly #leadBytes: number
  readonly #segments: Segment[] = []
  #listener: LivePlayerListener | undefined
  #timer: Timer | undefined
  /** When the tape's beginning was heard, and how much of it there is, in bytes. */
  #beganAt = 0
  #taped = 0
  /** Where on the tape the last sound ends. */
  #soundEnd = 0
  #markedAt = 0
  #isHeld = false
  #isClosed = false

  constructor(parts: PacedPlayerParts) {
    this.#parts = parts
    this.#bytesPerMs = (parts.rate * bytesPerSample) / 1000
    this.#leadBytes = this.#bytesOf(parts.sink.leadMs)
  }

  open(_format: LiveAudioFormat, listener: LivePlayerListener): void {
    this.#listener = listener
    if (this.#parts.sink.isContinuous) this.#start()
  }

  /** The sink takes nothing any more. */
  failed(why: string): void {
    this.#listener?.failed(why)
  }

  begin(id: string): void {
    this.#segments.push({
      id,
      joiner: new SampleJoiner(),
      queue: [],
      queued: 0,
      given: 0,
      heard: 0,
      stretches: [],
      isEnded: false,
    })
  }

  give(id: string, pcm: Uint8Array): void {
    const segment = this.#segmentOf(id)
    if (!segment || this.#isClosed) return
    // What comes now is heard from now on, and not from the last tick.
    if (this.#timer && segment.queued === 0) this.#move()
    const samples = segment.joiner.push(pcm)
    if (samples.length > 0) segment.queue.push(samples)
    segment.queued += samples.length
    this.#start()
  }

  end(id: string): void {
    const segment = this.#segmentOf(id)
    if (!segment || this.#isClosed) return
    segment.isEnded = true
    this.#start()
  }

  reset(id: string): void {
    const index = this.#segments.findIndex((each) => each.id === id)
    const [segment] = index < 0 ? [] : this.#segments.splice(index, 1)
    // What the sink has cannot be taken back and is heard.
    if (segment) this.#mark(segment, 'stopped', segment.given, 0)
  }

  hold(): void {
    this.#isHeld = true
  }

  go(): void {
    this.#parts.sink.open()
    this.#isHeld = false
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    this.#segments.length = 0
    await this.#parts.sink.close()
  }

  #segmentOf(id: string): Segment | undefined {
    return this.#segments.find((each) => each.id === id)
  }

  // ── The tape ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #start(): void {
    if (this.#timer || this.#isClosed) return
    const { clock } = this.#parts
    this.#beganAt = clock.now()
    this.#taped = 0
    this.#soundEnd = 0
    this.#timer = clock.after(tickMs, () => this.#tick())
    this.#move()
  }

  #tick(): void {
    this.#move()
    const { sink } = this.#parts
    const isIdle = this.#segments.length === 0 && this.#head() > this.#soundEnd + this.#bytesOf(tailMs)
    if (isIdle && !sink.isContinuous) this.#timer = undefined
    else this.#timer?.restart()
  }

  /** Tapes what is due, and tells what was heard. */
  #move(): void {
    const { clock, sink } = this.#parts
    const late = this.#head() + this.#leadBytes - this.#taped
    if (sink.isBlocked) this.#beganAt += late / this.#bytesPerMs
    // A machine that slept has played nothing.
    else if (late > this.#bytesOf(mostLateMs)) this.#beganAt += late / this.#bytesPerMs - tickMs
    this.#tape(this.#head() + this.#leadBytes - this.#taped)
    for (let segment = this.#segments[0]; segment && this.#hear(segment); segment = this.#segments[0]) this.#segments.shift()
    const [segment] = this.#segments
    if (!segment || this.#isHeld || clock.now() - this.#markedAt < markMs || segment.given === 0) return
    this.#mark(segment, 'playing', segment.heard, segment.given - segment.heard + segment.queued)
  }

  #tape(bytes: number): void {
    let left = bytes
    while (left > 0) {
      const segment = this.#isHeld ? undefined : this.#segments.find(({ queued }) => queued > 0)
      const pcm = segment ? take(segment, left) : new Uint8Array(Math.min(left, this.#bytesOf(silenceMs)))
      if (segment) this.#noteSound(segment, pcm.length)
      this.#parts.sink.write(pcm)
      this.#taped += pcm.length
      left -= pcm.length
    }
  }

  #noteSound(segment: Segment, bytes: number): void {
    const { rate } = this.#parts
    if (segment.given === 0) this.#listener?.began(segment.id, ((this.#taped - this.#head()) / bytesPerSample / rate) * 1000)
    const last = segment.stretches.at(-1)
    if (last && last.from + last.bytes === this.#taped) last.bytes += bytes
    else segment.stretches.push({ from: this.#taped, bytes })
    segment.given += bytes
    this.#soundEnd = this.#taped + bytes
  }

  /** Counts what was heard of a segment by now; whether it is over with that. */
  #hear(segment: Segment): boolean {
    const head = this.#head()
    let [heard, open] = [0, 0]
    for (const { from, bytes } of segment.stretches) {
      const before = Math.min(bytes, Math.max(0, head - from))
      heard += before
      open += bytes - before
    }
    segment.heard = Math.max(segment.heard, heard)
    if (!segment.isEnded || segment.queued > 0 || open > 0) return false
    this.#mark(segment, 'finished', segment.given, 0)
    return true
  }

  #mark(segment: Segment, state: 'playing' | 'stopped' | 'finished', played: number, buffered: number): void {
    this.#markedAt = this.#parts.clock.now()
    const [played_ms, buffered_ms] = [played / this.#bytesPerMs, buffered / this.#bytesPerMs].map(rounded)
    this.#listener?.mark({ assistant_audio_id: segment.id, played_ms: played_ms ?? 0, buffered_ms: buffered_ms ?? 0, state })
  }

  /** Where the tape is heard now, in bytes: between samples. */
  #head(): number {
    return this.#bytesOf(this.#parts.clock.now() - this.#beganAt)
  }

  #bytesOf(ms: number): number {
    return Math.floor((ms * this.#bytesPerMs) / bytesPerSample) * bytesPerSample
  }
}

interface Segment {
  readonly id: string
  readonly joiner: SampleJoiner
  readonly queue: Uint8Array[]
  /** Bytes that wait; that the sink was given; and of those the ones that were heard. */
  queued: number
  given: number
  heard: number
  /** Where on the tape they lie: several stretches where sound came too late. */
  readonly stretches: { readonly from: number; bytes: number }[]
  isEnded: boolean
}

const tickMs = 20
const markMs = 150
/** So much silence follows sound: what takes sound in blocks needs it to play the last of them. */
const tailMs = 300
const mostLateMs = 1000
const silenceMs = 100

/** The next bytes of a segment, of one piece at a time. */
function take(segment: Segment, most: number): Uint8Array {
  const [first] = segment.queue
  if (!first) return new Uint8Array(0)
  const piece = first.subarray(0, most)
  if (piece.length === first.length) segment.queue.shift()
  else segment.queue[0] = first.subarray(piece.length)
  segment.queued -= piece.length
  return piece
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
