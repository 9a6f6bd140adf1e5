import type { MessageParam, Usage } from '../../api/schemas.gen.ts'
import type { Asker } from './asker/asker.ts'
import type { HistoryEffect, RunEffect } from './effects.ts'
import {
  beginHistory,
  type Cut,
  committed,
  happenedIn,
  joinBehind,
  type LiveHistory,
  type LiveStep,
  refused,
  requestOf,
  takenBack,
  withAttached,
  withWords,
} from './history.ts'

/** What is said in a session: what of it stays, and what the model is asked with. */
export class Conversation {
  readonly #asker: Asker
  #history: LiveHistory
  /** Since the session began; undefined where nobody wants to know. */
  readonly #happened: MessageParam[] | undefined
  /** What the assistant said unasked, by its turn. */
  readonly #unasked = new Map<number, LiveStep>()
  /** What the turn adds that has just ended, and what it took. */
  #append: readonly MessageParam[] = []
  #last: { readonly turn: number; readonly usage: Usage } | undefined

  /** With `keepsAll` what happens is kept, too. */
  constructor(asker: Asker, messages: readonly MessageParam[], keepsAll = false) {
    this.#asker = asker
    this.#history = beginHistory(messages)
    this.#happened = keepsAll ? [] : undefined
  }

  get history(): LiveHistory {
    return this.#history
  }

  /** What was said and called in the turns that are over, whether anybody heard it or not; undefined where that is not kept. */
  get happened(): readonly MessageParam[] | undefined {
    return this.#happened
  }

  /** A turn that no model was asked for. */
  greeted(turn: number, text: string): void {
    this.#unasked.set(turn, { content: [{ type: 'text', text: text.trim() }], results: [], spoken: [text] })
  }

  /** Of a turn that goes on, or of the one that ended last. */
  usageOf(turn: number): Usage {
    return this.#last?.turn === turn ? this.#last.usage : this.#asker.usageOf(turn)
  }

  /** Of all turns together. */
  get usage(): Usage {
    return this.#asker.usage ?? {}
  }

  /** Whether the price of all of them is known. */
  get isPriced(): boolean {
    const { usage } = this.#asker
    return usage === undefined || usage.cost_usd !== undefined
  }

  carryOut(effect: HistoryEffect | RunEffect): void {
    switch (effect.type) {
      case 'attach':
        this.#history = withAttached(this.#history, effect.content)
        return
      case 'user-append':
        this.#history = withWords(this.#history, effect.text, effect.typed)
        return
      case 'answer-commit':
        this.#commit(effect.turn, effect.heard, effect.cut)
        return
      case 'answer-drop':
        this.#note(effect.turn, 'interrupted')
        this.#history = takenBack(this.#history)
        this.#forget(effect.turn)
        return
      case 'run-start':
        this.#start(effect.turn, effect.speculation)
        return
      case 'run-confirm':
        this.#asker.confirm(effect.turn)
        return
      case 'run-cancel':
        this.#asker.cancel(effect.turn)
        return
      case 'tool-cancel':
        this.#asker.cancelTool(effect.turn, effect.id)
        return
      case 'tool-answer':
        this.#asker.answerTool(effect.turn, effect.id, effect.content, effect.isError)
        return
      case 'filler':
        this.#asker.addFiller(effect.turn, effect.text)
        return
      default:
        effect satisfies never
    }
  }

  /** What the turn that ended last adds to the messages before it; told once. */
  takeAppend(): MessageParam[] {
    const append = [...this.#append]
    this.#append = []
    return append
  }

  #start(turn: number, speculation: string | undefined): void {
    const isSpeculation = speculation !== undefined
    const asked = isSpeculation ? withWords(this.#history, speculation) : this.#history
    this.#asker.start(turn, requestOf(asked), isSpeculation)
  }

  #commit(turn: number, heard: string, cut: Cut | undefined): void {
    this.#note(turn, cut ?? 'stopped')
    const { history, append } = this.#asker.isRefused(turn)
      ? { history: refused(this.#history), append: [] }
      : committed(this.#history, this.#stepsOf(turn), heard, cut)
    this.#history = history
    this.#append = append
    this.#forget(turn)
  }

  #note(turn: number, cut: Cut): void {
    if (this.#happened) joinBehind(this.#happened, happenedIn(this.#history, this.#stepsOf(turn), cut))
  }

  #forget(turn: number): void {
    if (this.#unasked.delete(turn)) return
    const usage = this.#asker.usageOf(turn)
    this.#last = { turn, usage }
    this.#asker.forget(turn)
  }

  #stepsOf(turn: number): readonly LiveStep[] {
    const unasked = this.#unasked.get(turn)
    return unasked ? [unasked] : this.#asker.stepsOf(turn)
  }
}
