import { jsonBytes } from '../../text/json-bytes.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { ask, mayBeSound, soundless } from '../speech-http.ts'
import { keyHeaders } from './connection.ts'
import { refusal, sourceOf } from './failure.ts'
import { queryText } from './query.ts'
import { wholeRequest } from './tts-request.ts'

/** Speaks a whole text: `POST /v1/speak`, or `/v2/speak` for Flux. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const { path, query } = wholeRequest(options, call.model)
  const request = { path: `${path}?${queryText(query)}`, headers: keyHeaders(call), body: jsonBytes({ text }) }
  const response = await ask(call, source, request, refusal)
  if (!mayBeSound(response)) throw await soundless(response, call, source)
  const guard = new SoundGuard(options.format, source)
  guard.expect(text.length)
  for await (const bytes of response.body) {
    guard.take(bytes)
    yield { type: 'audio', bytes }
  }
  guard.end()
  const characters = Number(response.headers['dg-char-count'] ?? Number.NaN)
  yield { type: 'done', ...(Number.isInteger(characters) && { characters }) }
}
