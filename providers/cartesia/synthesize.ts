import { createSseParser, SseError, type SseMessage } from '../../api/sse.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { disconnected, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { SoundGuard } from '../speech-guard.ts'
import { ask, mayBeSound, mediaTypeOf, soundless } from '../speech-http.ts'
import { headersOf, sourceOf } from './connection.ts'
import { speechRequest } from './encode.ts'
import { speechMessage } from './messages.ts'

/** A whole text. Times are told by another endpoint, which gives nothing but raw sound. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const guard = new SoundGuard(options.format, source)
  guard.expect(text.length)
  const isTimed = options.alignment === true && isRaw(options.format)
  const asked = { ...speechRequest(options, call.model), transcript: text }
  yield* isTimed ? timedSound(asked, call, guard, source) : plainSound(asked, call, guard, source)
  guard.end()
  yield { type: 'done' }
}

async function* plainSound(asked: object, call: SpeechCall, guard: SoundGuard, source: FailureSource): AsyncGenerator<TtsEvent> {
  const headers = { ...headersOf(call), accept: '*/*' }
  const response = await ask(call, source, { path: '/tts/bytes', headers, body: jsonBytes(asked) })
  if (!mayBeSound(response)) throw await soundless(response, call, source)
  for await (const bytes of response.body) {
    guard.take(bytes)
    yield { type: 'audio', bytes }
  }
}

async function* timedSound(asked: object, call: SpeechCall, guard: SoundGuard, source: FailureSource): AsyncGenerator<TtsEvent> {
  const headers = { ...headersOf(call), accept: 'text/event-stream' }
  const body = jsonBytes({ ...asked, add_timestamps: true })
  const response = await ask(call, source, { path: '/tts/sse', headers, body })
  if (mediaTypeOf(response) !== 'text/event-stream') throw await soundless(response, call, source)
  const parser = createSseParser(maxEventBytes)
  for await (const chunk of response.body) {
    for (const { data } of eventsIn(parser, chunk, source)) {
      const message = speechMessage(data, source)
      if (message.type === 'done') {
        response.body.release()
        return
      }
      if (message.type === 'error') throw streamFailure(source, message.body)
      if (message.type === 'words') yield { type: 'alignment', ...message.alignment }
      if (message.type === 'chunk' && guard.take(message.bytes)) yield { type: 'audio', bytes: message.bytes }
    }
  }
  throw disconnected(source)
}

function eventsIn(parser: ReturnType<typeof createSseParser>, chunk: Uint8Array, source: FailureSource): readonly SseMessage[] {
  try {
    return parser.feed(chunk)
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
}
