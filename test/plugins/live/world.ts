import { expect } from 'vitest'
import type { Effect, Frame } from '../../../plugins/live/effects.ts'
import { heardText } from '../../../plugins/live/heard.ts'
import type { Input, VoiceEvent } from '../../../plugins/live/inputs.ts'
import { inFlightMs } from '../../../plugins/live/playback.ts'
import type { Rules } from '../../../plugins/live/rules.ts'
import { deadline, type Reduce, sessionRules } from '../../../plugins/live/session.ts'
import { openSession, type SessionState, turnOf } from '../../../plugins/live/state.ts'
import { timers } from '../../../plugins/live/timers.ts'
import { type Faults, Hearing, judge, type Later, randomOf, VoiceStore } from './engines.ts'
import { Ledger, numberIn } from './ledger.ts'
import { Player } from './player.ts'

export const reduce: Reduce = sessionRules({ heard: heardText, judge })

/**
 * Everything around a session, simulated: a user, a client with its player, engines that are late, fail, stall and say things after they were
 * closed, and whoever carries the effects out. Each step is checked against what holds at any time.
 */
export class World {
  state: SessionState
  readonly random
  readonly rules: Rules
  readonly faults: Faults
  now = 0
  readonly player = new Player()
  readonly voices = new Map<number, VoiceStore>()
  readonly ledger = new Ledger(this.player, this.voices)
  /** What the user said and was understood. */
  readonly spoken = new Set<string>()
  #said = 0
  readonly inputs: Input[] = []
  readonly effects: Effect[] = []
  /** The earliest last. */
  #queue: Later[] = []
  #heardMs = 0
  #clientAt = 0
  #base = 0
  #link = 0
  #isOnline = true
  #line = 0

  constructor(seed: number, rules: Rules, faults: Faults) {
    this.random = randomOf(seed)
    this.rules = rules
    this.faults = faults
    this.state = openSession(rules)
  }

  later(ms: number, run: () => void): void {
    const later = { at: this.now + ms, run }
    let index = this.#queue.length
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) <= later.at) index--
    this.#queue.splice(index, 0, later)
  }

  /** Lets the world go on until then, or until the session is over. */
  run(until: number): void {
    while (this.state.ended === undefined) {
      const wake = deadline(this.state) ?? Number.POSITIVE_INFINITY
      const first = this.#queue.at(-1)
      const at = Math.max(this.now, Math.min(wake, first?.at ?? Number.POSITIVE_INFINITY))
      if (at > until) return
      this.#advance(at)
      if (first && first.at <= wake) {
        this.#queue.pop()?.run()
      } else this.take({ type: 'tick', at: this.now + (this.random.chance(0.2) ? this.random.between(0, 50) : 0) })
    }
  }

  #advance(at: number): void {
    this.now = at
    this.player.advance(at)
  }

  take(input: Input): readonly Effect[] {
    if (input.at > this.now) this.#advance(input.at)
    this.inputs.push(input)
    const { state, effects } = reduce(this.state, input)
    this.state = state
    this.effects.push(...effects)
    for (const effect of effects) this.#carryOut(effect)
    this.#checkFlight()
    const next = deadline(state)
    if (next !== undefined && next <= input.at) {
      const late = timers.filter((timer) => (timer.at(state) ?? Number.POSITIVE_INFINITY) <= input.at).map(({ name }) => name)
      expect.fail(`due at ${next} and not done at ${input.at}: ${late.join(', ')}`)
    }
    for (const turn of this.voices.keys()) this.#feed(turn)
    return effects
  }

  /** A client never has more unplayed than it may, and a piece. */
  #checkFlight(): void {
    const epoch = turnOf(this.state)?.voice.epoch
    const flight = epoch ? inFlightMs(epoch, this.now, this.state.rules) : 0
    if (flight > this.rules.limits.aheadMs + 200) expect.fail(`${flight} ms on their way`)
  }

  // ── Effects ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #carryOut(effect: Effect): void {
    this.ledger.note(effect)
    switch (effect.type) {
      case 'frame':
        this.#tell(effect.frame)
        return
      case 'run-start':
        this.#model(effect.turn)
        return
      case 'stt-connect':
        this.#link = effect.link
        this.#hearing.connect(effect.fromMs)
        this.#connect(effect.link)
        return
      case 'stt-finalize':
        this.#finalize(effect.link)
        return
      case 'inject-silence':
        this.#heardMs += effect.ms
        return
      case 'speak': {
        const voice = this.voices.get(effect.turn) ?? new VoiceStore()
        this.voices.set(effect.turn, voice)
        voice.carryOut(effect)
        this.#speak(effect, voice)
        return
      }
      case 'give-out':
        this.#send(() => this.player.take(effect.audio, effect.ms))
        return
      case 'rewind':
        this.#base = effect.fromMs
        this.voices.get(effect.turn)?.carryOut(effect)
        return
      case 'voice-close':
      case 'voice-hold':
      case 'voice-release':
        this.voices.get(effect.turn)?.carryOut(effect)
        return
      default:
        return
    }
  }

  #tell(frame: Frame): void {
    if (frame.type === 'warning' && frame.code === 'tts_retry' && !this.faults.tts)
      expect.fail(`nothing is wrong: ${frame.message}`)
    if (frame.type === 'utterance_final') this.#hearing.taken(this.faults.debt, this.random)
    else if (frame.type === 'assistant_audio_start') {
      const audio = numberIn(frame.assistant_audio_id)
      const base = this.#base
      this.#base = 0
      this.#send(() => this.player.start(audio, base))
      this.#mark(audio)
    } else if (frame.type === 'assistant_audio_end') {
      const audio = numberIn(frame.assistant_audio_id)
      this.#send(() => this.player.end(audio))
    } else if (frame.type === 'audio_reset') {
      const audio = numberIn(frame.assistant_audio_id)
      this.#send(() => {
        const playedMs = this.player.reset(audio)
        if (this.random.chance(0.7)) this.#answer({ type: 'mark', audio, playedMs, state: 'stopped' })
        // A player that echoes what it threw away as if it had played it.
        if (this.random.chance(0.2)) this.#answer({ type: 'mark', audio, playedMs: playedMs + 40, state: 'finished' })
      })
    }
  }

  /** What reaches the client keeps its order; what is on its way when the line breaks is lost. */
  #send(run: () => void): void {
    if (!this.#isOnline) return
    const line = this.#line
    const at = Math.max(this.#clientAt, this.now + this.random.between(0, 250))
    this.#clientAt = at
    this.later(at - this.now, () => {
      if (line === this.#line) run()
    })
  }

  #answer(input: Unstamped): void {
    const line = this.#line
    this.later(this.random.between(0, 200), () => {
      if (line === this.#line && this.#isOnline) this.take({ ...input, at: this.now })
    })
  }

  #mark(audio: number): void {
    if (!this.rules.marks) return
    this.later(this.random.between(100, 300), () => {
      if (this.ledger.isReset(audio) || this.state.ended !== undefined) return
      const told = this.player.mark(audio)
      if (told) {
        const state = told.isFinished ? 'finished' : this.player.isPaused ? 'paused' : 'playing'
        this.#answer({ type: 'mark', audio, playedMs: told.playedMs, state })
        if (told.isFinished) return
      }
      this.#mark(audio)
    })
  }

  // ── Engines ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #model(turn: number): void {
    const { chance, between } = this.random
    let at = between(20, 800)
    const step = (event: Extract<Input, { type: 'model' }>['event']): void =>
      this.later(at, () => {
        const isOver = !this.ledger.runs.has(turn)
        if (event.type === 'done' || event.type === 'failed') this.ledger.runs.delete(turn)
        // What was cancelled may still say something.
        if (!isOver || chance(0.3)) this.take({ type: 'model', at: this.now, turn, event })
      })
    if (chance(0.25)) {
      const id = `tool_${turn}`
      step({
        type: 'tool-began',
        id,
        hasOutsideEffect: chance(0.4),
        withinMs: 3000,
        ...(chance(0.3) && { call: { name: 'x', input: {} } }),
      })
      if (chance(0.3))
        this.later(at + 100, () => this.take({ type: 'tool-result', at: this.now, id, content: 'y', isError: false }))
      at += between(100, 5000)
      step({ type: 'tool-ended', id })
    }
    const sentences = between(0, 6)
    for (let index = 0; index < sentences; index++) {
      at += between(0, 400)
      step({ type: 'say', text: `Sentence ${index + 1} has some words. ` })
    }
    if (chance(0.5)) step({ type: 'terminal' })
    at += between(0, 500)
    step(
      chance(0.1)
        ? { type: 'failed', errorType: 'api_error', code: 'x', message: 'y', isRetryable: true }
        : { type: 'done', stopReason: 'end_turn' },
    )
  }

  #speak({ turn, attempt, sentence, text }: Extract<Effect, { type: 'speak' }>, voice: VoiceStore): void {
    const { chance, between } = this.random
    // One sentence is made after the other.
    let at = Math.max(0, voice.madeAt - this.now) + between(10, 500)
    // Sound is of whole samples, and seldom of whole milliseconds.
    const ms = text.length * between(20, 90) + between(0, 23) / 24
    voice.lengths[sentence] = ms
    const offer = (item: VoiceEvent): void =>
      this.later(at, () => {
        const isCurrent = voice.isOpen && this.state.agent.phase !== 'idle' && this.state.agent.turn.voice.attempt === attempt
        if (isCurrent) voice.items.push(item)
        else if (chance(0.3)) this.take({ type: 'voice', at: this.now, turn, event: item })
        this.#feed(turn)
      })
    if (this.faults.tts && chance(0.1)) return
    if (chance(0.5)) {
      const tokens = [...text]
      const each = ms / tokens.length
      const alignment = {
        kind: 'char',
        tokens,
        startMs: tokens.map((_, index) => index * each),
        durationMs: tokens.map(() => each),
      } as const
      offer({ type: 'aligned', attempt, sentence, alignment })
    }
    const tellsLength = chance(0.7)
    for (let from = 0; from < ms; from += 200) {
      if (this.faults.tts && chance(0.03)) {
        offer({ type: 'failed', attempt, message: 'gone' })
        return
      }
      offer({ type: 'sound', attempt, sentence, fromMs: 0, ms: Math.min(200, ms - from) })
      at += between(5, 220)
    }
    if (tellsLength)
      this.later(at, () =>
        this.take({ type: 'voice', at: this.now, turn, event: { type: 'made', attempt, sentence, lengthMs: ms } }),
      )
    offer({ type: 'said', attempt, sentence })
    voice.madeAt = this.now + at
  }

  #isFeeding = false
  #feed(turn: number): void {
    if (this.#isFeeding) return
    this.#isFeeding = true
    const voice = this.voices.get(turn)
    for (let event = voice?.offer(); voice && event; event = voice.offer()) {
      const effects = this.take({ type: 'voice', at: this.now, turn, event })
      const isGiven = effects.some(({ type }) => type === 'give-out')
      voice.answered(event, isGiven)
      const isWanted = turnOf(this.state)?.number === turn && !voice.isHeld
      if (event.type === 'sound' && event.attempt === 0 && !isGiven && isWanted)
        expect.fail(`${event.ms} ms from ${event.fromMs} ms on wait for ever`)
    }
    this.#isFeeding = false
  }

  /** Connections that hear nothing. */
  readonly #deaf = new Set<number>()

  #connect(link: number): void {
    const { chance, between } = this.random
    if (this.faults.stt && chance(0.15)) this.#deaf.add(link)
    if (this.faults.stt && chance(0.2)) return
    this.later(between(20, 600), () => {
      const fails = this.faults.stt && chance(0.2)
      this.take(
        fails
          ? { type: 'stt-failed', at: this.now, link, isRetryable: true, message: 'x' }
          : { type: 'stt-open', at: this.now, link },
      )
      if (!fails) this.later(between(0, 300), () => this.#understood(link))
    })
    if (this.faults.stt)
      this.later(between(1000, 20_000), () => this.take({ type: 'stt', at: this.now, link, event: { type: 'done' } }))
  }

  readonly #hearing = new Hearing()

  #finalize(link: number): void {
    const atMs = this.state.mic.audioMs
    if (!this.random.chance(0.1)) this.later(this.random.between(20, 1200), () => this.#certain(link, atMs))
  }

  /** The engine tells what it has understood so far. */
  #understood(link: number): void {
    const { stt } = this.state
    if (this.#deaf.has(link)) return
    if (link !== this.#link || stt.phase !== 'open' || stt.link !== link) return
    const words = this.#hearing.pending()
    if (words.length === 0) return
    this.take({ type: 'stt', at: this.now, link, event: { type: 'partial', text: ` ${words.join(' ')}` } })
    this.#hearing.told()
    this.#know(words)
  }

  /** And that it is certain of it. */
  #certain(link: number, flushedMs?: number): void {
    const { stt } = this.state
    if (this.#deaf.has(link)) return
    if (link !== this.#link || stt.phase !== 'open' || stt.link !== link) return
    const words = this.#hearing.settle(flushedMs)
    const text = words.map((word) => ` ${word}`).join('')
    this.take({
      type: 'stt',
      at: this.now,
      link,
      event: { type: 'final', text, ...(flushedMs !== undefined && { flushed: true }) },
    })
    this.#know(words)
  }

  /** What comes when the session is over already is not of it. */
  #know(words: readonly string[]): void {
    if (this.state.ended === undefined) for (const word of words) if (word.startsWith('w')) this.spoken.add(word)
  }

  // ── The user ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  frames(): void {
    if (this.state.ended !== undefined) return
    if (this.#isOnline && this.random.chance(0.95)) {
      const effects = this.take({ type: 'frame', at: this.now, bytes: 5760, ms: frameMs })
      if (effects.some(({ type }) => type === 'hear')) this.#heardMs += frameMs
    }
    this.later(frameMs, () => this.frames())
  }

  /** Somebody says something, or coughs. */
  speak(): void {
    const { chance, between } = this.random
    const words = chance(0.25) ? 0 : between(1, 5)
    let at = 0
    const hear = (event: Extract<Input, { type: 'stt' }>['event']): void =>
      this.later(at, () => this.take({ type: 'stt', at: this.now, link: this.#link, event }))
    if (chance(0.85)) this.#energy(0, 'onset')
    for (let index = 0; index < words; index++) {
      at += between(80, 400)
      const word = chance(0.1) ? 'okay' : chance(0.1) ? 'hm' : `w${this.#said++}`
      this.later(at, () => {
        const { isOn, isMuted } = this.state.mic
        if (!isOn || isMuted) return
        this.#hearing.say(word, this.#heardMs - between(0, 1000))
        this.#understood(this.#link)
      })
    }
    at += between(50, 300)
    this.#energy(at, 'offset')
    at += between(0, 700)
    if (chance(0.2)) hear({ type: 'turn-resumed' })
    if (chance(0.3)) hear({ type: 'turn-eager-end', text: '' })
    at += between(0, 300)
    if (chance(0.7)) {
      this.later(at, () => this.#certain(this.#link))
      if (chance(0.7)) hear({ type: 'turn-end', text: '' })
    }
  }

  #energy(after: number, edge: 'onset' | 'offset'): void {
    this.later(after, () =>
      this.take({ type: 'energy', at: this.now, edge, audioMs: Math.max(0, this.#heardMs - this.random.between(0, 100)) }),
    )
  }

  loseLine(): void {
    if (!this.#isOnline) return
    this.#isOnline = false
    this.#line++
    this.take({ type: 'lost', at: this.now })
    this.later(this.random.between(50, 5000), () => {
      this.#isOnline = true
      this.take({ type: 'resumed', at: this.now, lastServerSeq: 0 })
    })
  }

  /** The line carries nothing for a while. */
  stall(): void {
    this.client({ type: 'stalled' })
    this.later(this.random.between(50, 12_000), () => this.client({ type: 'flowing' }))
  }

  client(input: Unstamped): void {
    if (this.#isOnline) this.take({ ...input, at: this.now })
  }

  /** What holds once a session is over. */
  checkEnd(): void {
    expect(deadline(this.state)).toBeUndefined()
    this.ledger.checkEnd()
    expect(reduce(this.state, { type: 'control', at: this.now + 1, op: 'interrupt' }).effects).toEqual([])
    const words = this.ledger.asked.flatMap((text) => text.split(/\s+/).filter((word) => word.startsWith('w')))
    // Of what an engine says again in other words nobody can tell what is new.
    if (this.faults.debt !== 'revises') expect(words).toEqual([...new Set(words)])
    expect([...this.spoken].filter((word) => !words.includes(word))).toEqual([])
  }
}

/** Long frames, for there are many. */
const frameMs = 180

type Unstamped = Input extends infer Each ? (Each extends Input ? Omit<Each, 'at'> : never) : never
