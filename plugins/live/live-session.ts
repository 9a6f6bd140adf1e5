import type { GatewayError } from '../../api/error.ts'
import type { ContentBlockParam, ErrorType, Issue, LiveHelloAck, LiveLimits, LiveSessionUpdate } from '../../api/schemas.gen.ts'
import { Script } from '../../text/script.ts'
import type { Principal } from '../auth/principal.ts'
import type { Allotment } from '../limits/allotment.ts'
import type { LiveLine, SessionMessage } from './door/open.ts'
import type { LiveDriver } from './driver.ts'
import { isSame, msOf, wireFormat } from './format.ts'
import type { LivePlan } from './plan.ts'
import type { Outbox } from './sessions/outbox.ts'
import type { HeldSession, HeldSessions } from './sessions/sessions.ts'
import type { Unnumbered } from './teller.ts'
import type { Transport } from './transport.ts'
import { typedProblem } from './typed.ts'
import { toldOf, type Violation } from './wire/violations.ts'

/** One conversation, as its client knows it: what comes over its line, one after another, becomes what happens in it. */
export class LiveSession implements HeldSession {
  readonly id: string
  readonly outbox: Outbox
  readonly #parts: LiveSessionParts
  #plan: LivePlan
  /** Whether its client was told that there is no sound before `audio_stream_start`. */
  #isToldOfStream = false
  #hasHeard = true
  /** What is being looked at, one after the other, and how many that are. */
  #order: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(parts: LiveSessionParts) {
    this.id = parts.id
    this.outbox = parts.outbox
    this.#parts = parts
    this.#plan = parts.plan
  }

  get principal(): Pick<Principal, 'keyId' | 'tenant'> {
    return this.#parts.principal
  }

  get driver(): LiveDriver {
    return this.#parts.driver
  }

  get plan(): LivePlan {
    return this.#plan
  }

  // ── Lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The session begins over its first line. */
  begin(transport: Transport, token: string): LiveLine {
    this.driver.attach(transport)
    this.#tell(this.#ack(token, false))
    this.#tellWarnings()
    const { greeting, speaking } = this.#plan
    if (greeting !== undefined) this.#greet(greeting, speaking.textLanguage ?? speaking.language)
    return this.#line(transport)
  }

  /** It goes on over another, whose client has had everything up to this number. Undefined where it is over. */
  resume(transport: Transport, token: string, lastServerSeq: number): LiveLine | undefined {
    if (!this.driver.resume(transport, this.#ack(token, true), lastServerSeq)) return undefined
    this.#hasHeard = false
    this.#parts.onBack()
    return this.#line(transport)
  }

  #line(transport: Transport): LiveLine {
    const isCurrent = (): boolean => this.driver.teller.transport === transport
    return {
      receive: (message) => {
        if (isCurrent()) this.#receive(message)
      },
      hear: (frame) => {
        if (isCurrent()) this.#hear(frame)
      },
      violated: (violation) => {
        if (isCurrent()) this.#violated(violation)
      },
      lost: () => {
        if (isCurrent()) this.#lost()
      },
    }
  }

  #lost(): void {
    this.driver.teller.detach()
    this.#parts.sessions.park(this)
    this.driver.take({ type: 'lost' })
    this.#parts.onLost()
  }

  takenOver(): void {
    if (!this.driver.teller.transport) return
    this.driver.teller.close(1008, 'taken_over')
    this.#lost()
  }

  wake(): void {
    this.driver.wake()
  }

  drain(): void {
    this.driver.take({ type: 'drain' })
  }

  end(): Promise<void> {
    this.driver.take({ type: 'shutdown' })
    return this.driver.close()
  }

  // ── What the client sends ─────────────────────────────────────────────────────────────────────────────────────────────

  #receive(message: SessionMessage): void {
    this.#noteHeard()
    const { driver } = this
    switch (message.type) {
      case 'audio_stream_start':
        if (message.format && this.#plan.audioIn && !isSame(message.format, wireFormat(this.#plan.audioIn))) {
          this.#refuse('audio_format', 'format: sound comes in the format that `hello` has agreed', { param: 'format' })
        } else if (!this.#plan.audioIn) this.#refuse('no_microphone', '`hello` had no `audio_in`: there is nothing to stream')
        else driver.take({ type: 'stream', isOn: true })
        return
      case 'audio_stream_end':
        driver.endVoice()
        driver.take({ type: 'stream', isOn: false })
        return
      case 'playback_mark':
        driver.take({
          type: 'mark',
          audio: numberIn(message.assistant_audio_id),
          playedMs: message.played_ms,
          state: message.state,
        })
        return
      case 'input_text':
        this.#typed(message.content, message.commit ?? true)
        return
      case 'tool_result':
        driver.take({
          type: 'tool-result',
          id: message.tool_use_id,
          content: message.content,
          isError: message.is_error ?? false,
        })
        return
      case 'session_update':
        this.#update(message)
        return
      case 'control':
        if (message.op === 'mute') driver.endVoice()
        driver.take({ type: 'control', op: message.op })
        return
      default:
        message satisfies never
    }
  }

  #hear(frame: Uint8Array): void {
    this.#noteHeard()
    const { audioIn } = this.#plan
    if (!audioIn) return
    // Also while the stream is off: too much of it is too much.
    this.driver.take({ type: 'frame', bytes: frame.length, ms: msOf(frame.length, audioIn) }, frame)
    const { mic, ended } = this.driver.state
    if (mic.isOn) this.#isToldOfStream = false
    if (mic.isOn || ended !== undefined || this.#isToldOfStream) return
    this.#isToldOfStream = true
    this.#refuse('audio_not_started', 'Sound comes after `audio_stream_start`; this was dropped.')
  }

  // What a user types, and what a client changes, is looked at before it is taken: one after the other, so that none overtakes another.

  #typed(content: string | ContentBlockParam[], isCommitted: boolean): void {
    const take = (): void => this.driver.take({ type: 'typed', content, isCommitted })
    const isPlain = typeof content === 'string'
    if (isPlain && this.#waiting === 0) {
      if (this.#mayBeTyped(content)) take()
    } else {
      this.#inOrder(async () => {
        if (!this.#mayBeTyped(content)) return
        await this.#parts.checkContent(content, this.#plan)
        take()
      })
    }
  }

  /** Tells what speaks against it. */
  #mayBeTyped(content: string | ContentBlockParam[]): boolean {
    const { conversation, state } = this.driver
    const bounds = { characters: this.#plan.rules.limits.maxUserCharacters, sizes: this.#parts.sizes }
    const problem = typedProblem(content, conversation.history, state.next?.typed ?? [], bounds)
    if (problem?.type === 'invalid') this.#invalid(problem.issues)
    else if (problem) this.#refuse(problem.code, problem.message, { param: 'content' })
    return problem === undefined
  }

  #update(update: LiveSessionUpdate): void {
    this.#inOrder(async () => {
      const plan = await this.#parts.planUpdate(update, this.#plan)
      const hearing = plan.hearing !== this.#plan.hearing
      this.#plan = plan
      this.driver.change(plan)
      const { turn, filler, hasFallbackVoice } = plan.rules
      this.driver.take({ type: 'update', turn, filler: filler ?? null, hasFallbackVoice, ...(hearing && { hearing }) })
      this.#tellWarnings()
    })
  }

  #inOrder(act: () => Promise<void>): void {
    if (this.#waiting >= mostWaiting) {
      this.#refuse('too_many_updates', 'What was typed and changed before is still being looked at; this was dropped.')
      return
    }
    this.#waiting++
    this.#order = this.#order.then(act).then(
      () => void this.#waiting--,
      (error: unknown) => {
        this.#waiting--
        const { type, issues, code, message, param } = this.#parts.toGatewayError(error)
        if (issues && issues.length > 0) this.#invalid(issues)
        else this.#refuse(code, message, { type, ...(param !== undefined && { param }) })
      },
    )
  }

  #violated(violation: Violation): void {
    const told = toldOf(violation, this.outbox.lastSeq + 1)
    if (told) this.driver.teller.send(told)
  }

  /** It has the token that `hello_ack` gave: the one before is worth nothing any more. */
  #noteHeard(): void {
    if (this.#hasHeard) return
    this.#hasHeard = true
    this.#parts.sessions.heard(this)
  }

  // ── What it is told ───────────────────────────────────────────────────────────────────────────────────────────────────

  #tell(message: Unnumbered): void {
    this.driver.teller.send(message)
  }

  #invalid(issues: readonly Issue[]): void {
    const [first] = issues
    const message = first ? [first.param, first.message].filter(Boolean).join(': ') : 'The message is not valid.'
    this.#tell({
      type: 'error',
      scope: 'session',
      error_type: 'invalid_request_error',
      code: 'invalid_message',
      message,
      ...(first?.param !== undefined && { param: first.param }),
      issues: [...issues],
      retryable: false,
      close: false,
    })
  }

  #refuse(
    code: string,
    message: string,
    { type = 'invalid_request_error', ...where }: { readonly type?: ErrorType; readonly param?: string } = {},
  ): void {
    this.#tell({ type: 'error', scope: 'session', error_type: type, code, message, ...where, retryable: false, close: false })
  }

  #ack(token: string, isResumed: boolean): Omit<LiveHelloAck, 'seq'> {
    const { asking, hearing, speaking, audioIn, audioOut, features, rules } = this.#plan
    const { turn } = rules
    return {
      type: 'hello_ack',
      session_id: this.id,
      resume_token: token,
      protocol_version: '1',
      is_resumed: isResumed,
      model: asking.model,
      ...(hearing && { stt_model: hearing.model.id }),
      voice: `${speaking.voice.provider.id}/${speaking.voice.voice}`,
      ...(audioIn && { audio_in: wireFormat(audioIn) }),
      audio_out: wireFormat(audioOut),
      features,
      turn: {
        mode: turn.mode,
        silence_ms: turn.silenceMs,
        grace_ms: turn.graceMs,
        interruption: turn.interruption,
        speculation: turn.speculation,
      },
      limits: this.#parts.limits,
    }
  }

  #tellWarnings(): void {
    for (const { code, message } of this.#plan.warnings) this.#tell({ type: 'warning', code, message })
  }

  #greet(text: string, language: string | undefined): void {
    const script = new Script({ language, maxCharacters: longestSentence, firstClause: true })
    const sentences = [...script.push(text), ...script.end()].map((line) => line.text)
    this.driver.greet(sentences)
  }
}

export interface LiveSessionParts {
  readonly id: string
  readonly principal: Pick<Principal, 'keyId' | 'tenant'>
  readonly plan: LivePlan
  readonly driver: LiveDriver
  readonly outbox: Outbox
  readonly sessions: Pick<HeldSessions<LiveSession>, 'park' | 'heard'>
  readonly limits: LiveLimits
  /** Of what the model is asked with. */
  readonly sizes: Allotment['sizes']
  /** Rejects with a `GatewayError` where the model cannot read what a user types. */
  readonly checkContent: (content: string | ContentBlockParam[], plan: LivePlan) => Promise<void>
  /** Rejects with a `GatewayError` where it cannot be done. */
  readonly planUpdate: (update: LiveSessionUpdate, plan: LivePlan) => Promise<LivePlan>
  readonly toGatewayError: (error: unknown) => GatewayError
  /** Its socket is gone; and it has another. */
  readonly onLost: () => void
  readonly onBack: () => void
}

/** `audio_12`; what is none of these is the number of no sound. */
function numberIn(id: string): number {
  return /^audio_\d{1,9}$/.test(id) ? Number(id.slice('audio_'.length)) : Number.NaN
}

const mostWaiting = 32
/** In UTF-16 units; every voice takes as much. */
const longestSentence = 500
