import { isRecord, parseJson, stringOf } from '../../api/json.ts'
import { createSseParser, SseError } from '../../api/sse.ts'
import { disconnected, emptyAnswer, type FailureSource, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes, readText, type UpstreamResponse } from '../http.ts'
import { multipartForm } from '../multipart.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { mediaTypeOf } from '../speech-http.ts'
import { transcriptOf } from './decode.ts'
import type { AudioDialect, HearingDialect } from './dialect.ts'
import { transcriptionForm } from './encode.ts'
import { request, sourceOf } from './request.ts'

/** Hears a whole file. */
export async function transcribeFile(
  file: AudioFile,
  options: SttOptions,
  call: SpeechCall,
  dialect: AudioDialect,
  hearing: HearingDialect,
): Promise<Transcript> {
  const source = sourceOf(call, dialect)
  const { contentType, body } = multipartForm(transcriptionForm(file, options, call.model, hearing))
  const response = await request(call, dialect, hearing.path, body, { 'content-type': contentType })
  const answer = mediaTypeOf(response) === 'text/event-stream' ? await lastOf(response, source) : await whole(response, source)
  const transcript = transcriptOf(answer)
  if (transcript) return transcript
  // Some servers tell of a failure in a 200.
  if (isRecord(answer) && answer.error) throw streamFailure(source, answer)
  throw protocolFailure(source, 'the answer is no transcript.', JSON.stringify(answer))
}

/** No transcript is longer: the words of an hour with the time of each are a tenth of it. */
const maxTranscriptBytes = 16 * 1024 * 1024

async function whole(response: UpstreamResponse, source: FailureSource): Promise<unknown> {
  const text = await readText(response, source.name, maxTranscriptBytes)
  const answer = parseJson(text)
  if (answer !== undefined) return answer
  if (text.trim() === '') throw emptyAnswer(source)
  throw protocolFailure(
    source,
    text.trimStart().startsWith('<') ? 'it answered with an HTML page.' : 'the answer is no JSON.',
    text,
  )
}

/** The event that ends a stream, which says all that those before it said. */
async function lastOf(response: UpstreamResponse, source: FailureSource): Promise<unknown> {
  const frames = createSseParser(maxEventBytes)
  let bytes = 0
  try {
    for await (const chunk of response.body) {
      bytes += chunk.byteLength
      if (bytes > maxTranscriptBytes) throw protocolFailure(source, `it sent more than ${maxTranscriptBytes} bytes.`)
      for (const { event, data } of frames.feed(chunk)) {
        const told = parseJson(data)
        const type = isRecord(told) ? stringOf(told.type) : ''
        if (type === 'transcript.text.done') {
          response.body.release()
          return told
        }
        if (event === 'error' || type === 'error' || (isRecord(told) && told.error)) throw streamFailure(source, told ?? data)
        if (told === undefined) throw protocolFailure(source, 'an event is no JSON.', data)
      }
    }
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  throw disconnected(source)
}
