import { expect } from 'vitest'
import type { Effect, Frame } from '../../../plugins/live/effects.ts'
import type { VoiceStore } from './engines.ts'
import type { Player } from './player.ts'

/** What a session has done so far, held against what may never happen. */
export class Ledger {
  /** Texts of the user's messages. */
  readonly asked: string[] = []
  readonly frames: Frame[] = []
  readonly runs = new Map<number, 'speculative' | 'running'>()
  links = new Set<number>()
  readonly #turnOf = new Map<number, number>()
  readonly #reset = new Set<number>()
  readonly #closed = new Set<number>()
  readonly #begun = new Set<number>()
  readonly #ended = new Set<number>()
  #last: Effect | undefined
  readonly #player: Player
  readonly #voices: ReadonlyMap<number, VoiceStore>

  constructor(player: Player, voices: ReadonlyMap<number, VoiceStore>) {
    this.#player = player
    this.#voices = voices
  }

  isReset(audio: number): boolean {
    return this.#reset.has(audio)
  }

  note(effect: Effect): void {
    this.#checkOrder(effect)
    switch (effect.type) {
      case 'frame':
        this.frames.push(effect.frame)
        this.#told(effect.frame)
        return
      case 'run-start':
        for (const turn of this.runs.keys()) expect.fail(`run ${effect.turn} begins while ${turn} goes on`)
        this.runs.set(effect.turn, effect.speculation === undefined ? 'running' : 'speculative')
        return
      case 'run-confirm':
        if (this.runs.get(effect.turn) === 'running') expect.fail(`run ${effect.turn} is confirmed twice`)
        if (this.runs.has(effect.turn)) this.runs.set(effect.turn, 'running')
        return
      case 'run-cancel':
        this.runs.delete(effect.turn)
        return
      case 'user-append':
        this.#begun.add(effect.turn)
        this.asked.push(effect.text)
        return
      case 'stt-connect':
        this.links = new Set([effect.link])
        return
      case 'stt-close':
        this.links.delete(effect.link)
        return
      case 'give-out':
        if (this.#reset.has(effect.audio)) expect.fail(`sound of ${effect.audio} after its reset`)
        return
      case 'answer-commit':
        this.#committed(effect.turn, effect.heard)
        return
      default:
        return
    }
  }

  /** What a turn leaves in the history is told of at once; how long what took, behind that. */
  #checkOrder(effect: Effect): void {
    const before = this.#last
    this.#last = effect
    const isEnd = effect.type === 'frame' && (effect.frame.type === 'turn_complete' || effect.frame.type === 'turn_cancelled')
    if (isEnd !== (before?.type === 'answer-commit' || before?.type === 'answer-drop'))
      expect.fail(`${JSON.stringify(effect)} behind ${JSON.stringify(before)}`)
    if (effect.type === 'metrics' && before?.type !== 'frame') expect.fail('metrics of a turn that goes on')
  }

  #told(frame: Frame): void {
    switch (frame.type) {
      case 'assistant_audio_start':
        this.#begun.add(numberIn(frame.turn_id))
        this.#turnOf.set(numberIn(frame.assistant_audio_id), numberIn(frame.turn_id))
        return
      case 'assistant_audio_end':
        this.#closed.add(numberIn(frame.assistant_audio_id))
        if (this.#reset.has(numberIn(frame.assistant_audio_id)))
          expect.fail(`an end of ${frame.assistant_audio_id} after its reset`)
        return
      case 'audio_reset':
        this.#reset.add(numberIn(frame.assistant_audio_id))
        return
      case 'turn_complete':
      case 'turn_cancelled': {
        const turn = numberIn(frame.turn_id)
        if (this.#ended.has(turn)) expect.fail(`turn ${turn} ends twice`)
        for (const [audio, of] of this.#turnOf) {
          if (of === turn && !this.#reset.has(audio) && !this.#closed.has(audio))
            expect.fail(`turn ${turn} ends and ${audio} sounds on`)
        }
        this.#ended.add(turn)
        this.#begun.add(turn)
        return
      }
      default:
        return
    }
  }

  /** What goes into the history is a beginning of what was spoken, and no longer than what the player has really played. */
  #committed(turn: number, heard: string): void {
    const voice = this.#voices.get(turn)
    const text = voice?.texts.join('') ?? ''
    if (!text.startsWith(heard)) expect.fail(`"${heard}" is no beginning of "${text}"`)
    let playedMs = 0
    for (const [audio, of] of this.#turnOf) if (of === turn) playedMs = Math.max(playedMs, this.#player.heardMs(audio))
    const most = voice?.charactersHeard(playedMs) ?? 0
    // A full stop makes no sound: it is heard with its word.
    if (heard.replace(/\W+$/, '').length > most)
      expect.fail(`"${heard}" of turn ${turn} with ${playedMs} ms played, ${most} of "${text}"`)
  }

  /** What holds once a session is over. */
  checkEnd(): void {
    const left = [...this.#begun].filter((turn) => !this.#ended.has(turn))
    if (left.length > 0) expect.fail(`turns ${left.join(', ')} have no end`)
    if (this.runs.size > 0) expect.fail(`runs ${[...this.runs.keys()].join(', ')} go on`)
    if (this.links.size > 0) expect.fail(`connections ${[...this.links].join(', ')} are open`)
    for (const [turn, { isOpen }] of this.#voices) if (isOpen) expect.fail(`the voice of ${turn} is open`)
    expect(this.frames.at(-1)?.type).toBe('session_end')
  }
}

export function numberIn(id: string): number {
  return Number(id.split('_')[1])
}
