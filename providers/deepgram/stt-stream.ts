import { protocolFailure } from '../failure.ts'
import type { Flush, RawFormat, SpeechCall, SttEvent, SttOptions, TurnOptions } from '../speech.ts'
import { closedEarly, type SpeechSocket } from '../speech-socket.ts'
import { SourceReader } from '../speech-source.ts'
import { AnswerWatch } from '../speech-watch.ts'
import { isFluxStt } from './capabilities.ts'
import { openSocket, readMessage } from './connection.ts'
import { codeOfReason, sourceOf } from './failure.ts'
import { FluxDecoder } from './stt-flux.ts'
import { FluxFeeder } from './stt-flux-feeder.ts'
import { NovaDecoder } from './stt-nova.ts'
import { NovaFeeder } from './stt-nova-feeder.ts'
import { fluxQuery, novaQuery } from './stt-query.ts'

/** Hears sound while it comes, over the socket of the model's family. */
export async function* transcribe(
  audio: AsyncIterable<Uint8Array | Flush>,
  format: RawFormat,
  options: SttOptions & TurnOptions,
  call: SpeechCall,
): AsyncGenerator<SttEvent> {
  const source = sourceOf(call)
  const family = isFluxStt(call.model) ? flux : nova
  const sound = new SourceReader(audio)
  try {
    const socket = await openSocket(call, source, family.path, family.query(call.model, format, options))
    const watch = new AnswerWatch(socket, call)
    const { decoder, feeder } = family.ears(socket, watch, format, call)
    try {
      feeder.run(sound).catch((reason: unknown) => socket.fail(reason))
      yield { type: 'open' }
      while (!decoder.isOver) {
        const message = await socket.receive()
        watch.answered()
        if (message.type === 'closed') {
          // Only a socket that was asked to close, and did so without a complaint, has said all.
          if (!feeder.isDone || (message.code !== 1000 && message.code !== 1005)) throw closedEarly(source, message, codeOfReason)
          for (const event of decoder.end()) yield event
        } else if (message.type === 'text') {
          for (const event of decoder.take(readMessage(message.text, source))) yield event
        } else {
          throw protocolFailure(source, 'it sent bytes where words were expected.')
        }
      }
    } finally {
      feeder.stop()
      socket.close()
    }
  } finally {
    sound.stop()
  }
}

/** How a family of models is spoken to. */
interface Family {
  readonly path: string
  readonly query: typeof novaQuery
  ears(
    socket: SpeechSocket,
    watch: AnswerWatch,
    format: RawFormat,
    call: SpeechCall,
  ): { readonly decoder: Decoder; readonly feeder: Feeder }
}

interface Decoder {
  /** True once all has been said. */
  readonly isOver: boolean
  take(message: Readonly<Record<string, unknown>>): readonly SttEvent[]
  /** The socket was closed as it should be. */
  end(): readonly SttEvent[]
}

/** Sends the sound on. */
interface Feeder {
  /** True once all of the sound was sent. */
  readonly isDone: boolean
  run(sound: SourceReader<Uint8Array | Flush>): Promise<void>
  /** Nobody listens any more. */
  stop(): void
}

const nova: Family = {
  path: '/v1/listen',
  query: novaQuery,
  ears(socket, watch, format, call) {
    const decoder = new NovaDecoder(sourceOf(call))
    return { decoder, feeder: new NovaFeeder(socket, watch, format, call.clock, decoder) }
  },
}

const flux: Family = {
  path: '/v2/listen',
  query: fluxQuery,
  ears(socket, watch, format, call) {
    const decoder = new FluxDecoder(sourceOf(call))
    return { decoder, feeder: new FluxFeeder(socket, watch, format, call.clock, decoder) }
  },
}
