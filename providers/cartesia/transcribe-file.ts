import { readJsonAnswer } from '../exchange.ts'
import { multipartForm } from '../multipart.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { ask } from '../speech-http.ts'
import { headersOf, sourceOf } from './connection.ts'
import { languageCode } from './languages.ts'
import { transcriptOf } from './messages.ts'

export async function transcribeFile(file: AudioFile, { language }: SttOptions, call: SpeechCall): Promise<Transcript> {
  const { bytes, kind, mediaType } = file
  const { contentType, body } = multipartForm([
    { name: 'model', value: call.model },
    ...(language === undefined ? [] : [{ name: 'language', value: languageCode(language) }]),
    { name: 'timestamp_granularities[]', value: 'word' },
    { name: 'file', value: { filename: `audio.${kind === 'mp4' ? 'm4a' : kind}`, mediaType, bytes } },
  ])
  const source = sourceOf(call)
  const headers = { ...headersOf(call), accept: 'application/json', 'content-type': contentType }
  const response = await ask(call, source, { path: '/stt', headers, body })
  return transcriptOf(await readJsonAnswer(response, source), source)
}
