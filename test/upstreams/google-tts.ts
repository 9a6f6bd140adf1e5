import protos from '@google-cloud/text-to-speech/build/protos/protos.js'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type status,
} from '@grpc/grpc-js'
import { wavHeader } from '../../audio/wav.ts'
import { mp3Of, opusOf, saidInMp3, saidInOpus } from './compressed.ts'
import {
  accessProblem,
  configProblem,
  inputProblem,
  type Keys,
  oneShotProblem,
  type Refusal,
  refusal,
} from './google-tts-rules.ts'

type V1 = typeof protos.google.cloud.texttospeech.v1
const v1: V1 = protos.google.cloud.texttospeech.v1
const { AudioEncoding } = v1

export const googleKey = 'sk-test-google-tts-0123456789'

export interface GoogleScript extends Partial<Keys> {
  /** After how many milliseconds without input a stream is broken off. */
  readonly idleMs?: number
  /** What becomes of the first call, the second, …; the last one repeats. By default all speak. */
  readonly steps?: readonly [Step, ...Step[]]
}

/** `refuse` after so many messages of sound; `silent` forever after so many; `hangUp` by ending well after so many. */
export type Step =
  | { readonly type: 'speak' }
  | { readonly type: 'refuse'; readonly refusal: Refusal; readonly after?: number }
  | { readonly type: 'silent'; readonly after?: number }
  | { readonly type: 'hangUp'; readonly after: number }
  /** These messages in the place of sound; as messages of the protocol, or, where `raw`, as bytes that are none. */
  | { readonly type: 'send'; readonly messages: readonly Uint8Array[]; readonly raw?: boolean }
  /** Sound without an end, as fast as it is taken. */
  | { readonly type: 'flood'; readonly bytes: number }

export interface GoogleCall {
  readonly method: 'StreamingSynthesize' | 'SynthesizeSpeech'
  readonly metadata: Metadata
  config: protos.google.cloud.texttospeech.v1.IStreamingSynthesizeConfig | undefined
  request: protos.google.cloud.texttospeech.v1.ISynthesizeSpeechRequest | undefined
  readonly inputs: string[]
  /** Whether the client said that no more comes. */
  halfClosed: boolean
  /** Whether the client gave the call up. */
  cancelled: boolean
  /** How many messages of sound were written. */
  sent: number
}

export interface GoogleTts {
  readonly url: string
  readonly port: number
  readonly calls: readonly GoogleCall[]
  close(): void
}

/**
 * Google Cloud Text-to-Speech over real gRPC. What it speaks is its text: each byte of it is two samples of PCM of that value, one byte of µ-law, or
 * stands in a frame of MP3 or Opus, so that what was said can be read from the sound (`saidIn`).
 */
export async function startGoogleTts(script: GoogleScript = {}): Promise<GoogleTts> {
  const calls: GoogleCall[] = []
  const server = new Server()
  const settings = { apiKey: googleKey, idleMs: 5000, ...script }
  const begin = (method: GoogleCall['method'], metadata: Metadata): { call: GoogleCall; step: Step } => {
    const { steps = [{ type: 'speak' }] } = script
    const step = steps[Math.min(calls.length, steps.length - 1)] ?? { type: 'speak' }
    const call = {
      method,
      metadata,
      config: undefined,
      request: undefined,
      inputs: [],
      halfClosed: false,
      cancelled: false,
      sent: 0,
    }
    calls.push(call)
    return { call, step }
  }
  const path = '/google.cloud.texttospeech.v1.TextToSpeech'
  server.register(
    `${path}/StreamingSynthesize`,
    (stream: ServerDuplexStream<Request, Uint8Array>) => {
      const { call, step } = begin('StreamingSynthesize', stream.metadata)
      new Stream(stream, call, step, settings).start()
    },
    Buffer.from,
    (bytes: Buffer) => v1.StreamingSynthesizeRequest.decode(bytes),
    'bidi',
  )
  server.register(
    `${path}/SynthesizeSpeech`,
    (unary: ServerUnaryCall<OneShot, Uint8Array>, reply: (error: Refusal | null, message?: Uint8Array) => void) => {
      const { call, step } = begin('SynthesizeSpeech', unary.metadata)
      call.request = unary.request
      unary.on('cancelled', () => {
        call.cancelled = true
      })
      const answer = answerTo(call, step, settings)
      if (answer instanceof Uint8Array) reply(null, answer)
      else if (answer) reply(answer.refusal)
    },
    Buffer.from,
    (bytes: Buffer) => v1.SynthesizeSpeechRequest.decode(bytes),
    'unary',
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { url: `http://127.0.0.1:${port}`, port, calls, close: () => server.forceShutdown() }
}

/** What was said, read from sound as this server makes it. */
export function saidIn(sound: Uint8Array, encoding: 'pcm' | 'mulaw' | 'mp3' | 'opus'): string {
  if (encoding === 'mulaw') return Buffer.from(sound).toString()
  if (encoding === 'mp3') return saidInMp3(sound)
  if (encoding === 'opus') return saidInOpus(sound)
  return Buffer.from(sound.filter((_, index) => index % 4 === 0)).toString()
}

/** A refusal to come after some sound, or at once. */
export function refused(code: status, details: string, after = 0): Step {
  return { type: 'refuse', refusal: refusal(code, details), after }
}

type Request = protos.google.cloud.texttospeech.v1.StreamingSynthesizeRequest
type OneShot = protos.google.cloud.texttospeech.v1.SynthesizeSpeechRequest
type Settings = Keys & { readonly idleMs: number }

class Stream {
  readonly #stream: ServerDuplexStream<Request, Uint8Array>
  readonly #call: GoogleCall
  readonly #step: Step
  readonly #settings: Settings
  #idle: NodeJS.Timeout | undefined
  #isOver = false

  constructor(stream: ServerDuplexStream<Request, Uint8Array>, call: GoogleCall, step: Step, settings: Settings) {
    this.#stream = stream
    this.#call = call
    this.#step = step
    this.#settings = settings
  }

  start(): void {
    const stream = this.#stream
    stream.on('cancelled', () => {
      this.#call.cancelled = true
      this.#over()
    })
    stream.on('error', () => this.#over())
    const problem = accessProblem(stream.metadata, this.#settings)
    if (problem) {
      this.#refuse(problem)
      return
    }
    if (this.#step.type === 'refuse' && !this.#step.after) {
      this.#refuse(this.#step.refusal)
      return
    }
    this.#wait()
    stream.on('data', (request: Request) => this.#take(request))
    stream.on('end', () => this.#finish())
  }

  #take(request: Request): void {
    if (this.#isOver) return
    this.#wait()
    const problem = this.#problemIn(request)
    const text = request.input?.text ?? ''
    if (problem) {
      this.#refuse(problem)
    } else if (this.#call.config) {
      this.#call.inputs.push(text)
      this.#speak(text)
    } else {
      this.#call.config = request.streamingConfig ?? undefined
    }
  }

  #problemIn({ streamingConfig, input }: Request): Refusal | undefined {
    if (!this.#call.config) return configProblem(streamingConfig)
    if (streamingConfig) return refusal(3, 'Only the first message may contain a streaming_config.')
    return inputProblem(input?.text)
  }

  #speak(text: string): void {
    const step = this.#step
    if (step.type === 'send') {
      for (const message of step.messages) this.#send(message, step.raw)
      return
    }
    if (step.type === 'flood') {
      this.#flood(step.bytes)
      return
    }
    const encoding = this.#call.config?.streamingAudioConfig?.audioEncoding
    for (const piece of cut(soundOf(text, encoding))) {
      const isEnough = 'after' in step && this.#call.sent >= (step.after ?? 0)
      if (isEnough && step.type === 'silent') return
      if (isEnough && step.type === 'refuse') {
        this.#refuse(step.refusal)
        return
      }
      if (isEnough) {
        this.#over()
        this.#stream.end()
        return
      }
      this.#send(piece)
    }
  }

  #send(audioContent: Uint8Array, raw = false): boolean {
    this.#call.sent++
    return this.#stream.write(raw ? audioContent : v1.StreamingSynthesizeResponse.encode({ audioContent }).finish())
  }

  #flood(bytes: number): void {
    const more = (): void => {
      if (this.#isOver) return
      if (this.#send(Buffer.alloc(bytes))) setImmediate(more)
      else this.#stream.once('drain', more)
    }
    more()
  }

  #finish(): void {
    this.#call.halfClosed = true
    clearTimeout(this.#idle)
    if (this.#isOver || this.#step.type === 'silent') return
    if (this.#step.type === 'flood') return
    if (!this.#call.config) {
      this.#refuse(refusal(3, 'The first message must contain a streaming_config.'))
      return
    }
    this.#over()
    this.#stream.end()
  }

  #wait(): void {
    clearTimeout(this.#idle)
    const details = 'Stream aborted due to long duration elapsed without input sent.'
    this.#idle = setTimeout(() => this.#refuse(refusal(10, details)), this.#settings.idleMs)
  }

  #refuse(problem: Refusal): void {
    if (this.#isOver) return
    this.#over()
    this.#stream.emit('error', problem)
  }

  #over(): void {
    this.#isOver = true
    clearTimeout(this.#idle)
  }
}

/** The bytes of the answer, or a refusal; undefined where there never is one. */
function answerTo(call: GoogleCall, step: Step, keys: Keys): Uint8Array | { readonly refusal: Refusal } | undefined {
  const request = call.request ?? {}
  const problem = accessProblem(call.metadata, keys) ?? oneShotProblem(request)
  if (problem) return { refusal: problem }
  if (step.type === 'refuse') return step
  if (step.type === 'silent') return undefined
  call.inputs.push(request.input?.text ?? '')
  call.sent = 1
  if (step.type === 'send') {
    const [first = Buffer.alloc(0)] = step.messages
    return step.raw ? first : v1.SynthesizeSpeechResponse.encode({ audioContent: first }).finish()
  }
  const encoding = request.audioConfig?.audioEncoding
  const sound = soundOf(request.input?.text ?? '', encoding)
  const hasHeader = encoding === AudioEncoding.LINEAR16 || encoding === AudioEncoding.MULAW
  const rate = request.audioConfig?.sampleRateHertz || 24_000
  const audioContent = hasHeader ? Buffer.concat([headerOf(encoding, rate, sound.length), sound]) : sound
  return v1.SynthesizeSpeechResponse.encode({ audioContent }).finish()
}

function soundOf(text: string, encoding: unknown): Uint8Array {
  const bytes = Buffer.from(text)
  if (encoding === AudioEncoding.MULAW || encoding === AudioEncoding.ALAW) return bytes
  if (encoding === AudioEncoding.OGG_OPUS) return opusOf(text)
  if (encoding === AudioEncoding.MP3) return mp3Of(text)
  const samples = Buffer.alloc(bytes.length * 4)
  for (const [index, byte] of bytes.entries()) {
    samples.writeInt16LE(byte, index * 4)
    samples.writeInt16LE(byte, index * 4 + 2)
  }
  return samples
}

/** Pieces that end in the middle of samples. */
function cut(sound: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(sound.length / 37) }, (_, index) => sound.subarray(index * 37, (index + 1) * 37))
}

function headerOf(encoding: unknown, rate: number, length: number): Uint8Array {
  const header = wavHeader(rate, length)
  if (encoding !== AudioEncoding.MULAW) return header
  const view = new DataView(header.buffer)
  view.setUint16(20, 7, true)
  view.setUint32(28, rate, true)
  view.setUint16(32, 1, true)
  view.setUint16(34, 8, true)
  return header
}
