import { onAbort } from '../abort.ts'
import { base64Of } from '../base64.ts'
import type { Clock } from '../clock.ts'
import { AbortedError, type VAIError } from '../errors.ts'
import type { LiveAudioFormat, LiveClientMessage, LiveHello, LiveHelloAck, LiveServerMessage } from '../generated/types.gen.ts'
import type { Logger } from '../options.ts'
import { wordsOf } from '../thrown.ts'
import { type ConnectionEnd, LiveConnection, type SoundPiece } from './connection.ts'
import { LiveEvents } from './events.ts'
import { withoutKeys } from './hello.ts'
import type { LiveMicrophone } from './microphone.ts'
import { Playback } from './playback.ts'
import type { LivePlayer } from './player.ts'
import type { LiveEnd } from './session.ts'
import type { LiveDial } from './socket.ts'

export interface LiveCourseParts {
  readonly url: string
  readonly dial: LiveDial
  readonly hello: LiveHello
  readonly player: LivePlayer | undefined
  readonly microphone: LiveMicrophone | undefined
  readonly signal: AbortSignal | undefined
  readonly logger: Logger | undefined
  /** Milliseconds until the session has to be there; 0 for no limit. */
  readonly connectMs: number
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** The course of one session: joins the line, the player, the microphone and those who listen, and leaves nothing behind. */
export class LiveCourse {
  readonly events: LiveEvents
  readonly ended: Promise<LiveEnd>
  readonly #parts: LiveCourseParts
  readonly #connection: LiveConnection
  readonly #resolve: (end: LiveEnd) => void
  readonly #playback: Playback | undefined
  /** As long as it is heard: undefined once it has failed, and once the session is over. */
  #microphone: LiveMicrophone | undefined
  /** Whether the gateway waits for sound of the microphone. */
  #isStreaming = false
  /** Whether the gateway may not know that it does; to be told twice does it no harm. */
  #isStartLost = false
  #ack: LiveHelloAck | undefined
  #onOpened: () => void = () => undefined
  #sessionEnd: Extract<LiveServerMessage, { type: 'session_end' }> | undefined
  /** Why it was broken off, where that is an error. */
  #broken: VAIError | undefined
  #frames = 0
  #endBound: (() => void) | undefined
  /** Leaves the caller's signal alone. */
  #leaveSignal: (() => void) | undefined

  constructor(parts: LiveCourseParts) {
    const { url, dial, hello, connectMs, clock, player, microphone, logger } = parts
    this.#parts = parts
    this.#microphone = microphone
    this.events = new LiveEvents(logger)
    this.#playback =
      player &&
      new Playback(player, {
        mark: (mark) => this.send({ type: 'playback_mark', ...mark }),
        began: (id, inMs) => this.events.tell({ type: 'playback_began', assistant_audio_id: id, in_ms: inMs }),
        failed: (why) => this.events.tell({ type: 'player_failed', why }),
      })
    let resolve: (end: LiveEnd) => void = () => undefined
    this.ended = new Promise((ended) => {
      resolve = ended
    })
    this.#resolve = resolve
    this.#connection = new LiveConnection({
      url,
      dial,
      hello,
      connectMs,
      clock,
      listener: {
        opened: (ack) => this.#opened(ack),
        message: (message) => this.#message(message),
        sound: (of, bytes) => this.#sound(of, bytes),
        lost: (why, unconfirmed) => this.#lost(why, unconfirmed),
        over: (end) => void this.#over(end),
        sent: (message) => this.events.note('sent', withoutKeys(message)),
      },
    })
  }

  /** The last `hello_ack`; undefined where there is no session yet. */
  get ack(): LiveHelloAck | undefined {
    return this.#ack
  }

  get hasMicrophone(): boolean {
    return this.#parts.microphone !== undefined
  }

  /** Resolves once the session is there. Rejects with a `VAIError`, when nothing is left of it. */
  async open(): Promise<void> {
    const { signal } = this.#parts
    const opened = new Promise<'opened'>((resolve) => {
      this.#onOpened = () => resolve('opened')
    })
    this.#leaveSignal = signal && onAbort(signal, () => this.#abort(signal))
    if (!signal?.aborted) this.#connection.open()
    const first = await Promise.race([opened, this.ended])
    if (first !== 'opened') throw first.error ?? new AbortedError('The session was closed before it was there.')
  }

  send(message: LiveClientMessage): boolean {
    return this.#connection.send(message)
  }

  /** Whole samples; false where not all of it could be sent. */
  sendSound(bytes: Uint8Array): boolean {
    const most = (this.#ack?.limits.audio_frame_bytes ?? usualFrameBytes) & ~1
    for (let from = 0; from < bytes.length; from += most) {
      if (!this.#sendFrame(bytes.subarray(from, from + most))) return false
    }
    return true
  }

  #sendFrame(bytes: Uint8Array): boolean {
    const isBase64 = this.#ack?.features.audio_transport === 'base64_json'
    const frame = isBase64 ? JSON.stringify({ type: 'audio_frame', seq: this.#frames, data_b64: base64Of(bytes) }) : bytes
    const isSent = this.#connection.sendSound(frame)
    if (isSent) {
      this.#frames++
      this.events.note('sound_sent', bytes.length)
    }
    return isSent
  }

  /** Ends the session as the protocol has it, or breaks off what is none. */
  end(): Promise<LiveEnd> {
    if (!this.send({ type: 'control', op: 'end_session' })) this.close()
    else this.#endBound ??= this.#parts.clock.after(endMs, () => this.close())
    return this.ended
  }

  close(): void {
    this.#connection.close()
  }

  #abort({ reason: cause }: AbortSignal): void {
    this.#broken = new AbortedError('The live session was aborted.', { cause })
    this.#connection.close('it was aborted')
  }

  // ── The line ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #opened(ack: LiveHelloAck): void {
    const isFirst = this.#ack === undefined
    this.#ack = ack
    this.events.tell(ack)
    if (isFirst) {
      this.#playback?.open(ack.audio_out)
      if (this.#microphone) void this.#record(this.#microphone)
    } else {
      this.events.tell({ type: 'connection_resumed', ack })
      this.#playback?.resumed()
      this.#bid((microphone) => microphone.go?.())
      if (!this.#microphone) this.#endStream()
      else if (this.#isStartLost) this.#startStream(this.#microphone)
    }
    this.#onOpened()
  }

  #message(message: LiveServerMessage): void {
    switch (message.type) {
      // Sound has come apart from its message.
      case 'assistant_audio_chunk_header':
      case 'assistant_audio_chunk':
        return
      case 'audio_reset':
        // Silence comes first, whatever those who listen do.
        this.#playback?.message(message)
        this.events.tell(message)
        return
      case 'session_end':
        this.#sessionEnd = message
        break
      default:
    }
    this.events.tell(message)
    this.#playback?.message(message)
  }

  #sound({ seq, assistant_audio_id, alignment }: SoundPiece, sound: Uint8Array): void {
    const isPlayed = this.#playback?.give(assistant_audio_id, sound) ?? false
    // What is played is kept for nobody.
    if (!isPlayed || this.events.isHeard)
      this.events.tell({ type: 'audio', seq, assistant_audio_id, sound, ...(alignment && { alignment }) }, !isPlayed)
  }

  #lost(why: string, unconfirmed: readonly LiveClientMessage[]): void {
    // The gateway gives out again what it does not know to be played.
    this.#playback?.lost()
    this.#bid((microphone) => microphone.hold?.())
    this.#isStartLost = unconfirmed.some(({ type }) => type === 'audio_stream_start')
    this.events.tell({ type: 'connection_lost', why, unconfirmed })
  }

  async #over(end: ConnectionEnd): Promise<void> {
    const { player, microphone, clock } = this.#parts
    this.#leaveSignal?.()
    this.#endBound?.()
    // What they say from now on, as they are closed, is no news.
    this.#playback?.close()
    this.#microphone = undefined
    const error = end.error ?? this.#broken
    this.events.end(error)
    await leave({ player, microphone }, clock)
    const { reason, usage } = this.#sessionEnd ?? {}
    this.#resolve({
      type: end.type === 'refused' ? 'lost' : end.type,
      why: end.why,
      ...(reason !== undefined && { reason }),
      ...(usage && { usage }),
      ...(error && { error }),
    })
  }

  // ── What records ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #record(microphone: LiveMicrophone): Promise<void> {
    this.#startStream(microphone)
    try {
      await microphone.start({
        sound: (bytes) => this.#microphone && void this.sendSound(bytes),
        failed: (why) => this.#microphoneFailed(why),
      })
    } catch (error) {
      this.#microphoneFailed(wordsOf(error))
    }
  }

  #startStream({ format }: LiveMicrophone): void {
    this.#isStreaming = this.send(streamStart(format))
  }

  #bid(order: (microphone: LiveMicrophone) => void): void {
    if (!this.#microphone) return
    try {
      order(this.#microphone)
    } catch (error) {
      this.#microphoneFailed(wordsOf(error))
    }
  }

  #microphoneFailed(why: string): void {
    if (!this.#microphone) return
    this.#microphone = undefined
    this.#endStream()
    this.events.tell({ type: 'microphone_failed', why })
  }

  /** Where there is no line, it has to be said later. */
  #endStream(): void {
    if (this.#isStreaming && this.send({ type: 'audio_stream_end' })) this.#isStreaming = false
  }
}

/** Sound begins, in a format or in that of `hello`. */
export function streamStart(format: LiveAudioFormat | undefined): LiveClientMessage {
  return { type: 'audio_stream_start', ...(format && { format: { ...format } }) }
}

/** Gives up what plays and what records. Resolves once nothing of them is left, or after a while. */
export async function leave(
  { player, microphone }: Pick<Partial<LiveCourseParts>, 'player' | 'microphone'>,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  const left = Promise.allSettled([(async () => player?.close())(), (async () => microphone?.stop())()])
  let cancel: () => void = () => undefined
  const bound = new Promise<void>((resolve) => {
    cancel = clock.after(leaveMs, resolve)
  })
  await Promise.race([left, bound])
  cancel()
}

/** For the last message of a session that is to end. */
const endMs = 3000
/** For a player and a microphone to leave nothing behind. */
const leaveMs = 5000
const usualFrameBytes = 8192
