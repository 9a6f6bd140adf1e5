import type { Clock, Timer } from '../../api/clock.ts'
import type { LiveAssistantAudioChunkHeader, LiveClientMessage, LiveHelloAck, LiveServerMessage } from '../../api/schemas.gen.ts'
import { type Agenda, type AgendaParts, LinesAgenda, RecordingsAgenda } from './agenda.ts'
import { Captions, latencyOf } from './captions.ts'
import { commandIn } from './commands.ts'
import type { ConnectionEnd, ConnectionListener, LiveConnection } from './connection.ts'
import { type Exit, exits } from './ending.ts'
import { FileMicrophone } from './file-microphone.ts'
import type { Journal } from './journal.ts'
import type { Microphone } from './microphone.ts'
import type { Player, PlayerListener } from './player.ts'
import type { Recordings } from './recordings.ts'
import type { Screen } from './screen.ts'
import { SpokenEnd } from './spoken-end.ts'
import { Turns } from './turns.ts'

export interface TalkParts {
  /** Of the gateway, as people are told it. */
  readonly address: string
  readonly connect: (listener: ConnectionListener) => LiveConnection
  readonly player: (listener: PlayerListener) => Player
  readonly asking: Asking
  /** What is to be known of the session, once there is one. */
  readonly notes: readonly string[]
  readonly screen: Screen
  /** Written in place of captions. */
  readonly journal: Journal | undefined
  readonly clock: Clock
}

/** Who asks: somebody who is there, lines out of a pipe, or recordings. */
export type Asking =
  | { readonly type: 'person'; readonly microphone: Microphone | undefined; readonly types: boolean }
  | { readonly type: 'lines' }
  | { readonly type: 'recordings'; readonly names: readonly string[]; readonly recordings: Recordings }

/** One conversation from its beginning to its end: joins the line, the microphone, the player and the screen. */
export class LiveTalk {
  readonly #parts: TalkParts
  readonly #connection: LiveConnection
  readonly #player: Player
  readonly #microphone: Microphone | undefined
  readonly #agenda: Agenda | undefined
  readonly #spokenEnd: SpokenEnd | undefined
  readonly #captions: Captions
  readonly #turns = new Turns()
  readonly #over: (exit: Exit) => void
  /** With what it ends. */
  readonly exit: Promise<Exit>
  #isRecording = false
  #isEnding = false
  #wasInterrupted = false
  #hasFailed = false
  #endBound: Timer | undefined

  constructor(parts: TalkParts) {
    this.#parts = parts
    const { asking, clock, screen } = parts
    let over: (exit: Exit) => void = () => undefined
    this.exit = new Promise((resolve) => {
      over = resolve
    })
    this.#over = over
    this.#captions = new Captions(screen)
    this.#connection = parts.connect(this.#line())
    this.#player = parts.player({
      mark: (mark) => void this.#send({ type: 'playback_mark', ...mark }),
      began: (id, inMs) => this.#turns.heard(id, clock.now() + inMs),
    })
    const prepared = this.#prepare(asking)
    this.#agenda = prepared.agenda
    this.#microphone = prepared.microphone
    const { rate } = this.#microphone ?? {}
    this.#spokenEnd = rate === undefined ? undefined : new SpokenEnd(rate, clock, (at) => this.#turns.asked(at))
  }

  start(): void {
    this.#connection.open()
  }

  /** Ctrl-C: the first ends the session, the second does not wait for that. */
  interrupt(): void {
    const isSecond = this.#wasInterrupted
    this.#wasInterrupted = true
    if (isSecond) this.#connection.close()
    else this.#end()
  }

  /** The microphone or what plays has failed for good: `why` is told. */
  failed(why: string): void {
    if (this.#isEnding) return
    this.#parts.screen.note(why)
    this.#hasFailed = true
    this.#end()
  }

  /** Ends the session as the protocol has it, or breaks off what is none. */
  #end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (!this.#send({ type: 'control', op: 'end_session' })) this.#connection.close()
    else this.#endBound = this.#parts.clock.after(endMs, () => this.#connection.close())
  }

  #send(message: LiveClientMessage): boolean {
    return this.#connection.send(message)
  }

  // ── Who asks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #prepare(asking: Asking): { readonly agenda?: Agenda; readonly microphone?: Microphone } {
    const { screen, clock } = this.#parts
    const parts: AgendaParts = {
      turns: this.#turns,
      clock,
      onOver: (problem) => (problem === undefined ? this.#end() : this.failed(problem)),
    }
    switch (asking.type) {
      case 'person': {
        if (asking.types)
          this.#listen(
            (text) => void this.#say(text),
            () => this.#end(),
          )
        return asking.microphone ? { microphone: asking.microphone } : {}
      }
      case 'lines': {
        const agenda = new LinesAgenda((text) => this.#sayAloud(text), parts)
        this.#listen(
          (text) => agenda.line(text),
          () => agenda.end(),
        )
        return { agenda }
      }
      case 'recordings': {
        const { names, recordings } = asking
        const microphone = new FileMicrophone(recordings.rate, clock, () => agenda.played())
        const play = (index: number): void => microphone.play(recordings.sounds[index] ?? new Uint8Array(0))
        const agenda = new RecordingsAgenda(names, play, parts)
        if (screen.isTerminal)
          this.#listen(
            () => screen.note('The recording speaks; type with --text.'),
            () => this.#end(),
          )
        return { agenda, microphone }
      }
    }
  }

  #listen(say: (text: string) => void, end: () => void): void {
    const { screen } = this.#parts
    screen.onTyped({
      line: (line) => {
        const command = commandIn(line)
        if (command.type === 'say') say(command.text)
        if (command.type === 'tell') screen.note(command.text)
        if (command.type === 'quit') this.#end()
        if (command.type === 'control' && !this.#send({ type: 'control', op: command.op })) screen.note(notSent)
      },
      end,
      interrupt: () => this.interrupt(),
    })
  }

  #say(text: string): boolean {
    const isSent = this.#send({ type: 'input_text', content: text })
    if (isSent) this.#turns.asked(this.#parts.clock.now())
    else this.#parts.screen.note(notSent)
    return isSent
  }

  /** What comes out of a pipe nobody has seen. */
  #sayAloud(text: string): boolean {
    const isSent = this.#say(text)
    if (isSent && !this.#parts.journal) this.#parts.screen.said(`you: ${text}`)
    return isSent
  }

  // ── The line ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #line(): ConnectionListener {
    const { journal } = this.#parts
    return {
      opened: (ack) => this.#opened(ack),
      message: (message) => this.#message(message),
      sound: (header, bytes) => this.#sound(header, bytes),
      lost: (why) => this.#lost(why),
      over: (end) => void this.#ended(end),
      sent: (message) => journal?.went(message),
    }
  }

  #opened(ack: LiveHelloAck): void {
    const { journal, notes, screen } = this.#parts
    journal?.came(ack)
    if (!journal || ack.is_resumed) this.#captions.opened(ack)
    if (!ack.is_resumed) for (const note of notes) screen.note(note)
    this.#player.go()
    this.#microphone?.go()
    if (!this.#isRecording) this.#record()
    this.#agenda?.open()
  }

  #record(): void {
    const { journal } = this.#parts
    const microphone = this.#microphone
    if (!microphone) return
    this.#isRecording = true
    this.#send({ type: 'audio_stream_start', format: { encoding: 'pcm_s16le', sample_rate_hz: microphone.rate } })
    microphone.start({
      sound: (pcm) => {
        this.#spokenEnd?.push(pcm)
        if (this.#connection.sendSound(pcm)) journal?.soundWent(pcm.length)
      },
      failed: (why) => this.failed(`The microphone is off: ${why}. To type instead: vai live --text`),
    })
  }

  #message(message: LiveServerMessage): void {
    const { journal, screen } = this.#parts
    journal?.came(message)
    if (!journal) this.#captions.message(message)
    this.#turns.message(message)
    switch (message.type) {
      case 'assistant_audio_start':
        this.#player.begin(message.assistant_audio_id)
        break
      case 'assistant_audio_end':
        this.#player.end(message.assistant_audio_id)
        break
      case 'audio_reset':
        this.#player.reset(message.assistant_audio_id)
        break
      case 'tool_call':
        this.#send({ type: 'tool_result', tool_use_id: message.tool_use_id, content: noTools, is_error: true })
        break
      case 'turn_metrics': {
        const latency = latencyOf(message, this.#turns.takeHeardMs(message.turn_id))
        if (latency !== '' && !journal) screen.note(latency)
        break
      }
      case 'session_end':
        if (message.reason !== 'end_session' && message.reason !== 'idle') this.#hasFailed = true
        if (message.reason === 'idle' && this.#agenda) this.#hasFailed = true
        this.#isEnding = true
        break
      default:
    }
    this.#agenda?.happened(message)
  }

  #sound(header: LiveAssistantAudioChunkHeader, bytes: Uint8Array): void {
    const { journal } = this.#parts
    journal?.came(header)
    journal?.sound(bytes.length)
    this.#player.give(header.assistant_audio_id, bytes)
  }

  #lost(why: string): void {
    const { asking, screen } = this.#parts
    this.#captions.lost(why)
    // A recording waits; people do not.
    if (asking.type === 'person' && asking.microphone) screen.note('What you say meanwhile is not heard.')
    // The gateway gives out again what it does not know to be played.
    this.#player.hold()
    this.#microphone?.hold()
  }

  async #ended(end: ConnectionEnd): Promise<void> {
    const { screen } = this.#parts
    this.#isEnding = true
    this.#endBound?.cancel()
    this.#agenda?.close()
    if (end.type === 'refused') screen.note(`There is no session at ${this.#parts.address}: ${end.why}`)
    if (end.type === 'lost') screen.note(`The session is lost: ${end.why}`)
    await Promise.all([this.#microphone?.stop(), this.#player.close()])
    this.#over(this.#exitAfter(end))
  }

  #exitAfter({ type }: ConnectionEnd): Exit {
    const isAttended = this.#parts.asking.type === 'person'
    if (type === 'refused' || type === 'lost') return exits.noSession
    if (this.#hasFailed || (!isAttended && this.#turns.hasFailed)) return exits.failed
    if (type === 'broken') return this.#wasInterrupted ? exits.interrupted : exits.noSession
    return this.#wasInterrupted && !isAttended ? exits.interrupted : exits.done
  }
}

/** For the last message of a session that is to end. */
const endMs = 3000
const notSent = 'That was not sent: there is no line now.'
const noTools = 'This client has no tools.'
