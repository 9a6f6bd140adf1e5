import {
  AbortedError,
  APIError,
  ConnectionError,
  ConnectionTimeoutError,
  type LiveClientMessage,
  type LiveConnectionLost,
  type LiveConnectOptions,
  type LiveEnd,
  type LiveEvent,
  type LiveHelloAck,
  type LiveMicrophone,
  type LivePlayer,
  type LiveServerMessage,
  type LiveSession,
  UnexpectedResponseError,
  VAIError,
} from '@vai/sdk'
import type { Clock } from '../../api/clock.ts'
import { type Exit, exits, startOne } from '../ending.ts'
import { type Agenda, type AgendaParts, LinesAgenda, RecordingsAgenda } from './agenda.ts'
import { Captions, latencyOf } from './captions.ts'
import { commandIn } from './commands.ts'
import { FileMicrophone } from './file-microphone.ts'
import { HeardMicrophone } from './heard-microphone.ts'
import type { Journal } from './journal.ts'
import type { Recordings } from './recordings.ts'
import type { Screen } from './screen.ts'
import { SpokenEnd } from './spoken-end.ts'
import { Turns } from './turns.ts'

export interface TalkParts {
  /** Of the gateway, as people are told it. */
  readonly address: string
  readonly connect: (options: LiveConnectOptions) => Promise<LiveSession>
  readonly player: LivePlayer
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
  | { readonly type: 'person'; readonly microphone: LiveMicrophone | undefined; readonly types: boolean }
  | { readonly type: 'lines' }
  | { readonly type: 'recordings'; readonly names: readonly string[]; readonly recordings: Recordings }

/** One conversation from its beginning to its end: joins the session, whoever asks and the screen. */
export class LiveTalk {
  readonly #parts: TalkParts
  readonly #microphone: LiveMicrophone | undefined
  readonly #agenda: Agenda | undefined
  readonly #captions: Captions
  readonly #turns = new Turns()
  #session: LiveSession | undefined
  #isEnding = false
  #wasInterrupted = false
  #hasFailed = false

  constructor(parts: TalkParts) {
    this.#parts = parts
    this.#captions = new Captions(parts.screen)
    const { agenda, microphone } = this.#prepare(parts.asking)
    this.#agenda = agenda
    this.#microphone = microphone && this.#heard(microphone)
  }

  /** Gives with what it ends. */
  async run(): Promise<Exit> {
    const { connect, player } = this.#parts
    const microphone = this.#microphone
    try {
      const session = await connect({
        player,
        ...(microphone && { microphone }),
        prepare: (session) => this.#begin(session),
      })
      return this.#exitAfter(this.#ended(await session.ended))
    } catch (error) {
      if (!(error instanceof VAIError)) throw error
      this.#over()
      if (error instanceof AbortedError) return this.#exitAfter('broken')
      this.#parts.screen.note(this.#refusalIn(error))
      return exits.noSession
    }
  }

  /** Ctrl-C: the first ends the session, the second does not wait for that. */
  interrupt(): void {
    const isSecond = this.#wasInterrupted
    this.#wasInterrupted = true
    if (isSecond) this.#session?.close()
    else this.#end()
  }

  /** It cannot go on: `why` is told. */
  #fail(why: string): void {
    if (this.#isEnding) return
    this.#parts.screen.note(why)
    this.#hasFailed = true
    this.#end()
  }

  #end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    void this.#session?.end()
  }

  #send(message: LiveClientMessage): boolean {
    return this.#session?.send(message) ?? false
  }

  // ── Who asks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #prepare(asking: Asking): { readonly agenda?: Agenda; readonly microphone?: LiveMicrophone } {
    const { screen, clock } = this.#parts
    const parts: AgendaParts = {
      turns: this.#turns,
      clock,
      onOver: (problem) => (problem === undefined ? this.#end() : this.#fail(problem)),
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

  /** Listens to what is recorded: when somebody has finished speaking, the wait for the answer begins. */
  #heard(microphone: LiveMicrophone): LiveMicrophone {
    const { clock } = this.#parts
    const spokenEnd = new SpokenEnd(microphone.format.sample_rate_hz, clock, (at) => this.#turns.asked(at))
    return new HeardMicrophone(microphone, (pcm) => spokenEnd.push(pcm))
  }

  // ── The session ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(session: LiveSession): void {
    const { journal } = this.#parts
    this.#session = session
    session.on('*', (event) => this.#happened(event))
    session.on('sent', (message) => journal?.went(message))
    session.on('sound_sent', (bytes) => journal?.soundWent(bytes))
  }

  #happened(event: LiveEvent): void {
    const { clock, journal } = this.#parts
    switch (event.type) {
      case 'hello_ack':
        this.#opened(event)
        return
      case 'audio':
        journal?.sound(event)
        return
      case 'playback_began':
        this.#turns.heard(event.assistant_audio_id, clock.now() + event.in_ms)
        return
      case 'player_failed':
        this.#fail(event.why)
        return
      case 'microphone_failed':
        this.#fail(`The microphone is off: ${event.why}. To type instead: vai live --text`)
        return
      case 'connection_lost':
        this.#lost(event)
        return
      case 'connection_resumed':
        return
      default:
        this.#message(event)
    }
  }

  #opened(ack: LiveHelloAck): void {
    const { journal, notes, screen } = this.#parts
    journal?.came(ack)
    if (!journal || ack.is_resumed) this.#captions.opened(ack)
    if (!ack.is_resumed) for (const note of notes) screen.note(note)
    this.#agenda?.open()
  }

  #message(message: Message): void {
    const { journal, screen } = this.#parts
    journal?.came(message)
    if (!journal) this.#captions.message(message)
    this.#turns.message(message)
    switch (message.type) {
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

  #lost({ why, unconfirmed }: LiveConnectionLost): void {
    const { asking, screen } = this.#parts
    this.#captions.lost(why)
    for (const message of unconfirmed) {
      if (message.type === 'input_text') screen.note(`This may not have arrived: ${String(message.content)}`)
    }
    // A recording waits; people do not.
    if (asking.type === 'person' && asking.microphone) screen.note('What you say meanwhile is not heard.')
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #ended({ type, why }: LiveEnd): LiveEnd['type'] {
    this.#over()
    if (type === 'lost') this.#parts.screen.note(`The session is lost: ${why}`)
    return type
  }

  #over(): void {
    this.#isEnding = true
    this.#agenda?.close()
  }

  /** Of what the gateway says it is told as well where it stands. */
  #refusalIn(error: VAIError): string {
    const { address } = this.#parts
    const { message } = error
    if (error instanceof APIError) {
      const { param } = error
      return `There is no session at ${address}: ${param === undefined || message.includes(param) ? message : `${param}: ${message}`}`
    }
    if (error instanceof UnexpectedResponseError) return `${ended(message)} Is ${address} the gateway's? --url names another.`
    if (error instanceof ConnectionError && !(error instanceof ConnectionTimeoutError)) return `${ended(message)} ${startOne}`
    return message
  }

  #exitAfter(type: LiveEnd['type']): Exit {
    const isAttended = this.#parts.asking.type === 'person'
    if (type === 'lost') return exits.noSession
    if (this.#hasFailed || (!isAttended && this.#turns.hasFailed)) return exits.failed
    if (type === 'broken') return this.#wasInterrupted ? exits.interrupted : exits.noSession
    return this.#wasInterrupted && !isAttended ? exits.interrupted : exits.done
  }
}

/** What the gateway says, but for what has its own way. */
type Message = Exclude<LiveServerMessage, { type: 'hello_ack' }>

/** With the end of a sentence. */
function ended(words: string): string {
  return words.replace(/[.]?$/, '.')
}

const notSent = 'That was not sent: there is no line now.'
const noTools = 'This client has no tools.'
