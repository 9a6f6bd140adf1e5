import { GatewayError } from '../../api/error.ts'
import { disconnected, type FailureSource } from '../failure.ts'
import type { SpeechCall, SpeechFormat, SpeechIssue, TtsEvent, TtsOptions } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { SoundGuard } from '../speech-guard.ts'
import { WavUnwrapper } from '../speech-wav.ts'
import { check, maxInputBytes } from './capabilities.ts'
import { configOf, inputOf, oneShotOf } from './encode.ts'
import { type Line, lineFor, soundIn } from './line.ts'
import { readVoice, type Voice } from './voice.ts'

/** A whole text: as a stream where Google makes one of this voice and format, because its sound begins sooner, else at once. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const voice = voiceOf(options, call.model)
  const bytes = Buffer.byteLength(text)
  if (bytes > maxInputBytes) {
    const message = `Google Cloud speaks at most ${maxInputBytes} bytes of text at once; these are ${bytes}.`
    throw new GatewayError('provider_request_too_large', { message })
  }
  const line = await lineFor(call)
  yield* streams(voice, options) ? streamed(text, voice, options, line) : atOnce(text, voice, options, line)
  yield { type: 'done' }
}

/** Throws where what is asked for is more than Google can do. */
export function voiceOf(options: TtsOptions, model: string): Voice {
  const [issue] = check(options, model)
  if (issue) throw refusal(issue)
  const read = readVoice(options, model)
  if ('issue' in read) throw refusal(read.issue)
  return read.voice
}

function refusal({ code, field, message }: SpeechIssue): GatewayError {
  return new GatewayError('unsupported_parameter', { code, param: field, message })
}

/** Other voices are refused in streams, as MP3 is. */
export function streams({ family }: Voice, { format }: TtsOptions): boolean {
  return family === 'Chirp3-HD' && format.encoding !== 'mp3'
}

async function* streamed(text: string, voice: Voice, options: TtsOptions, line: Line): AsyncGenerator<TtsEvent> {
  const sound = new SoundGuard(options.format, line.source)
  sound.expect(text.length)
  const rpc = await line.open('StreamingSynthesize')
  try {
    await rpc.send(line.protocol.streamingRequest(configOf(voice, options)))
    await rpc.send(line.protocol.streamingRequest(inputOf(text)))
    rpc.end()
    for (;;) {
      const message = await rpc.receive()
      if (message === undefined) break
      const bytes = soundIn(line, message, 'StreamingSynthesizeResponse')
      if (sound.take(bytes)) yield { type: 'audio', bytes }
    }
    sound.end()
  } finally {
    rpc.close()
  }
}

/** The whole sound comes in one message. */
export async function* atOnce(text: string, voice: Voice, options: TtsOptions, line: Line): AsyncGenerator<TtsEvent> {
  const sound = new SoundGuard(options.format, line.source)
  sound.expect(text.length)
  const rpc = await line.open('SynthesizeSpeech')
  try {
    await rpc.send(line.protocol.oneShotRequest(oneShotOf(text, voice, options)))
    rpc.end()
    const message = await rpc.receive()
    if (message === undefined) throw disconnected(line.source)
    const bytes = unwrapped(soundIn(line, message, 'SynthesizeSpeechResponse'), options.format, line.source)
    sound.take(bytes)
    sound.end()
    // What Google says of the call comes behind its answer.
    await rpc.receive()
    yield { type: 'audio', bytes }
  } finally {
    rpc.close()
  }
}

/** What is in an answer of raw sound without the WAV header that stands before some of them. */
function unwrapped(bytes: Uint8Array, format: SpeechFormat, source: FailureSource): Uint8Array {
  if (!isRaw(format)) return bytes
  const wav = new WavUnwrapper(format, source, false)
  const sound = wav.feed(bytes)
  const rest = wav.end()
  return sound.length > 0 ? sound : rest
}
