import { readJsonAnswer } from '../exchange.ts'
import { protocolFailure } from '../failure.ts'
import { multipartForm } from '../multipart.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { ask } from '../speech-http.ts'
import { hearingFields } from './encode.ts'
import { refusal } from './error.ts'
import { keyHeaders, sourceOf } from './identity.ts'
import { NotProtocol, readTranscript } from './messages.ts'

/** Hears a whole file. */
export async function transcribeFile(file: AudioFile, options: SttOptions, call: SpeechCall): Promise<Transcript> {
  const source = sourceOf(call)
  const { contentType, body } = multipartForm([
    ...hearingFields(options, call.model),
    { name: 'file', value: { filename: `speech.${file.kind}`, mediaType: file.mediaType, bytes: file.bytes } },
  ])
  const headers = { ...keyHeaders(call), 'content-type': contentType }
  const response = await ask(call, source, { path: '/v1/speech-to-text', headers, body }, refusal)
  const answer = await readJsonAnswer(response, source)
  try {
    return readTranscript(answer)
  } catch (cause) {
    throw cause instanceof NotProtocol ? protocolFailure(source, cause.message, JSON.stringify(answer), cause) : cause
  }
}
