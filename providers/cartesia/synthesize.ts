import { createSseParser, SseError, type SseMessage } from '../../api/sse.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { disconnected, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes, readErrorBody, type UpstreamResponse } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { contentType, request, sourceOf } from './connection.ts'
import { speechRequest } from './encode.ts'
import { speechMessage } from './messages.ts'
import { SoundLimit } from './sound-limit.ts'

/** A whole text. Times are told by another endpoint, which gives nothing but raw sound. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const limit = new SoundLimit(options.format, source)
  limit.allow(text.length)
  const isTimed = options.alignment === true && options.format.encoding !== 'mp3'
  yield* isTimed ? timedSound(text, options, call, limit, source) : plainSound(text, options, call, limit, source)
  limit.whole()
  limit.some()
  yield { type: 'done' }
}

async function* plainSound(
  text: string,
  options: TtsOptions,
  call: SpeechCall,
  limit: SoundLimit,
  source: FailureSource,
): AsyncGenerator<TtsEvent> {
  const body = { ...speechRequest(options, call.model), transcript: text }
  const response = await request(call, '/tts/bytes', { accept: '*/*' }, jsonBytes(body))
  if (!isSound(response)) throw await notSound(response, call, source)
  for await (const bytes of response.body) {
    limit.add(bytes.length)
    yield { type: 'audio', bytes }
  }
}

async function* timedSound(
  text: string,
  options: TtsOptions,
  call: SpeechCall,
  limit: SoundLimit,
  source: FailureSource,
): AsyncGenerator<TtsEvent> {
  const body = { ...speechRequest(options, call.model), transcript: text, add_timestamps: true }
  const response = await request(call, '/tts/sse', { accept: 'text/event-stream' }, jsonBytes(body))
  if (!contentType(response).startsWith('text/event-stream')) throw await notSound(response, call, source)
  const parser = createSseParser(maxEventBytes)
  for await (const chunk of response.body) {
    for (const { data } of eventsIn(parser, chunk, source)) {
      const message = speechMessage(data, source)
      if (message.type === 'done') {
        response.body.release()
        return
      }
      if (message.type === 'error') throw streamFailure(source, message.body)
      if (message.type === 'chunk') {
        limit.add(message.bytes.length)
        yield { type: 'audio', bytes: message.bytes }
      } else if (message.type === 'words') {
        yield { type: 'alignment', ...message.alignment }
      }
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

function isSound(response: UpstreamResponse): boolean {
  return !/^(?:application\/(?:[^;]*\+)?json|text\/)/.test(contentType(response))
}

async function notSound(response: UpstreamResponse, call: SpeechCall, source: FailureSource): Promise<Error> {
  const type = contentType(response).slice(0, 100) || 'nothing that is named'
  return protocolFailure(source, `it answered with ${type} where sound was asked for.`, await readErrorBody(response, call))
}
