import { type FailureSource, protocolFailure } from '../failure.ts'
import type { SpeechCall } from '../speech.ts'
import { Channels } from './channels.ts'
import { type Access, Accesses } from './credentials.ts'
import type { AnswerKind, Protocol } from './protocol.ts'
import { Rpc } from './rpc.ts'
import { silent, statusFailure } from './status.ts'

/** Everything that calls share: connections, and the tokens that keys are exchanged for. Both are bounded. */
const channels = new Channels()
const accesses = new Accesses()

/** What one call to Google is made with. */
export interface Line {
  readonly call: SpeechCall
  readonly source: FailureSource
  readonly protocol: Protocol
  /** Opens a call of a method of the service. To be closed. */
  open(method: 'StreamingSynthesize' | 'SynthesizeSpeech'): Promise<Rpc>
}

/** Throws `provider_key_unusable`, before anybody is asked. */
export async function lineFor(call: SpeechCall): Promise<Line> {
  const { apiKey, baseURL, signal, clock, timeouts, trace } = call
  signal.throwIfAborted()
  const source = { id: 'google', name: 'Google Cloud', apiKey }
  const access = await accesses.for(apiKey, clock.wallclock())
  // Loaded with the first call, as gRPC is.
  const { protocol } = await import('./protocol.ts')
  signal.throwIfAborted()
  return {
    call,
    source,
    protocol,
    async open(method) {
      const channel = await channels.take(baseURL)
      return new Rpc({
        channel,
        path: `${baseURL.pathname.replace(/\/+$/, '')}/google.cloud.texttospeech.v1.TextToSpeech/${method}`,
        headers: headersOf(access, trace),
        signal,
        clock,
        timeouts,
        failureOf: (outcome) => statusFailure(source, outcome, access.secrets, protocol.detailsIn),
        silent: (hasBegun) => silent(source, hasBegun),
        released: (isDead) => channels.release(baseURL, channel, isDead),
      })
    },
  }
}

function headersOf({ headers }: Access, trace: SpeechCall['trace']): Readonly<Record<string, string>> {
  if (!trace) return headers
  const { traceparent, tracestate } = trace
  return { ...headers, traceparent, ...(tracestate !== undefined && { tracestate }) }
}

/** The sound in a message. Throws `provider_protocol` where the bytes are no such message. */
export function soundIn({ source, protocol }: Line, bytes: Buffer, kind: AnswerKind): Uint8Array {
  try {
    return protocol.soundIn(kind, bytes)
  } catch (cause) {
    throw protocolFailure(source, 'it sent a message that cannot be read.', undefined, cause)
  }
}
