import { emptyAnswer, type FailureSource, protocolFailure } from '../failure.ts'
import { readErrorBody, send, type UpstreamResponse } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { id, refusal, sourceOf } from './failure.ts'
import { queryText } from './query.ts'
import { SoundGate } from './sound.ts'
import { soundLimit, wholeRequest } from './tts-request.ts'

/** Speaks a whole text: `POST /v1/speak`, or `/v2/speak` for Flux. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const { path, query } = wholeRequest(options, call.model)
  const response = await send(call, id, {
    method: 'POST',
    path: `${path}?${queryText(query)}`,
    headers: { authorization: `Token ${call.apiKey.reveal()}` },
    body: Buffer.from(JSON.stringify({ text })),
  })
  if (response.status < 200 || response.status > 299) {
    throw refusal(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  await refuseWords(response, source, call)
  const gate = new SoundGate(options.format, source)
  gate.limit = soundLimit(options.format, text.length, mostSeconds)
  for await (const bytes of response.body) {
    gate.pass(bytes)
    yield { type: 'audio', bytes }
  }
  gate.end()
  if (gate.bytes === 0) throw emptyAnswer(source)
  const characters = Number(response.headers['dg-char-count'] ?? Number.NaN)
  yield { type: 'done', ...(Number.isInteger(characters) && { characters }) }
}

const mostSeconds = 600

/** Throws where the answer says itself that it is no sound. */
async function refuseWords(response: UpstreamResponse, source: FailureSource, call: SpeechCall): Promise<void> {
  const type = String(response.headers['content-type'] ?? '')
  if (!/^(?:text\/|application\/(?:json|xml|problem))/i.test(type)) return
  throw protocolFailure(
    source,
    `it answered with ${type.split(';')[0]} where sound was asked for.`,
    await readErrorBody(response, call),
  )
}
