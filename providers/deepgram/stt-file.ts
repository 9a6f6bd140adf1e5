import { GatewayError } from '../../api/error.ts'
import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import { protocolFailure } from '../failure.ts'
import { maxAnswerBytes, readErrorBody, readText, send } from '../http.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { isFluxStt } from './capabilities.ts'
import { id, refusal, sourceOf } from './failure.ts'
import { queryText } from './query.ts'
import { fileQuery } from './stt-query.ts'
import { wordsOf } from './stt-text.ts'

/** Hears a whole file: `POST /v1/listen`. */
export async function transcribeFile(file: AudioFile, options: SttOptions, call: SpeechCall): Promise<Transcript> {
  if (isFluxStt(call.model)) {
    throw new GatewayError('unsupported_parameter', { message: `${call.model} hears streams alone: take nova-3 for files.` })
  }
  const source = sourceOf(call)
  const { bytes, mediaType } = file
  const response = await send(call, id, {
    method: 'POST',
    path: `/v1/listen?${queryText(fileQuery(call.model, options))}`,
    headers: { authorization: `Token ${call.apiKey.reveal()}`, 'content-type': mediaType, accept: 'application/json' },
    body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  })
  if (response.status < 200 || response.status > 299) {
    throw refusal(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  const text = await readText(response, source.name, maxAnswerBytes)
  const transcript = transcriptOf(parseJson(text))
  if (transcript === undefined) throw protocolFailure(source, 'the answer is no transcript.', text)
  return transcript
}

/** The first way to read each channel; undefined where it is not such an answer. */
function transcriptOf(answer: unknown): Transcript | undefined {
  const results = isRecord(answer) ? answer.results : undefined
  if (!isRecord(answer) || !isRecord(results) || !Array.isArray(results.channels)) return undefined
  const channels = results.channels.filter(isRecord)
  const alternatives = channels.map((channel) => arrayOf(channel.alternatives)[0]).filter(isRecord)
  const [first] = alternatives
  if (first === undefined || typeof first.transcript !== 'string') return undefined
  const language = stringOf(channels[0]?.detected_language) || stringOf(arrayOf(first.languages)[0])
  const seconds = isRecord(answer.metadata) ? answer.metadata.duration : undefined
  const words = wordsOf(first.words)
  return {
    text: first.transcript,
    ...(language !== '' && { language }),
    ...(typeof seconds === 'number' && { seconds }),
    ...(first.transcript !== '' && typeof first.confidence === 'number' && { confidence: first.confidence }),
    ...(words.length > 0 && { words }),
  }
}
