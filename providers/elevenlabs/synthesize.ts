import { parseJson } from '../../api/json.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import { maxEventBytes, post, readErrorBody, type UpstreamResponse } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { speechBody, speechPath } from './encode.ts'
import { isReport, refusal, reported } from './error.ts'
import { identity, keyHeaders, sourceOf } from './identity.ts'
import { Lines } from './lines.ts'
import { NotProtocol, readLine } from './messages.ts'
import { SoundGuard } from './sound-guard.ts'
import { Timeline } from './timeline.ts'

/** Speaks a whole text: one request, whose answer is sound while it is made, or lines of sound and times where those are wanted. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const body = jsonBytes(speechBody(text, options, call.model))
  const response = await post(call, identity.id, speechPath(options), keyHeaders(call), body)
  await refuseOther(response, source, call, options.alignment === true)
  const guard = new SoundGuard(options.format, source)
  guard.expect(text.length)
  yield* options.alignment ? timed(response, guard, source) : plain(response, guard)
  guard.end()
  const characters = Number(response.headers['character-cost'] ?? Number.NaN)
  yield { type: 'done', ...(Number.isInteger(characters) && characters >= 0 && { characters }) }
}

/** Throws where the answer is not what was asked for, as far as its head tells. */
async function refuseOther(
  response: UpstreamResponse,
  source: FailureSource,
  call: SpeechCall,
  wantsJson: boolean,
): Promise<void> {
  const { status, headers } = response
  if (status < 200 || status > 299) throw refusal(source, response, await readErrorBody(response, call), call.clock.wallclock())
  const contentType = String(headers['content-type'] ?? '')
  const isPage = contentType.startsWith('text/html')
  if (!isPage && (wantsJson || !contentType.startsWith('application/json'))) return
  const text = await readErrorBody(response, call)
  if (isPage) throw protocolFailure(source, 'it answered with an HTML page.', text)
  if (isReport(parseJson(text))) throw reported(source, text)
  throw protocolFailure(source, 'it answered with JSON where sound was asked for.', text)
}

async function* plain({ body }: UpstreamResponse, guard: SoundGuard): AsyncGenerator<TtsEvent> {
  for await (const bytes of body) {
    guard.take(bytes)
    yield { type: 'audio', bytes }
  }
}

async function* timed({ body }: UpstreamResponse, guard: SoundGuard, source: FailureSource): AsyncGenerator<TtsEvent> {
  const lines = new Lines(maxEventBytes)
  const timeline = new Timeline()
  for await (const bytes of body) {
    const whole = lines.push(bytes)
    if (whole === undefined) throw protocolFailure(source, `a chunk has more than ${maxEventBytes} bytes.`)
    for (const line of whole) yield* eventsOf(line, guard, timeline, source)
  }
  const last = lines.end()
  if (last !== '') yield* eventsOf(last, guard, timeline, source)
}

function* eventsOf(line: string, guard: SoundGuard, timeline: Timeline, source: FailureSource): Generator<TtsEvent> {
  const chunk = readOr(line, source)
  if (chunk === 'failure') throw reported(source, line)
  const { sound, stretch } = chunk
  const before = sound && guard.ms
  if (sound) {
    guard.take(sound)
    yield { type: 'audio', bytes: sound }
  }
  if (stretch) yield { type: 'alignment', ...timeline.place(stretch, before) }
}

function readOr(line: string, source: FailureSource): ReturnType<typeof readLine> {
  try {
    return readLine(line)
  } catch (cause) {
    throw cause instanceof NotProtocol ? protocolFailure(source, cause.message, line, cause) : cause
  }
}
