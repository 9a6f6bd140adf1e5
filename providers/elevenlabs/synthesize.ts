import { jsonBytes } from '../../text/json-bytes.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import { maxEventBytes, type UpstreamResponse } from '../http.ts'
import type { SpeechCall, TtsEvent, TtsOptions } from '../speech.ts'
import { SoundGuard } from '../speech-guard.ts'
import { ask, mayBeSound, mediaTypeOf, soundless } from '../speech-http.ts'
import { speechBody, speechPath } from './encode.ts'
import { failureWithin, refusal, reported } from './error.ts'
import { keyHeaders, sourceOf } from './identity.ts'
import { Lines } from './lines.ts'
import { NotProtocol, readLine } from './messages.ts'
import { Timeline } from './timeline.ts'

/** Speaks a whole text: one request, whose answer is sound while it is made, or lines of sound and times where those are wanted. */
export async function* synthesize(text: string, options: TtsOptions, call: SpeechCall): AsyncGenerator<TtsEvent> {
  const source = sourceOf(call)
  const request = { path: speechPath(options), headers: keyHeaders(call), body: jsonBytes(speechBody(text, options, call.model)) }
  const response = await ask(call, source, request, refusal)
  const isWanted = options.alignment ? mediaTypeOf(response) !== 'text/html' : mayBeSound(response)
  if (!isWanted) throw await soundless(response, call, source, (body) => failureWithin(source, body))
  const guard = new SoundGuard(options.format, source)
  guard.expect(text.length)
  yield* options.alignment ? timed(response, guard, options, source) : plain(response, guard)
  guard.end()
  // What the vendor tells of the cost is in credits, of which a character of some models is half a one.
  yield { type: 'done', characters: text.length }
}

async function* plain({ body }: UpstreamResponse, guard: SoundGuard): AsyncGenerator<TtsEvent> {
  for await (const bytes of body) {
    guard.take(bytes)
    yield { type: 'audio', bytes }
  }
}

async function* timed(
  { body }: UpstreamResponse,
  guard: SoundGuard,
  { format }: TtsOptions,
  source: FailureSource,
): AsyncGenerator<TtsEvent> {
  const lines = new Lines(maxEventBytes)
  const timeline = new Timeline(format)
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
  if (sound && guard.take(sound)) yield { type: 'audio', bytes: sound }
  if (stretch) yield { type: 'alignment', ...timeline.place(stretch, before) }
}

function readOr(line: string, source: FailureSource): ReturnType<typeof readLine> {
  try {
    return readLine(line)
  } catch (cause) {
    throw cause instanceof NotProtocol ? protocolFailure(source, cause.message, line, cause) : cause
  }
}
