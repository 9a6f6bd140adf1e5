import { inputTokens, jsonPayload, readModelName, streamFrames, streamPayloads } from './answers.ts'
import type { Job } from './control.ts'
import { difference } from './difference.ts'
import { alike, type Marker, readMarker, type Template, template } from './marker.ts'

/** Checks of answers, every byte of each. */

export interface AnswerCheck {
  /** Throws an `AnswerError` where the whole body is not the answer. Returns its marker. */
  json(body: Buffer): Marker
  stream(onText: (marker: Marker) => void): StreamCheck
}

export interface StreamCheck {
  /** Calls `onText` for each event with text. Throws an `AnswerError` where something is not as it should be. */
  feed(chunk: Buffer): void
  /** Throws where something is missing. */
  end(): void
}

export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/**
 * A verbatim target must give the upstream's own bytes. Another's events are parsed and held against what they must say;
 * those that are alike but for the marker to one found right before, are right.
 */
export function createAnswerCheck(job: Job): AnswerCheck {
  const stages = expectedStages(job)
  const expectedJson = expectedMessage(job)
  let rightJson = job.verbatim ? template(Buffer.from(JSON.stringify(expectedJson))) : undefined
  return {
    json(bytes) {
      const body = template(bytes)
      if (!rightJson || !alike(rightJson, body)) {
        if (job.verbatim) throw new AnswerError(`not the upstream's bytes: ${bytes.toString().slice(0, 300)}`)
        check(expectedJson, body, 'the message')
        rightJson = body
      }
      return readMarker(body)
    },
    stream: (onText) => createStreamCheck(stages, job.verbatim, onText),
  }
}

/** One event of a stream: what it must say, and bytes known to say it. */
interface Stage {
  readonly payload: object | undefined
  right: Template | undefined
}

function createStreamCheck(stages: readonly Stage[], verbatim: boolean, onText: (marker: Marker) => void): StreamCheck {
  let rest: Buffer = Buffer.alloc(0)
  let position = 0
  return {
    feed(chunk) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      let start = 0
      for (let end = bytes.indexOf('\n\n'); end !== -1; end = bytes.indexOf('\n\n', start)) {
        take(template(bytes.subarray(start, end + 2)))
        start = end + 2
      }
      rest = bytes.subarray(start)
    },
    end() {
      if (rest.length > 0) throw new AnswerError(`the stream ends inside an event: ${rest.toString().slice(0, 300)}`)
      if (position !== stages.length) throw new AnswerError(`${position} events, not ${stages.length}`)
    },
  }

  function take(frame: Template): void {
    const stage = stages[position]
    if (!stage?.right || !alike(stage.right, frame)) {
      if (!verbatim && isPing(frame.bytes)) return
      if (!stage) throw new AnswerError(`an event after the last: ${frame.bytes.toString().slice(0, 300)}`)
      if (verbatim || !stage.payload) throw new AnswerError(`not the upstream's bytes: ${frame.bytes.toString().slice(0, 300)}`)
      checkFrame(stage.payload, frame, position)
      // A copy: the frame is a piece of a whole read.
      stage.right = { bytes: Buffer.from(frame.bytes), markerAt: frame.markerAt }
    }
    position++
    if (frame.markerAt !== -1) onText(readMarker(frame))
  }
}

function isPing(frame: Buffer): boolean {
  return frame.toString() === 'event: ping\ndata: {"type":"ping"}\n\n'
}

function checkFrame(payload: object, frame: Template, position: number): void {
  const lines = frame.bytes.toString().trimEnd().split('\n')
  const field = (name: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trimStart()
  const event = 'type' in payload ? payload.type : undefined
  if (field('event') !== event) throw new AnswerError(`event ${position} is ${field('event')}, not ${event}`)
  check(payload, template(Buffer.from(field('data') ?? '')), `event ${position}`)
}

function check(expected: object, actual: Template, where: string): void {
  const blank = actual.bytes.toString().replace(/<<\d{8}:\d{16}>>/g, `<<${'0'.repeat(8)}:${'0'.repeat(16)}>>`)
  const lost = difference(expected, JSON.parse(blank))
  if (lost) throw new AnswerError(`${where}: ${lost} in ${blank.slice(0, 300)}`)
}

function expectedStages(job: Job): readonly Stage[] {
  if (job.verbatim) {
    return streamFrames(job.upstream, job.upstreamModel, eventsOf(job)).map((right) => ({ payload: undefined, right }))
  }
  const payloads = streamPayloads(job.dialect, job.model, eventsOf(job)).filter(
    (payload) => !('type' in payload && payload.type === 'ping'),
  )
  if (job.dialect === 'openai') {
    const done: Stage = { payload: undefined, right: template(Buffer.from('data: [DONE]\n\n')) }
    return [...payloads.map((payload): Stage => ({ payload, right: undefined })), done]
  }
  return (job.upstream === 'anthropic' ? payloads : payloads.map(translated)).map((payload) => ({ payload, right: undefined }))
}

function expectedMessage(job: Job): object {
  if (job.verbatim) return jsonPayload(job.upstream, job.upstreamModel, eventsOf(job))
  const message = jsonPayload(job.dialect, job.model, eventsOf(job))
  return job.dialect === job.upstream ? message : translated(message)
}

/** What only Anthropic's own servers know may be anything: the message's id, how it was served, tokens before there is a count. */
function translated(payload: object): object {
  if ('message' in payload && isObject(payload.message)) {
    return { ...payload, message: { ...payload.message, id: undefined, usage: undefined } }
  }
  if ('usage' in payload && isObject(payload.usage)) {
    return { ...payload, id: undefined, usage: { input_tokens: inputTokens, output_tokens: payload.usage.output_tokens } }
  }
  return payload
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function eventsOf(job: Job): number {
  return readModelName(job.upstreamModel)?.events ?? 0
}
