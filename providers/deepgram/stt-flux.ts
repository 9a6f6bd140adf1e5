import { arrayOf, stringOf } from '../../api/json.ts'
import type { FailureSource } from '../failure.ts'
import type { SttEvent } from '../speech.ts'
import { gap, msOfSeconds } from '../speech-messages.ts'
import { errorMessage } from './failure.ts'
import { wordsOf } from './stt-words.ts'

type Message = Readonly<Record<string, unknown>>

/** Reads what the socket of `/v2/listen` says. A turn's transcript grows until the turn ends, and becomes final all at once. */
export class FluxDecoder {
  readonly #source: FailureSource
  /** What was told as final last. */
  #before = ''
  /** The turn that is open, and what is understood of it. */
  #turn: { transcript: string; message: Message } | undefined
  #lastSequence = -1
  #soundSeconds = 0
  #isOver = false
  /** Silence that was put in: where, by the vendor's count, and how long, in milliseconds. */
  #inserted: { readonly atMs: number; ms: number }[] = []
  /** Milliseconds put in before all that are listed. */
  #insertedBefore = 0

  constructor(source: FailureSource) {
    this.#source = source
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether somebody is speaking, or has not yet been found to be silent. */
  get isInTurn(): boolean {
    return this.#turn !== undefined
  }

  /** Silence was sent that the caller did not: times are told as if it had not been. */
  inserted(atMs: number, ms: number): void {
    const last = this.#inserted.at(-1)
    // A long pause is one piece of silence, however it was put in.
    if (last && last.atMs + last.ms === atMs) last.ms += ms
    else this.#inserted.push({ atMs, ms })
  }

  take(message: Message): readonly SttEvent[] {
    if (message.type === 'Error') throw errorMessage(this.#source, message)
    if (message.type !== 'TurnInfo' || this.#isStale(message)) return []
    const transcript = stringOf(message.transcript)
    switch (message.event) {
      case 'StartOfTurn':
        return this.#understood(message, transcript, true)
      case 'EagerEndOfTurn':
        return [...this.#understood(message, transcript), { type: 'turn-eager-end', text: transcript }]
      case 'TurnResumed':
        return [{ type: 'turn-resumed' }, ...this.#understood(message, transcript)]
      case 'EndOfTurn':
        return this.#ended(message, transcript)
      default:
        return this.#understood(message, transcript)
    }
  }

  /** The caller's sound has ended, after so many milliseconds. The vendor's own count stops at its last word. */
  ending(soundMs: number): void {
    this.#soundSeconds = soundMs / 1000
  }

  /** All has been said. A turn that the end of the sound cut off ends with what was understood of it. */
  end(): readonly SttEvent[] {
    this.#isOver = true
    const last = this.#turn ? this.#ended(this.#turn.message, this.#turn.transcript) : []
    return [...last, { type: 'done', seconds: this.#soundSeconds }]
  }

  /** A message that was overtaken tells of what is past. */
  #isStale({ sequence_id: sequence }: Message): boolean {
    if (typeof sequence !== 'number') return false
    if (sequence <= this.#lastSequence) return true
    this.#lastSequence = sequence
    return false
  }

  #started(message: Message, transcript: string): readonly SttEvent[] {
    if (this.#turn) return []
    this.#turn = { transcript: '', message }
    const [first] = transcript === '' ? [] : wordsOf(message.words)
    const atMs = first?.startMs ?? msOfSeconds(message.audio_window_start)
    return [{ type: 'speech-start', ...(atMs !== undefined && { atMs: atMs - this.#laterMs(atMs) }) }]
  }

  /** Words are the beginning of a turn as well, where nothing else was: without one it would never be closed. */
  #understood(message: Message, transcript: string, begins = transcript !== ''): readonly SttEvent[] {
    const events = begins ? [...this.#started(message, transcript)] : []
    if (transcript === '' || transcript === this.#turn?.transcript) return events
    this.#turn = { transcript, message }
    events.push({ type: 'partial', text: gap(this.#before, transcript) + transcript })
    return events
  }

  #ended(message: Message, transcript: string): readonly SttEvent[] {
    const events: SttEvent[] = [...this.#started(message, transcript)]
    this.#turn = undefined
    if (transcript !== '') {
      const language = stringOf(arrayOf(message.languages)[0])
      const words = wordsOf(message.words, (atMs) => this.#laterMs(atMs))
      const text = gap(this.#before, transcript) + transcript
      events.push({ type: 'final', text, ...(language !== '' && { language }), ...(words.length > 0 && { words }) })
      this.#before = transcript
    }
    events.push({ type: 'turn-end', text: transcript })
    this.#forget()
    return events
  }

  /** How much of what stands before this place was put in. */
  #laterMs(atMs: number): number {
    let later = this.#insertedBefore
    for (const { atMs: place, ms } of this.#inserted) later += Math.min(ms, Math.max(0, atMs - place))
    return later
  }

  /** What comes after this turn lies behind all that was put in during it. */
  #forget(): void {
    for (const { ms } of this.#inserted) this.#insertedBefore += ms
    this.#inserted = []
  }
}
