import { GatewayError } from '../../api/error.ts'
import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import { readJsonAnswer } from '../exchange.ts'
import { protocolFailure } from '../failure.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../speech.ts'
import { ask } from '../speech-http.ts'
import { isFluxStt } from './capabilities.ts'
import { keyHeaders } from './connection.ts'
import { refusal, sourceOf } from './failure.ts'
import { queryText } from './query.ts'
import { fileQuery } from './stt-query.ts'
import { wordsOf } from './stt-words.ts'

/** Hears a whole file: `POST /v1/listen`. */
export async function transcribeFile(file: AudioFile, options: SttOptions, call: SpeechCall): Promise<Transcript> {
  if (isFluxStt(call.model)) {
    throw new GatewayError('unsupported_parameter', { message: `${call.model} hears streams alone: take nova-3 for files.` })
  }
  const source = sourceOf(call)
  const { bytes, mediaType } = file
  const request = {
    path: `/v1/listen?${queryText(fileQuery(call.model, options))}`,
    headers: { ...keyHeaders(call), 'content-type': mediaType, accept: 'application/json' },
    body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  }
  const answer = await readJsonAnswer(await ask(call, source, request, refusal), source)
  const transcript = transcriptOf(answer)
  if (transcript === undefined) throw protocolFailure(source, 'the answer is no transcript.', JSON.stringify(answer))
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
