import { readJsonAnswer } from '../exchange.ts'
import { multipartForm } from '../multipart.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { request, sourceOf } from './connection.ts'
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
  const response = await request(call, '/stt', { accept: 'application/json', 'content-type': contentType }, body)
  const source = sourceOf(call)
  return transcriptOf(await readJsonAnswer(response, source), source)
}
