import { type Clock, systemClock } from '../clock.ts'
import { UsageError, type VAIError } from '../errors.ts'
import type {
  LiveAudioFormat,
  LiveClientMessage,
  LiveControl,
  LiveHello,
  LiveHelloAck,
  LiveInputText,
  LiveSessionEnd,
  LiveSessionUpdate,
  LiveToolResult,
} from '../generated/types.gen.ts'
import type { Logger, ProviderKeys } from '../options.ts'
import { checkLiveOptions, checkLiveParams } from './checks.ts'
import { LiveCourse, leave, streamStart } from './course.ts'
import type { LiveEvent, LiveEventMap } from './event.ts'
import { helloOf } from './hello.ts'
import type { LiveMicrophone } from './microphone.ts'
import type { LivePlayer, PlaybackMark } from './player.ts'
import { type LiveDial, platformDial } from './socket.ts'

/**
 * What a session is to be: `hello` of the protocol, without what the client fills in itself. Where the gateway asks for a key, it may have 256 KiB,
 * as the key comes with it; for longer conversations a `dial` can put the key into a header of the upgrade.
 */
export type LiveParams = Omit<LiveHello, 'type' | 'protocol_version' | 'auth' | 'byok' | 'resume'>

/** What a session is kept with. What is `undefined` is as if it were absent. */
export interface LiveConnectOptions {
  /** Plays the assistant, and tells what of it was heard; marks are sent by themselves then. Without one, sound comes as `audio` events. */
  readonly player?: LivePlayer | undefined
  /** What the gateway hears; `audio_in` is its format then. Without one, sound can be sent with `startAudio` and `sendAudio`. */
  readonly microphone?: LiveMicrophone | undefined
  /** Breaks it off, also while it is being opened. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the session is there. Default: the client's `timeout`, but 10,000 at most; 0 for no limit. */
  readonly timeout?: number | undefined
  /** Beside those of the client; `undefined` leaves out one of the client's. */
  readonly providerKeys?: ProviderKeys | undefined
  /** In place of the client's. */
  readonly dial?: LiveDial | undefined
  /** Is called with the session before anything is sent, for listeners that are to hear all of it. `id` and `ack` are not there yet. */
  readonly prepare?: ((session: LiveSession) => void) | undefined
}

/** What a client knows of where its sessions are. */
export interface LiveContext {
  /** Of the gateway, with `http:` or `https:`, without `/v1`. */
  readonly baseURL: string
  readonly apiKey?: string | undefined
  readonly providerKeys: ProviderKeys
  readonly defaultModel?: string | undefined
  readonly dial?: LiveDial | undefined
  readonly logger?: Logger | undefined
  /** Milliseconds; 0 for no limit. */
  readonly timeout?: number | undefined
}

/** How a session ended. */
export interface LiveEnd {
  /** `ended`: as the protocol has it; `reason` and `usage` are there. `lost`: the line was, and there was no way back. `broken`: it was broken off here. */
  readonly type: 'ended' | 'lost' | 'broken'
  readonly why: string
  readonly reason?: LiveSessionEnd['reason']
  /** What the session came to. */
  readonly usage?: LiveSessionEnd['usage']
  /** Of a session that was lost, or aborted by its signal. */
  readonly error?: VAIError
}

/** As `Live.connect` has it. */
export async function connectLive(
  params: LiveParams,
  options: LiveConnectOptions,
  context: LiveContext,
  clock: Pick<Clock, 'now' | 'after'> = systemClock,
): Promise<LiveSession> {
  let course: LiveCourse
  let session: LiveSession
  try {
    checkLiveOptions(options)
    checkLiveParams(params)
    const { player, microphone, signal, prepare } = options
    const dial = options.dial ?? context.dial ?? platformDial()
    if (!dial) throw new UsageError(noWebSocket)
    const hello = helloOf(params, options, context)
    const { baseURL, logger } = context
    const url = `${baseURL.replace(/^http/, 'ws')}/v1/live`
    const connectMs = connectMsOf(options, context)
    course = new LiveCourse({ url, dial, hello, player, microphone, signal, logger, connectMs, clock })
    session = new LiveSession(course)
    prepare?.(session)
  } catch (error) {
    await leave({ ...options }, clock)
    throw error
  }
  await course.open()
  return session
}

/** Within which a session has to be there. */
function connectMsOf(options: Pick<LiveConnectOptions, 'timeout'>, context: Pick<LiveContext, 'timeout'>): number {
  return options.timeout ?? Math.min(context.timeout || usualConnectMs, usualConnectMs)
}

const usualConnectMs = 10_000
const noWebSocket =
  'This platform has no WebSocket (Node has one from version 22 on). Give the client that of a package: `npm install ws`, `import WebSocket from "ws"`, and `dial: webSocketDial(WebSocket)`.'

/**
 * A conversation that is spoken, as `live.connect` opens it. What the gateway says comes to those who listen (`on`), in its order and at once, and to those who iterate;
 * what comes before anybody does either is kept.
 *
 * What is sent goes out at once. Where there is no line, methods that send give `false`, and nothing has been sent: `connection_resumed` says
 * when it can be. `true` says that it has gone out, not that it has arrived: the gateway confirms nothing, and what goes out to a line that is
 * already dead is lost with it. `connection_lost` has it as `unconfirmed`, so that it can be sent again.
 */
export class LiveSession implements AsyncIterable<LiveEvent> {
  readonly #course: LiveCourse
  #hasAudio = false

  /** @internal `live.connect()` makes them. */
  constructor(course: LiveCourse) {
    this.#course = course
  }

  /** The gateway's name for the session. */
  get id(): string {
    return this.ack.session_id
  }

  /** What was agreed: the last `hello_ack`. Its `resume_token` opens the session to whoever has it. */
  get ack(): LiveHelloAck {
    const { ack } = this.#course
    if (!ack) throw new UsageError('There is no session yet: `hello_ack` has not come.')
    return ack
  }

  /** How it ended, once the player and the microphone are closed, too. Never rejects. */
  get ended(): Promise<LiveEnd> {
    return this.#course.ended
  }

  /**
   * Calls `listener` with each event of a type, or, for `*`, of any, in the moment in which it happens. Gives what takes that back. What a
   * listener throws, or rejects with where it is asynchronous, is told to the client's logger, or else thrown to nobody in particular, as by an
   * `EventTarget`.
   */
  on<Type extends keyof LiveEventMap>(type: Type, listener: (event: LiveEventMap[Type]) => void): () => void {
    return this.#course.events.on(type, listener)
  }

  /**
   * All events from now on, and those before that nobody was told. It ends with the session, and throws where that was lost or aborted. Leaving it
   * ends nothing but itself: each who iterates has all events for himself. Up to 10,000 events wait to be read; where there are more, it gives
   * those, and then throws a `UsageError`.
   */
  [Symbol.asyncIterator](): AsyncIterator<LiveEvent, undefined> {
    return this.#course.events.iterate()
  }

  /** Types something: a turn, or, with `commit: false`, what goes with the next turn. */
  say(content: LiveInputText['content'], { commit }: { readonly commit?: boolean } = {}): boolean {
    return this.send({ type: 'input_text', content, ...(commit !== undefined && { commit }) })
  }

  /** Answers a `tool_call`. */
  toolResult(id: string, content: LiveToolResult['content'], { isError }: { readonly isError?: boolean } = {}): boolean {
    return this.send({ type: 'tool_result', tool_use_id: id, content, ...(isError !== undefined && { is_error: isError }) })
  }

  /** Changes what the session is, from the next turn on. What cannot be done comes as an `error` event, and changes nothing. */
  update(changes: Omit<LiveSessionUpdate, 'type'>): boolean {
    return this.send({ ...changes, type: 'session_update' })
  }

  /** Stops the assistant, and keeps what was heard. */
  interrupt(): boolean {
    return this.#control('interrupt')
  }

  /** As `interrupt`; the turn is told to be `cancelled`. */
  cancelTurn(): boolean {
    return this.#control('cancel_turn')
  }

  /** The gateway hears nothing until `unmute`. */
  mute(): boolean {
    return this.#control('mute')
  }

  /** The gateway hears again. */
  unmute(): boolean {
    return this.#control('unmute')
  }

  /** Tells what was played, for those who play without a player, and said `features.send_playback_marks`. */
  mark(mark: PlaybackMark): boolean {
    return this.send({ ...mark, type: 'playback_mark' })
  }

  /**
   * Begins to send sound of one's own, in the format of `audio_in`. Throws a `UsageError` where the session has none, or has a microphone, which
   * does this by itself.
   */
  startAudio(format?: LiveAudioFormat): boolean {
    if (this.#course.hasMicrophone) throw new UsageError('The session has a microphone, which sends its sound by itself.')
    if (!this.ack.audio_in) throw new UsageError('The session hears nothing: it needs `audio_in` from its beginning.')
    const isSent = this.send(streamStart(format))
    this.#hasAudio ||= isSent
    return isSent
  }

  /**
   * Sends sound as it is recorded: whole samples, some 20 ms at a time. False where it was not sent, or not to its end: before `startAudio`, while
   * there is no line, or while more waits to be sent than anybody would want to hear so late.
   */
  sendAudio(sound: Uint8Array): boolean {
    if (sound.length % 2 !== 0 && this.ack.audio_in?.encoding !== 'mulaw')
      throw new UsageError('Sound has to be whole samples, of two bytes each.')
    return this.#hasAudio && this.#course.sendSound(sound)
  }

  /** No more sound comes, until another `startAudio`. */
  endAudio(): boolean {
    this.#hasAudio = false
    return this.send({ type: 'audio_stream_end' })
  }

  /** Sends any message of the protocol. Throws a `TypeError` where it is no JSON. */
  send(message: LiveClientMessage): boolean {
    return this.#course.send(message)
  }

  /** Ends the session. Resolves when it has ended: in its own way, or, where it takes more than three seconds, broken off. */
  end(): Promise<LiveEnd> {
    return this.#course.end()
  }

  /** Breaks it off at once. The gateway keeps the session for a moment, in case that the client comes back: `end` leaves nothing there. */
  close(): void {
    this.#course.close()
  }

  #control(op: LiveControl['op']): boolean {
    return this.send({ type: 'control', op })
  }
}
