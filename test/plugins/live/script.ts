import type { Effect, Frame } from '../../../plugins/live/effects.ts'
import { heardText } from '../../../plugins/live/heard.ts'
import type { Input, ModelEvent, PlayerState, VoiceEvent } from '../../../plugins/live/inputs.ts'
import { defaultLimits, defaultRules, defaultTurnRules, type Rules, type TurnRules } from '../../../plugins/live/rules.ts'
import { deadline, sessionRules } from '../../../plugins/live/session.ts'
import { openSession, type SessionState, turnOf } from '../../../plugins/live/state.ts'
import type { SttEvent } from '../../../providers/speech.ts'
import { judgeSpeech } from '../../../text/real-speech.ts'

const reduce = sessionRules({ heard: heardText, judge: judgeSpeech })

type Unstamped = Input extends infer Each ? (Each extends Input ? Omit<Each, 'at'> : never) : never
type Changes = Partial<Omit<Rules, 'turn' | 'limits'>> & {
  readonly turn?: Partial<TurnRules>
  readonly limits?: Partial<Record<keyof typeof defaultLimits, number>>
}

/** A session on a clock that only the test moves. What is said to it reads like a play; what it wants done is written down. */
export class Script {
  state: SessionState
  now = 0
  effects: Effect[] = []

  constructor({ turn, limits, ...rules }: Changes = {}) {
    this.state = openSession({
      ...defaultRules,
      ...rules,
      turn: { ...defaultTurnRules, ...turn },
      limits: { ...defaultLimits, ...limits },
    })
    this.give({ type: 'stream', isOn: true })
    this.give({ type: 'stt-open', link: 1 })
  }

  give(input: Unstamped): readonly Effect[] {
    const step = reduce(this.state, { ...input, at: this.now })
    this.state = step.state
    this.effects.push(...step.effects)
    return step.effects
  }

  /** Time passes, with sound from the microphone or without; what is due is done when it is due. */
  pass(ms: number, { mic = true } = {}): this {
    const end = this.now + ms
    let frameAt = this.now + 100
    for (;;) {
      const due = Math.min(deadline(this.state) ?? Number.POSITIVE_INFINITY, mic ? frameAt : Number.POSITIVE_INFINITY)
      if (due > end) break
      this.now = Math.max(this.now, due)
      if (mic && due === frameAt) {
        this.give({ type: 'frame', bytes: 3200, ms: 100 })
        frameAt += 100
      } else this.give({ type: 'tick' })
    }
    this.now = end
    return this
  }

  onset(): void {
    this.give({ type: 'energy', edge: 'onset', audioMs: this.state.mic.audioMs })
  }

  offset(): void {
    this.give({ type: 'energy', edge: 'offset', audioMs: this.state.mic.audioMs })
  }

  stt(event: SttEvent): readonly Effect[] {
    return this.give({ type: 'stt', link: this.state.stt.link, event })
  }

  partial(text: string): readonly Effect[] {
    return this.stt({ type: 'partial', text })
  }

  final(text: string): readonly Effect[] {
    return this.stt({ type: 'final', text })
  }

  /** Somebody says something, and is silent until that is a turn. */
  asks(text: string): void {
    this.onset()
    this.pass(300)
    this.partial(text)
    this.pass(200)
    this.offset()
    this.pass(200)
    this.final(text)
    this.pass(500)
  }

  model(event: ModelEvent, turn = this.turn): readonly Effect[] {
    return this.give({ type: 'model', turn, event })
  }

  /** The model says something, and is done. */
  answers(...sentences: readonly string[]): void {
    for (const text of sentences) this.model({ type: 'say', text })
    this.model({ type: 'done', stopReason: 'end_turn' })
  }

  voice(event: VoiceEvent, turn = this.turn): readonly Effect[] {
    return this.give({ type: 'voice', turn, event })
  }

  /** A sentence sounds for so long, all of it given out. */
  sounds(ms: number): void {
    const voice = turnOf(this.state)?.voice
    if (!voice) throw new Error('nobody speaks')
    this.voice({ type: 'sound', attempt: voice.attempt, sentence: voice.said, fromMs: voice.madeMs, ms })
    this.voice({ type: 'said', attempt: voice.attempt, sentence: voice.said })
  }

  mark(playedMs: number, state: PlayerState = 'playing', audio = this.state.audios): readonly Effect[] {
    return this.give({ type: 'mark', audio, playedMs, state })
  }

  get turn(): number {
    return this.state.turns
  }

  get phases(): string {
    return `${this.state.user.phase} ${this.state.agent.phase}`
  }

  /** What was to be done since this was asked last. */
  since(): readonly Effect[] {
    const { effects } = this
    this.effects = []
    return effects
  }

  of<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type)
  }

  frames<T extends Frame['type']>(type: T): Extract<Frame, { type: T }>[] {
    return this.of('frame').flatMap(({ frame }) => (frame.type === type ? [frame as Extract<Frame, { type: T }>] : []))
  }

  /** The kinds of what was to be done, but for the daily round. */
  kinds(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type === 'hear' || effect.type === 'inject-silence' || effect.type === 'metrics') return []
      if (effect.type !== 'frame') return [effect.type]
      return effect.frame.type === 'turn_state' || effect.frame.type === 'transcript_delta' ? [] : [effect.frame.type]
    })
  }

  get heard(): string | undefined {
    return this.of('answer-commit').at(-1)?.heard
  }

  get asked(): string[] {
    return this.of('user-append').map(({ text, extends: goesOn }) => (goesOn ? `+${text}` : text))
  }
}

/** A question was asked, and of two sentences of a second each one and a half have been played. */
export function speaking(changes: Changes = {}): Script {
  const talk = new Script(changes)
  talk.asks('What is the weather like?')
  talk.answers('It is sunny and warm today. ', 'Tomorrow there may be a little rain.')
  talk.sounds(1000)
  talk.pass(500)
  talk.mark(500)
  talk.sounds(1000)
  talk.pass(1000)
  talk.mark(1500)
  return talk
}
