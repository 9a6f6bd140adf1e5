import { isRecord, stringOf } from '../../api/json.ts'
import { type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import type { SttEvent } from '../speech.ts'
import { gap } from '../speech-messages.ts'
import { plain, secondsOf } from './decode.ts'

/** Why a stretch of sound was committed: on demand, or because there is no more. */
export type CommitReason = 'flush' | 'end'

/**
 * Makes a transcript of what a socket tells. Stretches are transcribed side by side, and may be done in any order; they are told in the
 * order in which they were committed.
 */
export class RealtimeTranscript {
  readonly #source: FailureSource
  readonly #hasTurns: boolean
  /** The stretches that are not told yet, in their order. */
  readonly #open = new Map<string, Stretch>()
  /** The last ones that were; what is still said of them is too late. */
  readonly #told = new Set<string>()
  /** The commits that were sent and not answered yet. */
  readonly #commits: CommitReason[] = []
  /** The last stretch that had any text. */
  #before = ''
  #partial = ''
  #seconds: number | undefined
  #isSpeaking = false

  constructor(source: FailureSource, hasTurns: boolean) {
    this.#source = source
    this.#hasTurns = hasTurns
  }

  /** Whether the vendor owes an answer. */
  get isOwed(): boolean {
    if (this.#commits.length > 0) return true
    for (const { isCommitted } of this.#open.values()) if (isCommitted) return true
    return false
  }

  /** Whether the vendor hears somebody speak. */
  get isSpeaking(): boolean {
    return this.#isSpeaking
  }

  /** How much sound was transcribed, where that was told. */
  get seconds(): number | undefined {
    return this.#seconds
  }

  /** To be called before a commit is sent. */
  commit(reason: CommitReason): void {
    this.#commits.push(reason)
  }

  /** What a message makes known. Throws where it tells of a failure. */
  feed(message: unknown): readonly SttEvent[] {
    if (!isRecord(message) || typeof message.type !== 'string') {
      throw protocolFailure(this.#source, 'a message is no event.', JSON.stringify(message))
    }
    const item = stringOf(message.item_id)
    switch (message.type) {
      case 'input_audio_buffer.speech_started': {
        this.#isSpeaking = true
        const atMs = message.audio_start_ms
        return [{ type: 'speech-start', ...(typeof atMs === 'number' && { atMs }) }]
      }
      case 'input_audio_buffer.speech_stopped':
        this.#isSpeaking = false
        this.#stretch(item).endedByTurn = true
        return []
      case 'input_audio_buffer.committed':
        return this.#committed(item)
      case 'conversation.item.input_audio_transcription.delta':
        return this.#delta(item, stringOf(message.delta))
      case 'conversation.item.input_audio_transcription.completed':
        return this.#completed(item, message)
      case 'conversation.item.input_audio_transcription.failed':
      case 'error':
        return this.#failed(message)
      default:
        return []
    }
  }

  #committed(item: string): readonly SttEvent[] {
    const stretch = this.#stretch(item)
    stretch.isCommitted = true
    // Also where it was committed on demand: whoever goes on speaking is heard to begin again.
    this.#isSpeaking = false
    // What the vendor commits of its own accord, it has heard the end of before.
    if (!stretch.endedByTurn) stretch.reason = this.#commits.shift()
    return this.#ready()
  }

  #delta(item: string, delta: string): readonly SttEvent[] {
    const stretch = this.#stretch(item)
    stretch.text += delta
    if (stretch.text.length > maxStretch) throw protocolFailure(this.#source, `a stretch has more than ${maxStretch} characters.`)
    return this.#ready()
  }

  #completed(item: string, message: Readonly<Record<string, unknown>>): readonly SttEvent[] {
    const seconds = secondsOf(message)
    if (seconds !== undefined) this.#seconds = (this.#seconds ?? 0) + seconds
    const stretch = this.#stretch(item)
    stretch.text = stringOf(message.transcript)
    stretch.isDone = true
    return this.#ready()
  }

  #failed(message: Readonly<Record<string, unknown>>): readonly SttEvent[] {
    const error = isRecord(message.error) ? message.error : message
    const isEmptyCommit = error.code === 'input_audio_buffer_commit_empty' || emptyCommit.test(stringOf(error.message))
    if (!isEmptyCommit) throw streamFailure(this.#source, error)
    // Whoever asked is answered all the same: there was nothing to tell.
    return this.#commits.shift() === 'flush' ? [{ type: 'final', text: '', flushed: true }] : []
  }

  /** The stretches that are done, up to the first that is not; of that one, what is understood so far. */
  #ready(): readonly SttEvent[] {
    const events: SttEvent[] = []
    for (const [item, stretch] of this.#open) {
      if (!stretch.isDone) {
        const text = plain(stretch.text)
        if (text !== '' && text !== this.#partial) events.push({ type: 'partial', text })
        this.#partial = text
        break
      }
      this.#open.delete(item)
      this.#remember(item)
      this.#partial = ''
      const text = plain(stretch.text)
      const isFlushed = stretch.reason === 'flush'
      if (text !== '' || isFlushed) events.push({ type: 'final', text: this.#spaced(text), ...(isFlushed && { flushed: true }) })
      if (this.#hasTurns && stretch.endedByTurn) events.push({ type: 'turn-end', text })
    }
    return events
  }

  /** Each stretch is transcribed for itself, so that the space between two is in neither. */
  #spaced(text: string): string {
    if (text === '') return ''
    const spaced = gap(this.#before, text) + text
    this.#before = text
    return spaced
  }

  #stretch(item: string): Stretch {
    const known = this.#open.get(item)
    if (known) return known
    const stretch: Stretch = { text: '', isCommitted: false, isDone: false, endedByTurn: false, reason: undefined }
    if (this.#told.has(item)) return stretch
    if (this.#open.size >= mostOpen) throw protocolFailure(this.#source, `more than ${mostOpen} stretches are not transcribed.`)
    this.#open.set(item, stretch)
    return stretch
  }

  #remember(item: string): void {
    this.#told.add(item)
    for (const oldest of this.#told) {
      if (this.#told.size <= mostOpen) return
      this.#told.delete(oldest)
    }
  }
}

interface Stretch {
  text: string
  isCommitted: boolean
  isDone: boolean
  /** Whether the vendor heard a turn end there. */
  endedByTurn: boolean
  /** Why it was committed by us. */
  reason: CommitReason | undefined
}

/** Letters in a stretch that was committed late: more than an hour of talk. */
const maxStretch = 256 * 1024
const mostOpen = 256

const emptyCommit = /^error committing input audio buffer/i
