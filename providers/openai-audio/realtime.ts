import { parseJson } from '../../api/json.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import type { Flush, SpeechCall, SttEvent, SttOptions, TurnOptions } from '../speech.ts'
import { closedEarly, openSpeechSocket, type SpeechSocket } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { VoiceWatch } from '../speech-watch.ts'
import { streamRate } from './capabilities.ts'
import type { AudioDialect, HearingDialect, RealtimeDialect } from './dialect.ts'
import { SoundSender } from './realtime-sender.ts'
import { sessionUpdate } from './realtime-session.ts'
import { RealtimeTranscript } from './realtime-transcript.ts'
import { headersOf, sourceOf } from './request.ts'

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
  const sound = new SourceReader(audio)
  let socket: SpeechSocket | undefined
  try {
    const opened = await openSpeechSocket(call, source, requestOf(call, dialect, realtime))
    socket = opened
    await opened.send(sessionUpdate(call.model, options, traits, realtime))
    const hasTurns = (traits.turns ?? 'none') !== 'none'
    const transcript = new RealtimeTranscript(source, hasTurns)
    const watch = hasTurns ? new VoiceWatch(opened, { encoding: 'pcm', rate: streamRate }, call) : undefined
    const sender = new SoundSender(opened, transcript, watch)
    sender.run(sound).catch((reason: unknown) => opened.fail(reason))
    yield { type: 'open' }
    yield* told(opened, transcript, sender, watch, source)
    const { seconds } = transcript
    yield { type: 'done', ...(seconds !== undefined && { seconds }) }
  } finally {
    sound.stop()
    socket?.close()
  }
}

function requestOf(call: SpeechCall, dialect: AudioDialect, { modelInURL }: RealtimeDialect) {
  const query: (readonly [string, string])[] = [['intent', 'transcription']]
  if (modelInURL) query.push(['model', call.model])
  return { path: '/realtime', query, headers: headersOf(call, dialect) }
}

/** What the socket tells, until all sound was sent and all of it is transcribed. */
async function* told(
  socket: SpeechSocket,
  transcript: RealtimeTranscript,
  sender: SoundSender,
  watch: VoiceWatch | undefined,
  source: FailureSource,
): AsyncGenerator<SttEvent> {
  // A greeting.
  socket.owe()
  for (let isGreeted = false; !isGreeted || !sender.isDone || transcript.isOwed; isGreeted = true) {
    const message = await socket.receive()
    watch?.answered()
    if (message.type === 'closed') {
      if (sender.isDone && !transcript.isOwed) return
      throw closedEarly(source, message)
    }
    const event = message.type === 'text' ? parseJson(message.text) : undefined
    if (event === undefined) {
      throw protocolFailure(source, 'a message is no JSON.', message.type === 'text' ? message.text : undefined)
    }
    const known = transcript.feed(event)
    if (transcript.isOwed) socket.owe()
    else socket.settle()
    yield* known
  }
}
