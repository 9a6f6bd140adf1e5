import type { LiveServerMessage, LiveTurnState } from '@vai/sdk'

/** Where the conversation is, as far as a client has to know to decide what comes next; and how long answers take to be heard. */
export class Turns {
  #state: LiveTurnState['state'] = 'idle'
  /** Words of utterances that are not over, by what is known of them. */
  readonly #open = new Set<string>()
  #answered = 0
  #hasFailed = false
  /** When whoever asked was done with it, by the clock of this machine; undefined once it was answered. */
  #askedAt: number | undefined
  #sound: { readonly id: string; readonly turn: string } | undefined
  /** From there to the first sound, in milliseconds, by the turn. */
  readonly #heardMs = new Map<string, number>()

  /** How many turns have come to their end in their own time. */
  get answered(): number {
    return this.#answered
  }

  /** Whether something went wrong with any of them. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** How many utterances have begun and are not over. */
  get openUtterances(): number {
    return this.#open.size
  }

  /** Whether nobody thinks or speaks, and nothing that was heard waits for an answer. */
  get isFree(): boolean {
    return this.#open.size === 0 && (this.#state === 'idle' || this.#state === 'listening')
  }

  message(message: LiveServerMessage): void {
    switch (message.type) {
      case 'transcript_delta':
        if (message.text.trim() !== '') this.#open.add(message.utterance_id)
        return
      case 'utterance_final':
        this.#open.delete(message.utterance_id)
        return
      case 'turn_state':
        this.#state = message.state
        return
      case 'assistant_audio_start':
        this.#sound = { id: message.assistant_audio_id, turn: message.turn_id }
        return
      case 'turn_complete':
        if (!goesOn.has(message.stop_reason)) this.#answered++
        if (message.stop_reason === 'error') this.#hasFailed = true
        return
      case 'turn_cancelled':
        if (!goesOn.has(message.reason)) this.#answered++
        return
      case 'error':
      case 'audio_unavailable':
        this.#hasFailed = true
        return
      default:
    }
  }

  /** What was heard and came to nothing waits for no answer. */
  forgetOpen(): void {
    this.#open.clear()
  }

  /** Somebody has finished what they said or typed. */
  asked(at: number): void {
    this.#askedAt = at
  }

  /** The first sound of a segment is heard at this time. */
  heard(audioId: string, at: number): void {
    if (this.#sound?.id !== audioId || this.#askedAt === undefined) return
    this.#heardMs.set(this.#sound.turn, at - this.#askedAt)
    this.#askedAt = undefined
  }

  /** Takes how long it took until a turn's first sound was heard, where that is known. */
  takeHeardMs(turn: string): number | undefined {
    const ms = this.#heardMs.get(turn)
    this.#heardMs.delete(turn)
    return ms
  }
}

/** Whoever asked has gone on: the answer comes with a later turn. */
const goesOn: ReadonlySet<string> = new Set(['grace', 'barge_in'])
