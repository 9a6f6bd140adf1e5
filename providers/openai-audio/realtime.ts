import { GatewayError } from '../../api/error.ts'
import { parseJson } from '../../api/json.ts'
import { disconnected, type FailureSource, httpFailure, protocolFailure, streamFailure } from '../failure.ts'
import { HandshakeRefused, type Socket, type SocketClosed, type SocketMessage, socketURL } from '../socket.ts'
import type { Flush, SpeechCall, SttEvent, SttOptions, TurnOptions } from '../speech.ts'
import type { AudioDialect, HearingDialect, RealtimeDialect } from './dialect.ts'
import { SoundSender } from './realtime-sender.ts'
import { sessionUpdate } from './realtime-session.ts'
import { RealtimeTranscript } from './realtime-transcript.ts'
import { keyHeaders, sourceOf } from './request.ts'

/** Hears PCM at 24 kHz while it comes, over OpenAI's Realtime API in its mode for transcripts. */
export async function* transcribe(
  audio: AsyncIterable<Uint8Array | Flush>,
  options: SttOptions & TurnOptions,
  call: SpeechCall,
  dialect: AudioDialect,
  hearing: HearingDialect,
  realtime: RealtimeDialect,
): AsyncGenerator<SttEvent> {
  const source = sourceOf(call, dialect)
  const traits = hearing.traits(call.model)
  const turns = traits.turns ?? 'none'
  // What ends the socket at once is the caller, or sound that cannot be had any more.
  const ending = new AbortController()
  const onAbort = (): void => ending.abort(call.signal.reason)
  if (call.signal.aborted) throw call.signal.reason
  call.signal.addEventListener('abort', onAbort, { once: true })
  let socket: Socket | undefined
  let sender: SoundSender | undefined
  try {
    socket = await open(call, dialect, realtime, ending.signal)
    await socket.send(sessionUpdate(call.model, options, traits, realtime))
    const transcript = new RealtimeTranscript(source, turns !== 'none')
    sender = new SoundSender(audio, socket, transcript, call.clock, (reason) => ending.abort(reason))
    yield* told(socket, transcript, sender, call, source)
    const { seconds } = transcript
    yield { type: 'done', ...(seconds !== undefined && { seconds }) }
  } finally {
    call.signal.removeEventListener('abort', onAbort)
    sender?.stop()
    socket?.close()
  }
}

async function open(call: SpeechCall, dialect: AudioDialect, realtime: RealtimeDialect, signal: AbortSignal): Promise<Socket> {
  const query: (readonly [string, string])[] = [['intent', 'transcription']]
  if (realtime.modelInURL) query.push(['model', call.model])
  try {
    return await call.sockets.open({
      provider: dialect.id,
      url: socketURL(call.baseURL, '/realtime', query),
      headers: { ...keyHeaders(call, dialect), 'x-client-request-id': call.requestId, ...call.trace, ...dialect.headers },
      connectMs: call.timeouts.firstByteMs,
      signal,
    })
  } catch (error) {
    if (!(error instanceof HandshakeRefused)) throw error
    throw httpFailure(sourceOf(call, dialect), error, error.body, call.clock.wallclock())
  }
}

/** What the socket tells, until all sound was sent and all of it is transcribed. */
async function* told(
  socket: Socket,
  transcript: RealtimeTranscript,
  sender: SoundSender,
  { clock, timeouts: { idleMs } }: SpeechCall,
  source: FailureSource,
): AsyncGenerator<SttEvent> {
  let isGreeted = false
  let heardAt = clock.now()
  const isOver = (): boolean => sender.isDone && !transcript.isOwed
  while (!(isGreeted && isOver())) {
    const isOwed = !isGreeted || transcript.isOwed
    const patience = isOwed ? Math.max(heardAt, transcript.committedAt) + idleMs - clock.now() : idleMs
    const message = await received(socket, Math.max(1, patience), () => {
      // Nobody has to say a word while nothing is asked for, and what is asked for meanwhile has its own time.
      const isStillOwed = !isGreeted || transcript.isOwed
      return isStillOwed && clock.now() - Math.max(heardAt, transcript.committedAt) >= idleMs
    })
    if (message === undefined) continue
    heardAt = clock.now()
    isGreeted = true
    if (message.type === 'closed') {
      if (isOver()) return
      throw message.reason === '' ? disconnected(source) : streamFailure(source, { message: message.reason })
    }
    const event = message.type === 'text' ? parseJson(message.text) : undefined
    if (event === undefined) {
      throw protocolFailure(source, 'a message is no JSON.', message.type === 'text' ? message.text : undefined)
    }
    for (const known of transcript.feed(event)) yield known
  }
}

/** The next message; undefined where none came in time and that is no fault. */
async function received(
  socket: Socket,
  idleMs: number,
  isLate: () => boolean,
): Promise<SocketMessage | SocketClosed | undefined> {
  try {
    return await socket.receive(idleMs)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'provider_timeout' && !isLate()) return undefined
    throw error
  }
}
