import { parseJson } from '../api/json.ts'
import { emptyAnswer, type FailureSource, protocolFailure } from './failure.ts'
import { maxAnswerBytes, readText, type UpstreamResponse } from './http.ts'

/**
 * The JSON that an answer consists of. Throws `provider_protocol` where it is none, or is longer than an answer may be.
 *
 * Events are refused unread: such a stream may never end, and would be read for as long as an answer may take.
 */
export async function readJsonAnswer(response: UpstreamResponse, source: FailureSource): Promise<unknown> {
  if (String(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    response.body.abort(new Error('a stream is not wanted'))
    throw protocolFailure(source, 'it answered with events where JSON was asked for.')
  }
  const text = await readText(response, source.name, maxAnswerBytes)
  const answer = parseJson(text)
  if (answer !== undefined) return answer
  throw text.trim() === '' ? emptyAnswer(source) : protocolFailure(source, 'the answer is no JSON.', text)
}
