import { brokenStream } from '../broken-stream.ts'
import { errorDetailOf } from '../error-detail.ts'
import { type APIError, apiErrorOf, type BrokenStreamError } from '../errors.ts'
import { isRecord, parseJson } from '../generated/json.gen.ts'
import type { Mask } from '../mask.ts'
import { excerptOf } from './excerpt.ts'

/** What every event of the contract's streams is. */
export interface TypedEvent {
  readonly type: string
}

/** The event of its data. What belongs to its type is for whoever folds it to check; a type that is not known here stays as it came. */
export function eventOf<Event extends TypedEvent>(data: string, mask: Mask): Event {
  const event = parseJson(data)
  if (!isTyped<Event>(event)) throw brokenStream(`an event is no JSON object with a type: ${excerptOf(data, mask)}`)
  return event
}

export function isTyped<Event extends TypedEvent>(value: unknown): value is Event {
  return isRecord(value) && typeof value.type === 'string'
}

export function misplaced({ type }: TypedEvent, where: string): BrokenStreamError {
  return brokenStream(`a ${type} came ${where}`)
}

export function lacking({ type }: TypedEvent): BrokenStreamError {
  return brokenStream(`a ${type} event lacks what belongs to it`)
}

/** The error that an `error` event tells. */
export function errorOf(
  event: TypedEvent & { readonly error?: unknown; readonly request_id?: unknown },
  mask: Mask,
  request_id?: string,
): APIError {
  const detail = errorDetailOf(event.error, mask)
  if (!detail) throw brokenStream(`an error event does not say what is wrong: ${excerptOf(JSON.stringify(event), mask)}`)
  return apiErrorOf(detail, {
    request_id: typeof event.request_id === 'string' ? event.request_id : (detail.request_id ?? request_id),
  })
}
