import protobuf from 'protobufjs/light.js'
import type { OneShotRequest, StreamingRequest } from './encode.ts'
import { descriptor } from './protocol.gen.ts'
import type { Detail } from './status.ts'

/** Google's protocol, as far as it is spoken here: messages to bytes, and bytes to what is wanted of a message. */
export interface Protocol {
  streamingRequest(message: StreamingRequest): Uint8Array
  oneShotRequest(message: OneShotRequest): Uint8Array
  /** The sound in an answer; empty where it has none. Throws where the bytes are no such message. */
  soundIn(kind: AnswerKind, bytes: Uint8Array): Uint8Array
  /** What `grpc-status-details-bin` has. Throws where the bytes are no status. */
  detailsIn(bytes: Uint8Array): readonly Detail[]
}

export type AnswerKind = 'StreamingSynthesizeResponse' | 'SynthesizeSpeechResponse'

const root = protobuf.Root.fromJSON(descriptor)
const service = 'google.cloud.texttospeech.v1'
const streamingRequest = root.lookupType(`${service}.StreamingSynthesizeRequest`)
const oneShotRequest = root.lookupType(`${service}.SynthesizeSpeechRequest`)
const answers: Readonly<Record<AnswerKind, protobuf.Type>> = {
  StreamingSynthesizeResponse: root.lookupType(`${service}.StreamingSynthesizeResponse`),
  SynthesizeSpeechResponse: root.lookupType(`${service}.SynthesizeSpeechResponse`),
}
const status = root.lookupType('google.rpc.Status')

/** Loads what reads and writes messages with it: to be imported where the first call is made. */
export const protocol: Protocol = {
  streamingRequest: (message) => streamingRequest.encode(message).finish(),
  oneShotRequest: (message) => oneShotRequest.encode(message).finish(),
  soundIn: (kind, bytes) => bytesOf(answers[kind].decode(bytes), 'audioContent'),
  detailsIn(bytes) {
    const details = fieldOf(status.decode(bytes), 'details')
    if (!Array.isArray(details)) return []
    return details.map((each: unknown) => ({ type: String(fieldOf(each, 'type_url') ?? ''), value: bytesOf(each, 'value') }))
  },
}

/** A field that was not sent has a default that is an empty list. */
function bytesOf(message: unknown, field: string): Uint8Array {
  const value = fieldOf(message, field)
  return value instanceof Uint8Array ? value : new Uint8Array()
}

function fieldOf(message: unknown, field: string): unknown {
  return message instanceof protobuf.Message ? Reflect.get(message, field) : undefined
}
