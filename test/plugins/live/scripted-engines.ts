import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { Asker, AskerListener } from '../../../plugins/live/asker/asker.ts'
import type { Ears } from '../../../plugins/live/ears/ears.ts'
import type { LiveStep } from '../../../plugins/live/history.ts'
import type { VoiceEvent } from '../../../plugins/live/inputs.ts'
import type { Mouth, MouthListener, Piece } from '../../../plugins/live/mouth/mouth.ts'
import type { ManualClock } from '../../manual-clock.ts'
import { VoiceStore } from './engines.ts'

/** Says what it is given, a sentence each 100 ms. */
export class ScriptedAsker implements Asker {
  readonly asked: (readonly MessageParam[])[] = []
  readonly #clock: ManualClock
  readonly #answers: (turn: number) => readonly string[]
  readonly #said = new Map<number, string[]>()
  readonly #running = new Set<number>()
  #listener: AskerListener | undefined

  constructor(clock: ManualClock, answers: (turn: number) => readonly string[] = () => ['Good morning. ', 'How are you?']) {
    this.#clock = clock
    this.#answers = answers
  }

  for(listener: AskerListener): this {
    this.#listener = listener
    return this
  }

  start(turn: number, messages: readonly MessageParam[]): void {
    this.asked.push(messages)
    const said: string[] = []
    this.#said.set(turn, said)
    this.#running.add(turn)
    const sentences = this.#answers(turn)
    const say = (index: number): void => {
      if (!this.#running.has(turn)) return
      const text = sentences[index]
      if (text === undefined) {
        this.#running.delete(turn)
        this.#listener?.model(turn, { type: 'done', stopReason: 'end_turn' })
        return
      }
      said.push(text)
      this.#listener?.model(turn, { type: 'say', text })
      this.#clock.after(100, () => say(index + 1))
    }
    this.#clock.after(100, () => say(0))
  }

  isRefused(): boolean {
    return false
  }

  stepsOf(turn: number): readonly LiveStep[] {
    const text = (this.#said.get(turn) ?? []).join('')
    return text === '' ? [] : [{ content: [{ type: 'text', text }], results: [], spoken: [text] }]
  }

  cancel(turn: number): void {
    this.#running.delete(turn)
  }

  forget(turn: number): void {
    this.#said.delete(turn)
  }

  usageOf(): { input_tokens: number; output_tokens: number } {
    return { input_tokens: 1, output_tokens: 1 }
  }

  readonly usage = { input_tokens: 1, output_tokens: 1 }

  readonly confirm = nothing
  readonly cancelTool = nothing
  readonly answerTool = nothing
  readonly addFiller = nothing
  readonly change = nothing

  async end(): Promise<void> {
    this.#running.clear()
  }
}

/** Speaks 40 ms a character, each sentence 50 ms after it was asked for. */
export class ScriptedMouth implements Mouth {
  readonly served = []
  /** How many sentences are not to be spoken. */
  failures = 0
  /** Resolves once no connection is left. */
  whenClosed: Promise<void> = Promise.resolve()
  readonly #clock: ManualClock
  readonly #voices = new Map<number, { readonly store: VoiceStore; waiting: VoiceEvent | undefined }>()
  #listener: MouthListener = () => undefined
  #isTelling = false

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  for(listener: MouthListener): this {
    this.#listener = listener
    return this
  }

  speak(effect: Parameters<Mouth['speak']>[0]): void {
    const { turn, attempt, sentence, text } = effect
    const { store } = this.#voiceOf(turn)
    store.carryOut(effect)
    this.#clock.after(50, () => {
      if (!store.isOpen) return
      if (this.failures > 0) {
        this.failures--
        this.#listener(turn, { type: 'failed', attempt, message: 'It is gone.' })
        return
      }
      const lengthMs = text.length * 40
      for (let from = 0; from < lengthMs; from += 200) {
        store.items.push({ type: 'sound', attempt, sentence, fromMs: 0, ms: Math.min(200, lengthMs - from) })
      }
      store.items.push({ type: 'said', attempt, sentence })
      this.#tell(turn)
    })
  }

  readonly finish = nothing

  close(turn: number): void {
    this.#change(turn, { type: 'voice-close', turn })
  }

  hold(turn: number): void {
    this.#change(turn, { type: 'voice-hold', turn })
  }

  release(turn: number): void {
    this.#change(turn, { type: 'voice-release', turn })
  }

  rewind(turn: number, fromMs: number): void {
    this.#change(turn, { type: 'rewind', turn, fromMs })
  }

  giveOut(turn: number): Piece | undefined {
    const voice = this.#voiceOf(turn)
    const { waiting } = voice
    if (waiting?.type !== 'sound') return undefined
    voice.waiting = undefined
    voice.store.answered(waiting, true)
    this.#tell(turn)
    return { bytes: new Uint8Array(waiting.ms * 48), ms: waiting.ms, levelDb: -20, alignment: undefined }
  }

  readonly change = nothing
  readonly prepare = nothing

  async end(): Promise<void> {
    this.#voices.clear()
    await this.whenClosed
  }

  #voiceOf(turn: number) {
    const voice = this.#voices.get(turn) ?? { store: new VoiceStore(), waiting: undefined }
    this.#voices.set(turn, voice)
    return voice
  }

  #change(turn: number, effect: Parameters<VoiceStore['carryOut']>[0]): void {
    const voice = this.#voiceOf(turn)
    voice.waiting = undefined
    voice.store.carryOut(effect)
    this.#tell(turn)
  }

  #tell(turn: number): void {
    if (this.#isTelling) return
    this.#isTelling = true
    const voice = this.#voiceOf(turn)
    for (let event = voice.store.offer(); event && !voice.waiting; event = voice.store.offer()) {
      if (event.type === 'sound') voice.waiting = event
      else voice.store.answered(event, false)
      this.#listener(turn, event)
    }
    this.#isTelling = false
  }
}

/** Hears, and understands nothing. */
export class QuietEars implements Ears {
  readonly served = []
  heard = 0

  hear(): void {
    this.heard++
  }

  readonly injectSilence = nothing
  readonly adopt = nothing
  readonly connect = nothing
  readonly finalize = nothing
  readonly close = nothing
  readonly wasEcho = nothing
  readonly endVoice = nothing
  readonly change = nothing

  readonly end = async (): Promise<void> => undefined
}

function nothing(): void {
  // It is of no account here.
}
