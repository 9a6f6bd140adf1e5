import type { LiveAudioFormat, LiveServerMessage } from '../../api/schemas.gen.ts'
import type { RawFormat } from '../../providers/speech.ts'
import { type HeardWord, WordReader } from '../upstreams/spoken-words.ts'
import type { Goes } from './time.ts'

/** A stretch of sound as it was really played. */
export interface Segment {
  readonly id: string
  readonly turnId: string
  readonly format: RawFormat
  readonly reader: WordReader
  readonly words: HeardWord[]
  waiting: Buffer
  playedMs: number
  gotMs: number
  isEnded: boolean
  isOver: boolean
}

export interface PlayerOptions {
  /** Whether it tells what it plays. */
  readonly marks: boolean
  /** How much it waits for before it begins, in milliseconds. */
  readonly bufferMs?: number
}

/**
 * A client's loudspeaker, which alone knows what was heard: it plays in real time what has come, runs dry where nothing has, throws away what
 * was reset, and reads the words off what it has played.
 */
export class Player implements Goes {
  readonly segments: Segment[] = []
  /** Words that were being played when their sound was reset. */
  readonly cutOff: HeardWord[] = []
  /** The last that was played, for a microphone that hears it. */
  lastPlayed: Buffer = Buffer.alloc(0)
  isPaused = false
  /** Answers no reset. */
  isMute = false
  readonly #options: PlayerOptions
  readonly #send: (message: object) => void
  #sinceMark = 0

  constructor(options: PlayerOptions, send: (message: object) => void) {
    this.#options = options
    this.#send = send
  }

  /** The words of a turn, or of all, that were played to their end. */
  textOf(turnId?: string): string {
    const of = this.segments.filter((segment) => turnId === undefined || segment.turnId === turnId)
    const words = of.flatMap((segment) => [...segment.words, ...this.#unfinished(segment)])
    return words.flatMap(({ text, share }) => (share >= 0.6 ? [text] : [])).join(' ')
  }

  get current(): Segment | undefined {
    const last = this.segments.at(-1)
    return last?.isOver ? undefined : last
  }

  take(message: LiveServerMessage, sound: Uint8Array | undefined): void {
    if (message.type === 'assistant_audio_start') this.#begin(message.assistant_audio_id, message.turn_id, message.format)
    else if (sound && this.current) {
      const { current } = this
      current.waiting = Buffer.concat([current.waiting, sound])
      current.gotMs += (sound.length * 1000) / bytesPerSecond(current.format)
    } else if (message.type === 'assistant_audio_end' && this.current) this.current.isEnded = true
    else if (message.type === 'audio_reset') this.#reset(message.assistant_audio_id)
  }

  step(ms: number): void {
    const { current } = this
    this.lastPlayed = Buffer.alloc(0)
    if (!current || this.isPaused) return
    const isEnough = current.playedMs > 0 || current.isEnded || current.gotMs >= (this.#options.bufferMs ?? 0)
    if (isEnough) this.#play(current, ms)
    if (current.isEnded && current.waiting.length === 0) {
      current.isOver = true
      this.#finish(current)
      this.#mark(current, 'finished')
      return
    }
    this.#sinceMark += ms
    if (this.#sinceMark >= 200 && current.playedMs > 0) this.#mark(current, 'playing')
  }

  #play(segment: Segment, ms: number): void {
    const perMs = bytesPerSecond(segment.format) / 1000
    const played = segment.waiting.subarray(0, Math.round(ms * perMs))
    segment.waiting = segment.waiting.subarray(played.length)
    segment.playedMs += played.length / perMs
    segment.words.push(...segment.reader.push(played))
    this.lastPlayed = played
  }

  #begin(id: string, turnId: string, wire: LiveAudioFormat): void {
    const format: RawFormat =
      wire.encoding === 'mulaw' ? { encoding: 'mulaw', rate: 8000 } : { encoding: 'pcm', rate: wire.sample_rate_hz }
    const reader = new WordReader(format)
    const more = { waiting: Buffer.alloc(0), playedMs: 0, gotMs: 0, isEnded: false, isOver: false }
    this.segments.push({ id, turnId, format, reader, words: [], ...more })
    this.#sinceMark = 0
  }

  #reset(id: string): void {
    const segment = this.segments.find((each) => each.id === id)
    if (!segment) return
    const wasOver = segment.isOver
    segment.isOver = true
    segment.waiting = Buffer.alloc(0)
    if (!wasOver) this.#finish(segment)
    if (!this.isMute) this.#mark(segment, 'stopped')
  }

  /** The last word has no silence behind it. */
  #finish(segment: Segment): void {
    const { current } = segment.reader
    if (current && current.share < 1) this.cutOff.push(current)
    segment.words.push(...this.#unfinished(segment))
  }

  /** A word that is over, although nothing came behind it. */
  #unfinished({ reader: { current }, words }: Segment): HeardWord[] {
    return current && current.share === 1 && words.at(-1)?.fromMs !== current.fromMs ? [current] : []
  }

  #mark({ id, playedMs, waiting, format }: Segment, state: string): void {
    this.#sinceMark = 0
    if (!this.#options.marks) return
    const bufferedMs = (waiting.length * 1000) / bytesPerSecond(format)
    this.#send({ type: 'playback_mark', assistant_audio_id: id, played_ms: playedMs, buffered_ms: bufferedMs, state })
  }
}

export function bytesPerSecond({ encoding, rate }: RawFormat): number {
  return rate * (encoding === 'pcm' ? 2 : 1)
}
