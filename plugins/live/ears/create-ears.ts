import { EnergyGate } from '../../../audio/energy.ts'
import { samplesOfMs } from '../../../audio/pcm.ts'
import { SoundRing } from '../../../audio/ring.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import { silenceOf } from '../../../providers/speech-format.ts'
import type { HearingModel } from '../../voice/plan.ts'
import type { LiveHearing } from '../plan.ts'
import { type Served, ServedTotals } from '../served.ts'
import { Connection, type HearingCalls } from './connection.ts'
import type { Ears, EarsListener } from './ears.ts'
import { type Resampling, SoundFeed } from './sound-feed.ts'

export interface EarsParts extends HearingCalls {
  readonly hearing: LiveHearing
  /** What the client sends. */
  readonly audioIn: RawFormat
  readonly resampling: Resampling
  /** How much sound is kept for a model that cannot be reached, in milliseconds. */
  readonly keptMs: number
}

/** `listener` is told in a later turn of what a model says, and at once of a voice in the sound. */
export function createEars(parts: EarsParts, listener: EarsListener): Ears {
  return new LiveEars(parts, listener)
}

/** Keeps the sound as it comes, in one copy; each connection reads it from there and makes of it what its model takes. */
class LiveEars implements Ears {
  readonly #parts: EarsParts
  readonly #listener: EarsListener
  readonly #ring: SoundRing
  readonly #gate: EnergyGate
  readonly #silence: Uint8Array
  #hearing: LiveHearing
  /** How the client wants to be heard, from the next turn on. */
  #next: LiveHearing
  #connection: Connection | undefined
  /** Also those that were closed and have not let go of everything yet. */
  readonly #connections = new Map<Connection, HearingModel>()
  /** Whether one of them has told of words that are certain. */
  #hasWords = false
  /** What connections were sent of which nothing is left. */
  readonly #servedBefore = new ServedTotals()
  /** Of silence that was heard, the part of a sample that was left out. */
  #samplesOwed = 0

  constructor(parts: EarsParts, listener: EarsListener) {
    const { audioIn, hearing, keptMs } = parts
    const { encoding, rate } = audioIn
    this.#parts = parts
    this.#listener = listener
    this.#hearing = hearing
    this.#next = hearing
    this.#ring = new SoundRing(samplesOfMs(keptMs + spareMs, rate), rate, encoding)
    this.#silence = silenceOf(silentPieceMs, audioIn)
    this.#gate = new EnergyGate(
      { ...hearing.energy, encoding, rate },
      {
        onset: (audioMs) => listener({ type: 'energy', edge: 'onset', audioMs }),
        offset: (audioMs) => listener({ type: 'energy', edge: 'offset', audioMs }),
      },
    )
  }

  hear(frame: Uint8Array, playedDb: number): void {
    this.#ring.push(frame)
    this.#connection?.heard()
    this.#gate.push(frame, playedDb)
  }

  injectSilence(ms: number): void {
    const samples = (ms * this.#parts.audioIn.rate) / 1000 + this.#samplesOwed
    const whole = Math.floor(samples)
    this.#samplesOwed = samples - whole
    const bytes = this.#parts.audioIn.encoding === 'pcm' ? whole * 2 : whole
    for (let left = bytes; left > 0; left -= this.#silence.length) {
      const piece = left < this.#silence.length ? this.#silence.subarray(0, left) : this.#silence
      this.hear(piece, Number.NEGATIVE_INFINITY)
    }
  }

  connect(link: number, fromMs: number): void {
    this.#connection?.close()
    const { model, format } = this.#hearing
    const formats = { from: this.#parts.audioIn, to: format }
    const feed = new SoundFeed(this.#ring, formats, fromMs, this.#parts.resampling)
    const place = { link, feed, isBehindOthers: this.#hasWords }
    const connection = new Connection(place, this.#hearing, this.#parts, (input) => {
      if (input.type === 'stt' && input.event.type === 'final' && /\S/.test(input.event.text)) this.#hasWords = true
      this.#listener(input)
    })
    this.#connection = connection
    this.#connections.set(connection, model)
    void connection.over.then(() => {
      this.#connections.delete(connection)
      this.#servedBefore.add(model, feed.seconds)
    })
  }

  finalize(link: number): void {
    if (this.#connection?.link === link) this.#connection.feed.flush()
  }

  close(link: number): void {
    if (this.#connection?.link !== link) return
    this.#connection.close()
    this.#connection = undefined
  }

  wasEcho(): void {
    this.#gate.wasEcho()
  }

  endVoice(): void {
    this.#gate.end()
  }

  change(hearing: LiveHearing): void {
    this.#next = hearing
  }

  adopt(): void {
    this.#hearing = this.#next
    this.#gate.adapt(this.#hearing.energy)
  }

  get served(): readonly Served[] {
    const totals = new ServedTotals(this.#servedBefore.all)
    for (const [{ feed }, model] of this.#connections) totals.add(model, feed.seconds)
    return totals.all
  }

  async end(): Promise<void> {
    this.#connection?.close()
    this.#connection = undefined
    await Promise.all([...this.#connections.keys()].map(({ over }) => over))
  }
}

/**
 * What a connection begins with is still there once it is open, however long that takes: else one that is slow to open after a long loss would
 * always be too late.
 */
const spareMs = 6000
const silentPieceMs = 100
