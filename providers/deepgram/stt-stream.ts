import { protocolFailure } from '../failure.ts'
import type { Flush, RawFormat, SpeechCall, SttEvent, SttOptions, TurnOptions } from '../speech.ts'
import { isFluxStt } from './capabilities.ts'
import { closedEarly, sourceOf } from './failure.ts'
import { leave, openSession, readMessage, type Session } from './session.ts'
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
  const pieces = audio[Symbol.asyncIterator]()
  try {
    const session = await openSession(call, source, family.path, family.query(call.model, format, options))
    const { decoder, feeder } = family.ears(session, format, call)
    try {
      session.feed(feeder.run(pieces))
      while (!decoder.isOver) {
        const message = await session.receive()
        if (message.type === 'closed') {
          // Only a socket that was asked to close, and did so without a complaint, has said all.
          if (!feeder.isDone || (message.code !== 1000 && message.code !== 1005)) throw closedEarly(source, message)
          for (const event of decoder.end()) yield event
        } else if (message.type === 'text') {
          for (const event of decoder.take(readMessage(message.text, source))) yield event
        } else {
          throw protocolFailure(source, 'it sent bytes where words were expected.')
        }
      }
    } finally {
      feeder.stop()
      session.close()
    }
  } finally {
    leave(pieces)
  }
}

/** How a family of models is spoken to. */
interface Family {
  readonly path: string
  readonly query: typeof novaQuery
  ears(session: Session, format: RawFormat, call: SpeechCall): { readonly decoder: Decoder; readonly feeder: Feeder }
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
  run(pieces: AsyncIterator<Uint8Array | Flush>): Promise<void>
  /** Nobody listens any more. */
  stop(): void
}

const nova: Family = {
  path: '/v1/listen',
  query: novaQuery,
  ears(session, format, call) {
    const decoder = new NovaDecoder(sourceOf(call))
    return { decoder, feeder: new NovaFeeder(session, format, call.clock, decoder) }
  },
}

const flux: Family = {
  path: '/v2/listen',
  query: fluxQuery,
  ears(session, format, call) {
    const decoder = new FluxDecoder(sourceOf(call))
    return { decoder, feeder: new FluxFeeder(session, format, call.clock, decoder) }
  },
}
