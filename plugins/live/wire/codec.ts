import { isRecord } from '../../../api/json.ts'
import { SchemaMismatch } from '../../../api/schema-mismatch.ts'
import type { Issue, LiveAudioFrame, LiveClientMessage, LiveFeatures, LiveServerMessage } from '../../../api/schemas.gen.ts'
import type { Validator } from '../../../api/validator.ts'
import { bodyValidators } from '../../../api/validators.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import { rateIssue } from '../format.ts'
import type { SoundMessage } from '../transport.ts'
import { readJson } from './json.ts'
import { readMsgpack } from './msgpack.ts'
import { jsonAlone, jsonAndBinary, msgpack, type Outgoing } from './outgoing.ts'
import { invalidMessage, maxValuesLater, Refusal, refused } from './refusal.ts'
import { type Violation, violation } from './violations.ts'

/** Between the frames of a WebSocket and the messages of the protocol. One for each socket: it knows what this client has agreed. */
export interface Codec {
  /** Whether a frame is sound by its kind alone, or could be one, as sound stands within messages. */
  kindOf(isBinary: boolean): 'sound' | 'message' | 'either'
  /** What a frame holds. Never throws. Sound before `agree` is a violation: `hello_expected`. */
  decode(data: Uint8Array, isBinary: boolean): Incoming
  /** What `hello` asks for, or what the session that it resumes had agreed: from here on sound is taken. */
  agree(terms: Terms): void
  /** A frame: a string is a text frame, bytes are a binary one. */
  encode(message: LiveServerMessage): string | Uint8Array
  /** The frames of a piece of sound, to be sent with nothing between. Nothing in them is shared with `sound.bytes`. */
  encodeSound(sound: SoundMessage): readonly (string | Uint8Array)[]
}

export type Incoming =
  | { readonly type: 'message'; readonly message: ControlMessage }
  /** A frame of sound in the format of `audio_in`, whole samples of it. May be a view of the frame that was decoded. */
  | { readonly type: 'sound'; readonly bytes: Uint8Array }
  | { readonly type: 'violation'; readonly violation: Violation }

/** Everything but sound, whichever way that comes. */
export type ControlMessage = Exclude<LiveClientMessage, LiveAudioFrame>

export interface Terms {
  readonly audioTransport: AudioTransport
  /** What the client sends; undefined where it has no microphone. */
  readonly audioIn: RawFormat | undefined
}

export type AudioTransport = NonNullable<LiveFeatures['audio_transport']>

export interface CodecOptions {
  /** Whether messages are MessagePack, by the subprotocol. Then sound is `bin` within them, whatever `audio_transport` says. */
  readonly isMsgpack: boolean
  /** The largest message, in bytes. */
  readonly maxBytes: number
  /** How many values `hello` may hold. */
  readonly maxHelloValues: number
}

export function createCodec(options: CodecOptions): Codec {
  return new SocketCodec(options)
}

class SocketCodec implements Codec {
  readonly #options: CodecOptions
  #terms: Terms | undefined
  #outgoing: Outgoing
  #lastSeq = -1

  constructor(options: CodecOptions) {
    this.#options = options
    this.#outgoing = options.isMsgpack ? msgpack() : jsonAndBinary()
  }

  agree(terms: Terms): void {
    this.#terms = terms
    if (!this.#options.isMsgpack) this.#outgoing = terms.audioTransport === 'binary' ? jsonAndBinary() : jsonAlone()
  }

  encode(message: LiveServerMessage): string | Uint8Array {
    return this.#outgoing.encode(message)
  }

  encodeSound(sound: SoundMessage): readonly (string | Uint8Array)[] {
    return this.#outgoing.encodeSound(sound)
  }

  kindOf(isBinary: boolean): 'sound' | 'message' | 'either' {
    if (this.#options.isMsgpack) return 'either'
    if (isBinary) return 'sound'
    return this.#terms?.audioTransport === 'base64_json' ? 'either' : 'message'
  }

  decode(data: Uint8Array, isBinary: boolean): Incoming {
    try {
      return this.#decoded(data, isBinary)
    } catch (error) {
      if (error instanceof Refusal) return { type: 'violation', violation: error.violation }
      throw error
    }
  }

  #decoded(data: Uint8Array, isBinary: boolean): Incoming {
    const { isMsgpack, maxBytes } = this.#options
    if (data.length > maxBytes)
      throw new Refusal(
        violation('message_too_large', { message: `The message has ${data.length} bytes; at most ${maxBytes} are allowed.` }),
      )
    if (isMsgpack) {
      if (!isBinary) throw new Refusal(violation('unexpected_text'))
      return this.#packed(data)
    }
    if (isBinary) {
      if (this.#agreed().audioTransport !== 'binary') throw new Refusal(violation('unexpected_binary'))
      return this.#sound(data)
    }
    const message = checked(readJson(data, this.#mostValues))
    if (message.type !== 'audio_frame') return this.#control(message)
    if (this.#agreed().audioTransport === 'binary') throw new Refusal(violation('unexpected_audio_frame'))
    if (message.data_b64 === undefined) throw refused(['data_b64'], 'required', 'the field is required')
    return this.#frame(message, bytesOfBase64(message.data_b64))
  }

  /** All messages from before come with `hello` alone. */
  get #mostValues(): number {
    return this.#terms ? maxValuesLater : this.#options.maxHelloValues
  }

  #packed(data: Uint8Array): Incoming {
    const { value, binAt } = readMsgpack(data, this.#mostValues)
    const isFrame = isRecord(value) && value.type === 'audio_frame'
    const misplaced = binAt.find((path) => !(isFrame && path.length === 1 && path[0] === 'data'))
    if (misplaced) throw refused(misplaced, 'invalid_type', 'bytes may stand in `data` of `audio_frame` only')
    if (isFrame && 'data_b64' in value) throw refused(['data_b64'], 'unknown_field', 'in MessagePack sound is bytes in `data`')
    // The schema has the form of JSON alone.
    const { data: bytes, ...rest } = isFrame ? value : {}
    const message = checked(isFrame ? rest : value)
    if (message.type !== 'audio_frame') return this.#control(message)
    this.#agreed()
    if (bytes === undefined) throw refused(['data'], 'required', 'the field is required')
    if (!(bytes instanceof Uint8Array)) throw refused(['data'], 'invalid_type', 'bytes are expected')
    return this.#frame(message, bytes)
  }

  #control(message: ControlMessage): Incoming {
    // A stream counts its frames from where it likes.
    if (message.type === 'audio_stream_start') this.#lastSeq = -1
    return { type: 'message', message }
  }

  #frame({ seq }: LiveAudioFrame, bytes: Uint8Array): Incoming {
    const sound = this.#sound(bytes)
    if (seq <= this.#lastSeq) throw new Refusal(violation('frame_out_of_order'))
    this.#lastSeq = seq
    return sound
  }

  #sound(bytes: Uint8Array): Incoming {
    const { audioIn } = this.#agreed()
    if (!audioIn) throw new Refusal(violation('unexpected_sound'))
    if (bytes.length === 0) throw new Refusal(violation('empty_frame'))
    if (audioIn.encoding === 'pcm' && bytes.length % 2 === 1) throw new Refusal(violation('half_sample'))
    return { type: 'sound', bytes }
  }

  #agreed(): Terms {
    if (!this.#terms) throw new Refusal(violation('hello_expected'))
    return this.#terms
  }
}

/** A message that the contract takes. */
function checked(value: unknown): LiveClientMessage {
  if (isClientMessage(value)) return value
  const { issues = [] } = new SchemaMismatch(check.errors ?? [])
  throw new Refusal(invalidMessage([...issues, ...ratesWrongIn(value)]))
}

/** Rates are told of beside what else is wrong, though the schema knows nothing of which go with what. */
function ratesWrongIn(value: unknown): Issue[] {
  if (!isRecord(value) || value.type !== 'hello') return []
  return (['audio_in', 'audio_out'] as const).flatMap((field) => {
    const format = value[field]
    const rate = isRecord(format) ? format.sample_rate_hz : undefined
    // What is no whole number, or out of all bounds, the schema has told of.
    if (!isRecord(format) || typeof rate !== 'number' || !Number.isInteger(rate) || rate < 8000 || rate > 48_000) return []
    return rateIssue(field, format.encoding, rate) ?? []
  })
}

function isClientMessage(value: unknown): value is LiveClientMessage {
  return check(value)
}

const check = clientMessageCheck()

function clientMessageCheck(): Validator {
  const compiled = bodyValidators.LiveClientMessage
  if (!compiled) throw new TypeError('no check was generated for the messages of live clients')
  return compiled
}

/** The bytes of what is base64 in its one proper form: with its padding, and without anything that decoders pass over. */
function bytesOfBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw refused(['data_b64'], 'invalid_base64', 'base64 with its padding is expected')
  return bytes
}
