import type { FastifyBaseLogger } from 'fastify'
import type { Clock, Timer } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { LiveUsage } from '../../api/schemas.gen.ts'
import type { Asker, AskerListener } from './asker/asker.ts'
import { Conversation } from './conversation.ts'
import type { Ears, EarsListener } from './ears/ears.ts'
import { type Effect, type EndReason, type Frame, type MicEffect, turnId, type VoiceEffect } from './effects.ts'
import { endedWithin } from './ended-within.ts'
import { msOf } from './format.ts'
import type { Input } from './inputs.ts'
import type { TurnMetrics } from './measure.ts'
import type { Mouth, MouthListener } from './mouth/mouth.ts'
import type { LivePlan } from './plan.ts'
import { PlayedLevel } from './played-level.ts'
import { sumServed } from './served.ts'
import { deadline, type Reduce } from './session.ts'
import type { Outbox } from './sessions/outbox.ts'
import { openSession, type SessionState } from './state.ts'
import { Teller } from './teller.ts'
import type { Transport } from './transport.ts'
import type { SessionVoiceCost } from './voice-cost.ts'
import type { SessionWatch } from './watch.ts'

/**
 * Carries one session out: whatever happens becomes an input of the rules (session.ts), stamped with the session's time, and what they
 * say is done, in that order. It decides nothing itself.
 *
 * There is one inbox, because what is done may make something else happen at once; and one timer, which wakes the rules when they want to be
 * woken. What goes wrong in here is the gateway's own fault, and ends the session.
 */
export class LiveDriver {
  readonly #parts: DriverParts
  readonly #startedAt: number
  readonly #teller: Teller
  readonly #ears: Ears | undefined
  readonly #mouth: Mouth
  readonly #asker: Asker
  readonly #conversation: Conversation
  readonly #level: PlayedLevel
  #state: SessionState
  readonly #inbox: Post[] = []
  #isProcessing = false
  #timer: Timer | undefined
  /** When the timer is due; it may be too early, for to set it anew with each frame would cost more than to wake in vain. */
  #wakesAt = Number.POSITIVE_INFINITY
  /** Whether more lies unsent than should; and while it does, when it is looked at again. */
  #isStalled = false
  #flow: Timer | undefined
  /** Who is to hear and speak from the next turn on. */
  #wanted: Pick<LivePlan, 'speaking' | 'hearing'>
  /** A line that goes on with the session, until it is attached. */
  #coming: { readonly transport: Transport; readonly ack: ResumedAck } | undefined
  #isOver = false
  #closed: Promise<void> | undefined
  /** When what it costs was looked at last. */
  #spentAt = 0

  constructor(parts: DriverParts) {
    const { plan, clock, outbox } = parts
    this.#parts = parts
    this.#wanted = plan
    this.#startedAt = clock.now()
    this.#state = openSession(plan.rules)
    this.#teller = new Teller({ features: plan.features, audioOut: plan.audioOut, outbox })
    this.#level = new PlayedLevel()
    this.#ears = parts.ears?.((input) => this.take(input))
    this.#mouth = parts.mouth((turn, event) => this.take({ type: 'voice', turn, event }))
    this.#asker = parts.asker({
      model: (turn, event) => this.take({ type: 'model', turn, event }),
      run: (turn, event) => this.#runEvent(turn, event),
    })
    this.#conversation = new Conversation(this.#asker, plan.messages, parts.watch.isRecorded)
    // A client that says nothing has its time as well.
    this.#setTimer()
  }

  /** Milliseconds since the session began. */
  get now(): number {
    return Math.round((this.#parts.clock.now() - this.#startedAt) * 10) / 10
  }

  get state(): SessionState {
    return this.#state
  }

  get teller(): Teller {
    return this.#teller
  }

  get conversation(): Conversation {
    return this.#conversation
  }

  /** A line carries the session from now on. */
  attach(transport: Transport): void {
    this.#flow?.cancel()
    this.#flow = undefined
    this.#isStalled = false
    this.#teller.attach(transport)
  }

  /**
   * A line goes on with the session, whose client has everything up to this number. It is attached where the rules say what was missed, and not
   * before: what was due until then has become part of that. False where the session is over; then the line is told nothing.
   */
  resume(transport: Transport, ack: ResumedAck, lastServerSeq: number): boolean {
    this.#coming = { transport, ack }
    this.take({ type: 'resumed', lastServerSeq })
    const isAttached = this.#coming === undefined
    this.#coming = undefined
    return isAttached
  }

  /** Does what was due until now, however late it is. */
  wake(): void {
    this.take({ type: 'tick' })
  }

  /** Something happens. `frame` is the sound of a frame of the microphone. */
  take(input: Unstamped, frame?: Uint8Array): void {
    if (this.#isOver) return
    if (this.#inbox.length >= mostWaiting) {
      this.#fail(new Error('more happens in the session than can be carried out'))
      return
    }
    this.#inbox.push({ input, frame })
    if (!this.#isProcessing) this.#process()
  }

  /** What the session came to so far. */
  get usage(): LiveUsage {
    this.#spend()
    const { input_tokens, output_tokens, cost_usd = 0 } = this.#conversation.usage
    const ofVoice = this.#parts.cost.dollars
    const isPriced = this.#conversation.isPriced && ofVoice !== undefined
    return {
      turns: this.#state.turns,
      duration_ms: Math.round(this.now),
      seconds_heard: Math.round(sumServed(this.#ears?.served ?? []) * 1000) / 1000,
      characters_spoken: sumServed(this.#mouth.served),
      ...(input_tokens !== undefined && { input_tokens }),
      ...(output_tokens !== undefined && { output_tokens }),
      ...(isPriced && { cost_usd: exact(cost_usd + ofVoice) }),
    }
  }

  /** What was heard and spoken since counts against somebody's limits. */
  #spend(): void {
    this.#spentAt = this.now
    this.#parts.cost.spend(this.#ears?.served ?? [], this.#mouth.served)
  }

  /** The assistant speaks unasked, unless somebody speaks already. */
  greet(sentences: readonly string[]): void {
    this.take({ type: 'greeting', sentences })
    const { agent } = this.#state
    if (agent.phase !== 'idle' && !agent.turn.isAnswer) this.#conversation.greeted(agent.turn.number, sentences.join(''))
  }

  /** The microphone is off: a voice that was heard is over. */
  endVoice(): void {
    this.#ears?.endVoice()
  }

  /** What is asked, heard and spoken with from the next turn on. */
  change(plan: Pick<LivePlan, 'asking' | 'speaking' | 'hearing'>): void {
    const { asking, speaking, hearing } = plan
    this.#wanted = plan
    this.#asker.change(asking)
    this.#mouth.change(speaking)
    if (hearing) this.#ears?.change(hearing)
  }

  /**
   * Resolves once nothing runs any more on behalf of the session, or what does has had its time: somebody else is to have its place, whatever a vendor
   * does. To be called once it is over; ends it where it is not.
   */
  close(): Promise<void> {
    this.#stop()
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { cost, clock, log } = this.#parts
    const engines = { ears: this.#ears?.end(), mouth: this.#mouth.end(), asker: this.#asker.end() }
    const left = await endedWithin(closeMs, engines, clock)
    this.#spend()
    const unsettled = await endedWithin(closeMs, { cost: cost.settled() }, clock)
    const open = [...left, ...unsettled]
    if (open.length > 0) log.error({ open }, 'parts of a live session did not end')
  }

  // ── The inbox and the timer ─────────────────────────────────────────────────────────────────────────────────────────

  #process(): void {
    this.#isProcessing = true
    try {
      for (let post = this.#inbox.shift(); post && !this.#isOver; post = this.#inbox.shift()) this.#step(post)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isProcessing = false
    }
    if (!this.#isOver) this.#setTimer()
  }

  #step({ input, frame }: Post): void {
    const stamped = { ...input, at: this.now }
    const { state, effects } = this.#parts.reduce(this.#state, stamped)
    this.#state = state
    this.#parts.watch.step(stamped, effects)
    for (const effect of effects) this.#carryOut(effect, frame)
    // Something happens as long as anybody is heard or spoken to.
    if (stamped.at - this.#spentAt >= spendMs) this.#spend()
    if (state.ended !== undefined) this.#stop()
  }

  #stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#inbox.length = 0
    this.#timer?.cancel()
    this.#flow?.cancel()
    this.#parts.watch.over(this.#conversation.happened ?? [])
    this.#parts.onOver(this.#state.ended ?? 'error')
  }

  /** A fault of the gateway's own: nothing of the session can be trusted any more. */
  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#parts.log.error({ err: error }, 'a live session failed')
    const { message, code, type: error_type } = new GatewayError('internal_error')
    this.#teller.send({ type: 'error', scope: 'session', error_type, code, message, retryable: true, close: true })
    this.#teller.send({ type: 'session_end', reason: 'error', usage: this.usage })
    this.#teller.close(1011, code)
    this.#stop()
  }

  #setTimer(): void {
    const due = deadline(this.#state)
    if (due === undefined || this.#wakesAt <= due) return
    this.#timer?.cancel()
    this.#wakesAt = due
    this.#timer = this.#parts.clock.after(Math.max(1, Math.ceil(due - this.now)), () => this.#wake())
  }

  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    const due = deadline(this.#state)
    if (due !== undefined && due <= this.now) this.take({ type: 'tick' })
    else this.#setTimer()
  }

  // ── Effects ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #carryOut(effect: Effect, frame: Uint8Array | undefined): void {
    switch (effect.type) {
      case 'frame':
        this.#tell(effect.frame)
        return
      case 'close':
        this.#teller.close(effect.code, this.#state.ended ?? '')
        return
      case 'replay':
        this.#goOn(effect.afterSeq)
        return
      case 'metrics':
        this.#tellMetrics(effect.turn, effect.metrics)
        return
      case 'hear':
      case 'inject-silence':
      case 'stt-adopt':
      case 'stt-connect':
      case 'stt-finalize':
      case 'stt-close':
      case 'was-echo':
        if (this.#ears) this.#hear(this.#ears, effect, frame)
        return
      case 'run-start':
        this.#mouth.prepare(effect.turn)
        this.#parts.watch.speaks(this.#wanted)
        this.#conversation.carryOut(effect)
        return
      case 'attach':
      case 'user-append':
      case 'answer-commit':
      case 'answer-drop':
      case 'run-confirm':
      case 'run-cancel':
      case 'tool-cancel':
      case 'tool-answer':
      case 'filler':
        this.#conversation.carryOut(effect)
        return
      case 'speak':
      case 'voice-finish':
      case 'voice-close':
      case 'voice-hold':
      case 'voice-release':
      case 'give-out':
      case 'rewind':
        this.#speak(effect)
        return
      default:
        effect satisfies never
    }
  }

  #goOn(afterSeq: number): void {
    if (!this.#coming) return
    const { transport, ack } = this.#coming
    this.#coming = undefined
    this.attach(transport)
    this.#teller.sendResumed(ack, afterSeq)
    this.#teller.replay(afterSeq)
  }

  #tell(frame: Frame): void {
    if (frame.type === 'audio_reset') this.#level.stopped(this.now)
    this.#teller.tell(frame, { append: () => this.#conversation.takeAppend(), usage: () => this.usage })
    this.#parts.watch.told(frame)
  }

  #tellMetrics(turn: number, metrics: TurnMetrics): void {
    const { input_tokens, output_tokens } = this.#conversation.usageOf(turn)
    this.#spend()
    this.#parts.watch.turnOver(metrics)
    if (!this.#parts.plan.features.want_metrics) return
    this.#teller.send({
      type: 'turn_metrics',
      turn_id: turnId(turn),
      ...metrics,
      ...(input_tokens !== undefined && { input_tokens }),
      ...(output_tokens !== undefined && { output_tokens }),
    })
  }

  #runEvent(turn: number, event: RunEventOfTurn): void {
    if (this.#parts.plan.features.want_run_events && !this.#isOver)
      this.#teller.send({ type: 'run_event', turn_id: turnId(turn), event })
  }

  #hear(ears: Ears, effect: MicEffect, frame: Uint8Array | undefined): void {
    switch (effect.type) {
      case 'hear':
        if (!frame) return
        ears.hear(frame, this.#level.now(this.now))
        this.#noteFrame(frame)
        return
      case 'inject-silence':
        ears.injectSilence(effect.ms)
        return
      case 'stt-adopt':
        ears.adopt()
        this.#parts.watch.hears(this.#wanted)
        return
      case 'stt-connect':
        ears.connect(effect.link, effect.fromMs)
        return
      case 'stt-finalize':
        ears.finalize(effect.link)
        return
      case 'stt-close':
        ears.close(effect.link)
        return
      case 'was-echo':
        ears.wasEcho()
        return
    }
  }

  #noteFrame(frame: Uint8Array): void {
    const { audioIn } = this.#parts.plan
    if (audioIn) this.#parts.watch.heard(frame, this.#state.mic.audioMs - msOf(frame.length, audioIn))
  }

  #speak(effect: VoiceEffect): void {
    const { turn } = effect
    switch (effect.type) {
      case 'speak':
        this.#mouth.speak(effect)
        return
      case 'voice-finish':
        this.#mouth.finish(turn)
        return
      case 'voice-close':
        this.#mouth.close(turn)
        return
      case 'voice-hold':
        this.#mouth.hold(turn)
        return
      case 'voice-release':
        this.#mouth.release(turn)
        return
      case 'rewind':
        this.#mouth.rewind(turn, effect.fromMs)
        return
      case 'give-out': {
        const piece = this.#mouth.giveOut(turn)
        if (!piece) return
        this.#teller.sound(effect.audio, piece)
        this.#level.gaveOut(this.now, piece.ms, piece.levelDb)
        this.#watchFlow()
        return
      }
    }
  }

  // ── A line that does not flow ─────────────────────────────────────────────────────────────────────────────────────────

  /** The rules are told when more lies unsent than a line that flows ever holds, and when it flows again. */
  #watchFlow(): void {
    const isStalled = (this.#teller.transport?.unsentBytes ?? 0) > mostUnsent
    if (isStalled !== this.#isStalled) {
      this.#isStalled = isStalled
      this.take({ type: isStalled ? 'stalled' : 'flowing' })
    }
    if (!isStalled || this.#flow) return
    this.#flow = this.#parts.clock.after(flowMs, () => {
      this.#flow = undefined
      if (!this.#isOver) this.#watchFlow()
    })
  }
}

export interface DriverParts {
  readonly plan: LivePlan
  readonly reduce: Reduce
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  readonly outbox: Outbox
  /** Undefined without a microphone. */
  readonly ears: ((listener: EarsListener) => Ears) | undefined
  readonly mouth: (listener: MouthListener) => Mouth
  readonly asker: (listener: AskerListener) => Asker
  readonly watch: SessionWatch
  readonly cost: SessionVoiceCost
  /** The session is over, and tells nothing any more. What ran for it is still to be closed. */
  readonly onOver: (reason: EndReason) => void
}

type ResumedAck = Parameters<Teller['sendResumed']>[0]
type RunEventOfTurn = Parameters<AskerListener['run']>[1]

interface Post {
  readonly input: Unstamped
  readonly frame: Uint8Array | undefined
}

/** What happens before it is known when. */
export type Unstamped = Input extends infer Each ? (Each extends Input ? Omit<Each, 'at'> : never) : never

/** Prices have no more than ten digits behind the point; what adding them up leaves beyond is noise. */
function exact(dollars: number): number {
  return Math.round(dollars * 1e10) / 1e10
}

/** Bytes: more than a second of the best sound, which a line that flows has sent long before. */
const mostUnsent = 128 * 1024
const flowMs = 50

/** How long somebody may talk before what it costs is looked at again, in milliseconds. */
const spendMs = 10_000

/** How long vendors may take to let go of a session that is over. */
const closeMs = 5000

/** What one step makes happen at once is little: this is for loops that nobody has thought of. */
const mostWaiting = 1000
