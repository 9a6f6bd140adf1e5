import type { GatewayError } from '../../api/error.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { emptyAnswer, protocolFailure, streamFailure } from '../failure.ts'
import { readErrorBody, type UpstreamResponse } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import type { AudioDialect, SpeakingDialect } from './dialect.ts'
import { speechRequest } from './encode.ts'
import { ask, mediaTypeOf, sourceOf } from './request.ts'
import { SoundError, SoundReader } from './sound.ts'

/** Speaks a text that is known in whole. */
export async function* synthesize(
  text: string,
  options: TtsOptions,
  call: SpeechCall,
  dialect: AudioDialect,
  speaking: SpeakingDialect,
): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call, dialect)
  const body = jsonBytes(speechRequest(text, options, call.model, speaking))
  const response = await ask(call, dialect, speaking.path, body, { accept: '*/*' })
  if (!mayBeSound(mediaTypeOf(response))) throw await silentFailure(response, call, dialect)
  const expectsWav = options.format.encoding === 'pcm' && !speaking.formats.includes('pcm')
  const sound = new SoundReader(options.format, expectsWav, text.length)
  try {
    for await (const chunk of response.body) {
      const bytes = sound.feed(chunk)
      if (bytes.length > 0) yield { type: 'audio', bytes }
    }
    const rest = sound.end()
    if (rest.length > 0) yield { type: 'audio', bytes: rest }
  } catch (cause) {
    throw cause instanceof SoundError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  if (sound.isEmpty) throw emptyAnswer(source)
  yield { type: 'done' }
}

/** Servers call sound what they like, but nobody calls it text. */
function mayBeSound(mediaType: string): boolean {
  return !mediaType.startsWith('text/') && !/[/+]json$/.test(mediaType)
}

/** Why an answer that is none was given, in the server's own words where it has some. */
async function silentFailure(response: UpstreamResponse, call: SpeechCall, dialect: AudioDialect): Promise<GatewayError> {
  const source = sourceOf(call, dialect)
  const text = await readErrorBody(response, call)
  const answer = parseJson(text)
  if (isRecord(answer) && answer.error) return streamFailure(source, answer)
  const what = answer !== undefined || text.startsWith('{') ? 'JSON' : text.trimStart().startsWith('<') ? 'a page' : 'text'
  return text.trim() === ''
    ? emptyAnswer(source)
    : protocolFailure(source, `it answered with ${what} where sound was asked for.`, text)
}
